//! [`Desk`]: where an execution is put down for a worker process, and taken up by its attendant.
//!
//! A desk holds one execution at most. Who may put one down is decided by the pool (`pool.rs`): the
//! attendant, or whoever has taken the desk out of the idle ones. What is put down stays until the
//! attendant takes it away, with what became of it.
//!
//! Whoever puts down a short execution also writes it to the worker, in place of the attendant, who
//! sleeps until the reply comes: this saves a wake-up. For all else the bell is rung, and the attendant
//! does it. The bell is a pipe, so that one `poll` waits for it, for the worker, and for its end.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use super::call::Call;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{About, Absent, Listener};
use crate::portable::Parcel;
use crate::sync::Mutex;

/// Frames up to this length fit into an empty pipe, whatever its size: POSIX has a pipe take so many
/// bytes at once, on every system that we know of.
const SHORT: usize = 4096;

/// Frames longer than this do not fit into a pipe. If all of one was written, the worker has read
/// some of it.
const LONG: usize = 1 << 20;

/// One execution, on its way to a worker process and back.
pub(super) struct Assignment {
    pub(super) absent: Box<dyn Absent>,

    /// Tells the reply to this from others.
    pub(super) number: u32,

    /// What is to be written to the worker, once it is known.
    frame: Option<Vec<u8>>,

    /// How much of it has been written.
    sent: usize,

    /// Why it is to be ended, if it is.
    pub(super) verdict: Option<Verdict>,
}

impl Assignment {
    /// Whether the worker was asked for it, as a whole, by this number.
    fn is_asked(&self, number: u32) -> bool {
        let all = self.frame.as_ref().map_or(usize::MAX, Vec::len);
        self.number == number && self.sent >= all
    }
}

/// Why a running execution is ended.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    Cancelled,
    TimedOut(Duration),
}

impl From<Verdict> for TaskError {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Cancelled => Self::Cancelled,
            Verdict::TimedOut(limit) => Self::TimedOut(limit),
        }
    }
}

/// The way to a worker process that lives. While it is on the desk, the process has not been reaped,
/// so that its number cannot have become another's.
pub(super) struct Line {
    /// Where its requests are written to, without ever blocking.
    pub(super) requests: Arc<OwnedFd>,

    /// The process and its group.
    pub(super) process: Pid,
}

impl Line {
    /// Tells the worker and all that it has started to end.
    fn terminate(&self) {
        // It may have ended already, which is as well.
        let _ = kill_process_group(self.process, Signal::TERM);
    }
}

/// See the top of this file.
pub(super) struct Desk {
    state: Mutex<State>,
    bell: OwnedFd,
    heard: OwnedFd,

    /// How long the arguments of a task may be.
    limit: u32,
}

struct State {
    /// `None` while the worker is being replaced.
    line: Option<Line>,
    assignment: Option<Assignment>,

    /// The execution that is being claimed in order to be put down here.
    expected: Option<(TaskId, u64)>,

    /// Whether that was cancelled since it was claimed.
    doomed: bool,

    /// The number of the latest assignment.
    number: u32,
}

/// What there is to do at a desk for its attendant.
pub(super) enum Task {
    /// Nothing: the worker has what is there, or nothing is.
    Wait,

    /// To find out what to write, for the assignment of this number.
    Encode(u32, About, Option<Arc<Parcel>>),

    /// To write the rest, as soon as the pipe takes more; and how long the worker has from the first
    /// byte on.
    Write(Option<Duration>),

    /// To end the worker.
    Condemned,

    /// To end an execution that the worker has not been told of.
    Withdrawn(Assignment, Verdict),
}

/// What a reply is to.
pub(super) enum Answered {
    Execution(Assignment),

    /// To one that is to be ended, and stays until the worker has ended.
    TooLate,

    /// To nothing that the worker was asked for.
    Unasked,
}

impl Desk {
    pub(super) fn new(limit: u32) -> io::Result<Self> {
        let (heard, bell) = super::hello::pipe()?;
        rustix::io::ioctl_fionbio(&bell, true)?;
        rustix::io::ioctl_fionbio(&heard, true)?;
        let state =
            State { line: None, assignment: None, expected: None, doomed: false, number: 0 };
        Ok(Self { state: Mutex::new(state), bell, heard, limit })
    }

