//! [`Shutdown`]: the end of a scheduler, awaited.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::Scheduler;
use super::engine::Engine;
use crate::execution::{Awaited, is_inside};

/// Ready when a scheduler is over, as [`Scheduler::shutdown_async`] gives it.
///
/// It borrows nothing, and does not keep the scheduler alive. Dropping it changes nothing: the shutdown
/// goes on.
///
/// ```
/// use pysched::{Scheduler, Shutdown, Task};
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let last = sched.add(Task::new(|| 7))?.future();
/// let shutdown: Shutdown = sched.shutdown_async();
/// smol::block_on(shutdown);
/// assert!(last.done());
/// # Ok::<(), pysched::Error>(())
/// ```
#[must_use = "the shutdown has begun, and goes on without being waited for unless this is awaited"]
pub struct Shutdown {
    /// `None` if it was asked for from inside a task, which is not to wait for itself.
    over: Option<Awaited>,
}

impl Scheduler {
    /// Shuts down as [`shutdown(true)`](Self::shutdown) does, from the moment of this call on, and gives
    /// a future that is ready when everything that was due, queued or running has ended and every
    /// future is done. No thread is blocked meanwhile.
    ///
    /// It may be called any number of times, also beside the other forms, before [`start`](Self::start),
    /// and when all is over. What cancels more wins: after a [`shutdown(false)`](Self::shutdown), or when
    /// the last clone of the scheduler is dropped, it is ready as soon as what was running has ended.
    /// Called from inside a task (or from a callback or a clock of this scheduler), it gives a future that
    /// is ready at once, as it would wait for itself. One that was made elsewhere must not be awaited
    /// there.
    ///
    /// ```
    /// use pysched::{Scheduler, Task};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pysched::Error> {
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let last = sched.add(Task::new(|| "done"))?.future();
    /// sched.shutdown_async().await;
    /// assert_eq!(last.wait().unwrap(), &"done"); // at once
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # With a limit
    ///
    /// Dropping the future does not stop the shutdown. So where time is limited, give up waiting, and have
    /// [`shutdown_timeout`](Self::shutdown_timeout) say what was left, which does not wait then:
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// use pysched::{Scheduler, Task};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pysched::Error> {
    /// let (started, has_started) = mpsc::sync_channel(0);
    /// let (end, ended) = mpsc::sync_channel::<()>(0);
    /// let ended = std::sync::Mutex::new(ended);
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// sched.add(Task::new(move || {
    ///     started.send(()).unwrap();
    ///     let _ = ended.lock().unwrap().recv();
    /// }).name("backup"))?;
    /// has_started.recv().unwrap();
    ///
    /// let limit = Duration::from_millis(10);
    /// if tokio::time::timeout(limit, sched.shutdown_async()).await.is_err() {
    ///     let unfinished = sched.shutdown_timeout(Duration::ZERO).unwrap_err();
    ///     assert!(unfinished.to_string().contains("backup"));
    /// #     drop(end);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_async(&self) -> Shutdown {
        self.engine().shutdown_async()
    }
}

impl Engine {
    fn shutdown_async(self: &Arc<Self>) -> Shutdown {
        // Nothing is left to this thread: who ends the last of all has the executors end.
        self.shutdown_unattended();
        let over = (!is_inside(self.id)).then(|| self.over.awaited());
        Shutdown { over }
    }
}

impl Future for Shutdown {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.over.as_mut().map_or(Poll::Ready(()), |over| over.poll(context))
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_ready = self.over.as_ref().is_none_or(Awaited::is_done);
        f.debug_struct("Shutdown").field("is_ready", &is_ready).finish()
    }
}
