//! Overlap: what becomes of a run that is due while the one before runs.

use std::num::NonZeroUsize;

use Status::{Cancelled, Failed, Missed, Skipped, Succeeded};
use pysched::{Misfire, Overlap, Reason, Retry, Status, TaskError, Trigger};
use pysched_tests::{occupy, outcome, secs};

use crate::guided::{End, Guided, backs_off};

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

const OVERLAP: Option<Reason> = Some(Reason::Overlap);

#[test]
fn it_is_skipped_unless_told_otherwise() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.seconds(1);
    let begun = it.begins("a");
    it.seconds(2);
    assert_eq!(it.fates(&handle), [(2, Skipped, OVERLAP), (3, Skipped, OVERLAP)]);
    it.nothing_begins();
    it.ends(begun, End::Return);
    it.seconds(1);
    it.ends(it.begins("a"), End::Return);
    let skipped = [2, 3].map(|second| (second, Skipped, OVERLAP));
    let expected = [&[(1, Succeeded, None)], &skipped[..], &[(4, Succeeded, None)]].concat();
    assert_eq!(it.fates(&handle), expected);
}

#[test]
fn one_is_buffered_and_the_others_are_skipped() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").overlap(Overlap::BufferOne)).unwrap();
    it.seconds(1);
    let first = it.begins("a");
    it.seconds(3);
    it.nothing_begins();
    it.ends(first, End::Return);
    let second = it.begins("a");
    assert_eq!(second.due, it.start + secs(2), "the oldest waits");
    it.ends(second, End::Return);
    it.nothing_begins();
    let skipped = [3, 4].map(|second| (second, Skipped, OVERLAP));
    assert_eq!(it.fates(&handle), [&[1, 2].map(|it| (it, Succeeded, None)), &skipped[..]].concat());
}

#[test]
fn all_are_buffered_and_run_one_by_one() {
    let it = Guided::new(3);
    let handle = it.sched.add(it.task("a").overlap(Overlap::BufferAll)).unwrap();
    it.seconds(1);
    let first = it.begins("a");
    it.seconds(3);
    it.nothing_begins();
    it.ends(first, End::Return);
    for second in 2..=4 {
        let begun = it.begins("a");
        assert_eq!(begun.due, it.start + secs(second));
        it.nothing_begins();
        it.ends(begun, End::Return);
    }
    assert_eq!(it.fates(&handle), [1, 2, 3, 4].map(|second| (second, Succeeded, None)));
}

#[test]
fn as_many_as_are_allowed_run_at_once() {
    let it = Guided::new(4);
    let handle = it.sched.add(it.task("a").overlap(Overlap::Allow(two()))).unwrap();
    it.seconds(1);
    let first = it.begins("a");
    it.seconds(1);
    let second = it.begins("a");
    it.seconds(1);
    it.nothing_begins();
    assert_eq!(it.fates(&handle), [(3, Skipped, Some(Reason::Limit(two())))]);
    it.ends(first, End::Fail);
    it.seconds(1);
    let third = it.begins("a");
    assert_eq!(third.due, it.start + secs(4));
    it.ends(third, End::Return);
    it.ends(second, End::Return);
    let statuses: Vec<_> = it.fates(&handle).into_iter().map(|fate| fate.1).collect();
    assert_eq!(statuses, [Failed, Succeeded, Skipped, Succeeded]);
}

#[test]
fn all_run_at_once() {
    let it = Guided::new(5);
    let handle = it.sched.add(it.task("a").overlap(Overlap::AllowAll)).unwrap();
    let mut running = Vec::new();
    for _ in 0..5 {
        it.seconds(1);
        running.push(it.begins("a"));
    }
    for begun in running {
        it.ends(begun, End::Return);
    }
    assert_eq!(it.fates(&handle), [1, 2, 3, 4, 5].map(|second| (second, Succeeded, None)));
}

#[test]
fn the_newer_one_has_the_other_told_to_end_and_waits_for_that() {
    for (how, status, reason) in [
        (End::Return, Succeeded, None),
        (End::Fail, Cancelled, Some(Reason::NewerRun)),
        (End::Panic, Cancelled, Some(Reason::NewerRun)),
    ] {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").overlap(Overlap::CancelOther)).unwrap();
        it.seconds(1);
        let (first, future) = (it.begins("a"), handle.future());
        assert!(!first.token.is_cancelled());
        it.seconds(1);
        assert!(first.token.is_cancelled());
        it.seconds(1);
        it.nothing_begins();
        it.ends(first, how);
        assert_eq!(matches!(outcome(&future), Err(TaskError::Cancelled)), reason.is_some());
        let third = it.begins("a");
        assert!(!third.token.is_cancelled(), "that was for the other one");
        it.ends(third, End::Return);
        let expected = [(1, status, reason), (2, Missed, it.stood_in(3)), (3, Succeeded, None)];
        assert_eq!(it.fates(&handle), expected, "{how:?}");
    }
}

#[test]
fn told_to_end_it_is_not_tried_again() {
    let it = Guided::new(2);
    let task = it.task("a").overlap(Overlap::CancelOther).retry(Retry::times(3).fixed(secs(0)));
    let handle = it.sched.add(task).unwrap();
    it.seconds(1);
    let first = it.begins("a");
    it.seconds(1);
    it.ends(first, End::Fail);
    let second = it.begins("a");
    assert_eq!((second.attempt, second.due), (1, it.start + secs(2)));
    assert_eq!(it.fates(&handle), [(1, Cancelled, Some(Reason::NewerRun))]);
    it.ends(second, End::Return);
}

#[test]
fn it_is_not_full_while_it_only_waits_for_a_worker() {
    for overlap in [Overlap::Skip, Overlap::BufferOne, Overlap::BufferAll, Overlap::CancelOther] {
        let it = Guided::new(1);
        let gate = occupy(&it.sched, 1);
        let handle = it.sched.add(it.task("a").overlap(overlap)).unwrap();
        it.seconds(3);
        let expected = [(1, Missed, it.stood_in(2)), (2, Missed, it.stood_in(3))];
        assert_eq!(it.fates(&handle), expected, "{overlap:?}");
        gate.open();
        assert_eq!(it.begins("a").due, it.start + secs(3));
    }
}

#[test]
fn between_two_attempts_it_is_full() {
    let it = Guided::new(2);
    let task = it.task("a").retry(Retry::times(1).fixed(secs(10)));
    let handle = it.sched.add(task.trigger(Trigger::recur(1))).unwrap();
    it.seconds(1);
    let future = handle.future();
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    it.seconds(1);
    assert_eq!(it.fates(&handle), [(2, Skipped, OVERLAP)]);
    it.nothing_begins();
}

#[test]
fn catching_up_never_runs_more_at_once_than_may() {
    for (overlap, at_once) in [(Overlap::BufferAll, 1), (Overlap::Allow(two()), 2)] {
        let it = Guided::new(4);
        let task = it.task("a").overlap(overlap).misfire(Misfire::RunAll);
        let handle = it.sched.add(task).unwrap();
        it.pass(secs(6));
        let mut running: Vec<_> = (0..at_once).map(|_| it.begins("a")).collect();
        for _ in at_once..6 {
            it.nothing_begins();
            it.ends(running.remove(0), End::Return);
            running.push(it.begins("a"));
        }
        running.into_iter().for_each(|begun| drop(it.ends(begun, End::Return)));
        assert_eq!(it.fates(&handle), [1, 2, 3, 4, 5, 6].map(|it| (it, Succeeded, None)));
    }
}
