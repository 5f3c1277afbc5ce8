//! Pools that take functions, lose interest in them, and end, in every order of events.

use super::*;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};

use crate::sync::models::check;

/// What a pool takes while it is shut down has run when its worker has ended, and what it refuses never
/// does. Loom reports a deadlock if something is left in a queue that has no worker any more, or if the
/// shutdown waits for ever.
#[test]
fn loom_what_a_pool_takes_it_runs() {
    check(3, || {
        let pool = Arc::new(ThreadPoolExecutor::new(1));
        let runs = Arc::new(AtomicUsize::new(0));
        let user = thread::spawn({
            let (pool, runs) = (Arc::clone(&pool), Arc::clone(&runs));
            move || {
                let future = pool.run(move || runs.fetch_add(1, Ordering::SeqCst));
                match future.wait() {
                    Ok(_) => 1,
                    Err(TaskError::Refused(_)) => 0,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        pool.shutdown(true);
        let ended = runs.load(Ordering::SeqCst);
        assert_eq!(user.join().unwrap(), runs.load(Ordering::SeqCst));
        assert_eq!(runs.load(Ordering::SeqCst), ended, "nothing runs after the shutdown");
    });
}

/// Two threads that bring a function each, of which none returns before both run: each has a worker.
/// Loom reports a deadlock if both count on the same.
#[test]
fn loom_each_function_has_a_worker() {
    check(2, || {
        let pool = Arc::new(ThreadPoolExecutor::new(2));
        let meeting = Arc::new((Mutex::new(0), Condvar::new()));
        let meet = |meeting: Arc<(Mutex<i32>, Condvar)>| {
            move || {
                let mut present = meeting.0.lock();
                *present += 1;
                meeting.1.notify_all();
                while *present < 2 {
                    present = meeting.1.wait(present);
                }
            }
        };
        let user = thread::spawn({
            let (pool, meeting) = (Arc::clone(&pool), Arc::clone(&meeting));
            move || pool.run(meet(meeting))
        });
        let future = pool.run(meet(meeting));
        assert!(future.wait().is_ok());
        assert!(user.join().unwrap().wait().is_ok());
        pool.shutdown(false);
    });
}

/// A function runs or is cancelled. Whoever waits for it is told which, and so is whoever cancels.
#[test]
fn loom_a_function_runs_or_is_cancelled() {
    check(3, || {
        let pool = ThreadPoolExecutor::new(1);
        let runs = Arc::new(AtomicUsize::new(0));
        let future = pool.run({
            let runs = Arc::clone(&runs);
            move || runs.fetch_add(1, Ordering::SeqCst)
        });
        let waiter = thread::spawn({
            let future = future.clone();
            move || future.wait().is_ok()
        });
        let cancelled = future.cancel();
        assert_eq!(waiter.join().unwrap(), !cancelled);
        assert_eq!(runs.load(Ordering::SeqCst), usize::from(!cancelled));
        pool.shutdown(true);
        assert_eq!(runs.load(Ordering::SeqCst), usize::from(!cancelled));
    });
}
