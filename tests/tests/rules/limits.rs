//! Limits of tags: how many executions of all tasks with a tag are queued or run at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use Status::{Missed, Succeeded};
use pysched::{Handle, Retry, Status, Task, Trigger};
use pysched_tests::{Log, outcome, secs};

use crate::guided::{Begun, End, Guided, backs_off, eventually};

fn limited(workers: usize, limit: usize) -> Guided {
    Guided::built(workers, |builder| builder.limit("db", limit))
}

/// A task that runs once, at once.
fn once(it: &Guided, label: &'static str) -> Task<u32> {
    it.task(label).trigger(Trigger::once(0)).tag("db")
}

fn add(it: &Guided, task: Task<u32>) -> Handle<u32> {
    it.sched.add(task).unwrap()
}

/// One that runs and has all the room that there is.
fn first(it: &Guided) -> Begun {
    add(it, once(it, "first"));
    it.begins("first")
}

#[test]
fn so_many_run_at_once_of_tasks_of_all_shards() {
    const LIMIT: usize = 3;
    const TASKS: usize = 200;
    let it = limited(8, LIMIT);
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let futures: Vec<_> = (0..TASKS)
        .map(|_| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            let task = Task::new(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
            });
            it.sched.add(task.tag("db").trigger(Trigger::once(1))).unwrap().future()
        })
        .collect();
    it.pass(secs(1));
    for future in futures {
        outcome(&future).unwrap();
    }
    assert!(most.load(Ordering::SeqCst) <= LIMIT);
}

#[test]
fn what_is_queued_counts_and_the_others_wait() {
    let it = limited(1, 2);
    let gate = pysched_tests::occupy(&it.sched, 1);
    let futures: Vec<_> =
        (0..5).map(|_| it.sched.add(Task::new(|| ()).tag("db")).unwrap().future()).collect();
    it.settle();
    let stats = it.sched.stats();
    assert_eq!((stats.queued, stats.waiting, stats.running), (2, 3, 1));
    gate.open();
    for future in futures {
        outcome(&future).unwrap();
    }
    eventually("all should be over", || {
        let stats = it.sched.stats();
        ((stats.queued, stats.waiting, stats.running) == (0, 0, 0)).then_some(())
    });
}

#[test]
fn of_those_that_wait_the_most_urgent_goes_first() {
    let it = limited(4, 1);
    let mut running = first(&it);
    for (label, priority) in [("low", 9), ("urgent", -1), ("normal", 0), ("also normal", 0)] {
        add(&it, once(&it, label).priority(priority));
    }
    it.nothing_begins();
    for label in ["urgent", "normal", "also normal", "low"] {
        it.ends(running, End::Return);
        running = it.begins(label);
        it.nothing_begins();
    }
    it.ends(running, End::Return);
}

#[test]
fn others_go_by() {
    let it = limited(4, 1);
    let running = first(&it);
    add(&it, once(&it, "waits"));
    add(&it, it.task("other").trigger(Trigger::once(0)).tag("mail"));
    let other = it.begins("other");
    it.ends(other, End::Return);
    it.ends(running, End::Return);
    it.ends(it.begins("waits"), End::Return);
}

#[test]
fn there_has_to_be_room_under_each() {
    let it = Guided::built(4, |builder| builder.limit("db", 2).limit("disk", 1));
    let running = first(&it);
    add(&it, once(&it, "disk").tag("disk"));
    let disk = it.begins("disk");
    add(&it, it.task("both").trigger(Trigger::once(0)).tag("db").tag("disk"));
    it.ends(running, End::Return);
    it.nothing_begins();
    add(&it, once(&it, "db"));
    let db = it.begins("db");
    it.ends(disk, End::Return);
    let both = it.begins("both");
    it.ends(both, End::Return);
    it.ends(db, End::Return);
}

