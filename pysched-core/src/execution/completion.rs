//! [`Completion`]: a value that is set once, and everyone who waits for it.
//!
//! Two steps, so that the first can be taken under the scheduler's lock and the second, which runs
//! code of users, outside of it:
//!
//! 1. `settle` stores the value. From now on `get` answers, and new waiters return at once.
//! 2. `announce` takes the lock, marks the completion as announced, takes the callbacks and wakers
//!    out, releases the lock, wakes the blocked threads, and calls what it took.
//!
//! No waiter is forgotten: a thread looks for the value and goes to sleep under the lock that
//! `announce` takes after the value is there, so it either sees the value or is asleep, and counted,
//! when `announce` has the lock and notifies those who are. A callback is put in under the same lock and
//! only while the completion is not announced, so it is either found by `announce` or called by whoever
//! brought it. A future looks for the value under that lock, too, before it leaves its waker there, or
//! after it has found under the lock that its waker is there. The loom models are at the end.

use std::fmt;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::wakers::Wakers;
use crate::sync::{Condvar, Mutex, OnceLock};
use crate::unwind::{catch, drop_each};

/// A value that comes later, and those who wait for it.
pub(crate) struct Completion<V> {
    value: OnceLock<V>,
    waiters: Mutex<Waiters>,

    /// Notified when the value has been announced.
    announced: Condvar,
}

#[derive(Default)]
struct Waiters {
    announced: bool,

    /// How many threads are blocked; waking nobody would cost a system call.
    blocked: usize,
    callbacks: Vec<Box<dyn FnOnce() + Send>>,

    /// One for each future that was polled.
    wakers: Wakers,
}

/// Callbacks that are never called go one by one, as each may panic when it is dropped.
impl Drop for Waiters {
    fn drop(&mut self) {
        drop_each(self.callbacks.drain(..));
    }
}

impl<V> Completion<V> {
    pub(crate) fn new() -> Self {
        Self {
            value: OnceLock::new(),
            waiters: Mutex::new(Waiters::default()),
            announced: Condvar::new(),
        }
    }

    pub(crate) fn get(&self) -> Option<&V> {
        self.value.get()
    }

    /// Stores the value; a second one is given back.
    pub(crate) fn settle(&self, value: V) -> Result<(), V> {
        self.value.set(value)
    }

    /// Wakes and calls everyone who waits. To be called once, after `settle`, without any lock.
    pub(crate) fn announce(&self) {
        let mut waiters = self.waiters.lock();
        waiters.announced = true;
        let blocked = waiters.blocked > 0;
        let callbacks = std::mem::take(&mut waiters.callbacks);
        let wakers = waiters.wakers.take(|()| true);
        drop(waiters);
        // Without the lock: who is woken needs it, and would go back to sleep for it.
        if blocked {
            self.announced.notify_all();
        }
        // A panic in a callback or a waker must not keep the others from being called. The panic
        // hook has reported it; there is no future that it could be delivered to.
        for waker in wakers {
            let _ = catch(|| waker.wake());
        }
        for callback in callbacks {
            let _ = catch(callback);
        }
    }

    /// Blocks until the value is there.
    pub(super) fn wait(&self) -> &V {
        loop {
            if let Some(value) = self.wait_until(None) {
                return value;
            }
        }
    }

    /// Blocks until the value is there, for at most `limit`.
    pub(super) fn wait_timeout(&self, limit: Duration) -> Option<&V> {
        // A limit beyond what the clock can name is no limit.
        match Instant::now().checked_add(limit) {
            Some(deadline) => self.wait_until(Some(deadline)),
            None => Some(self.wait()),
        }
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Option<&V> {
        if let Some(value) = self.get() {
            return Some(value);
        }
        let mut waiters = self.waiters.lock();
        while self.get().is_none() {
            let rest = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            if rest == Some(Duration::ZERO) {
                return None;
            }
            waiters.blocked += 1;
            waiters = match rest {
                None => self.announced.wait(waiters),
                Some(rest) => self.announced.wait_timeout(waiters, rest),
            };
            waiters.blocked -= 1;
        }
        self.get()
    }

    /// Calls `callback` when the value is announced, at once if it has been.
    pub(super) fn on_done(&self, callback: impl FnOnce() + Send + 'static) {
        let mut waiters = self.waiters.lock();
        if waiters.announced {
            drop(waiters);
            // As in `announce`.
            let _ = catch(callback);
        } else {
            waiters.callbacks.push(Box::new(callback));
        }
    }

    /// Asks for the value, and to be woken when it comes. `key` names the asking future: `None` at
    /// its first poll.
    pub(super) fn poll(&self, key: &mut Option<u64>, context: &Context<'_>) -> Poll<&V> {
        if let Some(value) = self.get() {
            return Poll::Ready(value);
        }
        let is_known = self.waiters.lock().wakers.renew(*key, (), context.waker());
        if is_known {
            // It will be woken, as it has not been taken out. This spares it that if there is a value.
            return self.get().map_or(Poll::Pending, Poll::Ready);
        }
        // Wakers are made by users, so they are cloned and dropped outside of the lock.
        let waker = context.waker().clone();
        let mut waiters = self.waiters.lock();
        if let Some(value) = self.get() {
            return Poll::Ready(value);
        }
        let before = waiters.wakers.put(key, (), waker);
        drop(waiters);
        drop(before);
        Poll::Pending
    }

    /// Forgets the waker of a future that is gone.
    pub(super) fn forget(&self, key: u64) {
        let mut waiters = self.waiters.lock();
        let waker = waiters.wakers.forget(key);
        drop(waiters);
        drop(waker);
    }
}

impl<V> fmt::Debug for Completion<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion")
            .field("settled", &self.value.get().is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_same_waker_is_not_cloned_again() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let completion = Completion::new();
        let mut key = None;
        for _ in 0..3 {
            assert!(completion.poll(&mut key, &Context::from_waker(&waker)).is_pending());
            assert_eq!(
                Arc::strong_count(&count),
                3,
                "one here, one in the waker, one in its clone"
            );
        }
        completion.settle(7).unwrap();
        completion.announce();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(completion.poll(&mut key, &Context::from_waker(&waker)).is_ready());
    }

