//! Timeouts: an attempt that runs too long has failed at once, whatever its function does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use Status::{Failed, Skipped, Succeeded};
use pysched::{
    EventKind, Handle, Overlap, Reason, Retry, Status, Task, TaskError, TaskFuture, Trigger,
    current,
};
use pysched_tests::{Gate, Log, by_hand, ms, outcome, pool_by_hand, secs};

use crate::guided::{Begun, End, Guided, backs_off, eventually};

const NANOSECOND: Duration = Duration::from_nanos(1);

const LIMIT: Duration = Duration::from_secs(10);

#[track_caller]
fn assert_timed_out<T>(future: &TaskFuture<T>) {
    let Err(error) = outcome(future) else { panic!("it should be past its limit") };
    assert!(matches!(error, TaskError::TimedOut(LIMIT)), "{error}");
}

/// An execution that has begun and is past its limit.
fn overdue(it: &Guided, task: Task<u32>) -> (Handle<u32>, Begun) {
    let handle = it.sched.add(task.trigger(Trigger::once(0)).timeout(LIMIT)).unwrap();
    let (begun, future) = (it.begins("hung"), handle.future());
    it.pass(LIMIT);
    assert_timed_out(&future);
    (handle, begun)
}

#[test]
fn it_has_failed_at_its_limit_and_not_before() {
    let it = Guided::new(1);
    let task = it.task("hung").trigger(Trigger::once(0)).timeout(LIMIT);
    let handle = it.sched.add(task).unwrap();
    let (begun, future) = (it.begins("hung"), handle.future());
    it.pass(LIMIT - NANOSECOND);
    assert!(!future.done() && !begun.token.is_cancelled());
    it.pass(NANOSECOND);
    assert_timed_out(&future);
    assert!(begun.token.is_cancelled(), "its function is told");
    let execution = future.execution();
    assert_eq!((execution.status, execution.reason), (Failed, None));
    assert_eq!(execution.finished, Some(it.start + LIMIT));
    begun.end(End::Return);
    it.nothing_begins();
    assert_eq!(it.fates(&handle), [(0, Failed, None)], "what it returns comes too late");
}

#[test]
fn it_is_counted_from_the_start_and_not_from_the_due_time() {
    let it = Guided::new(1);
    let gate = pysched_tests::occupy(&it.sched, 1);
    let task = it.task("a").trigger(Trigger::once(0)).timeout(LIMIT);
    let future = it.sched.add(task).unwrap().future();
    it.pass(2 * LIMIT);
    assert!(!future.done());
    gate.open();
    let begun = it.begins("a");
    it.pass(LIMIT - NANOSECOND);
    assert!(!future.done());
    it.ends(begun, End::Return);
    assert!(outcome(&future).is_ok());
    it.pass(2 * LIMIT);
    assert_eq!(future.execution().status, Succeeded, "nothing is left of its limit");
}

#[test]
fn as_long_as_its_function_runs_it_holds_its_place() {
    let it = Guided::new(2);
    let task = it.task("hung").trigger(Trigger::recur(20)).timeout(LIMIT);
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(20));
    let begun = it.begins("hung");
    it.pass(LIMIT);
    assert_eq!(it.fates(&handle), [(20, Failed, None)]);
    it.pass(LIMIT);
    let skipped = (40, Skipped, Some(Reason::Overlap));
    assert_eq!(it.fates(&handle), [(20, Failed, None), skipped]);
    begun.end(End::Return);
    eventually("it should return", || (it.sched.stats().overdue == 0).then_some(()));
    it.pass(secs(20));
    it.ends(it.begins("hung"), End::Return);
    let expected = [(20, Failed, None), skipped, (60, Succeeded, None)];
    assert_eq!(it.fates(&handle), expected);
}

#[test]
fn what_is_buffered_waits_for_its_function() {
    let it = Guided::new(2);
    let task = it.task("hung").trigger(Trigger::recur(20)).overlap(Overlap::BufferOne);
    it.sched.add(task.timeout(LIMIT)).unwrap();
    it.pass(secs(20));
    let begun = it.begins("hung");
    it.pass(secs(20));
    it.nothing_begins();
    begun.end(End::Fail);
    let second = it.begins("hung");
    assert_eq!(second.due, it.start + secs(40));
    it.ends(second, End::Return);
}

#[test]
fn it_is_seen_until_its_function_returns() {
    let it = Guided::new(1);
    let (_, begun) = overdue(&it, it.task("hung"));
    let stats = it.sched.stats();
    assert_eq!((stats.overdue, stats.counts.timed_out, stats.counts.failed), (1, 1, 1));
    begun.end(End::Return);
    eventually("it should return", || (it.sched.stats().overdue == 0).then_some(()));
    assert_eq!(it.sched.stats().counts.succeeded, 0);
}

#[test]
fn one_that_hangs_does_not_stop_the_others() {
    let it = Guided::new(2);
    let (_, hung) = overdue(&it, it.task("hung"));
    for _ in 0..3 {
        let other = it.sched.add(it.task("other").trigger(Trigger::once(1))).unwrap();
        it.pass(secs(1));
        it.ends(it.begins("other"), End::Return);
        assert!(outcome(&other.future()).is_ok());
    }
    hung.end(End::Panic);
}

