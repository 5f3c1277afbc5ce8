//! Numbers: the smallest, the largest, and very many.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use Status::{Failed, Succeeded};
use pysched::{
    InlineExecutor, ManualClock, Misfire, Overlap, Retry, Scheduler, Status, Task, TaskError,
    ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, Log, by_hand, ms, outcome, pool_by_hand, secs};

use crate::guided::{End, Guided, eventually};

const NANOSECOND: Duration = Duration::from_nanos(1);
const TEN_YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const SOON: Duration = Duration::from_secs(60);

fn overlaps() -> [Overlap; 6] {
    [
        Overlap::Skip,
        Overlap::Allow(NonZeroUsize::new(7).unwrap()),
        Overlap::AllowAll,
        Overlap::BufferOne,
        Overlap::BufferAll,
        Overlap::CancelOther,
    ]
}

#[test]
fn billions_of_runs_behind() {
    within(SOON, || {
        for overlap in overlaps() {
            for grace in [None, Some(Duration::ZERO), Some(secs(1)), Some(Duration::MAX)] {
                let (sched, clock) = pool_by_hand(2);
                let ran = Arc::new(AtomicU64::new(0));
                let count = Arc::clone(&ran);
                let task = Task::new(move || count.fetch_add(1, Ordering::Relaxed));
                let mut task = task.trigger(Trigger::recur(NANOSECOND)).overlap(overlap);
                if let Some(grace) = grace {
                    task = task.grace(grace);
                }
                let handle = sched.add(task.misfire(Misfire::RunAll).tag("x")).unwrap();
                clock.advance(TEN_YEARS);
                // Whatever it does, others run, and it can be cancelled.
                for _ in 0..20 {
                    let other = sched.add(Task::new(|| 7)).unwrap().future();
                    assert_eq!(outcome(&other).unwrap(), &7, "{overlap:?}, {grace:?}");
                }
                assert!(sched.stats().queued <= 1000);
                if grace != Some(Duration::ZERO) {
                    eventually("some should run", || {
                        (ran.load(Ordering::Relaxed) > 20).then_some(())
                    });
                }
                handle.pause().unwrap();
                handle.resume().unwrap();
                let _ = handle.future().cancel();
                handle.cancel().unwrap();
                sched.shutdown(true);
                assert!(sched.tasks().is_empty());
            }
        }
    });
}

#[test]
fn a_nanosecond_apart_in_real_time() {
    within(SOON, || {
        for overlap in overlaps() {
            for misfire in [Misfire::RunOnce, Misfire::Skip, Misfire::RunAll] {
                let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
                sched.start().unwrap();
                let task = Task::new(|| ()).trigger(Trigger::recur(NANOSECOND));
                let handle = sched.add(task.overlap(overlap).misfire(misfire)).unwrap();
                for _ in 0..10 {
                    let other = sched.add(Task::new(|| 7)).unwrap().future();
                    assert_eq!(outcome(&other).unwrap(), &7, "{overlap:?}, {misfire:?}");
                }
                handle.wait();
                handle.cancel().unwrap();
                sched.shutdown(true);
            }
        }
    });
}

#[test]
fn very_many_that_wait() {
    const RUNS: u64 = 40_000;
    within(SOON, || {
        let (sched, _clock) = pool_by_hand(2);
        let (gate, ran) = (Gate::new(), Arc::new(AtomicU64::new(0)));
        let (held, count) = (gate.clone(), Arc::clone(&ran));
        let task = Task::new(move || {
            if count.fetch_add(1, Ordering::Relaxed) == 0 {
                held.wait();
            }
        });
        let task = task.trigger(Trigger::recur(3600)).overlap(Overlap::BufferAll).tag("x");
        let handle = sched.add(task).unwrap();
        handle.run_now().unwrap();
        gate.await_arrivals(1);
        for _ in 1..RUNS {
            handle.run_now().unwrap();
        }
        assert_eq!(sched.stats().waiting as u64, RUNS - 1);
        gate.open();
        sched.shutdown(true);
        assert_eq!(ran.load(Ordering::Relaxed), RUNS);
    });
}

#[test]
fn many_that_back_off_at_once() {
    const RUNS: usize = 5_000;
    within(SOON, || {
        let (sched, clock) = by_hand();
        let task = Task::fallible(|| Err::<(), _>("failed")).trigger(Trigger::recur(36_000));
        let retry = Retry::times(u32::MAX).fixed(secs(3600));
        let handle = sched.add(task.overlap(Overlap::AllowAll).retry(retry)).unwrap();
        for _ in 0..RUNS {
            handle.run_now().unwrap();
            clock.advance(Duration::ZERO);
        }
        assert_eq!(sched.task(&handle).unwrap().in_flight.len(), RUNS);
        clock.advance(secs(3600));
        handle.cancel().unwrap();
        sched.shutdown(true);
        assert_eq!(sched.stats().counts.failed as usize, RUNS);
    });
}

