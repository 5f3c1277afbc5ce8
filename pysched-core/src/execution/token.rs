//! [`Token`]: how a running execution learns that it is to end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cancelled::Cancelled;
use super::completion::Completion;
use crate::error::TaskError;

/// Tells a function that is running that it is to end: its execution has timed out or was cancelled, or
/// the scheduler is shutting down and out of patience.
///
/// A thread cannot be killed, so it is up to the function to look now and then, and to return. A future
/// need not look: it is dropped where it waits. What it has spawned is not, and may be given the token. A
/// token is never reset. Clones are the same token.
///
/// ```
/// use std::time::Duration;
/// use pysched::{Scheduler, Task, TaskError};
///
/// let task = Task::fallible(|| {
///     let token = pysched::current().token();
///     while !token.wait_timeout(Duration::from_millis(1)) {
///         // a step of something long
///     }
///     token.check()
/// });
/// let sched = Scheduler::new();
/// sched.start()?;
/// let future = sched.add(task.timeout(Duration::from_millis(20)))?.future();
/// assert!(matches!(future.wait(), Err(TaskError::TimedOut(_))));
/// sched.shutdown(true); // the function has returned
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Clone)]
pub struct Token {
    told: Arc<Completion<()>>,
}

impl Token {
    pub(crate) fn new() -> Self {
        Self { told: Arc::new(Completion::new()) }
    }

    /// Whether the function is to end.
    ///
    /// ```
    /// assert!(!pysched::current().token().is_cancelled(), "nobody can cancel what is no execution");
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.told.get().is_some()
    }

    /// `Err` if the function is to end: for `?` in a function that can fail.
    ///
    /// ```
    /// use pysched::{Task, TaskError};
    ///
    /// let task = Task::fallible(|| {
    ///     for step in 0..100 {
    ///         pysched::current().token().check()?;
    ///         // …
    ///     }
    ///     Ok::<(), TaskError>(())
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// [`TaskError::Cancelled`].
    pub fn check(&self) -> Result<(), TaskError> {
        if self.is_cancelled() { Err(TaskError::Cancelled) } else { Ok(()) }
    }

    /// Sleeps for `limit`, or until the function is to end; says whether it is. Real time, whatever clock
    /// the scheduler has.
    ///
    /// It blocks the calling thread. Async code awaits [`cancelled`](Self::cancelled) and a timer of its
    /// runtime.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let token = pysched::current().token();
    /// assert!(!token.wait_timeout(Duration::from_millis(1)));
    /// ```
    #[must_use]
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.told.wait_timeout(limit).is_some()
    }

    /// Waits, without blocking a thread, until the function is to end: for what an execution has spawned
    /// on a runtime, and would leave behind.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Scheduler, Task};
    /// use tokio::runtime::Handle;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pysched::Error> {
    /// let runtime = Handle::current();
    /// let task = Task::new(move || {
    ///     let token = pysched::current().token();
    ///     let upload = runtime.spawn(async move {
    ///         tokio::select! {
    ///             () = std::future::pending() => "uploaded", // it hangs
    ///             () = token.cancelled() => "given up",
    ///         }
    ///     });
    ///     runtime.block_on(upload).unwrap()
    /// });
    /// let sched = Scheduler::new();
    /// sched.start()?;
    /// let future = sched.add(task.timeout(Duration::from_millis(20)))?.future();
    /// assert!(future.await.is_err()); // it has timed out
    /// sched.shutdown_async().await; // the function has returned, and left nothing behind
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancelled(&self) -> Cancelled {
        Cancelled::new(&self.told)
    }

    /// Calls `f` when the function is to end, on the thread that says so; at once if that has been said.
    /// A panic in `f` is caught. What is never told is never called, and dropped with the last clone.
    ///
    /// After a timeout it is the scheduler's own thread that says so, which does nothing else meanwhile.
    /// So `f` should not block.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicBool, Ordering};
    ///
    /// let interrupted = Arc::new(AtomicBool::new(false));
    /// pysched::current().token().on_cancel({
    ///     let interrupted = Arc::clone(&interrupted);
    ///     move || interrupted.store(true, Ordering::Relaxed)
    /// });
    /// ```
    pub fn on_cancel(&self, f: impl FnOnce() + Send + 'static) {
        self.told.on_done(f);
    }

    /// Says that the function is to end. Runs code of users.
    pub(crate) fn cancel(&self) {
        if self.told.settle(()).is_ok() {
            self.told.announce();
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("is_cancelled", &self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::thread;

    #[test]
    fn whoever_sleeps_is_told() {
        let token = Token::new();
        let sleeper = thread::spawn({
            let token = token.clone();
            move || token.wait_timeout(Duration::from_mins(1))
        });
        let (sender, told) = mpsc::channel();
        token.on_cancel(move || sender.send(()).unwrap());
        assert!(token.check().is_ok());
        token.cancel();
        token.cancel();
        assert!(sleeper.join().unwrap());
        told.recv().unwrap();
        assert!(told.recv().is_err(), "it is told once");
        assert!(matches!(token.check(), Err(TaskError::Cancelled)));
    }
}
