//! The thread pool, used directly and shared.

use std::hint;
use std::num::NonZeroUsize;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use pysched::{
    Scheduler, Status, Task, TaskError, TaskFuture, TaskId, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::{DropBomb, assert_workers, within};
use pysched_tests::{Gate, PATIENCE, outcome};

/// A pool of one whose worker is busy until the gate is opened.
fn busy_pool() -> (ThreadPoolExecutor, Gate, TaskFuture<()>) {
    let (pool, gate) = (ThreadPoolExecutor::new(1), Gate::new());
    let held = gate.clone();
    let future = pool.run(move || held.wait());
    gate.await_arrivals(1);
    (pool, gate, future)
}

fn thread_name() -> String {
    thread::current().name().unwrap_or_default().to_owned()
}

#[test]
fn run_gives_the_result() {
    within(PATIENCE, || {
        let pool = ThreadPoolExecutor::new(2);
        let owned = "not copied".to_owned();
        let future = pool.run(move || owned);
        assert_eq!(outcome(&future).unwrap(), "not copied");
        let execution = future.execution();
        assert_eq!((execution.status, execution.task), (Status::Succeeded, TaskId::nil()));
        assert!(execution.started.is_some() && execution.finished >= execution.started);
    });
}

#[test]
fn run_uses_all_of_its_threads_and_no_more() {
    within(PATIENCE, || {
        let pool = ThreadPoolExecutor::new(3);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let meeting = Arc::new(Barrier::new(3));
        let futures: Vec<_> = (0..30)
            .map(|_| {
                let (running, most) = (Arc::clone(&running), Arc::clone(&most));
                let meeting = Arc::clone(&meeting);
                pool.run(move || {
                    most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // Takes three at once to get through.
                    meeting.wait();
                    running.fetch_sub(1, Ordering::SeqCst);
                    thread_name()
                })
            })
            .collect();
        let mut names: Vec<_> =
            futures.iter().map(|future| outcome(future).unwrap().clone()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names, ["pysched-pool-0", "pysched-pool-1", "pysched-pool-2"]);
        assert_eq!(most.load(Ordering::SeqCst), 3);
    });
}

#[test]
fn functions_run_in_the_order_they_came() {
    within(PATIENCE, || {
        let (pool, gate, _) = busy_pool();
        let order = Arc::new(Mutex::new(Vec::new()));
        let futures: Vec<_> = (0..100)
            .map(|number| {
                let order = Arc::clone(&order);
                pool.run(move || order.lock().unwrap().push(number))
            })
            .collect();
        gate.open();
        pool.shutdown(true);
        assert!(futures.iter().all(TaskFuture::done));
        assert_eq!(*order.lock().unwrap(), (0..100).collect::<Vec<_>>());
    });
}

#[test]
fn a_pool_needs_a_worker() {
    let panic = catch_unwind(|| ThreadPoolExecutor::new(0)).unwrap_err();
    let text =
        panic.downcast::<&str>().map_or_else(|it| *it.downcast().unwrap(), |it| it.to_string());
    assert_eq!(text, "ThreadPoolExecutor::new(0): a pool needs at least one worker");
}

#[test]
fn the_default_has_a_worker_for_each_processor() {
    let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let shown = format!("{:?}", ThreadPoolExecutor::default());
    assert!(shown.contains(&format!("max_workers: {processors}")), "{shown}");
}

#[test]
fn a_function_that_panics_costs_no_worker() {
    within(PATIENCE, || {
        let pool = ThreadPoolExecutor::new(1);
        let panicking = pool.run(|| panic!("number {}", 7));
        let bomb = DropBomb("captured");
        let dropping = pool.run(move || bomb.hold());
        let result = pool.run(|| DropBomb("result"));
        let result_of: Result<&(), _> = outcome(&panicking);
        assert!(matches!(result_of, Err(TaskError::Panicked(text)) if text == "number 7"));
        assert!(matches!(outcome(&dropping), Err(TaskError::Panicked(text)) if text == "captured"));
        assert!(outcome(&result).is_ok());
        std::mem::forget(result);
        // Here the worker drops the result.
        let held = Gate::new();
        let inner = held.clone();
        let dropped = pool.run(move || {
            inner.wait();
            DropBomb("result")
        });
        held.await_arrivals(1);
        drop(dropped);
        held.open();
        assert_eq!(outcome(&pool.run(|| 7)).unwrap(), &7);
        pool.shutdown(true);
    });
}

#[test]
fn shutdown_with_waiting_runs_what_is_queued() {
    within(PATIENCE, || {
        let (pool, gate, running) = busy_pool();
        let queued: Vec<_> = (0..10).map(|number| pool.run(move || number)).collect();
        let pool = Arc::new(pool);
        let closers = [(); 3].map(|()| {
            let (pool, queued) = (Arc::clone(&pool), queued.clone());
            thread::spawn(move || {
                pool.shutdown(true);
                assert!(queued.iter().all(TaskFuture::done));
            })
        });
        gate.open();
        for closer in closers {
            closer.join().unwrap();
        }
        assert!(outcome(&running).is_ok());
        for (number, future) in queued.iter().enumerate() {
            assert_eq!(outcome(future).unwrap(), &number);
        }
        pool.shutdown(true);
    });
}

#[test]
fn shutdown_without_waiting_cancels_what_is_queued() {
    within(PATIENCE, || {
        let (pool, gate, running) = busy_pool();
        let ran = Arc::new(AtomicUsize::new(0));
        let queued: Vec<_> = (0..10)
            .map(|_| {
                let ran = Arc::clone(&ran);
                pool.run(move || ran.fetch_add(1, Ordering::SeqCst))
            })
            .collect();
        pool.shutdown(false);
        for future in &queued {
            assert!(future.done() && future.cancelled(), "when it returns");
            assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
        }
        assert!(running.running(), "what runs goes on");
        gate.open();
        assert!(outcome(&running).is_ok());
        pool.shutdown(true);
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn dropping_a_pool_does_not_wait() {
    within(PATIENCE, || {
        let (pool, gate, running) = busy_pool();
        let queued = pool.run(|| ());
        drop(pool);
        assert!(queued.cancelled());
        gate.open();
        assert!(outcome(&running).is_ok());
    });
}

#[test]
fn a_pool_that_was_shut_down_refuses() {
    within(PATIENCE, || {
        for wait in [true, false] {
            let pool = ThreadPoolExecutor::new(1);
            pool.shutdown(wait);
            let future = pool.run(|| ());
            assert!(future.done());
            match future.wait() {
                Err(TaskError::Refused(why)) => assert!(why.contains("shut down"), "{why}"),
                other => panic!("expected a refusal, got {other:?}"),
            }
        }
    });
}

#[test]
fn what_comes_during_a_shutdown_is_run_or_refused() {
    within(PATIENCE, || {
        // Both threads meet without sleeping, as the gap that is looked for is a few steps wide.
        let arrived = Arc::new(AtomicUsize::new(0));
        let meet = |arrived: &AtomicUsize, round: usize, wait: usize| {
            arrived.fetch_add(1, Ordering::SeqCst);
            while arrived.load(Ordering::SeqCst) < 2 * (round + 1) {
                thread::yield_now();
            }
            (0..wait).for_each(|_| hint::spin_loop());
        };
        let (pools, to_run) = mpsc::channel::<Arc<ThreadPoolExecutor>>();
        let (futures, made) = mpsc::channel();
        let runner = thread::spawn({
            let arrived = Arc::clone(&arrived);
            move || {
                for (round, pool) in to_run.into_iter().enumerate() {
                    meet(&arrived, round, round % 37);
                    futures.send(pool.run(|| 7)).unwrap();
                }
            }
        });
        for round in 0..5_000 {
            let pool = Arc::new(ThreadPoolExecutor::new(1));
            pools.send(Arc::clone(&pool)).unwrap();
            meet(&arrived, round, round % 31);
            pool.shutdown(true);
            // The pool is kept, for it would fail what it still holds when it is dropped.
            let future = made.recv().unwrap();
            assert!(matches!(outcome(&future), Ok(7) | Err(TaskError::Refused(_))), "{future:?}");
        }
        drop(pools);
        runner.join().unwrap();
    });
}

#[test]
fn a_worker_may_shut_its_pool_down() {
    within(PATIENCE, || {
        for wait in [true, false] {
            let (pool, gate, _) = busy_pool();
            let pool = Arc::new(pool);
            let own = Arc::clone(&pool);
            let closer = pool.run(move || own.shutdown(wait));
            let queued = pool.run(|| 7);
            gate.open();
            assert!(outcome(&closer).is_ok());
            match outcome(&queued) {
                Ok(&7) => assert!(wait),
                Err(TaskError::Cancelled) => assert!(!wait),
                other => panic!("{other:?}"),
            }
            pool.shutdown(true);
        }
    });
}

#[test]
fn a_worker_may_drop_its_pool() {
    within(PATIENCE, || {
        let pool = Arc::new(ThreadPoolExecutor::new(1));
        let (own, gate) = (Arc::clone(&pool), Gate::new());
        let held = gate.clone();
        let future = pool.run(move || {
            held.wait();
            drop(own);
        });
        drop(pool);
        gate.open();
        assert!(outcome(&future).is_ok());
    });
}

#[test]
fn functions_given_to_a_pool_can_be_cancelled() {
    within(PATIENCE, || {
        let (pool, gate, running) = busy_pool();
        let queued = pool.run(|| ());
        assert!(queued.cancel() && queued.cancelled());
        assert!(!running.cancel());
        gate.open();
        pool.shutdown(true);
        assert!(matches!(queued.wait(), Err(TaskError::Cancelled)));
        assert!(running.wait().is_ok());
    });
}

#[test]
fn a_worker_may_use_its_pool() {
    within(PATIENCE, || {
        let pool = Arc::new(ThreadPoolExecutor::new(1));
        let own = Arc::clone(&pool);
        let outer = pool.run(move || own.run(|| 7));
        assert_eq!(outcome(outcome(&outer).unwrap()).unwrap(), &7);
    });
}

#[test]
fn a_pool_is_shared_by_schedulers() {
    within(PATIENCE, || {
        let pool = Arc::new(ThreadPoolExecutor::new(2));
        let scheds = [(); 3].map(|()| {
            let sched = Scheduler::builder()
                .executor(Arc::clone(&pool))
                .named_executor("too", Arc::clone(&pool))
                .build();
            sched.start().unwrap();
            sched
        });
        for sched in &scheds {
            let here = sched.delay(Trigger::once(0), 0, thread_name).unwrap().future();
            let too = sched.add(Task::new(thread_name).executor("too")).unwrap().future();
            for future in [here, too] {
                assert!(outcome(&future).unwrap().starts_with("pysched-pool-"));
            }
        }
        // None of them takes it away from the others.
        scheds[0].shutdown(true);
        scheds[1].shutdown(false);
        assert_workers(&scheds[2], 2);
        drop(scheds);
        assert_eq!(outcome(&pool.run(|| 7)).unwrap(), &7);
    });
}

#[test]
fn a_scheduler_finds_its_pool_shut_down() {
    within(PATIENCE, || {
        let pool = Arc::new(ThreadPoolExecutor::new(1));
        let sched = Scheduler::builder().executor(Arc::clone(&pool)).build();
        sched.start().unwrap();
        pool.shutdown(true);
        let future = sched.delay(Trigger::once(0), 0, || ()).unwrap().future();
        let error = outcome(&future).unwrap_err().to_string();
        assert!(error.contains("the thread pool has been shut down"), "{error}");
        sched.shutdown(true);
    });
}

#[test]
fn two_jobs_that_come_at_once_never_rely_on_one_worker() {
    within(PATIENCE, || {
        for _ in 0..1_000 {
            let pool = Arc::new(ThreadPoolExecutor::new(2));
            assert!(outcome(&pool.run(|| ())).is_ok());
            // Its only worker goes to sleep meanwhile, if the threads take their time.
            let (start, meeting) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
            let threads = [(); 2].map(|()| {
                let (pool, start) = (Arc::clone(&pool), Arc::clone(&start));
                let meeting = Arc::clone(&meeting);
                thread::spawn(move || {
                    start.wait();
                    pool.run(move || meeting.wait().is_leader())
                })
            });
            for future in threads.map(|thread| thread.join().unwrap()) {
                assert!(outcome(&future).is_ok());
            }
        }
    });
}