    #[test]
    fn the_latest_waker_of_a_future_is_woken() {
        let counts = [(); 2].map(|()| Arc::new(Count::default()));
        let completion = Completion::new();
        let mut key = None;
        for count in &counts {
            let waker = Waker::from(Arc::clone(count));
            assert!(completion.poll(&mut key, &Context::from_waker(&waker)).is_pending());
        }
        assert_eq!(Arc::strong_count(&counts[0]), 1, "the first is gone");
        completion.settle(7).unwrap();
        completion.announce();
        assert_eq!(counts.map(|count| count.0.load(Ordering::Relaxed)), [0, 1]);
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::models::{block_on, check};
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;
    use std::task::Waker;

    #[test]
    fn loom_no_waiter_is_forgotten() {
        loom::model(|| {
            let completion = Arc::new(Completion::new());
            let called = Arc::new(AtomicUsize::new(0));
            let waiter = thread::spawn({
                let completion = Arc::clone(&completion);
                move || *completion.wait()
            });
            let subscriber = thread::spawn({
                let (completion, called) = (Arc::clone(&completion), Arc::clone(&called));
                move || {
                    completion.on_done(move || {
                        called.fetch_add(1, Ordering::SeqCst);
                    });
                }
            });
            completion.settle(7).unwrap();
            completion.announce();
            assert_eq!(waiter.join().unwrap(), 7);
            subscriber.join().unwrap();
            assert_eq!(called.load(Ordering::SeqCst), 1);
        });
    }

    /// A future that is polled again only when it was woken, beside one that is polled once and dropped.
    #[test]
    fn loom_no_future_is_forgotten() {
        check(3, || {
            let completion = Arc::new(Completion::new());
            let awaiter = thread::spawn({
                let completion = Arc::clone(&completion);
                move || {
                    let mut key = None;
                    block_on(|context| completion.poll(&mut key, context).map(|it| *it))
                }
            });
            let quitter = thread::spawn({
                let completion = Arc::clone(&completion);
                move || {
                    let mut key = None;
                    let waker = Waker::noop();
                    let _ = completion.poll(&mut key, &Context::from_waker(waker));
                    if let Some(key) = key {
                        completion.forget(key);
                    }
                }
            });
            completion.settle(7).unwrap();
            completion.announce();
            assert_eq!(awaiter.join().unwrap(), 7);
            quitter.join().unwrap();
            assert!(completion.waiters.lock().wakers.is_empty());
        });
    }

    /// A future that was polled by somebody else before, and that finds its waker there already when it is
    /// polled for another reason.
    #[test]
    fn loom_the_latest_waker_is_woken() {
        loom::model(|| {
            let completion = Arc::new(Completion::new());
            let settler = thread::spawn({
                let completion = Arc::clone(&completion);
                move || {
                    completion.settle(7).unwrap();
                    completion.announce();
                }
            });
            let mut key = None;
            let _ = completion.poll(&mut key, &Context::from_waker(Waker::noop())).is_ready();
            let polled = |context: &mut Context<'_>| {
                // Twice in a row: the second time the waker is known, or the value is there.
                let _ = completion.poll(&mut key, context).is_ready();
                completion.poll(&mut key, context).map(|it| *it)
            };
            assert_eq!(block_on(polled), 7);
            settler.join().unwrap();
        });
    }
}
