//! What ends a future that waits, wherever it is polled.

use pysched::{
    Overlap, Retry, Scheduler, Status, Task, TaskError, ThreadPoolExecutor, TokioExecutor, Trigger,
};
use pysched_tests::futures::waits_for_ever;
use pysched_tests::{PATIENCE, ms, started_on};

/// Runs each case on threads and on tokio.
macro_rules! wherever {
    ($($case:ident)*) => {
        mod on_threads {
            use super::*;

            $(
                #[test]
                fn $case() {
                    super::$case(&started_on(ThreadPoolExecutor::new(2)));
                }
            )*
        }

        mod on_tokio {
            use super::*;

            $(
                #[test]
                fn $case() {
                    let runtime = tokio::runtime::Runtime::new().unwrap();
                    let executor = TokioExecutor::new(runtime.handle().clone());
                    super::$case(&started_on(executor.concurrency(2)));
                }
            )*
        }
    };
}

wherever! {
    cancel_drops_it
    a_timeout_drops_it_and_it_is_tried_again
    a_newer_run_drops_it
    a_shutdown_out_of_patience_drops_it
}

fn cancel_drops_it(sched: &Scheduler) {
    for _ in 0..100 {
        let (task, has_started, was_dropped) = waits_for_ever();
        let future = sched.add(task).unwrap().future();
        has_started.recv_timeout(PATIENCE).unwrap();
        assert!(future.cancel());
        assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
        assert!(was_dropped.recv_timeout(PATIENCE).unwrap(), "on behalf of its execution");
        assert_eq!(future.execution().status, Status::Cancelled);
        assert!(future.cancel(), "it is cancelled");
    }
    // Its place is free.
    sched.add(Task::new(|| ())).unwrap().future().wait().unwrap();
    sched.shutdown(true);
}

fn a_timeout_drops_it_and_it_is_tried_again(sched: &Scheduler) {
    let (task, has_started, was_dropped) = waits_for_ever();
    let task = task.timeout(ms(5)).retry(Retry::times(2).fixed(ms(1)));
    let future = sched.add(task).unwrap().future();
    assert!(matches!(future.wait(), Err(TaskError::TimedOut(limit)) if *limit == ms(5)));
    for _ in 0..3 {
        has_started.recv_timeout(PATIENCE).unwrap();
        assert!(was_dropped.recv_timeout(PATIENCE).unwrap());
    }
    assert_eq!(future.execution().attempt, 3);
    sched.shutdown(true);
}

fn a_newer_run_drops_it(sched: &Scheduler) {
    let (task, has_started, was_dropped) = waits_for_ever();
    let task = task.trigger(Trigger::recur(0.01)).overlap(Overlap::CancelOther).times(3);
    let handle = sched.add(task).unwrap();
    for _ in 0..3 {
        has_started.recv_timeout(PATIENCE).unwrap();
    }
    for _ in 0..2 {
        was_dropped.recv_timeout(PATIENCE).unwrap();
    }
    assert!(handle.future().cancel());
    sched.shutdown(true);
    let mut ends = sched.results(&handle);
    ends.retain(|it| it.status != Status::Missed); // as it is on a busy machine
    assert!(ends.len() == 3 && ends.iter().all(|it| it.status == Status::Cancelled), "{ends:?}");
}

fn a_shutdown_out_of_patience_drops_it(sched: &Scheduler) {
    let (task, has_started, was_dropped) = waits_for_ever();
    let future = sched.add(task).unwrap().future();
    has_started.recv_timeout(PATIENCE).unwrap();
    let unfinished = sched.shutdown_timeout(ms(1)).unwrap_err();
    assert_eq!(unfinished.executions.len(), 1);
    assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
    assert!(was_dropped.recv_timeout(PATIENCE).unwrap());
}
