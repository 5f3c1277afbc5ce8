//! Things that go wrong on purpose, and the watchdog that turns a hang into a failure.

use std::collections::VecDeque;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{Clock, Executor, Job, Parker, Rejected, Scheduler, Trigger};

use crate::{Gate, outcome};

/// Runs `f` on a thread of its own, and fails if it does not return within `limit`.
///
/// # Panics
///
/// If `f` does, or if the time is up. The thread is then left behind.
#[track_caller]
pub fn within<R: Send + 'static>(limit: Duration, f: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || sender.send(f()).ok());
    match receiver.recv_timeout(limit) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("a hang: no end within {limit:?}"),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(_) => unreachable!("it ends either by sending or by panicking"),
        },
    }
}

/// Checks that so many workers are alive: it takes all of them at once to get through.
///
/// # Panics
///
/// If one is missing.
#[track_caller]
pub fn assert_workers(sched: &Scheduler, workers: usize) {
    let meeting = Arc::new(Barrier::new(workers));
    let meet = || {
        let meeting = Arc::clone(&meeting);
        sched
            .delay(Trigger::once(0), 0, move || {
                meeting.wait();
            })
            .unwrap()
            .future()
    };
    for future in (0..workers).map(|_| meet()).collect::<Vec<_>>() {
        assert!(outcome(&future).is_ok(), "a worker is lost");
    }
}

/// Opens a gate when dropped, so that a test that fails does not leave its tasks waiting.
#[derive(Debug)]
pub struct OpenOnDrop(pub Gate);

impl Drop for OpenOnDrop {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// Panics with its text when it is dropped.
#[derive(Debug)]
pub struct DropBomb(pub &'static str);

impl DropBomb {
    /// Does nothing: a closure that calls it holds the bomb.
    pub fn hold(&self) {}
}

impl Drop for DropBomb {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// Panics with its text when it is cloned.
#[derive(Debug)]
pub struct CloneBomb(pub &'static str);

impl Clone for CloneBomb {
    fn clone(&self) -> Self {
        panic!("{}", self.0);
    }
}

/// An error that panics when it is shown.
#[derive(Debug)]
pub struct DisplayBomb;

impl fmt::Display for DisplayBomb {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("nothing to see here");
    }
}

impl std::error::Error for DisplayBomb {}

/// How many more calls panic.
#[derive(Debug, Default)]
pub struct Fuse(AtomicU32);

impl Fuse {
    /// Lets the next `calls` calls panic; `u32::MAX` is all of them.
    pub fn set(&self, calls: u32) {
        self.0.store(calls, Ordering::SeqCst);
    }

    /// Whether nothing panics any more.
    #[must_use]
    pub fn is_out(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }

    /// A call that may panic.
    ///
    /// # Panics
    ///
    /// If it is set.
    pub fn call(&self, what: &str) {
        let burn = |left: u32| match left {
            0 => None,
            u32::MAX => Some(u32::MAX),
            left => Some(left - 1),
        };
        assert!(
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, burn).is_err(),
            "{what} is out of order"
        );
    }
}

/// Which methods of a [`FaultyClock`] panic.
#[derive(Debug, Default)]
pub struct ClockFaults {
    /// [`Clock::now`].
    pub now: Fuse,
    /// [`Clock::wall`].
    pub wall: Fuse,
    /// [`Clock::wait`].
    pub wait: Fuse,
    /// [`Clock::attach`].
    pub attach: Fuse,
    /// [`Clock::detach`].
    pub detach: Fuse,
    /// [`Clock::watch_wall`].
    pub watch_wall: Fuse,
    /// [`Clock::unwatch_wall`].
    pub unwatch_wall: Fuse,
}

/// A clock that panics when told to.
#[derive(Debug)]
pub struct FaultyClock<C> {
    clock: C,
    faults: Arc<ClockFaults>,
}

impl<C: Clock> FaultyClock<C> {
    /// Makes a clock that works until a fault is set.
    pub fn new(clock: C) -> (Self, Arc<ClockFaults>) {
        let faults = Arc::default();
        (Self { clock, faults: Arc::clone(&faults) }, faults)
    }
}

impl<C: Clock> Clock for FaultyClock<C> {
    fn now(&self) -> Duration {
        self.faults.now.call("now");
        self.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.faults.wall.call("wall");
        self.clock.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.faults.wait.call("wait");
        self.clock.wait(parker, until);
    }

    fn attach(&self, parker: &Parker) {
        self.faults.attach.call("attach");
        self.clock.attach(parker);
    }

    fn detach(&self, parker: &Parker) {
        self.faults.detach.call("detach");
        self.clock.detach(parker);
    }

    fn watch_wall(&self, parker: &Parker) -> bool {
        self.faults.watch_wall.call("watch_wall");
        self.clock.watch_wall(parker)
    }

    fn unwatch_wall(&self, parker: &Parker) {
        self.faults.unwatch_wall.call("unwatch_wall");
        self.clock.unwatch_wall(parker);
    }
}

/// An executor made of the function that takes one job.
pub struct Submit<F>(pub F);

impl<F> Executor for Submit<F>
where
    F: Fn(Job) -> Result<(), Rejected> + Send + Sync + 'static,
{
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        (self.0)(job)
    }

    fn shutdown(&self, _wait: bool) {}
}

/// An executor made of the function that takes many jobs.
pub struct SubmitAll<F>(pub F);

impl<F> Executor for SubmitAll<F>
where
    F: Fn(&mut VecDeque<Job>) -> Result<(), Rejected> + Send + Sync + 'static,
{
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.submit_all(&mut VecDeque::from([job]))
    }

    fn submit_all(&self, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        (self.0)(jobs)
    }

    fn shutdown(&self, _wait: bool) {}
}

/// An executor that has room for one job at a time, on a thread of its own for each.
#[derive(Debug, Default)]
pub struct OneAtATime(Arc<Mutex<bool>>);

impl Executor for OneAtATime {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        let busy = Arc::clone(&self.0);
        if std::mem::replace(&mut *busy.lock().unwrap(), true) {
            return Err(Rejected::Full(job));
        }
        thread::spawn(move || {
            job.run();
            *busy.lock().unwrap() = false;
        });
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}