#[test]
fn attempts_without_a_pause_and_without_an_end() {
    within(SOON, || {
        for inline in [true, false] {
            let builder = Scheduler::builder();
            let sched = if inline {
                builder.executor(InlineExecutor)
            } else {
                builder.executor(ThreadPoolExecutor::new(2))
            }
            .build();
            sched.start().unwrap();
            let task = Task::fallible(|| Err::<(), _>("failed"));
            let retry = Retry::times(u32::MAX).fixed(Duration::ZERO);
            let handle = sched.add(task.retry(retry)).unwrap();
            let future = handle.future();
            for _ in 0..50 {
                let other = sched.add(Task::new(|| 7)).unwrap().future();
                assert_eq!(outcome(&other).unwrap(), &7);
            }
            eventually("it should be tried", || (future.execution().attempt > 50).then_some(()));
            if inline {
                handle.cancel().unwrap();
            } else {
                sched.shutdown(true);
            }
            assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
            sched.shutdown(true);
        }
    });
}

#[test]
fn the_longest_spans_of_all() {
    let it = Guided::new(2);
    let task = it.task("a").trigger(Trigger::once(0)).timeout(Duration::MAX);
    let task = task.grace(Duration::MAX).retry(Retry::times(1).fixed(Duration::MAX));
    let handle = it.sched.add(task).unwrap();
    let begun = it.begins("a");
    it.pass(TEN_YEARS);
    let future = handle.future();
    begun.end(End::Fail);
    crate::guided::backs_off(&future, 1);
    it.pass(TEN_YEARS);
    it.nothing_begins();
    it.sched.shutdown(true);
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
    assert_eq!(it.sched.results(&handle)[0].status, Failed);
}

#[test]
fn jitter_beyond_the_interval_with_a_grace() {
    for misfire in [Misfire::RunOnce, Misfire::Skip, Misfire::RunAll] {
        for grace in [Duration::ZERO, ms(500), secs(5), secs(100)] {
            let (sched, clock) = by_hand();
            let task = Task::new(|| ()).trigger(Trigger::recur(1)).jitter(secs(10));
            let handle = sched.add(task.misfire(misfire).grace(grace)).unwrap();
            for step in 0..200_u64 {
                clock.advance(ms(10 + step % 7 * 777));
            }
            let results = sched.results(&handle);
            assert!(results.len() > 20);
            assert!(results.iter().all(|it| matches!(it.status, Succeeded | Status::Missed)));
            let mut dues: Vec<_> = results.iter().map(|it| it.due).collect();
            dues.sort();
            dues.dedup();
            assert_eq!(dues.len(), results.len(), "each run has one fate");
        }
    }
}

#[test]
fn the_most_and_the_least_urgent_under_a_limit() {
    let it = Guided::built(1, |builder| builder.limit("db", 1));
    let log = Log::new();
    for priority in [i32::MAX, 0, i32::MIN, i32::MAX - 1, i32::MIN + 1, -1] {
        let log = log.clone();
        let task = Task::new(move || log.push(priority)).priority(priority).tag("db");
        it.sched.add(task.trigger(Trigger::once(1))).unwrap();
    }
    it.pass(secs(1));
    it.sched.shutdown(true);
    let order = log.take();
    assert!(order.len() == 6 && order.is_sorted(), "{order:?}");
}

#[test]
fn ten_thousand_tags() {
    let (sched, clock) = by_hand();
    let tag = |number: u32| format!("tag {number}");
    let mut task = Task::new(|| ()).trigger(Trigger::once(1));
    for number in 0..10_000 {
        task = task.tag(tag(number));
        if number % 10 == 0 {
            sched.set_limit(tag(number), Some(1));
        }
    }
    let future = sched.add(task).unwrap().future();
    sched.set_limit(tag(9_999), Some(0));
    clock.advance(secs(1));
    assert!(!future.done());
    sched.set_limit(tag(9_999), None);
    clock.advance(secs(0));
    assert!(future.done());
}

#[test]
fn ends_that_are_past_when_a_pause_is_over() {
    for misfire in [Misfire::RunOnce, Misfire::Skip, Misfire::RunAll] {
        let clock = ManualClock::new();
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        sched.start().unwrap();
        let until = clock.wall() + ms(3500);
        let task = Task::new(|| ()).trigger(Trigger::recur(1)).until(until).misfire(misfire);
        let handle = sched.add(task).unwrap();
        handle.pause().unwrap();
        let future = handle.future();
        clock.advance(secs(3600));
        handle.resume().unwrap();
        clock.advance(secs(0));
        assert!(future.done(), "{misfire:?}");
        assert!(sched.task(&handle).is_none());
        assert_eq!(sched.results(&handle).len(), 3, "{misfire:?}");
    }
}

#[test]
fn many_single_runs_with_a_rule() {
    const TASKS: usize = 30_000;
    within(SOON, || {
        let sched = Scheduler::builder().limit("db", 4).build();
        sched.start().unwrap();
        let ran = Arc::new(AtomicU64::new(0));
        for number in 0..TASKS {
            let ran = Arc::clone(&ran);
            let task = Task::new(move || ran.fetch_add(1, Ordering::Relaxed));
            let task = if number % 2 == 0 { task.tag("db") } else { task.grace(secs(3600)) };
            sched.add(task).unwrap();
        }
        sched.shutdown(true);
        assert_eq!(ran.load(Ordering::Relaxed) as usize, TASKS);
        assert_eq!(Arc::strong_count(&ran), 1, "nothing is kept");
        assert!(sched.tasks().is_empty());
    });
}
