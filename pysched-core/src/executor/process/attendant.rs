//! [`Attendant`]: the thread that starts a worker process, hands it what is on its desk, takes back
//! what became of it, and buries and replaces the worker when it ends.
//!
//! An attendant sleeps in one `poll` that waits for the worker's replies, for its end, for the bell of
//! its desk, and for the next time by which something has to be done. It alone reaps its worker, and
//! kills it with `SIGKILL`; others only ask it to end, while its line is on the desk (`desk.rs`).

use std::cell::Cell;
use std::io;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Pid;

use super::call::Call;
use super::desk::{Answered, Assignment, Desk, Line, Task, Verdict};
use super::ending::{in_words, possible_reason};
use super::frame::{Assembler, Frame, Kind};
use super::pool::Pool;
use super::start::{NotStarted, Worker, has_ended, kill, start};
use crate::error::TaskError;
use crate::execution::About;
use crate::portable::{Failure, Outcome, Parcel};
use crate::unwind::catch;

/// How often a worker is looked after where its end cannot be waited for. Mostly the end of its pipe tells,
/// unless something that it has left behind holds that open.
const GLANCE: Duration = Duration::from_secs(1);

/// Why a job fails of which the pool knows nothing.
const UNKNOWN: &str = "what it runs is not known here, as the process pool was not asked when the \
                       task was added: give the scheduler the pool itself, or an `Arc` of it";

thread_local! {
    /// The pool that this thread works for, by its address.
    static EMPLOYER: Cell<*const Pool> = const { Cell::new(ptr::null()) };
}

/// Whether this thread is an attendant of the pool.
pub(super) fn attends(pool: &Arc<Pool>) -> bool {
    EMPLOYER.get() == Arc::as_ptr(pool)
}

/// See the top of this file.
pub(super) struct Attendant {
    pool: Arc<Pool>,
    desk: Arc<Desk>,
    hold: Hold,

    /// By when something has to be done about what is on the desk.
    times: Times,

    /// How many executions the present worker has begun and ended, or ended in.
    served: u64,
}

/// Who may put something on the desk, as far as its attendant knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// The attendant; nothing is there.
    Empty,

    /// Nobody: what the attendant has put there has not come back.
    Full,

    /// Whoever takes the desk out of the idle ones, and perhaps has.
    Given,
}

/// Why a worker is served no longer.
enum End {
    /// There is nothing more to do.
    Over,

    /// It has run as many executions as one worker may.
    Retired,

    /// It has ended, or at least closed its pipe.
    Ended,

    /// It was asked to end, and has not done so in time.
    Condemned,

    /// It cannot be used; says what it did.
    Broken(String),
}

/// By when something has to be done.
#[derive(Default)]
struct Times {
    /// When the execution has taken as long as it may, and how long that is.
    limit: Option<(Instant, Duration)>,

    /// When a worker that was asked to end is killed.
    kill: Option<Instant>,
}

impl Times {
    fn next(&self) -> Option<Instant> {
        match (self.kill, self.limit) {
            (Some(kill), _) => Some(kill),
            (None, Some((limit, _))) => Some(limit),
            (None, None) => None,
        }
    }
}

/// What a `poll` has found.
#[derive(Default)]
struct Found {
    reply: bool,
    end: bool,
    bell: bool,
}

impl Attendant {
    pub(super) fn new(pool: Arc<Pool>, desk: Arc<Desk>) -> Self {
        Self { pool, desk, hold: Hold::Empty, times: Times::default(), served: 0 }
    }

    /// The life of an attendant.
    pub(super) fn attend(mut self) {
        EMPLOYER.set(Arc::as_ptr(&self.pool));
        let mut coming = true;
        let why = loop {
            let worker = match start(&self.pool.options.settings) {
                Ok(worker) => worker,
                Err(NotStarted { died: true, .. }) if self.pool.may_replace() => continue,
                Err(NotStarted { why, .. }) => break Some(why),
            };
            if coming {
                self.pool.arrived();
                coming = false;
            }
            let end = self.serve(&worker);
            let why = self.bury(worker, &end);
            if matches!(end, End::Over) {
                break None;
            }
            self.ask();
            if self.may_leave() {
                break None;
            }
            if self.served == 0 && !self.pool.may_replace() {
                break Some(why);
            }
        };
        self.clear(why.as_deref());
        let Self { pool, desk, .. } = self;
        pool.leave(Some(desk), coming, why.as_deref());
    }

