//! [`Stop`]: how a future that waits is reached in order to end.
//!
//! Two steps, so that the first can be taken under the scheduler's lock and the second, which runs code of
//! users, outside of it: `tell` leaves a mark, and `wake` takes the waker out under the lock of its place,
//! and wakes it without. Whoever polls puts a waker there under that same lock, and looks for the mark after
//! that. If it came to the lock before `wake` did, its waker is found; if after, it sees the mark. The loom
//! model is at the end.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::unwind::{catch, drop_quietly};

/// A mark that says that a future is to end, and the waker of whoever polls it.
pub(crate) struct Stop {
    told: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Stop {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { told: AtomicBool::new(false), waker: Mutex::new(None) })
    }

    /// Says that the future is to end. Runs no code of users; [`wake`](Self::wake) is to follow.
    pub(crate) fn tell(&self) {
        self.told.store(true, Ordering::Release);
    }

    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }

    /// Wakes whoever polls. Runs code of users: call it without any lock.
    pub(crate) fn wake(&self) {
        let waker = self.waker.lock().take();
        if let Some(waker) = waker {
            // A waker that panics has woken nobody; the panic hook has reported it.
            let _ = catch(|| waker.wake());
        }
    }

    /// Ready if the future is to end; otherwise the waker of the context is woken then. Panics if that does
    /// when it is cloned.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let waker = context.waker();
        let is_known = self.waker.lock().as_ref().is_some_and(|known| known.will_wake(waker));
        if !is_known {
            // Wakers are made by users, so they are cloned and dropped outside of the lock.
            let waker = waker.clone();
            let before = self.waker.lock().replace(waker);
            let _ = drop_quietly(before);
        }
        if self.is_told() { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Drops the waker of a future that is over: the rest of this may be dropped under a lock. Never panics.
    pub(crate) fn leave(&self) {
        let waker = self.waker.lock().take();
        let _ = drop_quietly(waker);
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("told", &self.is_told()).finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::models::block_on;
    use loom::thread;

    /// Loom reports a deadlock if the future is told and not woken.
    #[test]
    fn loom_a_future_that_waits_is_reached() {
        loom::model(|| {
            let stop = Stop::new();
            let teller = thread::spawn({
                let stop = Arc::clone(&stop);
                move || {
                    stop.tell();
                    stop.wake();
                }
            });
            block_on(|context| stop.poll(context));
            stop.leave();
            teller.join().unwrap();
        });
    }
}
