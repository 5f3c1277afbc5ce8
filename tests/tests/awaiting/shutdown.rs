//! `Scheduler::shutdown_async`: when it is ready, beside every other way to shut down.

use std::thread;

use pysched::{
    Executor, InlineExecutor, Job, Rejected, SystemClock, TaskError, ThreadPoolExecutor,
};
use pysched_tests::faults::{OneAtATime, within};
use pysched_tests::{Gate, assert_closed, is_cancelled, occupy, outcome, pool_by_hand};

use super::*;

/// A scheduler with a pool of one, whose worker is busy until the gate is opened, and a task that waits.
fn busy() -> (Scheduler, Gate, TaskFuture<i32>) {
    let (sched, _clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let queued = sched.delay(Trigger::once(0), 0, || 7).unwrap().future();
    (sched, gate, queued)
}

#[test]
fn of_one_that_was_never_started() {
    let sched = Scheduler::new();
    let waits = sched.delay(Trigger::once(0), 0, || ()).unwrap().future();
    at_once(sched.shutdown_async());
    assert!(is_cancelled(&waits));
    assert_closed(&sched);
    at_once(sched.shutdown_async());
}

#[test]
fn of_one_that_is_idle() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    block_on(sched.shutdown_async());
    assert_closed(&sched);
    at_once(sched.shutdown_async());
    sched.shutdown(true);
    at_once(sched.shutdown_async());
}

#[test]
fn it_begins_at_the_call_and_ends_with_all_that_is_queued_or_runs() {
    within(PATIENCE, || {
        let (sched, gate, queued) = busy();
        let later = sched.delay(Trigger::once(1), 0, || ()).unwrap().future();
        let mut ended = ByHand::new(sched.shutdown_async());
        assert_closed(&sched);
        assert!(is_cancelled(&later), "without anybody who awaits it");
        assert!(ended.poll().is_pending());
        assert!(!queued.done());
        gate.open();
        ended.woken();
        assert!(queued.done() && sched.tasks().is_empty());
        assert_eq!(outcome(&queued).unwrap(), &7);
        at_once(sched.shutdown_async());
    });
}

#[test]
fn dropping_it_changes_nothing() {
    within(PATIENCE, || {
        let (sched, gate, queued) = busy();
        drop(sched.shutdown_async());
        let half_way = ByHand::pending(sched.shutdown_async());
        let bell = Arc::clone(&half_way.bell);
        drop(half_way);
        assert_eq!(references(&bell), 1, "it has taken its waker back");
        gate.open();
        assert_eq!(outcome(&queued).unwrap(), &7);
        block_on(sched.shutdown_async());
    });
}

#[test]
fn many_are_awaited_beside_threads_that_are_blocked() {
    within(PATIENCE, || {
        let (sched, gate, queued) = busy();
        let mut futures: Vec<_> = (0..3).map(|_| ByHand::pending(sched.shutdown_async())).collect();
        let blocked: Vec<_> = (0..2)
            .map(|_| {
                let sched = sched.clone();
                thread::spawn(move || sched.shutdown(true))
            })
            .collect();
        futures.push(ByHand::pending(sched.shutdown_async()));
        let patient = sched.clone();
        let patient = thread::spawn(move || patient.shutdown_timeout(PATIENCE).is_ok());
        assert!(!queued.done());
        gate.open();
        futures.iter_mut().for_each(ByHand::woken);
        blocked.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(patient.join().unwrap());
        assert_eq!(outcome(&queued).unwrap(), &7);
    });
}

#[test]
fn after_one_that_cancels_what_is_queued_and_before_it() {
    within(PATIENCE, || {
        for first in [true, false] {
            let (sched, gate, queued) = busy();
            let mut ended = if first {
                sched.shutdown(false);
                ByHand::pending(sched.shutdown_async())
            } else {
                let ended = ByHand::pending(sched.shutdown_async());
                sched.shutdown(false);
                ended
            };
            assert!(is_cancelled(&queued), "what cancels more wins");
            assert!(ended.poll().is_pending(), "something runs");
            gate.open();
            ended.bell.wait(1);
            ended.woken();
        }
    });
}

#[test]
fn when_the_last_clone_is_dropped() {
    within(PATIENCE, || {
        let (sched, gate, queued) = busy();
        let mut ended = ByHand::pending(sched.shutdown_async());
        drop(sched);
        assert!(is_cancelled(&queued), "it does not keep the scheduler alive");
        assert!(ended.poll().is_pending());
        gate.open();
        ended.woken();
    });
}

#[test]
fn with_a_limit_what_was_left_is_told() {
    within(PATIENCE, || {
        let (sched, gate, queued) = busy();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let limited = runtime.block_on(async {
            tokio::time::timeout(Duration::from_millis(5), sched.shutdown_async()).await
        });
        assert!(limited.is_err());
        let unfinished = sched.shutdown_timeout(Duration::ZERO).unwrap_err();
        assert_eq!(unfinished.executions.len(), 2, "{unfinished}");
        assert!(is_cancelled(&queued));
        let ended = ByHand::pending(sched.shutdown_async());
        gate.open();
        block_on(ended.future);
        assert!(sched.shutdown_timeout(Duration::ZERO).is_ok());
    });
}

