//! Runs that two rules lay claim to: each has one fate, and the one that the rules name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use Status::{Cancelled, Failed, Succeeded};
use pysched::{Executor, Job, Overlap, Reason, Rejected, Retry, Status, Task, TaskError, Trigger};
use pysched_tests::{by_hand_on, outcome, secs};

use crate::guided::{End, Guided, backs_off, eventually};

#[test]
fn what_was_told_to_end_is_not_tried_again_when_it_times_out() {
    for by_future in [false, true] {
        let it = Guided::new(3);
        let task = it.task("a").overlap(Overlap::CancelOther).trigger(Trigger::recur(10));
        let task = task.timeout(secs(15)).retry(Retry::times(3).fixed(secs(0)));
        let handle = it.sched.add(task).unwrap();
        it.pass(secs(10));
        let first = it.begins("a");
        let future = handle.future();
        if by_future {
            assert!(!future.cancel(), "it runs on a thread");
            assert!(first.token.is_cancelled());
        } else {
            it.pass(secs(10));
            assert!(first.token.is_cancelled());
        }
        it.pass(secs(if by_future { 15 } else { 5 }));
        // It has failed, after it was told to end.
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
        let reason = if by_future { Reason::FutureCancelled } else { Reason::NewerRun };
        assert_eq!(it.fates(&handle)[0], (10, Cancelled, Some(reason)));
        assert_eq!(it.sched.stats().counts.retried, 0);
        first.end(End::Return);
        let second = it.begins("a");
        assert_eq!(second.attempt, 1);
        it.ends(second, End::Return);
        assert_eq!(it.sched.stats().overdue, 0);
    }
}

/// Loses what it is given.
struct Sieve;

impl Executor for Sieve {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        drop(job);
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

#[test]
fn a_worker_that_is_gone_is_counted_whatever_the_rules() {
    let (sched, clock) = by_hand_on(Sieve);
    sched.add(Task::new(|| ())).unwrap();
    clock.advance(secs(0));
    assert_eq!(sched.stats().counts.workers_died, 1);
    sched.add(Task::new(|| ()).overlap(Overlap::AllowAll)).unwrap();
    clock.advance(secs(0));
    assert_eq!(sched.stats().counts.workers_died, 2);
}

/// Refuses to run, as one does that was shut down by others.
struct Closed;

impl Executor for Closed {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        job.fail(TaskError::Cancelled);
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

#[test]
fn what_an_executor_cancels_has_a_reason() {
    let (sched, clock) = by_hand_on(Closed);
    let plain = sched.add(Task::new(|| ())).unwrap();
    let series = sched.add(Task::new(|| ()).trigger(Trigger::recur(1))).unwrap();
    let ruled = sched.add(Task::new(|| ()).overlap(Overlap::AllowAll)).unwrap();
    clock.advance(secs(1));
    for task in [plain.id(), series.id(), ruled.id()] {
        let execution = &sched.results(task)[0];
        assert_eq!((execution.status, execution.reason), (Cancelled, Some(Reason::ShutDown)));
    }
}

#[test]
fn a_retry_that_is_due_in_a_pause_waits_for_its_end() {
    let it = Guided::new(2);
    let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(1).fixed(secs(5)));
    let handle = it.sched.add(task).unwrap();
    let future = handle.future();
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    handle.pause().unwrap();
    it.pass(secs(10));
    it.nothing_begins();
    handle.resume().unwrap();
    let second = it.begins("a");
    assert_eq!(second.attempt, 2);
    it.ends(second, End::Return);

    let handle = {
        let task = it.task("b").trigger(Trigger::once(0)).retry(Retry::times(1).fixed(secs(5)));
        it.sched.add(task).unwrap()
    };
    let future = handle.future();
    it.begins("b").end(End::Fail);
    backs_off(&future, 1);
    handle.pause().unwrap();
    it.pass(secs(10));
    handle.cancel().unwrap();
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
    assert_eq!(it.fates(&handle)[0].1, Failed);
}

#[test]
fn an_extreme_pause_or_limit_never_ends() {
    let it = Guided::new(1);
    let longest = std::time::Duration::MAX;
    let calls = Arc::new(AtomicUsize::new(0));
    let function = {
        let calls = Arc::clone(&calls);
        move || {
            calls.fetch_add(1, Ordering::SeqCst);
            Err::<(), _>("no")
        }
    };
    let task = Task::fallible(function).timeout(longest).grace(longest);
    let handle = it.sched.add(task.retry(Retry::times(1).fixed(longest))).unwrap();
    let future = handle.future();
    backs_off(&future, 1);
    it.pass(secs(3_000_000_000));
    it.nothing_begins();
    handle.cancel().unwrap();
    assert!(outcome(&future).is_err());
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    eventually("it should be over", || it.sched.task(&handle).is_none().then_some(()));
}

#[test]
fn what_waits_behind_a_retry_is_run_by_a_shutdown() {
    let it = Guided::new(2);
    let task = it.task("a").overlap(Overlap::BufferOne).retry(Retry::times(1).fixed(secs(60)));
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(1));
    let future = handle.future();
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    it.pass(secs(1));
    let sched = it.sched.clone();
    let waiter = std::thread::spawn(move || sched.shutdown(true));
    // The retry is given up, and with it its place.
    it.ends(it.begins("a"), End::Return);
    waiter.join().unwrap();
    let expected = [(1, Failed, None), (2, Succeeded, None)];
    assert_eq!(it.fates(&handle)[..2], expected);
}
