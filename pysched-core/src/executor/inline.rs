//! [`InlineExecutor`]: no thread but the scheduler's own.

use super::{Executor, Job, Rejected};

/// Runs each job on the scheduler's own thread, one after the other.
///
/// For tasks that take no time, for tests and for simulated clocks: nothing runs beside anything
/// else, and what becomes due while a task runs is late by as much. Tasks that are due together run
/// in the order of urgency; what becomes due meanwhile, however urgent, runs after them. A task that
/// never returns stops the scheduler.
///
/// ```
/// use pysched::{InlineExecutor, Scheduler, Trigger};
///
/// let sched = Scheduler::builder().executor(InlineExecutor).build();
/// sched.start()?;
/// let name = || std::thread::current().name().map(str::to_owned);
/// let handle = sched.delay(Trigger::once(0), 0, name)?;
/// assert_eq!(handle.future().wait().unwrap().as_deref(), Some("pysched-heart"));
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineExecutor;

impl Executor for InlineExecutor {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        job.run();
        Ok(())
    }

    fn most_workers(&self) -> Option<usize> {
        Some(1)
    }

    fn shutdown(&self, _wait: bool) {}
}