    /// Asks for the next job if there is nothing on the desk, nor can be.
    fn ask(&mut self) {
        while self.hold == Hold::Empty {
            let Some(job) = self.pool.next(&self.desk) else {
                self.hold = Hold::Given;
                return;
            };
            self.desk.expect(job.identity());
            if let Some(absent) = job.begin_elsewhere() {
                self.hold = Hold::Full;
                self.desk.put(absent);
            }
        }
    }

    /// Whether the pool is closed and nobody can put anything on the desk.
    fn may_leave(&mut self) -> bool {
        self.pool.is_closed() && self.hold == Hold::Given && self.reclaim()
    }

    /// Makes the desk the attendant's again, if nobody else has taken it.
    fn reclaim(&mut self) -> bool {
        let mine = self.pool.reclaim(&self.desk);
        if mine {
            self.hold = Hold::Empty;
        }
        mine
    }

    /// Serves a worker until it ends, or is to end.
    fn serve(&mut self, worker: &Worker) -> End {
        self.served = 0;
        self.times = Times::default();
        if let Err(errno) = rustix::io::ioctl_fionbio(&worker.responses, true) {
            return End::Broken(format!("could not be listened to: {errno}"));
        }
        let Some(requests) = worker.requests.clone() else {
            return End::Broken("was told to end".to_owned());
        };
        let process = Pid::from_child(&worker.child);
        self.desk.connect(Line { requests, process });
        let mut assembler = Assembler::new(self.pool.options.settings.frame_limit);
        loop {
            self.ask();
            if self.may_leave() {
                return End::Over;
            }
            let writes = match self.act() {
                Ok(Some(writes)) => writes,
                Ok(None) => continue,
                Err(error) => return End::Broken(format!("could not be written to: {error}")),
            };
            let found = match self.sleep(worker, writes, self.times.next()) {
                Ok(found) => found,
                Err(error) => return End::Broken(format!("could not be waited for: {error}")),
            };
            if found.bell {
                self.desk.hear();
            }
            if found.reply || found.end {
                let listened = Self::listen(worker, &mut assembler, found.end);
                match listened.and_then(|open| self.replies(&mut assembler).map(|()| open)) {
                    Ok(true) => {}
                    Ok(false) => return End::Ended,
                    Err(what) => return End::Broken(what),
                }
                if self.hold == Hold::Empty {
                    let most = self.pool.options.max_tasks_per_worker;
                    if most.is_some_and(|most| self.served >= most.get()) {
                        return End::Retired;
                    }
                }
            }
            let now = Instant::now();
            if self.times.kill.is_some_and(|at| at <= now) {
                return End::Condemned;
            }
            if let Some((at, limit)) = self.times.limit
                && at <= now
            {
                self.times.limit = None;
                self.desk.condemn(Verdict::TimedOut(limit));
            }
        }
    }

    /// Does what there is to do at the desk. Says whether it waits to write more; `None` if there is
    /// more to do.
    fn act(&mut self) -> io::Result<Option<bool>> {
        match self.desk.task() {
            Task::Wait => Ok(Some(false)),
            Task::Write(limit) => {
                // A limit beyond what the clock can name is no limit.
                let until =
                    limit.and_then(|limit| Some((Instant::now().checked_add(limit)?, limit)));
                self.times.limit = self.times.limit.or(until);
                Ok(Some(!self.desk.write()?))
            }
            Task::Condemned => {
                let grace = self.pool.options.grace;
                self.times.kill = self.times.kill.or_else(|| Instant::now().checked_add(grace));
                Ok(Some(false))
            }
            Task::Withdrawn(assignment, verdict) => {
                self.conclude(assignment, Err(verdict.into()));
                Ok(None)
            }
            Task::Encode(number, about, parcel) => {
                self.encode(number, about, parcel.as_deref());
                Ok(None)
            }
        }
    }