#[test]
fn a_newer_run_stands_in_for_one_that_waits() {
    let it = limited(3, 1);
    let running = first(&it);
    let handle = add(&it, it.task("a").tag("db"));
    it.seconds(3);
    it.nothing_begins();
    it.ends(running, End::Return);
    it.ends(it.begins("a"), End::Return);
    let missed = [(1, Missed, it.stood_in(2)), (2, Missed, it.stood_in(3))];
    assert_eq!(it.fates(&handle), [&missed[..], &[(3, Succeeded, None)]].concat());
}

#[test]
fn between_two_attempts_there_is_room_for_others() {
    let it = limited(3, 1);
    let handle = add(&it, once(&it, "a").retry(Retry::times(1).fixed(secs(10))));
    let (begun, future) = (it.begins("a"), handle.future());
    add(&it, once(&it, "b"));
    begun.end(End::Fail);
    let other = it.begins("b");
    backs_off(&future, 1);
    it.pass(secs(10));
    it.nothing_begins();
    it.ends(other, End::Return);
    let second = it.begins("a");
    assert_eq!(second.attempt, 2);
    it.ends(second, End::Return);
}

#[test]
fn what_is_overdue_still_counts() {
    let it = limited(3, 1);
    let handle = add(&it, once(&it, "hung").timeout(secs(1)));
    let (hung, future) = (it.begins("hung"), handle.future());
    add(&it, once(&it, "b"));
    it.pass(secs(1));
    assert!(outcome(&future).is_err());
    it.nothing_begins();
    hung.end(End::Return);
    it.ends(it.begins("b"), End::Return);
}

#[test]
fn what_waits_can_be_cancelled_or_paused() {
    let it = limited(3, 1);
    let running = first(&it);
    let [cancelled, paused, free] =
        ["cancelled", "paused", "free"].map(|label| add(&it, once(&it, label)));
    it.settle();
    cancelled.cancel().unwrap();
    paused.pause().unwrap();
    it.ends(running, End::Return);
    it.ends(it.begins("free"), End::Return);
    it.nothing_begins();
    assert!(free.future().done() && cancelled.future().cancelled());
    paused.resume().unwrap();
    it.ends(it.begins("paused"), End::Return);
}

#[test]
fn a_limit_can_be_changed() {
    let it = limited(6, 1);
    let mut running = vec![first(&it)];
    let handles: Vec<_> = (0..5).map(|_| add(&it, once(&it, "a"))).collect();
    it.nothing_begins();
    it.sched.set_limit("db", Some(3));
    running.extend([it.begins("a"), it.begins("a")]);
    it.nothing_begins();
    // What runs beyond a limit that is lowered goes on, and nothing follows until there is room.
    it.sched.set_limit("db", Some(1));
    for begun in running.drain(..2) {
        it.ends(begun, End::Return);
    }
    it.nothing_begins();
    it.ends(running.remove(0), End::Return);
    running.push(it.begins("a"));
    it.nothing_begins();
    it.sched.set_limit("db", None);
    running.extend([it.begins("a"), it.begins("a")]);
    for begun in running {
        it.ends(begun, End::Return);
    }
    assert!(handles.iter().all(|handle| outcome(&handle.future()).is_ok()));
}

#[test]
fn a_limit_can_be_set_where_there_was_none() {
    let it = Guided::new(3);
    it.sched.set_limit("db", Some(1));
    let running = first(&it);
    add(&it, once(&it, "second"));
    it.nothing_begins();
    it.ends(running, End::Return);
    it.ends(it.begins("second"), End::Return);
}

#[test]
fn a_limit_of_none_at_all_holds_everything_back() {
    let it = limited(2, 0);
    add(&it, once(&it, "a"));
    it.nothing_begins();
    it.sched.set_limit("db", Some(1));
    it.ends(it.begins("a"), End::Return);
}

#[test]
fn a_shutdown_runs_what_waits() {
    let it = limited(4, 1);
    let log = Log::new();
    for number in 0..20 {
        let log = log.clone();
        let task = Task::new(move || log.push(number)).tag("db").priority(-number);
        it.sched.add(task.trigger(Trigger::once(1))).unwrap();
    }
    it.pass(secs(1));
    it.sched.shutdown(true);
    let expected: Vec<_> = (0..20).rev().collect();
    assert_eq!(log.take(), expected);
}
