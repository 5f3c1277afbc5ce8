//! The lock and the condition variable that every protocol of this crate is written with.
//!
//! Both ignore poisoning: no code of a user runs while one of our locks is held, so a panic can
//! never leave the data behind it half changed. Under `--cfg loom` they are loom's, so that the
//! models check the very code that ships. So are atomics, what a thread has for itself, the threads that are
//! started, and, in part, [`OnceLock`].

#[cfg(loom)]
use loom::sync as imp;
#[cfg(not(loom))]
use std::sync as imp;
use std::sync::{PoisonError, TryLockError};
use std::time::Duration;

pub(crate) use imp::{MutexGuard, atomic, mpsc};
#[cfg(loom)]
pub(crate) use loom::thread;
#[cfg(not(loom))]
pub(crate) use std::sync::OnceLock;
#[cfg(not(loom))]
pub(crate) use std::{thread, thread_local};

/// As that of std, whose constants are no expression that loom's takes.
#[cfg(loom)]
macro_rules! of_each_thread {
    ($(#[$doc:meta])* static $name:ident: $type:ty = const $init:block;) => {
        loom::thread_local! {
            $(#[$doc])* static $name: $type = $init;
        }
    };
}
#[cfg(loom)]
pub(crate) use of_each_thread as thread_local;

/// A mutual exclusion lock without poisoning.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(imp::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lock if nobody has it.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        match self.0.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A condition variable for [`Mutex`].
#[derive(Debug, Default)]
pub(crate) struct Condvar(imp::Condvar);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self(imp::Condvar::new())
    }

    /// Releases the lock, sleeps until notified (or for no reason), takes the lock again.
    pub(crate) fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        self.0.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`wait`](Self::wait), for at most `limit`.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        limit: Duration,
    ) -> MutexGuard<'a, T> {
        self.0.wait_timeout(guard, limit).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }
}

/// A cell that is written once. That of std is nothing that loom sees: it would not try in which order one
/// thread looks and another one writes.
#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    value: std::sync::OnceLock<T>,
    is_set: atomic::AtomicBool,
}

#[cfg(loom)]
impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        let is_set = atomic::AtomicBool::new(false);
        Self { value: std::sync::OnceLock::new(), is_set }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        let is_set = self.is_set.load(atomic::Ordering::Acquire);
        if is_set { self.value.get() } else { None }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        self.value.set(value)?;
        self.is_set.store(true, atomic::Ordering::Release);
        Ok(())
    }
}

/// What the models of several protocols need.
#[cfg(all(test, loom))]
pub(crate) mod models {
    use super::{Condvar, Mutex};
    use std::sync::Arc;
    use std::task::{Context, Poll, Wake, Waker};

    /// Tries a model in every order of events with at most so many switches away from a thread that could go
    /// on.
    pub(crate) fn check(switches: usize, model: impl Fn() + Send + Sync + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(switches);
        // As many as a whole scheduler takes that is started and shut down.
        builder.max_branches = 10_000;
        builder.check(model);
    }

    /// Wakes the thread that blocks on a future.
    #[derive(Default)]
    struct Bell {
        rung: Mutex<bool>,
        rings: Condvar,
    }

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.rung.lock() = true;
            self.rings.notify_one();
        }
    }

    /// Polls until there is a value, again only when it was woken.
    pub(crate) fn block_on<V>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<V>) -> V {
        let bell = Arc::<Bell>::default();
        let waker = Waker::from(Arc::clone(&bell));
        loop {
            if let Poll::Ready(value) = poll(&mut Context::from_waker(&waker)) {
                return value;
            }
            let mut rung = bell.rung.lock();
            while !*rung {
                rung = bell.rings.wait(rung);
            }
            *rung = false;
        }
    }
}
