//! A runtime that ends before the scheduler, and a scheduler that ends before its runtime.

use std::sync::{Arc, Mutex, mpsc};

use pysched::{Scheduler, Status, Task, TaskError, TokioExecutor, Trigger};
use pysched_tests::futures::{Dropped, waits_for_ever};
use pysched_tests::{PATIENCE, await_offers, ms, offering, secs, started_on};

use super::{on_runtime, runtime};

#[test]
fn what_runs_and_what_waits_fails_when_the_runtime_is_dropped() {
    let runtime = runtime(2);
    let sched = offering(TokioExecutor::new(runtime.handle().clone()).concurrency(1));
    let (task, has_started, was_dropped) = waits_for_ever();
    let runs = sched.add(task).unwrap().future();
    has_started.recv_timeout(PATIENCE).unwrap();
    let waits = sched.add(Task::future(|| async {})).unwrap().future();
    let blocks = sched.add(Task::new(|| ())).unwrap().future();
    await_offers(&sched);
    drop(runtime);
    assert!(was_dropped.recv_timeout(PATIENCE).unwrap(), "on behalf of its execution");
    for future in [&runs, &waits, &blocks] {
        let error = future.wait().unwrap_err();
        assert!(matches!(error, TaskError::WorkerDied(_)), "{error}");
        assert!(error.to_string().contains("runtime"), "{error}");
    }
    let later = sched.add(Task::future(|| async {})).unwrap().future();
    let error = later.wait().unwrap_err();
    assert!(matches!(error, TaskError::Refused(_)), "{error}");
    assert!(error.to_string().contains("its tokio runtime has been shut down"), "{error}");
    sched.shutdown(true);
}

#[test]
fn a_series_goes_on_failing_and_another_executor_goes_on_running() {
    let runtime = runtime(1);
    let sched = Scheduler::builder()
        .named_executor("tokio", TokioExecutor::new(runtime.handle().clone()))
        .build();
    sched.start().unwrap();
    drop(runtime);
    let series = Task::future(|| async {}).trigger(Trigger::recur_after(0.001)).executor("tokio");
    let series = sched.add(series.times(3)).unwrap();
    for _ in 0..3 {
        assert!(series.wait().wait().is_err());
    }
    assert!(sched.results(&series).iter().all(|it| it.status == Status::Failed));
    assert_eq!(sched.add(Task::new(|| 7)).unwrap().future().wait().unwrap(), &7);
    sched.shutdown(true);
}

#[test]
fn a_runtime_that_ends_at_any_moment_leaves_no_future_undone() {
    for round in 0..200_u32 {
        let runtime = runtime(2);
        let executor = TokioExecutor::new(runtime.handle().clone());
        let sched = started_on(if round % 2 == 0 { executor } else { executor.concurrency(2) });
        let futures: Vec<_> = (0..50)
            .map(|number| {
                let task = if number % 5 == 0 {
                    Task::new(|| ())
                } else {
                    Task::future(move || async move {
                        for _ in 0..number % 4 {
                            tokio::task::yield_now().await;
                        }
                    })
                };
                sched.add(task).unwrap().future()
            })
            .collect();
        for _ in 0..round * 50 {
            std::hint::spin_loop();
        }
        runtime.shutdown_background();
        for future in &futures {
            assert!(future.wait_timeout(PATIENCE).is_some(), "round {round}: {future:?}");
        }
        sched.shutdown(true);
    }
}

#[test]
fn a_shutdown_waits_for_what_the_runtime_has() {
    let runtime = runtime(2);
    let sched = started_on(TokioExecutor::new(runtime.handle().clone()).concurrency(2));
    let futures: Vec<_> = (0..20)
        .map(|number| {
            let task = Task::future(move || async move {
                tokio::time::sleep(ms(number % 3)).await;
            });
            sched.add(task).unwrap().future()
        })
        .collect();
    sched.shutdown(true);
    assert!(futures.iter().all(|future| future.wait().is_ok()));
}

#[test]
fn without_waiting_what_waits_is_cancelled_and_what_runs_ends_unattended() {
    let runtime = runtime(2);
    let sched = offering(TokioExecutor::new(runtime.handle().clone()).concurrency(1));
    let (end, has_ended) = tokio::sync::oneshot::channel::<()>();
    let has_ended = Mutex::new(Some(has_ended));
    let (started, has_started) = mpsc::channel();
    let task = Task::future(move || {
        let has_ended = has_ended.lock().unwrap().take().unwrap();
        let started = started.clone();
        async move {
            started.send(()).unwrap();
            has_ended.await.unwrap();
            7
        }
    });
    let runs = sched.add(task).unwrap().future();
    has_started.recv_timeout(PATIENCE).unwrap();
    let waits = sched.add(Task::future(|| async {})).unwrap().future();
    await_offers(&sched);
    sched.shutdown(false);
    assert!(matches!(waits.wait(), Err(TaskError::Cancelled)));
    assert!(!runs.done());
    end.send(()).unwrap();
    assert_eq!(runs.wait().unwrap(), &7);
}

#[test]
fn the_last_scheduler_may_be_dropped_by_one_of_its_own_futures() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    let (sender, receiver) = mpsc::channel();
    let own = Arc::new(Mutex::new(None));
    let task = Task::future({
        let own = Arc::clone(&own);
        move || {
            let (own, sender) = (Arc::clone(&own), sender.clone());
            async move {
                tokio::task::yield_now().await;
                let sched: Scheduler = loop {
                    if let Some(sched) = own.lock().unwrap().take() {
                        break sched;
                    }
                    tokio::task::yield_now().await;
                };
                sched.shutdown(true);
                drop(sched);
                sender.send(()).unwrap();
            }
        }
    });
    let future = sched.add(task).unwrap().future();
    *own.lock().unwrap() = Some(sched);
    receiver.recv_timeout(PATIENCE).unwrap();
    assert!(future.wait_timeout(PATIENCE).unwrap().is_ok());
}

#[test]
fn an_executor_of_several_schedulers_is_left_to_the_others() {
    let runtime = runtime(2);
    let executor = Arc::new(TokioExecutor::new(runtime.handle().clone()));
    let build = || Scheduler::builder().executor(Arc::clone(&executor)).build();
    let (one, other) = (build(), build());
    one.start().unwrap();
    other.start().unwrap();
    one.shutdown(true);
    assert_eq!(other.add(Task::future(|| async { 7 })).unwrap().future().wait().unwrap(), &7);
    executor.shutdown(true);
    let refused = other.add(Task::future(|| async { 7 })).unwrap().future();
    assert!(matches!(refused.wait(), Err(TaskError::Refused(_))));
}

#[test]
fn what_is_not_due_yet_needs_no_runtime() {
    let runtime = runtime(1);
    let sched = on_runtime(&runtime);
    let (dropped, was_dropped) = mpsc::channel();
    let captured = Dropped(dropped);
    let task = Task::future(move || {
        let _captured = &captured;
        async {}
    });
    let future = sched.add(task.trigger(Trigger::once(secs(3600)))).unwrap().future();
    drop(runtime);
    sched.shutdown(true);
    assert!(future.cancelled());
    was_dropped.recv_timeout(PATIENCE).unwrap();
}