    /// Finds out what is to be written for an execution. Runs code of users.
    fn encode(&mut self, number: u32, about: About, parcel: Option<&Parcel>) {
        let most = self.pool.options.settings.frame_limit;
        let framed = parcel.ok_or_else(|| UNKNOWN.to_owned()).and_then(|parcel| {
            let function = parcel.registered().map_err(|it| it.to_string())?.registration.name();
            let arguments = parcel.arguments().map_err(|it| it.to_string())?;
            let call = Call { about, name: parcel.name(), function, arguments: &arguments };
            call.frame(number, most)
                .map_err(|error| format!("the arguments of `{function}` cannot be sent: {error}"))
        });
        match framed {
            Ok(frame) => self.desk.set_frame(frame),
            Err(why) => {
                if let Some(assignment) = self.desk.clear() {
                    self.conclude(assignment, Err(TaskError::Refused(why)));
                }
            }
        }
    }

    /// Delivers what became of an execution, which leaves the desk empty. If it was to be ended, that
    /// is what became of it: whoever has cancelled it was promised so. Runs code of users.
    fn conclude(&mut self, assignment: Assignment, outcome: Outcome) {
        self.hold = Hold::Empty;
        self.times = Times::default();
        let Assignment { absent, verdict, .. } = assignment;
        let outcome = verdict.map_or(outcome, |verdict| Err(verdict.into()));
        // It catches what users do; this guards the attendant against everything else, such as the
        // `Drop` of a result that nobody has asked for.
        let _ = catch(|| absent.conclude(outcome));
    }

    /// Sleeps until something happens, or has to.
    fn sleep(&self, worker: &Worker, writes: bool, until: Option<Instant>) -> io::Result<Found> {
        let requests = if writes { self.desk.requests() } else { None };
        let nothing = || PollFd::from_borrowed_fd(self.desk.bell(), PollFlags::empty());
        let mut fds = [
            PollFd::new(&worker.responses, PollFlags::IN),
            PollFd::from_borrowed_fd(self.desk.bell(), PollFlags::IN),
            worker.exit.as_ref().map_or_else(nothing, |exit| PollFd::new(exit, PollFlags::IN)),
            requests.as_ref().map_or_else(nothing, |it| PollFd::new(it, PollFlags::OUT)),
        ];
        let count = if requests.is_some() { 4 } else { 3 };
        let mut rest = until.map(|until| until.saturating_duration_since(Instant::now()));
        if worker.exit.is_none() {
            rest = Some(rest.map_or(GLANCE, |rest| rest.min(GLANCE)));
        }
        match poll(&mut fds[..count], rest.map(timespec).as_ref()) {
            Err(Errno::INTR) => return Ok(Found::default()),
            other => other?,
        };
        let [reply, bell, end, _] = fds.map(|fd| !fd.revents().is_empty());
        Ok(Found { reply, end: end || worker.exit.is_none() && has_ended(&worker.child), bell })
    }

    /// Reads what the worker has written: once, or, if it has ended, all of it. Says whether more may
    /// come.
    fn listen(worker: &Worker, assembler: &mut Assembler, ended: bool) -> Result<bool, String> {
        loop {
            match rustix::io::read(&worker.responses, spare_capacity(assembler.room())) {
                Ok(0) => return Ok(false),
                Ok(_) if ended => {}
                Ok(_) => return Ok(true),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(!ended),
                Err(errno) => return Err(format!("could not be listened to: {errno}")),
            }
        }
    }

    /// Takes all replies that have come in full.
    fn replies(&mut self, assembler: &mut Assembler) -> Result<(), String> {
        loop {
            match assembler.next_frame() {
                Ok(Some(frame)) if frame.kind == Kind::Progress => self.progress(&frame)?,
                Ok(Some(frame)) => self.reply(frame)?,
                Ok(None) => return Ok(()),
                Err(garbage) => return Err(format!("sent something that is {garbage}")),
            }
        }
    }