#[test]
fn from_inside_a_task_it_is_ready_at_once() {
    within(PATIENCE, || {
        let (sched, gate, _queued) = busy();
        let own = sched.clone();
        let closer = sched.add(Task::new(move || at_once(own.shutdown_async())).priority(-1));
        let closer = closer.unwrap().future();
        let (other, _clock) = pool_by_hand(1);
        let other_gate = occupy(&other, 1);
        let own = other.clone();
        let foreign =
            sched.add(Task::new(move || ByHand::pending(own.shutdown_async()).bell.rings()));
        let foreign = foreign.unwrap().future();
        gate.open();
        outcome(&closer).unwrap();
        assert_eq!(outcome(&foreign).unwrap(), &0, "of another scheduler it is awaited");
        other_gate.open();
        block_on(other.shutdown_async());
        block_on(sched.shutdown_async());
    });
}

#[test]
fn from_inside_a_callback_and_the_schedulers_own_thread() {
    within(PATIENCE, || {
        for inline in [true, false] {
            let executor: Box<dyn FnOnce(_) -> _> = if inline {
                Box::new(|builder: pysched::SchedulerBuilder| builder.executor(InlineExecutor))
            } else {
                Box::new(|builder: pysched::SchedulerBuilder| {
                    builder.executor(ThreadPoolExecutor::new(1))
                })
            };
            let sched = executor(Scheduler::builder()).build();
            let own = sched.clone();
            let future = sched.delay(Trigger::once(0), 0, || 7).unwrap().future();
            let called = counter();
            future.on_done({
                let called = Arc::clone(&called);
                move |_| {
                    at_once(own.shutdown_async());
                    called.fetch_add(1, Ordering::SeqCst);
                }
            });
            sched.start().unwrap();
            outcome(&future).unwrap();
            block_on(sched.shutdown_async());
            assert_eq!(called.load(Ordering::SeqCst), 1);
        }
    });
}

#[test]
fn whoever_is_woken_may_shut_it_down_again() {
    struct Closes(Scheduler, AtomicUsize);
    impl Wake for Closes {
        fn wake(self: Arc<Self>) {
            self.0.shutdown(true);
            at_once(self.0.shutdown_async());
            self.1.fetch_add(1, Ordering::SeqCst);
        }
    }
    within(PATIENCE, || {
        let (sched, gate, _queued) = busy();
        let closes = Arc::new(Closes(sched.clone(), AtomicUsize::new(0)));
        let waker = Waker::from(Arc::clone(&closes));
        let mut ended = sched.shutdown_async();
        assert!(Pin::new(&mut ended).poll(&mut Context::from_waker(&waker)).is_pending());
        let mut other = ByHand::pending(sched.shutdown_async());
        gate.open();
        other.woken();
        assert_eq!(closes.1.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn the_executors_are_told_to_end_and_nobody_waits_for_them() {
    /// Counts how it is told.
    #[derive(Default, Clone)]
    struct Told(Arc<Mutex<Vec<bool>>>);
    impl Executor for Told {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            job.run();
            Ok(())
        }
        fn shutdown(&self, wait: bool) {
            self.0.lock().unwrap().push(wait);
        }
    }
    for starts in [true, false] {
        let told = Told::default();
        let sched = Scheduler::builder().executor(told.clone()).build();
        if starts {
            sched.start().unwrap();
        }
        block_on(sched.shutdown_async());
        assert_eq!(*told.0.lock().unwrap(), [false]);
        block_on(sched.shutdown_async());
        assert_eq!(*told.0.lock().unwrap(), [false], "once is enough");
    }
}

#[test]
fn what_a_full_executor_could_not_take_is_finished() {
    within(PATIENCE, || {
        let sched = Scheduler::builder().executor(OneAtATime::default()).build();
        sched.start().unwrap();
        let gate = occupy(&sched, 1);
        let queued: Vec<_> = (0..20)
            .map(|number| sched.delay(Trigger::once(0), 0, move || number).unwrap().future())
            .collect();
        let mut ended = ByHand::pending(sched.shutdown_async());
        gate.open();
        ended.woken();
        assert!(queued.iter().all(|future| future.done() && future.wait().is_ok()));
    });
}

#[test]
fn what_is_to_be_tried_again_is_not_waited_for_and_what_has_timed_out_is() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let failing = Task::fallible(|| Err::<(), _>("failed"));
        let failing = failing.retry(pysched::Retry::times(3).fixed(SECOND));
        let failing = sched.add(failing).unwrap();
        // Behind it on the same worker.
        let gate = Gate::new();
        let inner = gate.clone();
        let slow = sched.add(Task::new(move || inner.wait()).timeout(SECOND)).unwrap();
        clock.advance(Duration::ZERO);
        gate.await_arrivals(1);
        let mut ended = ByHand::pending(sched.shutdown_async());
        assert!(matches!(outcome(&failing.future()), Err(TaskError::Failed(_))));
        clock.advance(SECOND);
        assert!(matches!(outcome(&slow.future()), Err(TaskError::TimedOut(_))));
        assert!(ended.poll().is_pending(), "its function runs on");
        gate.open();
        ended.woken();
    });
}

#[test]
fn while_clocks_differ() {
    let clocks: [fn() -> Scheduler; 2] = [
        || Scheduler::builder().clock(SystemClock::new()).build(),
        || Scheduler::builder().clock(pysched::ManualClock::new()).build(),
    ];
    for build in clocks {
        let sched = build();
        sched.start().unwrap();
        let series = series(&sched);
        block_on(sched.shutdown_async());
        assert!(at_once(series.next()).is_some() && at_once(series.next()).is_none());
    }
}