    /// Wakes the attendant.
    pub(super) fn ring(&self) {
        // If the pipe is full, it has been rung often enough.
        let _ = rustix::io::write(&self.bell, &[1]);
    }

    /// Stops the bell, before one looks why it was rung.
    pub(super) fn hear(&self) {
        let mut rings = [0; 64];
        while rustix::io::read(&self.heard, &mut rings).is_ok_and(|count| count == rings.len()) {}
    }

    /// Becomes readable when the bell is rung.
    pub(super) fn bell(&self) -> BorrowedFd<'_> {
        self.heard.as_fd()
    }

    pub(super) fn connect(&self, line: Line) {
        self.state.lock().line = Some(line);
    }

    /// Takes the line to the worker away: from here on nobody writes to it, or kills it.
    pub(super) fn disconnect(&self) -> Option<Line> {
        self.state.lock().line.take()
    }

    /// Takes note that an execution is about to be claimed and put down. From the moment on that it
    /// counts as running, whoever cancels it finds it here.
    pub(super) fn expect(&self, execution: (TaskId, u64)) {
        let mut state = self.state.lock();
        state.expected = Some(execution);
        state.doomed = false;
    }

    /// Puts an execution down. Says whether its attendant need not be called: the worker has it.
    pub(super) fn put(&self, absent: Box<dyn Absent>) -> bool {
        let parcel = absent.parcel().filter(|parcel| parcel.timeout().is_none());
        let arguments = parcel.and_then(|parcel| parcel.kept());
        let call = parcel.zip(arguments.as_deref()).and_then(|(parcel, arguments)| {
            let function = parcel.registered().ok()?.registration.name();
            let call = Call { about: absent.about(), name: parcel.name(), function, arguments };
            (call.length() <= SHORT).then_some(call)
        });
        let mut state = self.state.lock();
        state.number = state.number.wrapping_add(1);
        let number = state.number;
        debug_assert!(state.assignment.is_none(), "a desk holds one execution at most");
        state.expected = None;
        let verdict = state.doomed.then_some(Verdict::Cancelled);
        let frame =
            call.filter(|_| verdict.is_none()).and_then(|call| call.frame(number, self.limit).ok());
        let is_short = frame.is_some();
        state.assignment = Some(Assignment { absent, number, frame, sent: 0, verdict });
        is_short && matches!(state.write(), Ok(true))
    }

    /// What is to be done.
    pub(super) fn task(&self) -> Task {
        let mut state = self.state.lock();
        let connected = state.line.is_some();
        let Some(assignment) = &state.assignment else { return Task::Wait };
        match (assignment.verdict, assignment.sent) {
            (Some(verdict), 0) => match state.assignment.take() {
                Some(assignment) => Task::Withdrawn(assignment, verdict),
                None => Task::Wait,
            },
            (Some(_), _) => Task::Condemned,
            (None, _) if !connected => Task::Wait,
            (None, sent) => match (&assignment.frame, assignment.absent.parcel()) {
                (Some(frame), parcel) if sent < frame.len() => {
                    Task::Write(parcel.and_then(|parcel| parcel.timeout()))
                }
                (Some(_), _) => Task::Wait,
                (None, parcel) => {
                    Task::Encode(assignment.number, assignment.absent.about(), parcel.cloned())
                }
            },
        }
    }

    /// Sets what is to be written to the worker.
    pub(super) fn set_frame(&self, frame: Vec<u8>) {
        if let Some(assignment) = &mut self.state.lock().assignment {
            assignment.frame = Some(frame);
        }
    }

    /// Writes as much as the pipe takes; says whether that was all.
    pub(super) fn write(&self) -> io::Result<bool> {
        self.state.lock().write()
    }

    /// What has to take more before more can be written.
    pub(super) fn requests(&self) -> Option<Arc<OwnedFd>> {
        self.state.lock().line.as_ref().map(|line| Arc::clone(&line.requests))
    }

    /// Takes the execution away that the reply of this number is to.
    pub(super) fn answered(&self, number: u32) -> Answered {
        let mut state = self.state.lock();
        match state.assignment.take_if(|assignment| assignment.is_asked(number)) {
            Some(assignment) if assignment.verdict.is_some() => {
                state.assignment = Some(assignment);
                Answered::TooLate
            }
            Some(assignment) => Answered::Execution(assignment),
            None => Answered::Unasked,
        }
    }

    /// Who takes note of how far the execution has come that this number was asked for; `None` if none
    /// was.
    pub(super) fn listener(&self, number: u32) -> Option<Listener> {
        let state = self.state.lock();
        let asked = state.assignment.as_ref().filter(|it| it.is_asked(number));
        asked.map(|assignment| assignment.absent.listener())
    }

    /// Takes away what a worker that is gone has left; `unread` bytes of it were never looked at. If
    /// that is all of it, it stays for the next worker.
    pub(super) fn abandoned(&self, unread: u64) -> Option<Assignment> {
        let mut state = self.state.lock();
        let assignment = state.assignment.as_mut()?;
        if assignment.sent as u64 > unread || assignment.verdict.is_some() {
            return state.assignment.take();
        }
        assignment.sent = 0;
        None
    }

    /// Takes away whatever is there.
    pub(super) fn clear(&self) -> Option<Assignment> {
        self.state.lock().assignment.take()
    }

    /// Lets the worker end, unless that has been asked for already.
    pub(super) fn condemn(&self, verdict: Verdict) {
        let mut state = self.state.lock();
        let State { line, assignment, .. } = &mut *state;
        if let Some(assignment) = assignment
            && assignment.verdict.is_none()
        {
            assignment.verdict = Some(verdict);
            line.iter().for_each(Line::terminate);
        }
    }

    /// Ends an execution, if it is the one here and `runs` says that it still does. Says
    /// whether it is going to end as cancelled.
    pub(super) fn interrupt(&self, execution: (TaskId, u64), runs: &dyn Fn() -> bool) -> bool {
        let mut state = self.state.lock();
        if state.expected == Some(execution) && runs() {
            state.doomed = true;
            return true;
        }
        let State { line, assignment, .. } = &mut *state;
        let is_it = |it: &&mut Assignment| it.absent.identity() == execution && runs();
        let Some(assignment) = assignment.as_mut().filter(is_it) else {
            return false;
        };
        if assignment.verdict.is_none() {
            assignment.verdict = Some(Verdict::Cancelled);
            if assignment.sent > 0 {
                line.iter().for_each(Line::terminate);
            }
        }
        let cancelled = matches!(assignment.verdict, Some(Verdict::Cancelled));
        drop(state);
        self.ring();
        cancelled
    }
}

