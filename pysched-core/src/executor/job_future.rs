//! [`JobFuture`]: a job, as an async runtime takes it.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::Job;
use crate::execution::Run;

/// An execution, as a future; see [`Job::into_future`].
///
/// ```
/// use pysched::{Executor, Job, JobFuture, Rejected, Scheduler, Task};
///
/// /// Polls each execution to its end before it takes the next.
/// struct OneByOne;
///
/// impl Executor for OneByOne {
///     fn submit(&self, job: Job) -> Result<(), Rejected> {
///         let execution: JobFuture = job.into_future();
///         smol::block_on(execution);
///         Ok(())
///     }
///
///     fn shutdown(&self, _wait: bool) {}
/// }
///
/// let sched = Scheduler::builder().executor(OneByOne).build();
/// sched.start()?;
/// let future = sched.add(Task::future(|| async { 7 }))?.future();
/// assert_eq!(future.wait().unwrap(), &7);
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "a job that is dropped has failed"]
pub struct JobFuture {
    state: State,
}

impl JobFuture {
    pub(super) fn new(job: Job) -> Self {
        Self { state: State::Submitted(job) }
    }
}

enum State {
    /// It was not polled yet.
    Submitted(Job),
    Begun(Run),
    Over,
}

impl Future for JobFuture {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let State::Submitted(_) = self.state
            && let State::Submitted(job) = mem::replace(&mut self.state, State::Over)
            && let Some(run) = job.begin_run()
        {
            self.state = State::Begun(run);
        }
        if let State::Begun(run) = &mut self.state {
            ready!(run.as_mut().advance(context, false));
            self.state = State::Over;
        }
        Poll::Ready(())
    }
}

impl fmt::Debug for JobFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Submitted(_) => "JobFuture(submitted)",
            State::Begun(_) => "JobFuture(begun)",
            State::Over => "JobFuture(over)",
        })
    }
}
