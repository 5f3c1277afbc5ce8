//! [`Next`]: the next execution of a task, awaited.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Handle;
use crate::TaskFuture;

/// The next execution of a task that ends, as [`Handle::next`] gives it.
///
/// ```
/// use pysched::{Handle, Next, Scheduler, Task};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let handle: Handle<i32> = sched.add(Task::new(|| 7))?;
/// let next: Next<'_, i32> = handle.next();
/// assert!(smol::block_on(next).is_some());
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Next<'a, T> {
    handle: &'a Handle<T>,

    /// The name under which it has left its waker with the record of the task.
    waker_key: Option<u64>,
}

impl<T: Send + Sync + 'static> Handle<T> {
    /// The async sibling of [`wait`](Self::wait): an execution that has ended and that no earlier `wait`
    /// or `next` on this handle returned. `None` once the task is finished and all were returned, where
    /// `wait` returns the last again.
    ///
    /// The result need not be `Clone`: what is given is a future that is done, which lends its value.
    /// That an execution was cancelled is an end as well: of a task that is cancelled, the run that
    /// was to come next is the last to be returned. As with `wait`, executions that are no longer
    /// retained are passed over, and so are runs that were skipped or missed.
    ///
    /// Each execution is returned once, by whichever `next` or `wait` is the first to look: several that
    /// wait on one handle share the executions among them, and clones count for themselves. To drop it
    /// before it is ready loses nothing, so it may be one branch of a `select!`, and may be given a limit.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use pysched::{Scheduler, Task, Trigger};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pysched::Error> {
    /// let count = AtomicU32::new(0);
    /// let task = Task::new(move || count.fetch_add(1, Ordering::Relaxed));
    /// let sched = Scheduler::new();
    /// let handle = sched.add(task.trigger(Trigger::recur(0.01)).times(3))?;
    /// sched.start()?;
    /// let mut counted = Vec::new();
    /// while let Some(execution) = handle.next().await {
    ///     counted.push(*execution.wait().unwrap()); // at once, as it is done
    /// }
    /// assert_eq!(counted, [0, 1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn next(&self) -> Next<'_, T> {
        Next { handle: self, waker_key: None }
    }
}

impl<T: Send + Sync + 'static> Future for Next<'_, T> {
    type Output = Option<TaskFuture<T>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        this.handle.poll_next(&mut this.waker_key, context)
    }
}

impl<T> Drop for Next<'_, T> {
    fn drop(&mut self) {
        self.handle.forget(self.waker_key);
    }
}

impl<T> fmt::Debug for Next<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("task", &self.handle.id()).finish()
    }
}
