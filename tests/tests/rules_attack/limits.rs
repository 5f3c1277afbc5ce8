//! Limits: no room is lost, and none is given away twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pysched::{Handle, Misfire, Overlap, Retry, Status, Task, Trigger};
use pysched_tests::{Gate, Log, outcome, secs};

use crate::HeldUp;
use crate::guided::{End, Guided, eventually};

fn once(it: &Guided, label: &'static str, tags: &[&'static str]) -> Task<u32> {
    let task = it.task(label).trigger(Trigger::once(0));
    tags.iter().fold(task, |task, tag| task.tag(*tag))
}

fn add(it: &Guided, task: Task<u32>) -> Handle<u32> {
    it.sched.add(task).unwrap()
}

#[test]
fn room_that_another_did_not_take_goes_to_the_next() {
    let it = Guided::built(5, |builder| builder.limit("a", 1).limit("b", 1));
    add(&it, once(&it, "a", &["a"]));
    add(&it, once(&it, "b", &["b"]));
    let (a, b) = (it.begins("a"), it.begins("b"));
    let both = add(&it, once(&it, "both", &["a", "b"]).priority(-9));
    add(&it, once(&it, "next", &["a"]));
    it.nothing_begins();
    // There is room under one of the two, which the more urgent cannot use.
    it.ends(a, End::Return);
    let next = it.begins("next");
    both.cancel().unwrap();
    it.ends(next, End::Return);
    it.ends(b, End::Return);
}

#[test]
fn the_next_run_of_a_task_does_not_wait_for_the_one_before_it_that_was_cancelled() {
    let it = Guided::built(3, |builder| builder.limit("db", 1));
    add(&it, once(&it, "first", &["db"]));
    let first = it.begins("first");
    let task = it.task("a").tag("db").overlap(Overlap::AllowAll).misfire(Misfire::RunAll);
    let handle = add(&it, task);
    it.pass(secs(3));
    it.sched.pause_all();
    it.ends(first, End::Return);
    eventually("there should be room", || {
        it.sched.explain(&handle).contains("0 of at most 1").then_some(())
    });
    assert!(handle.future().cancel());
    it.sched.resume_all();
    let second = it.begins("a");
    assert_eq!(second.due, it.start + secs(2));
    it.ends(second, End::Return);
    it.ends(it.begins("a"), End::Return);
}

#[test]
fn a_newer_run_that_stands_in_leaves_the_room_to_whoever_is_before_it() {
    let it = Guided::built(3, |builder| builder.limit("db", 1));
    add(&it, once(&it, "first", &["db"]));
    let first = it.begins("first");
    let newer = add(&it, it.task("newer").trigger(Trigger::recur(10)).tag("db"));
    it.pass(secs(10));
    add(&it, once(&it, "other", &["db"]).trigger(Trigger::once(1)));
    it.pass(secs(1));
    it.nothing_begins();
    it.sched.pause_all();
    it.pass(secs(9));
    it.ends(first, End::Return);
    eventually("there should be room", || {
        it.sched.explain(&newer).contains("0 of at most 1").then_some(())
    });
    it.sched.resume_all();
    it.ends(it.begins("other"), End::Return);
    it.ends(it.begins("newer"), End::Return);
    let missed = (10, Status::Missed, it.stood_in(20));
    assert_eq!(it.fates(&newer), [missed, (20, Status::Succeeded, None)]);
}

/// The attempt before is still being wound up when the next one begins.
#[test]
fn an_attempt_that_comes_quickly_leaves_no_room_behind() {
    let it = Guided::built(4, |builder| builder.limit("db", 2));
    let (gate, calls) = (Gate::new(), Arc::new(AtomicU32::new(0)));
    let function = {
        let (gate, calls) = (gate.clone(), Arc::clone(&calls));
        move || match calls.fetch_add(1, Ordering::SeqCst) {
            0 => Err(HeldUp(Some(gate.clone()))),
            1 => Err(HeldUp(None)),
            _ => Ok(()),
        }
    };
    let task = Task::fallible(function).tag("db").retry(Retry::times(5).fixed(secs(0)));
    let future = it.sched.add(task).unwrap().future();
    gate.await_arrivals(1);
    outcome(&future).unwrap();
    gate.open();
    eventually("all should be over", || (it.sched.stats().running == 0).then_some(()));
    it.nothing_begins();
    add(&it, once(&it, "one", &["db"]));
    add(&it, once(&it, "other", &["db"]));
    let (one, other) = (it.begins("one"), it.begins("other"));
    it.ends(one, End::Return);
    it.ends(other, End::Return);
}

#[test]
fn of_those_that_are_due_at_once_the_most_urgent_goes_first() {
    const TASKS: i32 = 2_000;
    for rising in [true, false] {
        let it = Guided::built(1, |builder| builder.limit("db", 1));
        let log = Log::new();
        for number in 0..TASKS {
            let log = log.clone();
            let priority = if rising { number } else { -number };
            let task = Task::new(move || log.push(priority)).tag("db").priority(priority);
            it.sched.add(task.trigger(Trigger::once(1))).unwrap();
        }
        it.pass(secs(1));
        it.sched.shutdown(true);
        let order = log.take();
        assert!(order.is_sorted(), "rising: {rising}, {:?}", &order[..5]);
    }
}

#[test]
fn of_those_that_are_resumed_at_once_the_most_urgent_goes_first() {
    let it = Guided::built(1, |builder| builder.limit("db", 1));
    let log = Log::new();
    for priority in 0..9 {
        let log = log.clone();
        let task = Task::new(move || log.push(priority)).tag("db").priority(priority);
        it.sched.add(task.trigger(Trigger::recur(1)).times(1)).unwrap().pause().unwrap();
    }
    it.pass(secs(1));
    it.sched.pause_all();
    assert_eq!(it.sched.tagged("db").run_now(), 9);
    it.sched.resume_all();
    eventually("all should run", || (it.sched.stats().counts.succeeded == 9).then_some(()));
    assert_eq!(log.take(), (0..9).collect::<Vec<_>>());
}

#[test]
fn a_limit_that_changes_while_many_wait() {
    const TASKS: usize = 5_000;
    let it = Guided::built(4, |builder| builder.limit("db", 0));
    let futures: Vec<_> = (0..TASKS)
        .map(|_| it.sched.add(Task::new(|| ()).tag("db").trigger(Trigger::once(1))).unwrap())
        .map(|handle| handle.future())
        .collect();
    it.pass(secs(1));
    it.nothing_begins();
    for limit in [Some(3), Some(0), Some(1), Some(100), Some(0), None, Some(2), Some(7), None] {
        it.sched.set_limit("db", limit);
        std::thread::yield_now();
    }
    for future in futures {
        outcome(&future).unwrap();
    }
    it.sched.shutdown(true);
    let stats = it.sched.stats();
    assert_eq!((stats.waiting, stats.queued, stats.running), (0, 0, 0));
}
