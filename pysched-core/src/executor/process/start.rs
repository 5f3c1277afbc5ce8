//! The parent's side: starts a worker process and waits until it is ready.
//!
//! The program starts itself again. Nothing runs between `fork` and `exec`, so that the system's
//! fastest way to start a process can be used; what the worker has to set up, it is told in its
//! orders, and does itself.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, read, retry_on_intr};
use rustix::process::{Pid, Signal, kill_process_group};

use super::ending::{in_words, possible_reason, whole_seconds};
use super::frame::{Assembler, Frame, Kind};
use super::hello::{Orders, pipe};
use super::{worker, worker_test};

/// How often a process is looked after where its end does not show in a descriptor.
const GLANCE: Duration = Duration::from_millis(20);

/// How worker processes are started.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Changes to the environment in their order: a variable, and its value unless it is removed.
    pub(super) environment: Vec<(OsString, Option<OsString>)>,

    /// Whether the environment is empty before the changes.
    pub(super) clear_environment: bool,

    /// The working directory; `None` for the parent's.
    pub(super) current_dir: Option<PathBuf>,

    /// Of the address space, in bytes.
    pub(super) memory_limit: Option<u64>,

    /// Of each task's processor time; rounded up to whole seconds.
    pub(super) cpu_limit: Option<Duration>,

    /// What is added to the niceness that the parent has.
    pub(super) nice: Option<i32>,

    /// How long a worker may take until it is ready.
    pub(super) start_timeout: Duration,

    /// The longest payload of a frame, in bytes: arguments with what is said of their task, or an
    /// outcome.
    pub(super) frame_limit: u32,

    /// The name and the arguments of a task that the worker runs before it is ready.
    pub(super) on_start: Option<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            environment: Vec::new(),
            clear_environment: false,
            current_dir: None,
            memory_limit: None,
            cpu_limit: None,
            nice: None,
            start_timeout: Duration::from_secs(30),
            frame_limit: 64 << 20,
            on_start: None,
        }
    }
}

/// Why there is no worker process.
#[derive(Debug)]
pub(super) struct NotStarted {
    /// A sentence for people.
    pub(super) why: String,

    /// Whether it was there and has ended by itself, or by the hand of somebody else.
    pub(super) died: bool,
}

impl From<String> for NotStarted {
    fn from(why: String) -> Self {
        Self { why, died: false }
    }
}

/// A worker process that is ready for its first request.
///
/// Whoever has it must see to it that the process is reaped, as by [`kill`]. Dropping the lifeline
/// before has the worker kill itself.
#[derive(Debug)]
pub(super) struct Worker {
    /// The process, the leader of a group of its own.
    pub(super) child: Child,

    /// Where requests are written, which never blocks; `None` once there will be no more.
    pub(super) requests: Option<Arc<OwnedFd>>,

    /// The end of the same pipe that the worker reads. With it open here too, writing to a worker that
    /// has died raises no signal, and `FIONREAD` tells how much of a request the worker has left
    /// unread. It shares its flags with the worker's.
    pub(super) unread: OwnedFd,

    /// Where responses are read. A process that a task has left behind may hold the other end open.
    pub(super) responses: OwnedFd,

    /// Is open for as long as the worker may live.
    #[expect(dead_code, reason = "it is held, and closed by the end of this process")]
    pub(super) lifeline: UnixStream,

    /// Can be read when the process has ended; `None` where the system has no such thing.
    pub(super) exit: Option<OwnedFd>,
}

impl Worker {
    /// Gives a worker so long to end by itself, kills it otherwise, and reaps it.
    ///
    /// For one that was told to end, or whose responses have ended: a process closes its descriptors
    /// a moment before it has ended, and if it were killed in that moment, how it has ended would be
    /// lost.
    ///
    /// # Errors
    ///
    /// As [`kill`].
    pub(super) fn end(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now().checked_add(patience);
        loop {
            let rest = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            let ended = look(self, false, rest).map_or(true, |seen| seen.ended);
            if ended || rest.is_some_and(|rest| rest.is_zero()) {
                return kill(&mut self.child);
            }
        }
    }
}

