//! Runtimes of one thread and of several, and code that runs on them.

use std::time::Duration;

use pysched::{Scheduler, Task, TaskError, ThreadPoolExecutor, TokioExecutor, Trigger};
use pysched_tests::{ms, started_on};
use tokio::runtime::{Builder, Handle};

#[tokio::test]
async fn a_runtime_of_one_thread_runs_everything_that_is_awaited() {
    let sched = started_on(TokioExecutor::current());
    let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
    assert_eq!(future.await.unwrap(), 7);
    let function = sched.add(Task::new(|| 8)).unwrap().future();
    assert_eq!(function.await.unwrap(), 8);
    let late = Task::future(|| async {
        tokio::time::sleep(ms(1)).await;
        9
    });
    let late = sched.add(late.trigger(Trigger::once(0.002))).unwrap().future();
    assert_eq!(late.await.unwrap(), 9);
}

#[tokio::test]
async fn a_shutdown_on_the_thread_that_it_would_wait_for_does_not_wait() {
    let sched = started_on(TokioExecutor::current());
    let futures: Vec<_> = (0..10)
        .map(|_| {
            let task = Task::future(|| async { tokio::time::sleep(ms(1)).await });
            sched.add(task).unwrap().future()
        })
        .collect();
    sched.shutdown(true);
    for future in futures {
        future.await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_for_what_would_run_on_this_thread_panics_instead_of_hanging() {
    let sched = started_on(TokioExecutor::current());
    let handle = sched.add(Task::future(|| async { 7 })).unwrap();
    let future = handle.future();
    let waits: [&dyn Fn(); 2] = [
        &|| {
            let _ = future.wait();
        },
        &|| drop(handle.wait()),
    ];
    for wait in waits {
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(wait)).unwrap_err();
        let text = panic.downcast_ref::<String>().unwrap();
        assert!(text.contains("await the future instead of calling `wait`"), "{text}");
    }
    assert_eq!(handle.next().await.unwrap().wait().unwrap(), &7, "what is done is had at once");
    assert_eq!(handle.wait().wait().unwrap(), &7);
    assert_eq!(future.wait().unwrap(), &7);

    // A function has a thread of its own, unless it may have to wait for a future.
    let function = sched.add(Task::new(|| 9)).unwrap();
    assert_eq!(function.future().wait().unwrap(), &9);
    let limited = started_on(TokioExecutor::current().concurrency(1));
    limited.add(Task::future(std::future::pending::<()>)).unwrap();
    let waits = limited.add(Task::new(|| 9)).unwrap().future();
    let wait = std::panic::AssertUnwindSafe(|| waits.wait().copied());
    assert!(std::panic::catch_unwind(wait).is_err());

    // Another executor has threads of its own.
    let other = Scheduler::builder()
        .executor(TokioExecutor::current())
        .named_executor("threads", ThreadPoolExecutor::new(1))
        .build();
    other.start().unwrap();
    let on_a_thread = other.add(Task::new(|| 8).executor("threads")).unwrap();
    assert_eq!(on_a_thread.wait().wait().unwrap(), &8);
}

#[tokio::test]
async fn it_does_not_matter_by_which_handle_an_executor_knows_the_runtime_of_this_thread() {
    let sched = started_on(TokioExecutor::new(Handle::current()));
    let handle = sched.add(Task::future(|| async { 7 })).unwrap();
    let wait = std::panic::AssertUnwindSafe(|| drop(handle.wait()));
    std::panic::catch_unwind(wait).unwrap_err();
    sched.shutdown(true);
    assert_eq!(handle.future().await.unwrap(), 7);
}

#[test]
fn whoever_has_merely_entered_a_runtime_of_one_waits_for_it() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let (sender, ended) = tokio::sync::oneshot::channel::<()>();
    let handle = runtime.handle().clone();
    let driver = std::thread::spawn(move || runtime.block_on(ended));

    let _entered = handle.enter();
    let sched = started_on(TokioExecutor::current());
    assert_eq!(sched.add(Task::future(|| async { 7 })).unwrap().future().wait().unwrap(), &7);
    sched.shutdown(true);
    sender.send(()).unwrap();
    driver.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_thread_that_may_block_waits_from_the_start() {
    let waits = || {
        let sched = started_on(TokioExecutor::current());
        let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
        *future.wait().unwrap()
    };
    assert_eq!(tokio::task::spawn_blocking(waits).await.unwrap(), 7);
}

#[tokio::test]
async fn a_thread_that_may_block_waits_for_a_runtime_of_one() {
    let sched = started_on(TokioExecutor::current());
    let task = Task::future(|| async { tokio::time::sleep(ms(1)).await });
    let future = sched.add(task).unwrap().future();
    tokio::task::spawn_blocking(move || sched.shutdown(true)).await.unwrap();
    assert!(future.done());
}

#[tokio::test]
async fn a_shutdown_with_a_limit_comes_back_on_a_runtime_of_one() {
    let sched = started_on(TokioExecutor::current());
    let future = sched.add(Task::future(std::future::pending::<()>)).unwrap().future();
    while !future.running() {
        tokio::task::yield_now().await;
    }
    let unfinished = sched.shutdown_timeout(Duration::from_secs(60)).unwrap_err();
    assert_eq!(unfinished.executions.len(), 1);
    assert!(matches!(future.await, Err(TaskError::Cancelled)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_add_at_once() {
    let sched = started_on(TokioExecutor::current());
    let adders: Vec<_> = (0..100_u64)
        .map(|number| {
            let sched = sched.clone();
            tokio::spawn(async move {
                let mut sum = 0;
                for step in 0..20 {
                    let task = Task::future(move || async move { number * 20 + step });
                    sum += sched.add(task).unwrap().future().await.unwrap();
                }
                sum
            })
        })
        .collect();
    let mut sum = 0;
    for adder in adders {
        sum += adder.await.unwrap();
    }
    assert_eq!(sum, (0..2000).sum::<u64>());
    tokio::task::spawn_blocking(move || sched.shutdown(true)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_task_adds_tasks_and_awaits_them() {
    let sched = started_on(TokioExecutor::current());
    let own = sched.clone();
    let task = Task::future(move || {
        let own = own.clone();
        async move {
            let mut sum = 0;
            for number in 0..10 {
                let inner = own.add(Task::future(move || async move { number })).unwrap();
                sum += inner.future().await.unwrap();
            }
            sum
        }
    });
    assert_eq!(sched.add(task).unwrap().future().await.unwrap(), 45);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_worker_adds_begins_while_it_blocks() {
    let sched = started_on(TokioExecutor::current());
    for _ in 0..200 {
        let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
        // Which it should not do, but does.
        assert_eq!(future.wait().unwrap(), &7);
    }
}

#[test]
fn outside_of_a_runtime_there_is_no_current_one() {
    let panic = std::panic::catch_unwind(TokioExecutor::current).unwrap_err();
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap();
    assert!(text.contains("runtime"), "{text}");
}

#[test]
fn a_limit_of_nothing_is_refused() {
    let runtime = super::runtime(1);
    let executor = TokioExecutor::new(runtime.handle().clone());
    let limit = std::panic::AssertUnwindSafe(|| executor.concurrency(0));
    let panic = std::panic::catch_unwind(limit).unwrap_err();
    assert!(panic.downcast_ref::<&str>().unwrap().contains("give at least 1"));
}

#[test]
fn a_runtime_that_nobody_drives_yet_runs_it_later() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let executor = TokioExecutor::new(runtime.handle().clone());
    let sched = Scheduler::builder().executor(executor).build();
    sched.start().unwrap();
    let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
    assert!(future.wait_timeout(ms(2)).is_none());
    assert_eq!(runtime.block_on(future).unwrap(), 7);
}
