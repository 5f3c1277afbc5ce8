//! The worker's side: [`init`] makes this process a worker if it was started as one.
//!
//! A worker has two threads. The one that called `init` runs the tasks, one after the other, and ends
//! the process when the parent closes the pipe of the requests. `pysched-lifeline` sleeps until the
//! parent is gone without that, and then kills the process and all that it has started.
//!
//! A task can do what it likes to this process. It may end it, close its descriptors, or fork and
//! return twice; the parent then sees a worker that has died, and nothing here panics.

use std::env;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::process::{abort, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::io::{Errno, fcntl_dupfd_cloexec, read, retry_on_intr};
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getpgrp, getpid, getrlimit, kill_current_process_group,
    kill_process, nice, setrlimit,
};
use rustix::stdio::{dup2_stdin, dup2_stdout};
use rustix::time::{ClockId, clock_gettime};

use super::call::Call;
use super::descriptors::close_inherited;
use super::frame::{self, Assembler};
use super::hello::{MARKER, Orders, Received, Unread, VERSION, receive};
use super::replies::Replies;
use super::requests::Requests;
use crate::execution::{Current, Inside};
use crate::portable::Registration;
use crate::unwind;

/// The exit code of a worker that cannot go on.
const BROKEN: i32 = 1;

/// The exit code of a program that somebody else started as a worker.
const MISUSED: i32 = 2;

/// The stack of the thread that only waits.
const SMALL_STACK: usize = 64 << 10;

/// Whether [`init`] was called.
static INITIALISED: AtomicBool = AtomicBool::new(false);

/// Lets this program start worker processes: the first line of `main` in a program that uses a
/// `ProcessPoolExecutor`.
///
/// A worker process is this same program, started again with an argument of its own. In a worker,
/// `init` runs tasks until the parent has no more, and never returns. Everywhere else it returns at
/// once. What stands before it in `main`, every worker does too.
///
/// In tests, [`worker_test!`](crate::worker_test) takes its place.
///
/// ```
/// # use pysched_core as pysched;
/// fn main() -> Result<(), pysched::Error> {
///     pysched::init();
///     // what the program is for
///     Ok(())
/// }
/// ```
pub fn init() {
    INITIALISED.store(true, Ordering::Relaxed);
    if env::args_os().skip(1).any(|argument| argument == MARKER) {
        work();
    }
}

/// Whether this program makes workers of the processes that it starts as such.
pub(super) fn is_initialised() -> bool {
    INITIALISED.load(Ordering::Relaxed)
}

/// Does a worker's work.
///
/// It leaves by `exit`, which drops nothing: a task may have closed the descriptors that are owned
/// here, and the standard library aborts when it finds that out.
fn work() -> ! {
    close_inherited();
    let Received { orders, requests, responses, stdout } = match receive(io::stdin()) {
        Ok(received) => received,
        Err(Unread::Gone) => exit(0),
        Err(Unread::Version(_) | Unread::Invalid(_)) => {
            complain(&format!(
                "`{MARKER}` makes this program a worker process of a ProcessPoolExecutor, and only \
                 such an executor can start it"
            ));
            exit(MISUSED);
        }
    };
    let replies = Arc::new(Replies::new(responses));
    let prepared = orders.map_err(|unread| other_version(&unread)).and_then(|orders| {
        prepare(&orders, stdout)?;
        if let Some((name, arguments)) = &orders.on_start {
            run_hook(name, arguments)?;
        }
        Ok(orders)
    });
    let orders = match prepared {
        Ok(orders) => orders,
        Err(complaint) => {
            // If the parent does not hear it, it is not there.
            let _ = replies.greet(&complaint);
            exit(BROKEN);
        }
    };
    let mut requests = Requests::new(requests);
    let served = replies
        .greet("")
        .map_err(|errno| format!("cannot answer: {errno}"))
        .and_then(|()| serve(&mut requests, &replies, &orders));
    if let Err(reason) = served {
        complain(&reason);
        exit(BROKEN);
    }
    exit(0);
}

/// Runs the task that comes before all others.
///
/// # Errors
///
/// How it failed; follows "the worker process".
fn run_hook(name: &str, arguments: &str) -> Result<(), String> {
    let failed = |why: String| format!("could not start with `{name}`: {why}");
    let hook = Registration::find(name).ok_or_else(|| failed("it has no such task".to_owned()))?;
    let outcome = unwind::catch(|| hook.run(arguments).and_then(|text| hook.decode_outcome(&text)));
    match outcome {
        Ok(Ok(Ok(_))) => Ok(()),
        Ok(Ok(Err(error))) => Err(failed(error.to_string())),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(panic) => Err(failed(format!("its result panicked: {panic}"))),
    }
}

/// Tells whoever reads the error output.
fn complain(reason: &str) {
    // There is nobody else to tell.
    let _ = writeln!(io::stderr(), "pysched worker process: {reason}");
}

/// The complaint about a parent whom this worker does not understand.
fn other_version(unread: &Unread) -> String {
    let theirs = match unread {
        Unread::Version(version) => version.to_string(),
        Unread::Gone | Unread::Invalid(_) => "unknown".to_owned(),
    };
    format!(
        "speaks version {VERSION} of the protocol, and its parent version {theirs}: the program was \
         replaced while it ran; start it anew"
    )
}

