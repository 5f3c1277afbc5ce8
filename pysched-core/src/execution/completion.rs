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
//! when `announce` has the lock and notifies those who are. A callback or waker is put in under the same lock and only while the
//! completion is not announced, so it is either found by `announce` or called by whoever brought
//! it. The loom model is at the end.

use std::fmt;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::sync::{Condvar, Mutex};
use crate::unwind::{catch, drop_each};

/// A value that comes later, and those who wait for it.
pub(super) struct Completion<V> {
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

    /// One for each future that was polled, under a key of its own.
    wakers: Vec<(u64, Waker)>,
    next_key: u64,
}

/// Callbacks that are never called go one by one, as each may panic when it is dropped.
impl Drop for Waiters {
    fn drop(&mut self) {
        drop_each(self.callbacks.drain(..));
    }
}

impl<V> Completion<V> {
    pub(super) fn new() -> Self {
        Self {
            value: OnceLock::new(),
            waiters: Mutex::new(Waiters::default()),
            announced: Condvar::new(),
        }
    }

    pub(super) fn get(&self) -> Option<&V> {
        self.value.get()
    }

    /// Stores the value; a second one is given back.
    pub(super) fn settle(&self, value: V) -> Result<(), V> {
        self.value.set(value)
    }

    /// Wakes and calls everyone who waits. To be called once, after `settle`, without any lock.
    pub(super) fn announce(&self) {
        let mut waiters = self.waiters.lock();
        waiters.announced = true;
        let blocked = waiters.blocked > 0;
        let callbacks = std::mem::take(&mut waiters.callbacks);
        let wakers = std::mem::take(&mut waiters.wakers);
        drop(waiters);
        // Without the lock: who is woken needs it, and would go back to sleep for it.
        if blocked {
            self.announced.notify_all();
        }
        // A panic in a callback or a waker must not keep the others from being called. The panic
        // hook has reported it; there is no future that it could be delivered to.
        for (_, waker) in wakers {
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
        // Wakers are made by users, so they are cloned and dropped outside of the lock.
        let waker = context.waker().clone();
        let mut waiters = self.waiters.lock();
        if let Some(value) = self.get() {
            return Poll::Ready(value);
        }
        let known = key.and_then(|key| waiters.wakers.iter_mut().find(|(other, _)| *other == key));
        if let Some((_, known)) = known {
            let before = std::mem::replace(known, waker);
            drop(waiters);
            drop(before);
        } else {
            let new = waiters.next_key;
            waiters.next_key += 1;
            waiters.wakers.push((new, waker));
            *key = Some(new);
        }
        Poll::Pending
    }

    /// Forgets the waker of a future that is gone.
    pub(super) fn forget(&self, key: u64) {
        let mut waiters = self.waiters.lock();
        let found = waiters.wakers.iter().position(|(other, _)| *other == key);
        let waker = found.map(|index| waiters.wakers.swap_remove(index));
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

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::thread;

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
}
