//! [`Ended`]: an execution that is awaited, without a copy of its result.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::TaskFuture;

/// Ready when an execution has ended; see [`TaskFuture::ended`].
///
/// ```
/// use pysched::{Ended, Scheduler, Task};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let future = sched.add(Task::new(|| 7))?.future();
/// let ended: Ended<i32> = future.ended();
/// smol::block_on(ended);
/// assert!(future.done());
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Ended<T> {
    future: TaskFuture<T>,
}

impl<T> Ended<T> {
    pub(super) fn new(future: TaskFuture<T>) -> Self {
        Self { future }
    }
}

impl<T> Future for Ended<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.future.poll_outcome(context).map(|_| ())
    }
}

impl<T> fmt::Debug for Ended<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ended").field(&self.future).finish()
    }
}
