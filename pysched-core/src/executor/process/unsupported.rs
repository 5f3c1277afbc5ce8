//! [`ProcessPoolExecutor`] where there are no processes as it needs them: the same names, and an error
//! that says so.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::executor::{Executor, Job, Rejected};
use crate::{Task, TaskFuture};

/// Would let this program start worker processes, which takes Unix: here it does nothing.
pub fn init() {}

/// A pool of worker processes, which takes Unix: here there is none, and
/// [`new`](ProcessPoolExecutor::new) says so.
#[derive(Debug)]
pub struct ProcessPoolExecutor {
    never: Infallible,
}

impl ProcessPoolExecutor {
    /// Would make a pool of worker processes.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`], always.
    pub fn new(max_workers: usize) -> Result<Self, Error> {
        Self::builder().max_workers(max_workers).build()
    }

    /// Begins to build a pool, which [`build`](ProcessPoolBuilder::build) refuses.
    pub fn builder() -> ProcessPoolBuilder {
        ProcessPoolBuilder(())
    }

    /// Would run a task in a worker.
    ///
    /// # Errors
    ///
    /// None: there is no such pool.
    pub fn run<T>(&self, _task: Task<T>) -> Result<TaskFuture<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        match self.never {}
    }

    /// Would end the pool.
    pub fn shutdown(&self, _wait: bool) {
        match self.never {}
    }
}

impl Executor for ProcessPoolExecutor {
    fn submit(&self, _job: Job) -> Result<(), Rejected> {
        match self.never {}
    }

    fn shutdown(&self, _wait: bool) {
        match self.never {}
    }
}

/// Takes the options of a pool of worker processes, and refuses to build one.
#[must_use = "a builder does nothing until `build` is called"]
pub struct ProcessPoolBuilder(());

impl ProcessPoolBuilder {
    /// Takes an option.
    pub fn max_workers(self, _max_workers: usize) -> Self {
        self
    }

    /// Takes an option.
    pub fn max_tasks_per_worker(self, _n: u64) -> Self {
        self
    }

    /// Takes an option.
    pub fn memory_limit(self, _bytes: u64) -> Self {
        self
    }

    /// Takes an option.
    pub fn cpu_limit(self, _limit: Duration) -> Self {
        self
    }

    /// Takes an option.
    pub fn nice(self, _increment: i32) -> Self {
        self
    }

    /// Takes an option.
    pub fn env(self, _key: impl Into<OsString>, _value: impl Into<OsString>) -> Self {
        self
    }

    /// Takes an option.
    pub fn env_remove(self, _key: impl Into<OsString>) -> Self {
        self
    }

    /// Takes an option.
    pub fn env_clear(self) -> Self {
        self
    }

    /// Takes an option.
    pub fn current_dir(self, _directory: impl Into<PathBuf>) -> Self {
        self
    }

    /// Takes an option.
    pub fn on_start<T: Send + Sync + 'static>(self, _task: Task<T>) -> Self {
        self
    }

    /// Takes an option.
    pub fn warm(self, _warm: bool) -> Self {
        self
    }

    /// Takes an option.
    pub fn start_timeout(self, _limit: Duration) -> Self {
        self
    }

    /// Takes an option.
    pub fn grace(self, _grace: Duration) -> Self {
        self
    }

    /// Takes an option.
    pub fn message_limit(self, _bytes: usize) -> Self {
        self
    }

    /// Would build the pool.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`], always.
    pub fn build(self) -> Result<ProcessPoolExecutor, Error> {
        Err(Error::Unsupported(
            "worker processes take Unix: give the tasks an executor of threads on this system"
                .to_owned(),
        ))
    }
}

impl fmt::Debug for ProcessPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessPoolBuilder")
    }
}

/// Would let the tests of a binary use a `ProcessPoolExecutor`, which takes Unix: here it does nothing.
#[macro_export]
macro_rules! worker_test {
    () => {};
}
