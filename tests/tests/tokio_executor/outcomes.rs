//! What becomes of an execution.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use pysched::{Task, TaskError, Trigger, current};
use pysched_tests::{PATIENCE, ms};
use tokio::task::yield_now;

use super::{on_runtime, runtime};

#[test]
fn values_and_errors_are_those_of_the_future() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    let value = sched.add(Task::future(|| async { 7 })).unwrap().future();
    assert_eq!(value.wait().unwrap(), &7);
    let slept = sched.add(Task::future(|| async {
        tokio::time::sleep(ms(1)).await;
        "slept"
    }));
    assert_eq!(slept.unwrap().future().wait().unwrap(), &"slept");
    let error = sched.add(Task::fallible_future(|| async { "x".parse::<i32>() })).unwrap();
    assert!(matches!(error.future().wait(), Err(TaskError::Failed(_))));
    sched.shutdown(true);
}

#[test]
fn functions_run_where_they_may_block() {
    let runtime = runtime(1);
    let sched = on_runtime(&runtime);
    let (sender, receiver) = mpsc::channel();
    let receiver = std::sync::Mutex::new(receiver);
    // The only worker is needed for the second of them.
    let blocks = sched.add(Task::new(move || receiver.lock().unwrap().recv().unwrap())).unwrap();
    let task = Task::future(move || {
        let sender = sender.clone();
        async move { sender.send(7).unwrap() }
    });
    sched.add(task).unwrap().future().wait().unwrap();
    assert_eq!(blocks.future().wait().unwrap(), &7);
}

#[test]
fn a_panic_ends_one_execution_and_nothing_else() {
    let runtime = runtime(1);
    let sched = on_runtime(&runtime);
    let panics = |waits: bool| {
        Task::future(move || async move {
            if waits {
                yield_now().await;
            }
            panic!("out of paper")
        })
    };
    for waits in [false, true] {
        let future = sched.add::<()>(panics(waits)).unwrap().future();
        assert!(matches!(future.wait(), Err(TaskError::Panicked(text)) if text == "out of paper"));
    }
    let future = sched.add(Task::new(|| -> u32 { panic!("in a function") })).unwrap().future();
    assert!(matches!(future.wait(), Err(TaskError::Panicked(_))));
    assert_eq!(sched.add(Task::future(|| async { 7 })).unwrap().future().wait().unwrap(), &7);
    sched.shutdown(true);
}

#[test]
fn whatever_cancel_says_is_so() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    let (mut cancelled, mut succeeded) = (0, 0);
    for round in 0..2000_u32 {
        let task = Task::future(move || async move {
            for _ in 0..round % 4 {
                yield_now().await;
            }
            7
        });
        let future = sched.add(task).unwrap().future();
        for _ in 0..round % 64 {
            std::hint::spin_loop();
        }
        if future.cancel() {
            assert!(matches!(future.wait(), Err(TaskError::Cancelled)), "round {round}");
            cancelled += 1;
        } else {
            assert_eq!(future.wait().unwrap(), &7, "round {round}");
            succeeded += 1;
        }
    }
    assert_eq!(cancelled + succeeded, 2000);
    sched.shutdown(true);
    let stats = sched.stats();
    assert_eq!((stats.counts.cancelled, stats.counts.succeeded), (cancelled, succeeded));
}

#[test]
fn the_execution_knows_itself_after_each_wait_and_on_each_thread() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    let task = Task::future(|| async {
        for step in 1..=50 {
            let current = current();
            current.set_progress(step, 50);
            assert_eq!(current.name(), Some("steps"));
            yield_now().await;
        }
        current().task()
    });
    let handles: Vec<_> = (0..8)
        .map(|_| sched.add(task.clone().name("steps").conflict(pysched::Conflict::Keep)).unwrap())
        .collect();
    for handle in handles {
        let future = handle.future();
        assert_eq!(future.wait().unwrap(), &handle.id());
        let progress = future.execution().progress.unwrap();
        assert_eq!((progress.done, progress.total), (50, 50));
    }
    assert!(!current().is_execution());
}

#[test]
fn a_token_tells_what_an_execution_has_spawned() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    let (told, was_told) = mpsc::channel();
    let task = Task::future(move || {
        let told = told.clone();
        async move {
            current().token().on_cancel(move || told.send(()).unwrap());
            std::future::pending::<()>().await;
        }
    });
    let future = sched.add(task.timeout(ms(2))).unwrap().future();
    assert!(future.wait().is_err());
    was_told.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_series_never_overlaps_itself() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    let running = Arc::new(AtomicU32::new(0));
    let task = Task::future({
        let running = Arc::clone(&running);
        move || {
            let running = Arc::clone(&running);
            async move {
                assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
                tokio::time::sleep(Duration::from_micros(500)).await;
                running.fetch_sub(1, Ordering::SeqCst);
            }
        }
    });
    let handle = sched.add(task.trigger(Trigger::recur(0.0003)).times(50)).unwrap();
    for _ in 0..50 {
        handle.wait().wait().unwrap();
    }
    sched.shutdown(true);
}