/// Whether this program can start itself as a worker: it calls [`init`](super::init), or it is a test
/// binary with [`worker_test!`](crate::worker_test).
pub(crate) fn can_start() -> bool {
    worker::is_initialised() || worker_test::path().is_some()
}

/// Starts a worker process and waits until it is ready.
///
/// # Errors
///
/// Why there is none. No process is left behind.
pub(super) fn start(settings: &Settings) -> Result<Worker, NotStarted> {
    // Without the call, the program would do all over again whatever it does, and that without end.
    if !can_start() {
        return Err(ADVICE.to_owned().into());
    }
    launch(this_program()?, settings)
}

/// What is wrong most often.
const ADVICE: &str = "`pysched::init()` must be the first line of `main`, or \
                      `pysched::worker_test!()` be in the test binary";

/// The command that starts this program as a worker.
fn this_program() -> Result<Command, String> {
    // The link leads to this very program, even if its file has been replaced since.
    let program = if cfg!(any(target_os = "linux", target_os = "android")) {
        PathBuf::from("/proc/self/exe")
    } else {
        env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?
    };
    let mut command = Command::new(program);
    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    command.args(worker_test::arguments());
    Ok(command)
}

/// Starts a command that becomes a worker, and waits until it is ready.
pub(super) fn launch(mut command: Command, settings: &Settings) -> Result<Worker, NotStarted> {
    let system = |error: io::Error| format!("the worker process could not be started: {error}");
    let (lifeline, stdin) = UnixStream::pair().map_err(system)?;
    let (unread, requests) = pipe().map_err(|errno| system(errno.into()))?;
    let (responses, answers) = pipe().map_err(|errno| system(errno.into()))?;
    fcntl_setfl(&requests, OFlags::NONBLOCK).map_err(|errno| system(errno.into()))?;

    // Before the process is there: nobody is missing who could end while this is written.
    let orders = Orders {
        memory_limit: settings.memory_limit,
        cpu_limit: settings.cpu_limit.map(whole_seconds),
        nice: settings.nice,
        frame_limit: settings.frame_limit,
        on_start: settings.on_start.clone(),
    };
    let stdout = io::stdout();
    let mut descriptors = vec![unread.as_fd(), answers.as_fd()];
    if worker_test::path().is_some() {
        descriptors.push(stdout.as_fd());
        command.stdout(Stdio::null());
    }
    orders
        .send(&lifeline, &descriptors)
        .map_err(|reason| format!("the worker process could not be given its orders: {reason}"))?;
    drop(answers);

    if settings.clear_environment {
        command.env_clear();
    }
    for (variable, value) in &settings.environment {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    if let Some(directory) = &settings.current_dir {
        command.current_dir(directory);
    }
    // What the terminal sends to the program's group, on Ctrl-C, is for the parent to handle.
    command.process_group(0).stdin(OwnedFd::from(stdin));
    let child = command.spawn().map_err(|error| match &settings.current_dir {
        Some(folder) if !folder.is_dir() => {
            format!("the worker process has no working directory: {} is none", folder.display())
        }
        _ => system(error),
    })?;
    // It holds the worker's end of the lifeline.
    drop(command);

    let exit = exit_of(&child);
    let mut worker =
        Worker { child, requests: Some(Arc::new(requests)), unread, responses, lifeline, exit };
    match wait_for_hello(&worker, settings) {
        Ok(()) => Ok(worker),
        Err(failure) => {
            let status = kill(&mut worker.child);
            let died = matches!(failure, Failure::Ended);
            let why = match failure {
                Failure::Ended => {
                    let ending = match status {
                        Ok(status) => {
                            format!("{}{}", in_words(status), possible_reason(status, settings))
                        }
                        Err(error) => format!("ended, and how is not known: {error}"),
                    };
                    format!("the worker process {ending} before it was ready; {ADVICE}")
                }
                Failure::Late => {
                    let limit = settings.start_timeout;
                    format!("the worker process was not ready within {limit:?}; {ADVICE}")
                }
                Failure::Complaint(reason) => format!("the worker process {reason}"),
            };
            Err(NotStarted { why, died })
        }
    }
}

/// What can be polled for the end of a process.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn exit_of(child: &Child) -> Option<OwnedFd> {
    use rustix::process::{PidfdFlags, pidfd_open};
    pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn exit_of(_child: &Child) -> Option<OwnedFd> {
    None
}

/// Kills a worker that has not been reaped, with all the processes in its group, and reaps it.
///
/// # Errors
///
/// When its status cannot be had, because somebody else has reaped it.
pub(super) fn kill(child: &mut Child) -> io::Result<ExitStatus> {
    // As long as it is not reaped, no other process or group has its number. One that has ended
    // already may have left others behind.
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    child.wait()
}

/// Why a process that was started is no worker.
enum Failure {
    /// It has ended.
    Ended,

    /// Its time was up.
    Late,

    /// What it did or said; follows "the worker process".
    Complaint(String),
}

/// Waits until the worker says that it is ready, or until that can no longer be expected.
fn wait_for_hello(worker: &Worker, settings: &Settings) -> Result<(), Failure> {
    let deadline = Instant::now().checked_add(settings.start_timeout);
    let mut assembler = Assembler::new(settings.frame_limit);
    let mut connected = true;
    loop {
        let rest = deadline.map(|it| it.saturating_duration_since(Instant::now()));
        let Seen { response, ended } = look(worker, connected, rest).map_err(unheard)?;
        if response {
            let room = assembler.room();
            let bytes =
                retry_on_intr(|| read(&worker.responses, spare_capacity(room))).map_err(unheard)?;
            // Its end will show, too, and then how it has ended.
            connected = bytes > 0;
            let frame = assembler.next_frame().map_err(|garbage| {
                Failure::Complaint(format!("answered with something that is {garbage}"))
            })?;
            if let Some(frame) = frame {
                return judge(frame);
            }
        } else if ended {
            return Err(Failure::Ended);
        } else if rest.is_some_and(|rest| rest.is_zero()) {
            return Err(Failure::Late);
        }
    }
}

fn unheard(errno: Errno) -> Failure {
    Failure::Complaint(format!("could not be listened to: {errno}"))
}

/// What a worker's first frame means.
fn judge(frame: Frame<'_>) -> Result<(), Failure> {
    match (frame.kind, frame.text()) {
        (Kind::Hello, Some("")) => Ok(()),
        (Kind::Hello, Some(complaint)) => Err(Failure::Complaint(complaint.to_owned())),
        _ => Err(Failure::Complaint("did not begin with a hello".to_owned())),
    }
}

/// What there is to see of a worker.
struct Seen {
    /// Whether something can be read from it, or all has been.
    response: bool,

    /// Whether it has ended.
    ended: bool,
}

/// Waits until there is something to see, for a time.
fn look(worker: &Worker, connected: bool, limit: Option<Duration>) -> Result<Seen, Errno> {
    // No system refuses an hour.
    let longest = if worker.exit.is_some() { Duration::from_hours(1) } else { GLANCE };
    let limit = limit.map_or(longest, |limit| limit.min(longest));
    let limit = Timespec::try_from(limit).map_err(|_| Errno::INVAL)?;
    let mut descriptors = Vec::with_capacity(2);
    if connected {
        descriptors.push(PollFd::new(&worker.responses, PollFlags::IN));
    }
    if let Some(exit) = &worker.exit {
        descriptors.push(PollFd::new(exit, PollFlags::IN));
    }
    match poll(&mut descriptors, Some(&limit)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(errno),
    }
    let mut shows = descriptors.iter().map(|descriptor| !descriptor.revents().is_empty());
    let response = connected && shows.next() == Some(true);
    let ended = match worker.exit {
        Some(_) => shows.next() == Some(true),
        None => has_ended(&worker.child),
    };
    Ok(Seen { response, ended })
}

/// Whether a process has ended; it is not reaped.
pub(super) fn has_ended(child: &Child) -> bool {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(Pid::from_child(child)), options), Ok(Some(_)))
}
