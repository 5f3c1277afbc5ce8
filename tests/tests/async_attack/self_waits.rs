//! Threads that would wait for themselves, and those that would not.

use std::sync::mpsc;
use std::thread;

use pysched::{Scheduler, Task, TokioExecutor};
use pysched_tests::PATIENCE;
use tokio::task::block_in_place;

use super::{on_runtime, runtime, single, without_hanging};

const ADVICE: &str = "await the future instead of calling `wait`";

fn add_and_wait(sched: &Scheduler) -> i32 {
    *sched.add(Task::future(|| async { 7 })).unwrap().future().wait().unwrap()
}

#[test]
fn a_wait_on_a_runtime_of_one_that_has_run_nothing_yet_panics() {
    let waited = without_hanging(|| {
        let runtime = single();
        // Outside of it, as a static would.
        let sched = on_runtime(&runtime);
        runtime.block_on(async { add_and_wait(&sched) })
    });
    assert!(waited.unwrap_err().contains(ADVICE));
}

#[test]
fn a_shutdown_on_a_runtime_of_one_that_has_run_nothing_yet_does_not_wait() {
    let future = without_hanging(|| {
        let runtime = single();
        let sched = on_runtime(&runtime);
        runtime.block_on(async {
            let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
            sched.shutdown(true);
            future.await.unwrap()
        })
    });
    assert_eq!(future, Ok(7));
}

#[test]
fn a_wait_on_a_runtime_of_one_that_has_moved_to_another_thread_panics() {
    let runtime = single();
    let sched = on_runtime(&runtime);
    let first = sched.add(Task::future(|| async { 7 })).unwrap().future();
    assert_eq!(runtime.block_on(first).unwrap(), 7);
    let waited = without_hanging(move || runtime.block_on(async { add_and_wait(&sched) }));
    assert!(waited.unwrap_err().contains(ADVICE));
}

#[test]
fn a_thread_waits_for_a_runtime_of_one_that_runs_on_another_though_it_ran_here_and_is_entered() {
    let runtime = std::sync::Arc::new(single());
    let sched = on_runtime(&runtime);
    let first = sched.add(Task::future(|| async { 7 })).unwrap().future();
    assert_eq!(runtime.block_on(first).unwrap(), 7);
    let (end, has_ended) = tokio::sync::oneshot::channel::<()>();
    let (runs, it_runs) = mpsc::channel();
    let other = thread::spawn({
        let runtime = std::sync::Arc::clone(&runtime);
        move || {
            runtime.block_on(async {
                runs.send(()).unwrap();
                let _ = has_ended.await;
            });
        }
    });
    it_runs.recv_timeout(PATIENCE).unwrap();
    {
        let _entered = runtime.enter();
        assert_eq!(add_and_wait(&sched), 7);
    }
    // As does one that may block, and one that is in the `block_on` of another runtime.
    let own = sched.clone();
    let blocks = runtime.handle().spawn_blocking(move || add_and_wait(&own));
    assert_eq!(single().block_on(blocks).unwrap(), 7);
    assert_eq!(single().block_on(async { add_and_wait(&sched) }), 7);
    let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
    sched.shutdown(true);
    assert!(future.done());
    end.send(()).unwrap();
    other.join().unwrap();
}

#[test]
fn the_only_worker_of_a_runtime_does_not_wait_for_itself() {
    let waited = without_hanging(|| {
        let runtime = runtime(1);
        let sched = on_runtime(&runtime);
        let own = sched.clone();
        let waited = runtime.block_on(runtime.spawn(async move { add_and_wait(&own) }));
        let own = sched.clone();
        let shut_down = runtime.spawn(async move {
            let future = own.add(Task::future(|| async { 8 })).unwrap().future();
            own.shutdown(true);
            future.await.unwrap()
        });
        (waited.is_err(), runtime.block_on(shut_down).unwrap())
    });
    assert_eq!(waited, Ok((true, 8)));
}

#[test]
fn a_worker_that_has_given_up_its_place_waits_and_so_does_who_is_in_block_on() {
    let runtime = runtime(1);
    let sched = on_runtime(&runtime);
    let own = sched.clone();
    let worker = runtime.spawn(async move { block_in_place(|| add_and_wait(&own)) });
    assert_eq!(runtime.block_on(worker).unwrap(), 7);
    assert_eq!(runtime.block_on(async { add_and_wait(&sched) }), 7);
    sched.shutdown(true);
}

#[test]
fn an_executor_that_is_shut_down_by_a_thread_of_its_runtime_comes_back() {
    let done = without_hanging(|| {
        let runtime = single();
        let executor = std::sync::Arc::new(TokioExecutor::new(runtime.handle().clone()));
        let sched = Scheduler::builder().executor(std::sync::Arc::clone(&executor)).build();
        sched.start().unwrap();
        runtime.block_on(async {
            let future = sched.add(Task::future(|| async { 7 })).unwrap().future();
            // The executor has it, and not only the scheduler.
            while !format!("{executor:?}").contains("queued: 1,") {
                thread::yield_now();
            }
            executor.shutdown(true);
            future.await.unwrap()
        })
    });
    assert_eq!(done, Ok(7));
}
