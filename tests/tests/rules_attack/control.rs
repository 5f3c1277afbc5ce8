//! Orders that come at a bad moment: each run still has one fate, and whoever waits is told.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use Status::{Cancelled, Failed, Missed, Skipped, Succeeded};
use pysched::{Conflict, Error, Overlap, Reason, Retry, Scheduler, Status, Task, Trigger};
use pysched_tests::{is_cancelled, ms, occupy, outcome, secs};

use crate::guided::{End, Guided, backs_off, eventually};

#[test]
fn what_would_be_skipped_is_an_error_also_while_nothing_runs() {
    let it = Guided::new(2);
    let task = it.task("a").overlap(Overlap::BufferOne).trigger(Trigger::recur(100));
    let handle = it.sched.add(task).unwrap();
    handle.run_now().unwrap();
    let begun = it.begins("a");
    it.pass(secs(1));
    handle.run_now().unwrap();
    let gate = occupy(&it.sched, 1);
    let second = occupy_next(&it);
    it.ends(begun, End::Return);
    second.await_arrivals(1);
    // It is buffered, and there is no worker for it.
    it.pass(secs(1));
    let error = handle.run_now();
    assert!(matches!(error, Err(Error::Overlap(_))), "{error:?}");
    assert_eq!(it.fates(&handle), [(0, Succeeded, None)], "nothing is recorded");
    gate.open();
    second.open();
    it.ends(it.begins("a"), End::Return);
    it.nothing_begins();
}

/// Has the next worker that becomes free wait.
fn occupy_next(it: &Guided) -> pysched_tests::Gate {
    let gate = pysched_tests::Gate::new();
    let held = gate.clone();
    it.sched.delay(Trigger::once(0), i32::MIN, move || held.wait()).unwrap();
    it.settle();
    gate
}

#[test]
fn each_run_that_is_asked_for_runs_though_its_task_is_paused() {
    let it = Guided::new(2);
    let task = it.task("a").overlap(Overlap::BufferAll).trigger(Trigger::recur(100));
    let handle = it.sched.add(task).unwrap();
    handle.pause().unwrap();
    for _ in 0..3 {
        handle.run_now().unwrap();
        if it.sched.stats().running == 0 {
            it.settle();
            eventually("it should begin", || (it.sched.stats().running == 1).then_some(()));
        }
        it.pass(secs(1));
    }
    for second in 0..3 {
        let begun = it.begins("a");
        assert_eq!(begun.due, it.start + secs(second));
        it.ends(begun, End::Return);
    }
    it.nothing_begins();
}

#[test]
fn a_run_that_is_asked_for_goes_before_what_waits_for_the_end_of_a_pause() {
    let it = Guided::new(2);
    let task = it.task("a").overlap(Overlap::BufferAll);
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(1));
    let first = it.begins("a");
    it.pass(secs(1));
    handle.pause().unwrap();
    handle.run_now().unwrap();
    handle.run_now().unwrap();
    it.ends(first, End::Return);
    let mut ran = 0;
    for _ in 0..2 {
        it.ends(it.begins("a"), End::Return);
        ran += 1;
    }
    it.nothing_begins();
    assert_eq!(ran, 2);
    assert_eq!(it.sched.stats().waiting, 1, "what was not asked for waits");
}

#[test]
fn whoever_waits_for_what_gives_way_is_told() {
    let it = Guided::new(2);
    let task = it.task("a").trigger(Trigger::recur(1000)).overlap(Overlap::CancelOther);
    let handle = it.sched.add(task.retry(Retry::times(9).fixed(secs(3600)))).unwrap();
    handle.run_now().unwrap();
    let begun = it.begins("a");
    let future = handle.future();
    begun.end(End::Fail);
    backs_off(&future, 1);
    let (sender, told) = mpsc::channel();
    future.on_done(move |_| sender.send(()).unwrap());
    handle.run_now().unwrap();
    let newer = it.begins("a");
    assert!(future.done());
    assert!(told.recv_timeout(secs(5)).is_ok(), "it is told before the newer run ends");
    it.ends(newer, End::Return);
}

#[test]
fn a_single_run_that_came_in_a_pause_has_one_fate() {
    for all in [false, true] {
        for watched in [false, true] {
            let it = Guided::new(1);
            let handle = it.sched.add(it.task("a").trigger(Trigger::once(5)).tag("x")).unwrap();
            let future = watched.then(|| handle.future());
            if all {
                it.sched.pause_all();
            } else {
                handle.pause().unwrap();
            }
            it.pass(secs(9));
            handle.cancel().unwrap();
            let fates = it.fates(&handle);
            assert_eq!(fates, [(5, Skipped, Some(Reason::Paused))], "watched: {watched}");
            assert!(future.is_none_or(|future| outcome(&future).is_err()));
        }
    }
}

#[test]
fn a_run_that_came_in_a_pause_is_not_cancelled_in_place_of_the_next() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(5))).unwrap();
    handle.pause().unwrap();
    let future = handle.future();
    it.pass(secs(9));
    handle.cancel().unwrap();
    assert!(is_cancelled(&future));
    let cancelled = (10, Cancelled, Some(Reason::TaskCancelled));
    assert_eq!(it.fates(&handle), [(5, Skipped, Some(Reason::Paused)), cancelled]);
}

