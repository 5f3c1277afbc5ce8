//! Executions and runtimes that end at the worst of moments.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use pysched::{Scheduler, Task, TaskError, ThreadPoolExecutor, TokioExecutor, current};
use pysched_tests::{PATIENCE, ms, occupy, outcome};

use super::{on_runtime, runtime, single, without_hanging};

#[test]
fn cancelled_during_its_first_poll_a_future_does_not_get_beyond_where_it_waits() {
    let runtime = runtime(2);
    let sched = on_runtime(&runtime);
    for _ in 0..20 {
        let went_on = Arc::new(AtomicBool::new(false));
        let (started, has_started) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let may_go_on = Arc::new(Mutex::new(may_go_on));
        let task = Task::future({
            let went_on = Arc::clone(&went_on);
            move || {
                let (went_on, started, may_go_on) =
                    (Arc::clone(&went_on), started.clone(), Arc::clone(&may_go_on));
                async move {
                    started.send(()).unwrap();
                    may_go_on.lock().unwrap().recv().unwrap();
                    tokio::task::yield_now().await;
                    went_on.store(true, Ordering::SeqCst);
                }
            }
        });
        let future = sched.add(task).unwrap().future();
        has_started.recv_timeout(PATIENCE).unwrap();
        assert!(future.cancel());
        go_on.send(()).unwrap();
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
        assert!(!went_on.load(Ordering::SeqCst), "it is dropped where it waits");
    }
    sched.shutdown(true);
}

#[test]
fn a_callback_may_shut_the_executor_down_while_the_runtime_ends() {
    without_hanging(|| {
        for round in 0..20 {
            let runtime = if round % 4 < 2 { single() } else { runtime(1) };
            let executor = Arc::new(TokioExecutor::new(runtime.handle().clone()));
            let sched = Scheduler::builder().executor(Arc::clone(&executor)).build();
            sched.start().unwrap();
            let futures = [(); 6].map(|()| {
                let future = sched.add(Task::future(std::future::pending::<()>)).unwrap().future();
                let executor = Arc::clone(&executor);
                future.on_done(move |_| executor.shutdown(true));
                future
            });
            while sched.stats().executors[0].queued + sched.stats().executors[0].busy < 6 {
                std::thread::yield_now();
            }
            if round % 2 == 0 {
                // Some have begun then, others not.
                runtime.block_on(tokio::task::yield_now());
            }
            drop(runtime);
            for future in &futures {
                let error = outcome(future).unwrap_err();
                // Refused is what the heart has handed over only then.
                let is_lost = matches!(error, TaskError::WorkerDied(_) | TaskError::Refused(_));
                assert!(is_lost, "{error:?}");
            }
            sched.shutdown(true);
        }
    })
    .unwrap();
}

#[test]
fn what_runs_unattended_still_times_out() {
    for on_threads in [false, true] {
        for drops in [false, true] {
            let runtime = runtime(1);
            let sched = Scheduler::builder().executor(TokioExecutor::new(runtime.handle().clone()));
            let sched = sched.named_executor("threads", ThreadPoolExecutor::new(1)).build();
            sched.start().unwrap();
            let task = Task::future(std::future::pending::<()>).timeout(ms(50));
            let task = if on_threads { task.executor("threads") } else { task };
            let future = sched.add(task).unwrap().future();
            while !future.running() && !future.done() {
                thread::yield_now();
            }
            if drops {
                drop(sched);
            } else {
                sched.shutdown(false);
                smol::block_on(sched.shutdown_async());
            }
            assert!(matches!(outcome(&future), Err(TaskError::TimedOut(_))));
        }
    }
}

#[test]
fn what_begins_only_after_a_shutdown_times_out_as_well() {
    for is_async in [true, false] {
        let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(1)).build();
        sched.start().unwrap();
        let gate = occupy(&sched, 1);
        let waits = if is_async {
            Task::future(std::future::pending::<()>)
        } else {
            Task::new(|| {
                let told = current().token().wait_timeout(PATIENCE);
                assert!(told, "it is told to end");
            })
        };
        let future = sched.add(waits.timeout(ms(5))).unwrap().future();
        while sched.stats().executors[0].queued < 1 {
            thread::yield_now();
        }
        let shutdown = sched.shutdown_async();
        // Whoever does nothing more would have ended by now.
        thread::sleep(ms(20));
        gate.open();
        assert!(matches!(outcome(&future), Err(TaskError::TimedOut(_))));
        smol::block_on(shutdown);
    }
}