/// Follows the orders that concern the whole process.
///
/// # Errors
///
/// What could not be done; follows "the worker process".
fn prepare(orders: &Orders, stdout: Option<OwnedFd>) -> Result<(), String> {
    let could_not = |what: &str| {
        let what = what.to_owned();
        move |errno: Errno| format!("could not {what}: {errno}")
    };
    let lifeline = fcntl_dupfd_cloexec(io::stdin(), 3).map_err(could_not("keep its lifeline"))?;
    let null = File::open("/dev/null")
        .map_err(|error| format!("could not open the null device: {error}"))?;
    dup2_stdin(null).map_err(could_not("close its standard input"))?;
    if let Some(stdout) = stdout {
        // What the test harness may have left in the buffer belongs to it.
        let _ = io::stdout().flush();
        dup2_stdout(stdout).map_err(could_not("open its standard output"))?;
    }
    hold(lifeline).map_err(|error| format!("could not start a thread: {error}"))?;
    if let Some(increment) = orders.nice {
        nice(increment).map_err(could_not(&format!("change its niceness by {increment}")))?;
    }
    // Last: what is set up here has its place.
    if let Some(bytes) = orders.memory_limit {
        limit(MEMORY, bytes, Which::Both)
            .map_err(could_not(&format!("limit its memory to {bytes} bytes")))?;
    }
    Ok(())
}

/// What a memory limit limits: the address space, where there is such a limit.
#[cfg(not(target_os = "openbsd"))]
const MEMORY: Resource = Resource::As;
#[cfg(target_os = "openbsd")]
const MEMORY: Resource = Resource::Data;

/// Starts the thread that ends this process, and what it has started, when the parent is gone.
fn hold(lifeline: OwnedFd) -> io::Result<()> {
    let wait = move || {
        // Nothing is ever sent. An error means that a task has closed the descriptor: then the end
        // of the parent would go unnoticed, and the pipes are closed as well.
        while let Ok(1..) = retry_on_intr(|| read(&lifeline, &mut [0; 16])) {}
        if getpgrp() == getpid() {
            let _ = kill_current_process_group(Signal::KILL);
        }
        kill_oneself();
    };
    let builder =
        thread::Builder::new().name("pysched-lifeline".to_owned()).stack_size(SMALL_STACK);
    builder.spawn(wait).map(drop)
}

/// Ends this process without running anything more in it.
fn kill_oneself() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    abort();
}

/// Which of the two values of a limit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The one that counts.
    Current,

    /// Also the one up to which the process itself may raise it.
    Both,
}

/// Sets a limit, which can only make a limit stricter that the process has from its parent.
fn limit(resource: Resource, value: u64, which: Which) -> Result<(), Errno> {
    let Rlimit { maximum, .. } = getrlimit(resource);
    let value = Some(maximum.map_or(value, |maximum| value.min(maximum)));
    let maximum = if which == Which::Both { value } else { maximum };
    setrlimit(resource, Rlimit { current: value, maximum })
}

/// Runs what the parent requests until it closes the pipe.
///
/// # Errors
///
/// Why the worker cannot go on.
fn serve(requests: &mut Requests, replies: &Arc<Replies>, orders: &Orders) -> Result<(), String> {
    let own = getpid();
    let mut assembler = Assembler::new(orders.frame_limit);
    loop {
        while let Some(frame) = assembler
            .next_frame()
            .map_err(|garbage| format!("was sent something that is {garbage}"))?
        {
            let call = Call::read(&frame).ok_or("was sent something that is no request")?;
            if let Some(seconds) = orders.cpu_limit {
                limit(Resource::Cpu, processor_seconds().saturating_add(seconds), Which::Current)
                    .map_err(|errno| format!("cannot limit its processor time: {errno}"))?;
            }
            let reply = run(frame.number, call, replies, orders.frame_limit);
            return_once(own);
            // A task's lines appear before its end is known; if they cannot, that is no reason to
            // fail it.
            let _ = io::stdout().flush();
            replies.reply(&reply).map_err(|errno| format!("cannot answer: {errno}"))?;
        }
        let bytes = requests
            .read(assembler.room())
            .map_err(|errno| format!("cannot read its requests: {errno}"))?;
        if bytes == 0 {
            return if assembler.is_empty() {
                Ok(())
            } else {
                Err("was sent only a part of a request".to_owned())
            };
        }
    }
}

/// Ends a copy of the worker that a task has forked, and that has returned from the task, too. Its
/// reply would be the second one.
fn return_once(own: Pid) {
    if getpid() != own {
        kill_oneself();
    }
}

/// The processor time that this process has used, in seconds, rounded up.
fn processor_seconds() -> u64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(used.tv_sec).unwrap_or(0).saturating_add(1)
}

/// Runs a task and encodes what became of it: the reply to the request of this number, which is open
/// from here on.
fn run(number: u32, call: Call<'_>, replies: &Arc<Replies>, limit: u32) -> Vec<u8> {
    let Call { about, name, function, arguments } = call;
    replies.begin(number);
    let Some(registration) = Registration::find(function) else {
        return frame::refused(number, &format!("the worker process has no task `{function}`"));
    };
    let parent = Arc::clone(replies);
    let current = Current::elsewhere(about, name, move |progress| parent.tell(number, progress));
    let _inside = Inside::run_elsewhere(&current);
    // A panic of the task is part of its outcome. Its arguments and its result are coded by code of
    // the user as well.
    match unwind::catch(|| registration.run(arguments)) {
        Ok(Ok(outcome)) => frame::outcome(number, &outcome, limit).unwrap_or_else(|too_long| {
            frame::refused(
                number,
                &format!("the result of the task `{function}` is too long: {too_long}"),
            )
        }),
        Ok(Err(reason)) => frame::refused(number, &reason.to_string()),
        Err(message) => {
            let reason = format!(
                "reading the arguments of the task `{function}`, or writing its result, panicked: \
                 {message}"
            );
            frame::refused(number, &reason)
        }
    }
}
