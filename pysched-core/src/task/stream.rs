//! [`TaskStream`]: the executions of a task, one after the other as they end.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::Handle;
use crate::{TaskFuture, TaskId};

/// The executions of a task as they end, as [`Handle::stream`] gives them: a
/// [`Stream`](https://docs.rs/futures-core/latest/futures_core/stream/trait.Stream.html) of futures that
/// are done.
///
/// It ends when the task is finished and all its executions were given. Dropping it changes nothing for
/// the task.
///
/// ```
/// use pysched::{Scheduler, Task, TaskStream, Trigger};
/// use smol::stream::StreamExt as _;
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let task = Task::new(|| "tick").trigger(Trigger::recur(0.01)).times(3);
/// let ticks: TaskStream<&str> = sched.add(task)?.stream();
/// assert_eq!(smol::block_on(ticks.count()), 3);
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "streams do nothing unless they are polled"]
pub struct TaskStream<T> {
    /// A handle of its own, which knows how far it has come.
    handle: Handle<T>,

    /// The name under which it has left its waker with the record of the task.
    waker_key: Option<u64>,
}

impl<T> TaskStream<T> {
    /// The id of the task.
    ///
    /// ```
    /// use pysched::{Scheduler, Trigger};
    ///
    /// let sched = Scheduler::new();
    /// let ticks = sched.delay(Trigger::recur(60), 0, || ())?.stream();
    /// sched.cancel(ticks.id())?;
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.handle.id()
    }
}

impl<T: Send + Sync + 'static> Handle<T> {
    /// The executions of the task as they end, as a stream: from the first that no `wait` or `next` on
    /// this handle has returned and that is still retained, until the task is finished.
    ///
    /// The stream has a handle of its own. So it can be moved to another task of a runtime, and what is
    /// taken from it is not taken from this handle, nor from other streams. Whoever takes them more slowly
    /// than the series runs misses those that are [no longer retained](crate::SchedulerBuilder::history),
    /// as with [`wait`](Self::wait), and gets the oldest that is.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use pysched::{Scheduler, Task, Trigger};
    /// use smol::stream::StreamExt as _;
    ///
    /// let count = AtomicU32::new(0);
    /// let task = Task::new(move || count.fetch_add(1, Ordering::Relaxed));
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let handle = sched.add(task.trigger(Trigger::recur(0.01)).times(3))?;
    /// let counts = handle.stream().map(|execution| *execution.wait().unwrap());
    /// assert_eq!(smol::block_on(counts.collect::<Vec<_>>()), [0, 1, 2]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn stream(&self) -> TaskStream<T> {
        TaskStream { handle: self.clone(), waker_key: None }
    }
}

impl<T: Send + Sync + 'static> Stream for TaskStream<T> {
    type Item = TaskFuture<T>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<TaskFuture<T>>> {
        let this = &mut *self;
        this.handle.poll_next(&mut this.waker_key, context)
    }
}

impl<T> Drop for TaskStream<T> {
    fn drop(&mut self) {
        self.handle.forget(self.waker_key);
    }
}

impl<T> fmt::Debug for TaskStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskStream").field("task", &self.id()).finish_non_exhaustive()
    }
}