    /// Takes a reply. Runs code of users.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn reply(&mut self, frame: Frame<'_>) -> Result<(), String> {
        match self.desk.answered(frame.number) {
            Answered::Execution(assignment) => {
                self.served += 1;
                if self.served == 1 {
                    self.pool.proved();
                }
                let outcome = outcome(&assignment, frame);
                let wrong = || "sent something that is no outcome".to_owned();
                let judged = outcome.as_ref().map(drop).ok_or_else(wrong);
                let unread = || Err(TaskError::WorkerDied(format!("it {}", wrong())));
                self.conclude(assignment, outcome.unwrap_or_else(unread));
                judged
            }
            Answered::TooLate => Ok(()),
            Answered::Unasked => Err("sent a reply to nothing that it was asked for".to_owned()),
        }
    }

    /// Takes note of how far an execution has come. Runs code of users.
    ///
    /// # Errors
    ///
    /// What is wrong with what the worker says of that.
    fn progress(&self, frame: &Frame<'_>) -> Result<(), String> {
        let progress = frame.progress().ok_or("sent progress that is no two numbers")?;
        let unasked = "sent the progress of nothing that it was asked for";
        let listener = self.desk.listener(frame.number).ok_or(unasked)?;
        let _ = catch(|| listener(progress));
        Ok(())
    }

    /// Buries a worker: ends it if it has not, reaps it, and concludes what it leaves behind. Says how
    /// it ended.
    fn bury(&mut self, mut worker: Worker, end: &End) -> String {
        let process = worker.child.id();
        self.desk.disconnect();
        // At the end of its requests, a worker ends by itself.
        drop(worker.requests.take());
        let status = match end {
            End::Over | End::Retired | End::Ended => worker.end(self.pool.options.grace),
            End::Condemned | End::Broken(_) => kill(&mut worker.child),
        };
        let settings = &self.pool.options.settings;
        let (ended, reason) = match (end, status) {
            (End::Broken(what), _) => (format!("{what}, and was killed"), String::new()),
            (_, Ok(status)) => (in_words(status), possible_reason(status, settings)),
            (_, Err(error)) => (format!("ended, and how is not known: {error}"), String::new()),
        };
        // What cannot be counted counts as read: at most once is what every execution runs.
        let unread = rustix::io::ioctl_fionread(&worker.unread).unwrap_or(0);
        if let Some(assignment) = self.desk.abandoned(unread) {
            self.served += 1;
            let name = assignment.absent.parcel().and_then(|it| it.name()).unwrap_or("a task");
            let what = format!("process {process} {ended} while it ran `{name}`{reason}");
            self.conclude(assignment, Err(TaskError::WorkerDied(what)));
        }
        format!("process {process} {ended}{reason}")
    }

    /// Refuses what is on the desk, or is going to be put there, as no worker can be had.
    fn clear(&mut self, why: Option<&str>) {
        let refused = || TaskError::Refused(why.unwrap_or_default().to_owned());
        loop {
            if let Some(assignment) = self.desk.clear() {
                self.conclude(assignment, Err(refused()));
            }
            if self.hold != Hold::Given || self.reclaim() {
                return;
            }
            // Somebody is about to put something down there, or the desk back, and rings then.
            let mut bell = [PollFd::from_borrowed_fd(self.desk.bell(), PollFlags::IN)];
            let _ = poll(&mut bell, None);
            self.desk.hear();
        }
    }
}

/// What a reply says; `None` if it is none. Runs code of users.
fn outcome(assignment: &Assignment, frame: Frame<'_>) -> Option<Outcome> {
    let text = frame.text()?;
    let failed = |text: String| TaskError::Failed(Arc::from(Failure::from(text)));
    match frame.kind {
        Kind::Outcome => {
            let registered = assignment.absent.parcel()?.registered().ok()?;
            let decoded = catch(|| registered.registration.decode_outcome(text));
            Some(match decoded {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(error)) => Err(failed(error.to_string())),
                Err(panic) => Err(failed(format!("reading its result panicked: {panic}"))),
            })
        }
        Kind::Refused => Some(Err(failed(text.to_owned()))),
        Kind::Hello | Kind::Run | Kind::Progress => None,
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
