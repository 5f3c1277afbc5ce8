//! Whole schedulers, in every order of events: adding, cancelling, letting go and shutting down against
//! the heart.

use std::time::{Duration, SystemTime};

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::sync::models::check;
use crate::{
    Clock, Error, Handle, InlineExecutor, ManualClock, Parker, Scheduler, TaskError, TaskFuture,
    ThreadPoolExecutor, Trigger,
};

/// A clock that stands still: what is due at once is due, and for all else the heart sleeps for ever.
struct Still;

impl Clock for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        if until != Some(Duration::ZERO) {
            parker.park();
        }
    }
}

/// Counts how often a task has run.
#[derive(Clone)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    fn none() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Adds a task that runs once, and counts it.
    fn add_to(&self, sched: &Scheduler, after: u32) -> Result<Handle<()>, Error> {
        let runs = self.clone();
        let run = move || {
            runs.0.fetch_add(1, Ordering::SeqCst);
        };
        sched.delay(Trigger::once(f64::from(after)), 0, run)
    }

    /// Whether the execution of the task has ended by now as its future says.
    fn agree_with(&self, future: &TaskFuture<()>) {
        assert!(future.done(), "nobody will end it any more");
        match future.wait() {
            Ok(()) => assert_eq!(self.count(), 1),
            Err(TaskError::Cancelled) => assert_eq!(self.count(), 0),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A scheduler that runs its tasks on the heart.
fn scheduler() -> Scheduler {
    Scheduler::builder().clock(Still).executor(InlineExecutor).build()
}

/// A task that is added while the scheduler is shut down has run when that returns, or is refused; nothing
/// runs afterwards.
fn add_against_shutdown(sched: Scheduler) {
    let runs = Runs::none();
    sched.start().unwrap();
    let adder = thread::spawn({
        let (sched, runs) = (sched.clone(), runs.clone());
        move || runs.add_to(&sched, 0)
    });
    sched.shutdown(true);
    let drained = runs.count();
    match adder.join().unwrap() {
        Ok(handle) => runs.agree_with(&handle.future()),
        Err(error) => {
            assert!(matches!(error, Error::Shutdown));
            assert_eq!(runs.count(), 0);
        }
    }
    assert_eq!(runs.count(), drained, "nothing runs after the shutdown");
}

#[test]
fn loom_what_was_added_is_drained() {
    check(3, || add_against_shutdown(scheduler()));
}

/// A task that is due runs or is cancelled, and its future says which, whether it is asked for `before`
/// or not.
fn run_or_cancel(before: bool) {
    check(3, move || {
        let (sched, runs) = (scheduler(), Runs::none());
        let handle = runs.add_to(&sched, 0).unwrap();
        let future = before.then(|| handle.future());
        sched.start().unwrap();
        let cancelled = handle.cancel().is_ok();
        let future = future.unwrap_or_else(|| handle.future());
        assert!(future.running() || future.done(), "it has begun, or never will");
        sched.shutdown(true);
        runs.agree_with(&future);
        assert!(cancelled || runs.count() == 1, "it was not there any more");
    });
}

#[test]
fn loom_a_task_runs_or_is_cancelled() {
    run_or_cancel(true);
    run_or_cancel(false);
}

/// As before, where its future is cancelled, and somebody waits for that.
#[test]
fn loom_a_future_is_cancelled_or_has_a_value() {
    check(3, || {
        let (sched, runs) = (scheduler(), Runs::none());
        let future = runs.add_to(&sched, 0).unwrap().future();
        sched.start().unwrap();
        let waiter = thread::spawn({
            let future = future.clone();
            move || future.wait().is_ok()
        });
        let cancelled = future.cancel();
        assert_eq!(waiter.join().unwrap(), !cancelled);
        runs.agree_with(&future);
        sched.shutdown(true);
    });
}

/// When the last clone is dropped, the heart ends, or loom reports a deadlock; so does what waits.
#[test]
fn loom_a_scheduler_ends_with_its_last_clone() {
    check(3, || {
        let (sched, runs) = (scheduler(), Runs::none());
        let future = runs.add_to(&sched, 60).unwrap().future();
        sched.start().unwrap();
        let other = thread::spawn({
            let sched = sched.clone();
            move || drop(sched)
        });
        drop(sched);
        other.join().unwrap();
        runs.agree_with(&future);
        assert!(future.cancelled());
    });
}

/// The last clone is that of a task, on the heart itself, which waits for the shutdown in vain.
#[test]
fn loom_a_shutdown_from_inside_ends() {
    check(3, || {
        let (sched, runs) = (scheduler(), Runs::none());
        let future = runs.add_to(&sched, 60).unwrap().future();
        let clone = sched.clone();
        let shuts_down = move || clone.shutdown(true);
        let other = sched.delay(Trigger::once(0), 0, shuts_down).unwrap().future();
        sched.start().unwrap();
        drop(sched);
        assert!(other.wait().is_ok());
        assert!(future.wait().is_err());
        runs.agree_with(&future);
    });
}

/// As the first, where a worker of a pool runs the task, and whoever adds it gives it to the pool if the heart
/// sleeps: what is handed over is counted before anybody can find that nothing is left.
#[test]
fn loom_what_a_pool_was_given_is_drained() {
    check(3, || {
        let pool = ThreadPoolExecutor::new(1);
        add_against_shutdown(Scheduler::builder().clock(Still).executor(pool).build());
    });
}

/// A clock that is moved by hand has the heart run what is due before it returns, also what was added while
/// the heart slept, or was about to.
#[test]
fn loom_time_that_is_moved_by_hand_waits_for_the_heart() {
    check(3, || {
        let (clock, runs) = (ManualClock::new(), Runs::none());
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        sched.start().unwrap();
        drop(runs.add_to(&sched, 1).unwrap());
        clock.advance(Duration::from_secs(1));
        assert_eq!(runs.count(), 1);
        sched.shutdown(true);
    });
}
