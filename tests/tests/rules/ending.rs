//! Endings: a task that is cancelled, or shut down, leaves no run without a fate.

use Status::{Cancelled, Skipped, Succeeded};
use pysched::{Handle, Misfire, Overlap, Reason, Status, Task, Trigger};
use pysched_tests::{Log, occupy, secs};

use crate::guided::{End, Fate, Guided, eventually};

fn cancelled(due: u64, reason: Reason) -> Fate {
    (due, Cancelled, Some(reason))
}

fn assert_fates<T>(it: &Guided, handle: &Handle<T>, expected: &[Fate]) {
    assert_eq!(it.fates(handle), expected);
}

#[test]
fn a_cancelled_task_leaves_no_run_without_a_fate() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").overlap(Overlap::BufferAll)).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    it.pass(secs(1));
    handle.cancel().unwrap();
    it.ends(begun, End::Return);
    it.nothing_begins();
    let cancelled = [2, 3].map(|second| cancelled(second, Reason::TaskCancelled));
    assert_fates(&it, &handle, &[&[(1, Succeeded, None)], &cancelled[..]].concat());
}

#[test]
fn what_had_come_in_a_pause_was_skipped() {
    for all in [false, true] {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a")).unwrap();
        if all {
            it.sched.pause_all()
        } else {
            handle.pause().unwrap()
        }
        it.seconds(2);
        handle.cancel().unwrap();
        let skipped = [1, 2].map(|second| (second, Skipped, Some(Reason::Paused)));
        assert_fates(&it, &handle, &[&skipped[..], &it.fates(&handle)[2..]].concat());
    }
}

#[test]
fn what_was_not_caught_up_with_is_cancelled() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
    it.pass(secs(3));
    let begun = it.begins("a");
    handle.cancel().unwrap();
    it.ends(begun, End::Return);
    let cancelled = [2, 3, 4].map(|second| cancelled(second, Reason::TaskCancelled));
    assert_fates(&it, &handle, &[&[(1, Succeeded, None)], &cancelled[..]].concat());
}

#[test]
fn a_future_cancels_its_own_run() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a")).unwrap();
    assert!(handle.future().cancel());
    it.seconds(2);
    it.ends(it.begins("a"), End::Return);
    assert_fates(&it, &handle, &[cancelled(1, Reason::FutureCancelled), (2, Succeeded, None)]);
}

#[test]
fn a_shutdown_runs_what_is_due_and_not_what_is_paused() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let log = Log::new();
    let add = |label: &'static str| {
        let log = log.clone();
        let task = Task::new(move || log.push(label)).trigger(Trigger::recur(10));
        it.sched.add(task).unwrap()
    };
    let (due, paused) = (add("due"), add("paused"));
    paused.pause().unwrap();
    it.pass(secs(10));
    let sched = it.sched.clone();
    let waiter = std::thread::spawn(move || sched.shutdown(true));
    eventually("it should have begun to", || it.sched.stopped().then_some(()));
    gate.open();
    waiter.join().unwrap();
    assert_eq!(log.take(), ["due"]);
    assert_fates(&it, &due, &[(10, Succeeded, None), cancelled(20, Reason::ShutDown)]);
    assert_eq!(it.fates(&paused)[0], (10, Skipped, Some(Reason::Paused)));
}

#[test]
fn a_shutdown_that_does_not_wait_cancels_what_is_queued() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(10))).unwrap();
    it.pass(secs(10));
    it.sched.shutdown(false);
    assert_fates(&it, &handle, &[10, 20].map(|second| cancelled(second, Reason::ShutDown)));
    gate.open();
}