#[test]
fn it_is_tried_again_when_its_function_has_returned() {
    let it = Guided::new(2);
    let task = it.task("hung").trigger(Trigger::once(0)).timeout(LIMIT);
    let handle = it.sched.add(task.retry(Retry::times(1).fixed(secs(5)))).unwrap();
    let (first, future) = (it.begins("hung"), handle.future());
    it.pass(LIMIT);
    backs_off(&future, 1);
    assert!(!future.done() && first.token.is_cancelled());
    it.pass(secs(60));
    it.nothing_begins();
    first.end(End::Return);
    let second = it.begins("hung");
    assert_eq!(second.attempt, 2);
    assert!(!second.token.is_cancelled(), "each attempt has a limit of its own");
    it.ends(second, End::Return);
    assert_eq!(outcome(&future).unwrap(), &2);
    let attempt = &future.execution().attempts[0];
    assert_eq!(attempt.error, TaskError::TimedOut(LIMIT).to_string());
}

#[test]
fn the_last_attempt_that_times_out_decides() {
    let it = Guided::new(1);
    let task = it.task("hung").trigger(Trigger::once(0)).timeout(LIMIT);
    let handle = it.sched.add(task.retry(Retry::times(1).fixed(secs(0)))).unwrap();
    let future = handle.future();
    it.begins("hung").end(End::Fail);
    let second = it.begins("hung");
    it.pass(LIMIT);
    assert_timed_out(&future);
    assert_eq!((future.execution().attempt, future.execution().attempts.len()), (2, 1));
    second.end(End::Return);
}

#[test]
fn it_is_told_to_those_who_listen() {
    let it = Guided::new(1);
    let told = Arc::new(AtomicUsize::new(0));
    let subscription = {
        let told = Arc::clone(&told);
        it.sched.subscribe(move |event| match &event.kind {
            EventKind::TimedOut { attempt: 1, limit: LIMIT, .. } => {
                told.fetch_add(1, Ordering::SeqCst);
            }
            EventKind::Failed { .. } => {
                told.fetch_add(10, Ordering::SeqCst);
            }
            _ => {}
        })
    };
    let (_, begun) = overdue(&it, it.task("hung"));
    eventually("it should be told", || (told.load(Ordering::SeqCst) == 11).then_some(()));
    begun.end(End::Return);
    drop(subscription);
}

#[test]
fn on_the_thread_of_the_scheduler_it_has_failed_when_it_returns() {
    let (sched, clock) = by_hand();
    for (takes, in_time) in [(LIMIT - NANOSECOND, true), (LIMIT + NANOSECOND, false)] {
        let function = {
            let clock = clock.clone();
            move || clock.advance(takes)
        };
        let task = Task::new(function).trigger(Trigger::once(1)).timeout(LIMIT);
        let future = sched.add(task).unwrap().future();
        clock.advance(secs(1));
        if in_time {
            assert!(outcome(&future).is_ok());
        } else {
            assert_timed_out(&future);
        }
    }
}

#[test]
fn a_shutdown_says_that_its_function_still_runs() {
    let it = Guided::new(1);
    let (handle, begun) = overdue(&it, it.task("hung"));
    let unfinished = it.sched.shutdown_timeout(ms(10)).unwrap_err();
    let tasks: Vec<_> = unfinished.executions.iter().map(|it| it.execution.task).collect();
    assert_eq!(tasks, [handle.id()]);
    begun.end(End::Return);
}

#[test]
fn a_shutdown_that_waits_waits_for_its_function() {
    let it = Guided::new(1);
    let (_, begun) = overdue(&it, it.task("hung"));
    let (sched, returned) = (it.sched.clone(), Arc::new(AtomicUsize::new(0)));
    let waiter = std::thread::spawn({
        let returned = Arc::clone(&returned);
        move || {
            sched.shutdown(true);
            returned.load(Ordering::SeqCst)
        }
    });
    eventually("it should have begun to", || it.sched.stopped().then_some(()));
    returned.store(1, Ordering::SeqCst);
    begun.end(End::Return);
    assert_eq!(waiter.join().unwrap(), 1);
}

#[test]
fn a_function_that_asks_too_late_is_told_of_its_own_attempt() {
    let (sched, clock) = pool_by_hand(1);
    let (gate, seen) = (Gate::new(), Log::new());
    let task = Task::new({
        let (gate, seen) = (gate.clone(), seen.clone());
        move || {
            gate.wait();
            let current = current();
            seen.push((current.attempt(), current.token().is_cancelled()));
        }
    });
    let task = task.trigger(Trigger::once(0)).timeout(LIMIT).retry(Retry::times(1).fixed(ms(0)));
    let handle = sched.add(task).unwrap();
    let future = handle.future();
    gate.await_arrivals(1);
    clock.advance(LIMIT);
    // Its attempt has timed out, and the next waits until it has returned.
    while future.execution().attempts.is_empty() {
        std::thread::yield_now();
    }
    gate.open();
    assert!(outcome(&future).is_ok());
    assert_eq!(seen.take(), [(1, true), (2, false)]);
}
