//! Pausing: a task, or the scheduler, begins nothing until it is resumed.

use Status::{Missed, Succeeded};
use pysched::{InlineExecutor, ManualClock, Misfire, Scheduler, Status, Task, Trigger};
use pysched_tests::{by_hand, occupy, outcome, secs};

use crate::guided::{End, Guided};

#[test]
fn a_paused_task_has_no_next_run() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a")).unwrap();
    handle.pause().unwrap();
    handle.pause().unwrap(); // a second time is as good
    assert_eq!(handle.next_run(), None);
    let info = it.sched.task(&handle).unwrap();
    assert!(info.paused && info.next_run.is_none());
    assert_eq!(it.sched.stats().paused, 1);
    it.seconds(3);
    it.nothing_begins();
    assert!(it.fates(&handle).is_empty(), "nobody looks at them");

    it.sched.resume(&handle).unwrap();
    it.sched.resume(&handle).unwrap();
    it.ends(it.begins("a"), End::Return);
    let missed = [1, 2].map(|second| (second, Missed, it.stood_in(3)));
    assert_eq!(it.fates(&handle), [&missed[..], &[(3, Succeeded, None)]].concat());
    assert_eq!(handle.next_run(), Some(it.start + secs(4)));
    assert!(!it.sched.task(&handle).unwrap().paused);
}

#[test]
fn what_was_missed_in_a_pause_may_all_be_run() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
    handle.pause().unwrap();
    it.seconds(3);
    handle.resume().unwrap();
    for second in 1..=3 {
        let begun = it.begins("a");
        assert_eq!(begun.due, it.start + secs(second));
        it.ends(begun, End::Return);
    }
}

#[test]
fn what_runs_goes_on_and_what_is_queued_waits_again() {
    let it = Guided::new(1);
    let running = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    running.pause().unwrap();
    let queued = it.sched.add(it.task("b").trigger(Trigger::once(0))).unwrap();
    it.settle();
    queued.pause().unwrap();
    assert!(!begun.token.is_cancelled());
    it.ends(begun, End::Return);
    it.nothing_begins();
    assert_eq!(it.sched.stats().waiting, 1);
    queued.resume().unwrap();
    it.ends(it.begins("b"), End::Return);
    assert!(outcome(&queued.future()).is_ok());
}

#[test]
fn a_task_that_is_paused_before_the_start() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let handle = sched.add(Task::new(|| ())).unwrap();
    handle.pause().unwrap();
    sched.start().unwrap();
    clock.advance(secs(5));
    assert!(!handle.future().done());
    handle.resume().unwrap();
    clock.advance(secs(0));
    assert!(handle.future().done());
}

#[test]
fn a_paused_scheduler_fires_nothing() {
    let it = Guided::new(2);
    let (one, other) = (it.sched.add(it.task("a")).unwrap(), it.sched.add(it.task("b")).unwrap());
    other.pause().unwrap();
    assert!(!it.sched.is_paused());
    it.sched.pause_all();
    it.sched.pause_all();
    assert!(it.sched.is_paused());
    it.seconds(2);
    let added = it.sched.add(it.task("c").trigger(Trigger::once(0)).priority(9)).unwrap();
    it.settle();
    assert!(!added.future().done() && it.fates(&one).is_empty());

    it.sched.resume_all();
    assert!(!it.sched.is_paused());
    let (first, second) = (it.begins("a"), it.begins("c"));
    it.ends(first, End::Return);
    it.ends(second, End::Return);
    it.nothing_begins();
    assert_eq!(it.fates(&one), [(1, Missed, it.stood_in(2)), (2, Succeeded, None)]);
    assert!(it.sched.task(&other).unwrap().paused, "it was paused itself, and stays so");
    other.resume().unwrap();
    it.ends(it.begins("b"), End::Return);
}

#[test]
fn a_paused_scheduler_runs_what_it_has_given_away() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    it.sched.pause_all();
    gate.open();
    it.ends(it.begins("a"), End::Return);
    assert_eq!(it.fates(&handle), [(1, Succeeded, None)]);
}

#[test]
fn it_is_explained() {
    let (sched, _clock) = by_hand();
    let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(60))).unwrap();
    let before = sched.explain(&handle);
    handle.pause().unwrap();
    let paused = sched.explain(&handle);
    assert_ne!(before, paused);
    assert!(paused.contains("paused"), "{paused}");
}
