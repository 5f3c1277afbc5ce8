//! Names: which task has one, and what becomes of another that wants it.

use std::sync::{Arc, Barrier};
use std::thread;

use pysched::{Conflict, Error, Reason, Status, Task, TaskId, Trigger};
use pysched_tests::{by_hand, is_cancelled, outcome, secs};

use crate::guided::{End, Guided};

fn nightly() -> Task<u32> {
    Task::new(|| 1).name("nightly").trigger(Trigger::recur(60))
}

#[test]
fn a_name_that_is_taken_is_refused() {
    let (sched, _clock) = by_hand();
    let first = sched.add(nightly()).unwrap();
    for task in [nightly(), nightly().conflict(Conflict::Error)] {
        let error = sched.add(task).unwrap_err();
        assert!(matches!(&error, Error::NameTaken(what) if what.contains("nightly")), "{error}");
    }
    assert_eq!(sched.tasks().len(), 1);
    assert!(sched.task(&first).is_some());
    sched.add(Task::new(|| ()).name("daily").trigger(Trigger::recur(60))).unwrap();
}

#[test]
fn a_name_is_free_when_its_task_is_over() {
    let (sched, clock) = by_hand();
    sched.add(nightly()).unwrap().cancel().unwrap();
    sched.add(nightly().times(1)).unwrap();
    assert!(sched.add(nightly()).is_err());
    clock.advance(secs(60));
    let again = sched.add(nightly()).unwrap();
    assert!(again.future().cancel());
    assert!(sched.add(nightly()).is_err(), "one run was cancelled, and not the task");
}

#[test]
fn a_name_is_kept_while_the_last_execution_runs() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").name("nightly").trigger(Trigger::once(0))).unwrap();
    let begun = it.begins("a");
    assert!(matches!(it.sched.add(nightly()), Err(Error::NameTaken(_))));
    it.ends(begun, End::Return);
    assert!(it.sched.task(&handle).is_none());
    it.sched.add(nightly()).unwrap();
}

#[test]
fn two_schedulers_have_names_of_their_own() {
    let ((one, _), (other, _)) = (by_hand(), by_hand());
    one.add(nightly()).unwrap();
    other.add(nightly()).unwrap();
}

#[test]
fn a_replacement_cancels_the_other() {
    let it = Guided::new(2);
    let first = it.sched.add(it.task("a").name("nightly").trigger(Trigger::recur(60))).unwrap();
    let replaced = first.future();
    let second = it.sched.add(nightly().conflict(Conflict::Replace)).unwrap();
    assert_ne!(first.id(), second.id());
    assert!(is_cancelled(&replaced));
    assert_eq!(replaced.execution().reason, Some(Reason::TaskCancelled));
    assert_eq!(it.sched.named("nightly").ids(), [second.id()]);
    // One of another type is as good.
    let third = Task::new(|| "text").name("nightly").conflict(Conflict::Replace);
    let third = it.sched.add(third.trigger(Trigger::recur(60))).unwrap();
    assert_eq!(it.sched.named("nightly").ids(), [third.id()]);
}

#[test]
fn a_replacement_does_not_interrupt_what_runs() {
    let it = Guided::new(2);
    let first = it.sched.add(it.task("a").name("nightly")).unwrap();
    it.pass(secs(1));
    let (begun, future) = (it.begins("a"), first.future());
    let second = it.sched.add(it.task("b").name("nightly").conflict(Conflict::Replace)).unwrap();
    assert!(!begun.token.is_cancelled());
    it.pass(secs(1));
    it.ends(it.begins("b"), End::Return);
    it.ends(begun, End::Return);
    assert_eq!(outcome(&future).unwrap(), &1);
    let cancelled = (2, Status::Cancelled, Some(Reason::TaskCancelled));
    assert_eq!(it.fates(&first), [(1, Status::Succeeded, None), cancelled]);
    assert_eq!(it.sched.named("nightly").ids(), [second.id()]);
}

#[test]
fn what_is_kept_is_as_it_was() {
    let (sched, clock) = by_hand();
    let first = sched.add(nightly()).unwrap();
    let other = Task::new(|| 2_u32).name("nightly").priority(9).trigger(Trigger::recur(5));
    let same = sched.add(other.conflict(Conflict::Keep)).unwrap();
    assert_eq!((first.id(), first.next_run()), (same.id(), same.next_run()));
    assert_eq!(sched.task(&same).unwrap().priority, 0);
    let future = same.future();
    clock.advance(secs(60));
    assert_eq!(outcome(&future).unwrap(), &1);
}

#[test]
fn what_is_kept_has_to_be_of_the_same_type() {
    let (sched, _clock) = by_hand();
    sched.add(nightly()).unwrap();
    let task = Task::new(|| "text").name("nightly").conflict(Conflict::Keep);
    assert!(matches!(sched.add(task), Err(Error::NameTaken(_))));
}

#[test]
fn where_nobody_has_the_name_it_is_added() {
    for conflict in [Conflict::Error, Conflict::Replace, Conflict::Keep] {
        let (sched, _clock) = by_hand();
        let handle = sched.add(nightly().conflict(conflict)).unwrap();
        assert_eq!(sched.named("nightly").ids(), [handle.id()]);
    }
}

#[test]
fn a_task_that_is_refused_takes_nothing_away() {
    let (sched, _clock) = by_hand();
    let first = sched.add(nightly()).unwrap();
    for conflict in [Conflict::Replace, Conflict::Keep] {
        let never = nightly().times(0).conflict(conflict);
        let added = sched.add(never).map(|handle| handle.id());
        assert!(added.is_err() || added.unwrap() == first.id());
        assert!(sched.task(&first).is_some());
    }
    let never = Task::new(|| ()).name("other").times(0);
    assert!(matches!(sched.add(never), Err(Error::NeverRuns(_))));
    sched.add(Task::new(|| ()).name("other")).unwrap();
}

/// Adds tasks of one name from many threads at once, and gives the ids that they got.
fn together(conflict: Conflict) -> (pysched::Scheduler, Vec<Result<TaskId, Error>>) {
    const THREADS: usize = 8;
    let (sched, _clock) = by_hand();
    let barrier = Arc::new(Barrier::new(THREADS));
    let adders: Vec<_> = (0..THREADS)
        .map(|_| {
            let (sched, barrier) = (sched.clone(), Arc::clone(&barrier));
            thread::spawn(move || {
                barrier.wait();
                sched.add(nightly().conflict(conflict)).map(|handle| handle.id())
            })
        })
        .collect();
    let ids = adders.into_iter().map(|adder| adder.join().unwrap()).collect();
    (sched, ids)
}

#[test]
fn of_many_at_once_one_gets_it() {
    for _ in 0..20 {
        let (sched, ids) = together(Conflict::Error);
        let added: Vec<_> = ids.into_iter().filter_map(Result::ok).collect();
        assert_eq!(sched.named("nightly").ids(), added);
        assert_eq!(added.len(), 1);

        let (sched, ids) = together(Conflict::Keep);
        let live = sched.named("nightly").ids();
        assert_eq!((live.len(), sched.tasks().len()), (1, 1));
        assert!(ids.iter().all(|id| matches!(id, Ok(id) if *id == live[0])));

        let (sched, ids) = together(Conflict::Replace);
        let live = sched.named("nightly").ids();
        assert_eq!((live.len(), sched.tasks().len()), (1, 1));
        let added = ids.into_iter().filter_map(Result::ok).filter(|id| *id == live[0]);
        assert_eq!(added.count(), 1, "whoever was replaced was added, too");
    }
}
