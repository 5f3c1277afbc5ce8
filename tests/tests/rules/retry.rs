//! Retries: what fails is tried again, as the same execution, and holds no worker in between.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use Status::{Failed, Skipped, Succeeded};
use pysched::{EventKind, Handle, Reason, Retry, Status, TaskError, Trigger};
use pysched_tests::{Log, outcome, secs};

use crate::guided::{Begun, End, Guided, backs_off, eventually};

const NANOSECOND: Duration = Duration::from_nanos(1);

/// A task that was run at once and has failed once; with the future of that execution.
fn failed_once(it: &Guided, retry: Retry) -> (Handle<u32>, pysched::TaskFuture<u32>) {
    let task = it.task("a").trigger(Trigger::once(0)).retry(retry);
    let handle = it.sched.add(task).unwrap();
    let future = handle.future();
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    (handle, future)
}

#[test]
fn all_attempts_are_one_execution() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(5)).retry(Retry::times(3).fixed(secs(10)));
    let handle = it.sched.add(task).unwrap();
    let future = handle.future();
    it.pass(secs(5));
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    assert!(!future.done());
    it.pass(secs(10));
    it.begins("a").end(End::Panic);
    backs_off(&future, 2);
    it.pass(secs(10));
    let third = it.begins("a");
    assert_eq!((third.attempt, third.due), (3, it.start + secs(5)));
    let execution = future.execution();
    assert_eq!((execution.status, execution.attempt), (Status::Running, 3));
    it.ends(third, End::Return);

    assert_eq!(outcome(&future).unwrap(), &3);
    let execution = &it.sched.results(&handle)[..];
    let [execution] = execution else { panic!("one fate: {execution:?}") };
    assert_eq!((execution.status, execution.attempt), (Succeeded, 3));
    assert_eq!(execution.due, it.start + secs(5));
    assert_eq!(execution.started, Some(it.start + secs(25)), "the last of them");
    let [first, second] = &execution.attempts[..] else { panic!("{:?}", execution.attempts) };
    assert_eq!((first.started, first.finished), (Some(it.start + secs(5)), it.start + secs(5)));
    assert_eq!(first.error, "the task failed: it was told to fail");
    assert_eq!((second.started, second.finished), (Some(it.start + secs(15)), it.start + secs(15)));
    assert_eq!(second.error, "the task panicked: it was told to panic");
}

#[test]
fn the_last_attempt_decides() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(2).fixed(secs(1)));
    let handle = it.sched.add(task).unwrap();
    let future = handle.future();
    for (attempts, end) in [(1, End::Fail), (2, End::Fail)] {
        it.begins("a").end(end);
        backs_off(&future, attempts);
        it.pass(secs(1));
    }
    it.begins("a").end(End::Panic);
    assert!(matches!(outcome(&future), Err(TaskError::Panicked(_))));
    let execution = future.execution();
    assert_eq!((execution.status, execution.attempt, execution.reason), (Failed, 3, None));
    assert_eq!(execution.attempts.len(), 2, "as many as were asked for");
    it.pass(secs(100));
    it.nothing_begins();
    assert!(it.sched.task(&handle).is_none());
}

#[test]
fn between_two_attempts_the_worker_is_free() {
    let it = Guided::new(1);
    let (_, future) = failed_once(&it, Retry::times(1).fixed(secs(10)));
    let other = it.sched.add(it.task("b").trigger(Trigger::once(0))).unwrap();
    it.ends(it.begins("b"), End::Return);
    assert!(other.future().done() && !future.done());
    let stats = it.sched.stats();
    assert_eq!((stats.running, stats.queued), (0, 0));
    it.pass(secs(10));
    it.ends(it.begins("a"), End::Return);
}

/// Checks that the next attempt begins after this pause, and not before.
#[track_caller]
fn pauses(it: &Guided, pause: Duration) -> Begun {
    it.pass(pause - NANOSECOND);
    it.nothing_begins();
    it.pass(NANOSECOND);
    it.begins("a")
}