#[test]
fn a_future_whose_run_was_passed_over_cancels_the_next() {
    let it = Guided::new(1);
    let task = it.task("a").trigger(Trigger::recur(5)).misfire(pysched::Misfire::Skip);
    let handle = it.sched.add(task.grace(secs(1))).unwrap();
    let future = handle.future();
    it.pass(secs(7));
    assert!(future.cancel());
    let fates = it.fates(&handle);
    assert_eq!((fates[0].0, fates[0].1), (5, Missed));
    assert_eq!(fates[1..], [(10, Cancelled, Some(Reason::FutureCancelled))]);
    assert_eq!(future.execution().due, it.start + secs(10));
}

#[test]
fn a_run_that_was_asked_for_and_is_lost_does_not_end_the_series() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let task = it.task("a").trigger(Trigger::recur(100)).times(1).grace(secs(5));
    let handle = it.sched.add(task).unwrap();
    handle.run_now().unwrap();
    it.pass(secs(10));
    gate.open();
    eventually("it should be lost", || (it.fates(&handle).len() == 1).then_some(()));
    it.pass(secs(90));
    it.ends(it.begins("a"), End::Panic);
    assert_eq!(it.fates(&handle)[1], (100, Failed, None));
}

#[test]
fn a_run_that_is_lost_is_none_of_so_many() {
    let it = Guided::new(1);
    let task = it.task("a").times(2).grace(secs(5)).overlap(Overlap::AllowAll);
    let handle = it.sched.add(task.misfire(pysched::Misfire::RunAll)).unwrap();
    let gate = occupy(&it.sched, 1);
    it.pass(secs(2));
    it.settle();
    // Both wait for the worker. The first begins in time, the second does not.
    gate.open();
    let first = it.begins("a");
    it.pass(secs(20));
    it.ends(first, End::Return);
    eventually("it should be lost", || {
        it.fates(&handle).iter().any(|fate| fate.1 == Missed).then_some(())
    });
    it.seconds(1);
    it.ends(it.begins("a"), End::Return);
    let succeeded = it.fates(&handle).iter().filter(|fate| fate.1 == Succeeded).count();
    assert_eq!(succeeded, 2, "{:?}", it.fates(&handle));
}

#[test]
fn what_has_timed_out_and_gives_way_is_not_tried_again() {
    let it = Guided::new(2);
    let task = it.task("a").trigger(Trigger::recur(100)).overlap(Overlap::CancelOther);
    let retry = Retry::times(5).fixed(secs(0));
    let handle = it.sched.add(task.timeout(secs(10)).retry(retry)).unwrap();
    it.pass(secs(100));
    let begun = it.begins("a");
    let future = handle.future();
    it.pass(secs(10));
    backs_off(&future, 1);
    it.pass(secs(90));
    begun.end(End::Return);
    let next = it.begins("a");
    assert_eq!((next.due, next.attempt), (it.start + secs(200), 1));
    it.ends(next, End::Return);
    let expected = [(100, Cancelled, Some(Reason::NewerRun)), (200, Succeeded, None)];
    assert_eq!(it.fates(&handle), expected);
}

#[test]
fn a_predicate_is_asked_once_of_each_attempt() {
    let it = Guided::new(1);
    let asked = Arc::new(AtomicU32::new(0));
    let retry = {
        let asked = Arc::clone(&asked);
        Retry::times(1).fixed(secs(0)).when(move |_| {
            asked.fetch_add(1, Ordering::SeqCst);
            true
        })
    };
    let task = it.task("a").trigger(Trigger::once(0)).timeout(secs(1)).retry(retry);
    let handle = it.sched.add(task).unwrap();
    let (begun, future) = (it.begins("a"), handle.future());
    it.pass(secs(1));
    backs_off(&future, 1);
    begun.end(End::Return);
    it.ends(it.begins("a"), End::Return);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// Many want one name while the task that has it comes and goes.
#[test]
fn a_name_that_is_kept_is_never_unknown() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    let named = || Task::new(|| 7).name("n").conflict(Conflict::Keep);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let added = sched.add(named());
                    assert!(added.is_ok(), "{:?}", added.err());
                }
            });
        }
        thread::sleep(ms(700));
        stop.store(true, Ordering::Relaxed);
    });
    sched.shutdown(true);
}

/// The end of a predecessor is told after its success, whichever of its executions was which.
#[test]
fn a_success_is_not_overtaken_by_the_end() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    for _ in 0..300 {
        let (together, turn) = (Arc::new(Barrier::new(2)), AtomicU32::new(0));
        let function = move || {
            let turn = turn.fetch_add(1, Ordering::SeqCst);
            together.wait();
            if turn == 0 { Ok(()) } else { Err("failed") }
        };
        let task = Task::fallible(function).trigger(Trigger::recur(3600)).times(2);
        let first = sched.add(task.overlap(Overlap::AllowAll)).unwrap();
        let follower = sched.add(Task::new(|| ()).after(&first)).unwrap();
        let future = follower.future();
        first.run_now().unwrap();
        eventually("it should begin", || {
            sched
                .task(&first)
                .is_some_and(|task| task.in_flight.iter().any(|it| it.status == Status::Running))
                .then_some(())
        });
        first.run_now().unwrap();
        assert!(outcome(&future).is_ok(), "{:?}", sched.results(&first));
    }
}
