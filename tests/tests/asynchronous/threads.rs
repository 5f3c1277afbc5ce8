//! On threads, which poll one future at a time.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use pysched::{Scheduler, Task, TaskError, ThreadPoolExecutor, Trigger, current};
use pysched_tests::{PATIENCE, ms, started_on};

fn pool(workers: usize) -> Scheduler {
    started_on(ThreadPoolExecutor::new(workers))
}

#[test]
fn a_value_and_an_error_are_those_of_the_future() {
    let sched = pool(1);
    let value = sched.add(Task::future(|| ready(7))).unwrap().future();
    assert_eq!(value.wait().unwrap(), &7);
    let error = Task::fallible_future(|| async { "x".parse::<i32>() });
    let error = sched.add(error).unwrap().future();
    assert!(matches!(error.wait(), Err(TaskError::Failed(_))));
}

#[test]
fn a_future_is_woken_from_another_thread() {
    let sched = pool(1);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let receiver = Arc::new(std::sync::Mutex::new(Some(receiver)));
    let task = Task::future(move || {
        let receiver = receiver.lock().unwrap().take().unwrap();
        async move { receiver.await.unwrap() }
    });
    let future = sched.add(task).unwrap().future();
    assert!(future.wait_timeout(ms(5)).is_none());
    sender.send(7).unwrap();
    assert_eq!(future.wait().unwrap(), &7);
}

#[test]
fn panics_are_outcomes_wherever_they_come_from() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let sched = pool(1);
    let tasks: [(Task<()>, &str); 4] = [
        (Task::future(|| async { panic!("in a poll") }), "in a poll"),
        (Task::future(|| -> std::future::Ready<()> { panic!("in the call") }), "in the call"),
        (
            Task::future(|| {
                let bomb = Bomb;
                async move {
                    tokio::task::yield_now().await;
                    std::mem::forget(bomb);
                    panic!("after a wait")
                }
            }),
            "after a wait",
        ),
        (
            Task::future(|| {
                let bomb = Bomb;
                std::future::poll_fn(move |_| {
                    let _ = &bomb;
                    std::task::Poll::Ready(())
                })
            }),
            "in a drop",
        ),
    ];
    for (task, text) in tasks {
        let future = sched.add(task).unwrap().future();
        let error = future.wait().unwrap_err();
        assert!(matches!(error, TaskError::Panicked(what) if what == text), "{error}");
    }
    assert_eq!(
        sched.add(Task::new(|| 7)).unwrap().future().wait().unwrap(),
        &7,
        "the worker lives"
    );
}

#[test]
fn cancelled_before_the_first_wait_it_does_not_get_further() {
    let sched = pool(1);
    let (started, has_started) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let went_on = Arc::new(AtomicBool::new(false));
    let task = Task::future({
        let went_on = Arc::clone(&went_on);
        move || {
            let went_on = Arc::clone(&went_on);
            started.send(()).unwrap();
            may_go_on.lock().unwrap().recv().unwrap();
            async move {
                tokio::task::yield_now().await;
                went_on.store(true, Ordering::Relaxed);
            }
        }
    });
    let future = sched.add(task).unwrap().future();
    has_started.recv_timeout(PATIENCE).unwrap();
    assert!(future.cancel());
    go_on.send(()).unwrap();
    assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
    assert!(!went_on.load(Ordering::Relaxed));
}

#[test]
fn a_value_that_comes_too_late_for_a_cancel_is_given_up() {
    let sched = pool(1);
    let (started, has_started) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let task = Task::future(move || {
        started.send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        ready(7)
    });
    let future = sched.add(task).unwrap().future();
    has_started.recv_timeout(PATIENCE).unwrap();
    assert!(future.cancel());
    go_on.send(()).unwrap();
    assert!(matches!(future.wait(), Err(TaskError::Cancelled)), "`cancel` has said so");
}

#[test]
fn the_current_execution_is_known_after_each_wait() {
    let sched = pool(1);
    let task = Task::future(|| async {
        let before = current().task();
        tokio::task::yield_now().await;
        (before, current().task())
    });
    let handle = sched.add(task).unwrap();
    assert_eq!(handle.future().wait().unwrap(), &(handle.id(), handle.id()));
}

#[test]
fn clones_of_a_task_share_its_function() {
    let sched = pool(2);
    let task = Task::future(|| async { 7 });
    let handles = [task.clone(), task.clone(), task].map(|task| sched.add(task).unwrap());
    assert!(handles.iter().all(|handle| handle.future().wait().unwrap() == &7));
}

#[test]
fn a_series_calls_it_again_and_again() {
    let sched = pool(1);
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let task = Task::future(move || {
        let count = count.fetch_add(1, Ordering::Relaxed);
        async move {
            tokio::task::yield_now().await;
            count
        }
    });
    let handle = sched.add(task.trigger(Trigger::recur_after(0.001)).times(5)).unwrap();
    let counted: Vec<u32> = (0..5).map(|_| *handle.wait().wait().unwrap()).collect();
    assert_eq!(counted, [0, 1, 2, 3, 4]);
}

#[test]
fn what_needs_a_runtime_says_so() {
    let sched = pool(1);
    let task = Task::future(|| tokio::time::sleep(ms(1)));
    let error = sched.add(task).unwrap().future().wait().unwrap_err().to_string();
    assert!(error.contains("panicked") && error.contains("runtime"), "{error}");
}