#[test]
fn pauses_are_as_long_as_told() {
    let it = Guided::new(1);
    let (_, future) = failed_once(&it, Retry::times(3).fixed(secs(7)));
    for attempts in 2..=3 {
        pauses(&it, secs(7)).end(End::Fail);
        backs_off(&future, attempts);
    }
    it.ends(pauses(&it, secs(7)), End::Return);

    let it = Guided::new(1);
    let retry = Retry::times(4).exponential(secs(2), secs(6)).without_jitter();
    let (_, future) = failed_once(&it, retry);
    for (attempts, pause) in [(2, 2), (3, 4), (4, 6)] {
        pauses(&it, secs(pause)).end(End::Fail);
        backs_off(&future, attempts);
    }
    it.ends(pauses(&it, secs(6)), End::Return);
}

#[test]
fn jitter_takes_half_of_a_growing_pause_at_most() {
    for _ in 0..10 {
        let it = Guided::new(1);
        failed_once(&it, Retry::times(1).exponential(secs(8), secs(60)));
        it.pass(secs(4) - NANOSECOND);
        it.nothing_begins();
        it.pass(secs(4) + NANOSECOND);
        it.ends(it.begins("a"), End::Return);
    }
}

#[test]
fn a_predicate_may_decide_that_it_is_no_use() {
    let it = Guided::new(1);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let panics = {
        let seen = Arc::clone(&seen);
        move |error: &TaskError| {
            seen.lock().unwrap().push(error.to_string());
            !matches!(error, TaskError::Panicked(_))
        }
    };
    let (_, future) = failed_once(&it, Retry::times(5).fixed(secs(1)).when(panics));
    it.pass(secs(1));
    it.begins("a").end(End::Panic);
    assert!(outcome(&future).is_err());
    assert_eq!(future.execution().attempt, 2);
    let errors =
        ["the task failed: it was told to fail", "the task panicked: it was told to panic"];
    assert_eq!(*seen.lock().unwrap(), errors);
}

#[test]
fn a_predicate_that_panics_has_decided_against_it() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(0));
    let retry = Retry::times(5).fixed(secs(0)).when(|_| panic!("undecided"));
    let future = it.sched.add(task.retry(retry)).unwrap().future();
    it.begins("a").end(End::Fail);
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
    assert_eq!(future.execution().attempt, 1);
}

#[test]
fn cancelled_between_two_attempts_it_has_failed() {
    let it = Guided::new(1);
    let (handle, future) = failed_once(&it, Retry::times(5).fixed(secs(1)));
    handle.cancel().unwrap();
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
    let execution = future.execution();
    assert_eq!((execution.status, execution.reason), (Failed, None));
    assert_eq!(it.sched.results(&handle).len(), 1);
    it.pass(secs(100));
    it.nothing_begins();
}

#[test]
fn cancelled_during_an_attempt_it_is_not_tried_again() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(5).fixed(secs(0)));
    let handle = it.sched.add(task).unwrap();
    let (begun, future) = (it.begins("a"), handle.future());
    handle.cancel().unwrap();
    begun.end(End::Fail);
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))), "what is running goes on");
    it.nothing_begins();
}

#[test]
fn a_shutdown_does_not_wait_for_another_attempt() {
    for wait in [true, false] {
        let it = Guided::new(1);
        let (_, future) = failed_once(&it, Retry::times(5).fixed(secs(1_000)));
        it.sched.shutdown(wait);
        assert!(matches!(outcome(&future), Err(TaskError::Failed(_))), "wait: {wait}");
    }
}

#[test]
fn a_pause_holds_back_another_attempt() {
    let it = Guided::new(1);
    let (handle, future) = failed_once(&it, Retry::times(5).fixed(secs(1)));
    handle.pause().unwrap();
    it.pass(secs(10));
    it.nothing_begins();
    handle.resume().unwrap();
    it.begins("a").end(End::Fail);
    backs_off(&future, 2);
    it.sched.pause_all();
    it.pass(secs(10));
    assert!(!future.running());
    it.sched.resume_all();
    let third = it.begins("a");
    assert_eq!(third.attempt, 3);
    it.ends(third, End::Return);
}

#[test]
fn a_grace_counts_before_the_first_attempt_only() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(1)).grace(secs(1));
    let handle = it.sched.add(task.retry(Retry::times(1).fixed(secs(60)))).unwrap();
    it.pass(secs(1));
    it.begins("a").end(End::Fail);
    backs_off(&handle.future(), 1);
    it.pass(secs(60));
    it.ends(it.begins("a"), End::Return);
    assert_eq!(it.fates(&handle), [(1, Succeeded, None)]);
}