impl State {
    fn write(&mut self) -> io::Result<bool> {
        let (Some(line), Some(assignment)) = (&self.line, &mut self.assignment) else {
            return Ok(false);
        };
        let Some(frame) = &assignment.frame else { return Ok(false) };
        if assignment.verdict.is_some() && assignment.sent == 0 {
            // Cancelled since its attendant looked. The worker was not asked to end, and is not told.
            return Ok(false);
        }
        while assignment.sent < frame.len() {
            match rustix::io::write(&line.requests, &frame[assignment.sent..]) {
                Ok(count) => assignment.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        if frame.len() > LONG {
            // Not to be held twice while the task runs; it is not sent again.
            assignment.frame = Some(Vec::new());
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::process::hello::pipe;
    use crate::portable::Outcome;
    use rustix::io::ioctl_fionread;
    use rustix::process::getpid;
    use std::time::SystemTime;

    /// An execution of no task.
    struct Nothing;

    impl Absent for Nothing {
        fn identity(&self) -> (TaskId, u64) {
            (TaskId::nil(), 0)
        }

        fn about(&self) -> About {
            About { task: TaskId::nil(), attempt: 1, due: SystemTime::UNIX_EPOCH }
        }

        fn listener(&self) -> Listener {
            Box::new(drop)
        }

        fn parcel(&self) -> Option<&Arc<Parcel>> {
            None
        }

        fn conclude(self: Box<Self>, _: Outcome) {}
    }

    #[test]
    fn what_was_cancelled_before_it_was_written_is_not_written() {
        let desk = Desk::new(100).unwrap();
        let (worker, requests) = pipe().unwrap();
        desk.connect(Line { requests: Arc::new(requests), process: getpid() });
        desk.put(Box::new(Nothing));
        desk.set_frame(vec![0; 10]);
        // The attendant is about to write.
        assert!(matches!(desk.task(), Task::Write(None)));
        assert!(desk.interrupt((TaskId::nil(), 0), &|| true));
        assert!(!desk.write().unwrap());
        assert_eq!(ioctl_fionread(&worker), Ok(0));
        assert!(matches!(desk.task(), Task::Withdrawn(..)));
    }
}