#[test]
fn a_series_goes_on_meanwhile_and_counts_executions() {
    let it = Guided::new(2);
    let task = it.task("a").times(2).retry(Retry::times(1).fixed(secs(2)));
    let handle = it.sched.add(task.trigger(Trigger::recur(1))).unwrap();
    it.pass(secs(1));
    it.begins("a").end(End::Fail);
    backs_off(&handle.future(), 1);
    it.seconds(2);
    let second = it.begins("a");
    assert_eq!(second.attempt, 2);
    it.ends(second, End::Fail);
    it.seconds(1);
    it.ends(it.begins("a"), End::Return);
    let skipped = [2, 3].map(|second| (second, Skipped, Some(Reason::Overlap)));
    let expected = [&[(1, Failed, None)], &skipped[..], &[(4, Succeeded, None)]].concat();
    assert_eq!(it.fates(&handle), expected);
    assert!(it.sched.task(&handle).is_none(), "two executions, of three attempts");
}

#[test]
fn a_fixed_delay_counts_from_the_end_of_the_last_attempt() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::recur_after(10)).retry(Retry::times(1).fixed(secs(5)));
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(10));
    it.begins("a").end(End::Fail);
    backs_off(&handle.future(), 1);
    assert_eq!(handle.next_run(), None);
    it.pass(secs(5));
    it.ends(it.begins("a"), End::Fail);
    assert_eq!(handle.next_run(), Some(it.start + secs(25)));
}

#[test]
fn a_newer_run_does_not_stand_in_for_an_attempt() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").retry(Retry::times(1).fixed(secs(0)))).unwrap();
    it.pass(secs(1));
    let (first, future) = (it.begins("a"), handle.future());
    it.sched.add(it.task("busy").trigger(Trigger::once(0)).priority(-1)).unwrap();
    first.end(End::Fail);
    let busy = it.begins("busy");
    backs_off(&future, 1);
    it.settle();
    it.pass(secs(1));
    it.ends(busy, End::Return);
    let second = it.begins("a");
    assert_eq!((second.attempt, second.due), (2, it.start + secs(1)));
    it.ends(second, End::Return);
    let skipped = (2, Skipped, Some(Reason::Overlap));
    assert_eq!(it.fates(&handle), [(1, Succeeded, None), skipped]);
}

#[test]
fn each_is_counted_and_told() {
    let it = Guided::new(1);
    let (retried, told) = (Log::new(), Arc::new(AtomicUsize::new(0)));
    let subscription = {
        let (retried, told) = (retried.clone(), Arc::clone(&told));
        it.sched.subscribe(move |event| match &event.kind {
            EventKind::Retried { attempt, pause, error, .. } => {
                retried.push((*attempt, *pause, error.clone()));
            }
            EventKind::Succeeded { attempt: 2, .. } => drop(told.fetch_add(1, Ordering::SeqCst)),
            _ => {}
        })
    };
    failed_once(&it, Retry::times(5).fixed(secs(3)));
    it.pass(secs(3));
    it.ends(it.begins("a"), End::Return);
    eventually("it should be told", || (told.load(Ordering::SeqCst) == 1).then_some(()));
    let error = "the task failed: it was told to fail".to_owned();
    assert_eq!(retried.take(), [(1, secs(3), error)]);
    let counts = it.sched.stats().counts;
    assert_eq!((counts.retried, counts.succeeded, counts.failed), (1, 1, 0));
    drop(subscription);
}

#[test]
fn an_attempt_that_does_not_come_is_none() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(5).fixed(secs(60)));
    let handle = it.sched.add(task).unwrap();
    let begun = it.begins("a");
    let future = handle.future();
    it.pass(secs(3));
    begun.end(End::Fail);
    backs_off(&future, 1);
    it.pass(secs(10));
    handle.cancel().unwrap();
    let execution = it.sched.results(&handle).remove(0);
    assert_eq!((execution.status, execution.attempt), (Failed, 1));
    assert!(execution.attempts.is_empty(), "the last is none of those before it");
    let times = [execution.started, execution.finished];
    assert_eq!(times, [Some(it.start), Some(it.start + secs(3))]);
    assert_eq!(future.execution(), execution);
}
