//! Misfires and graces: what becomes of runs that could not start at their time.

use std::time::Duration;

use Status::{Missed, Skipped, Succeeded};
use pysched::{
    InlineExecutor, ManualClock, Misfire, Overlap, Reason, Scheduler, Status, Task, TaskError,
    Trigger,
};
use pysched_tests::{Log, ms, occupy, outcome, secs};

use crate::guided::{End, Guided, eventually};

const NANOSECOND: Duration = Duration::from_nanos(1);

fn too_late(late: Duration) -> Option<Reason> {
    Some(Reason::TooLate(late))
}

#[test]
fn the_newest_is_run_for_all_of_them() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(ms(3_500));
    it.ends(it.begins("a"), End::Return);
    let expected = [(1, Missed, it.stood_in(3)), (2, Missed, it.stood_in(3)), (3, Succeeded, None)];
    assert_eq!(it.fates(&handle), expected);
}

#[test]
fn all_are_run_oldest_first() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
    it.pass(ms(3_500));
    for second in 1..=3 {
        let begun = it.begins("a");
        assert_eq!(begun.due, it.start + secs(second));
        it.nothing_begins();
        it.ends(begun, End::Return);
    }
    it.nothing_begins();
    assert_eq!(it.fates(&handle), [1, 2, 3].map(|second| (second, Succeeded, None)));
}

#[test]
fn what_becomes_due_while_it_catches_up_is_caught_up_with() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
    it.pass(secs(2));
    let first = it.begins("a");
    it.seconds(2);
    it.ends(first, End::Return);
    for _ in 2..4 {
        it.ends(it.begins("a"), End::Return);
    }
    let last = it.begins("a");
    it.seconds(1);
    let expected = [1, 2, 3].map(|second| (second, Succeeded, None));
    let skipped = (5, Skipped, Some(Reason::Overlap));
    assert_eq!(it.fates(&handle), [&expected[..], &[skipped]].concat(), "it has caught up");
    it.ends(last, End::Return);
}

#[test]
fn a_thousand_are_queued_at_once() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let log = Log::new();
    let task = {
        let log = log.clone();
        Task::new(move || log.push(pysched::current().due()))
    };
    let task = task.trigger(Trigger::recur(1)).overlap(Overlap::AllowAll).misfire(Misfire::RunAll);
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(2_500));
    it.settle();
    assert_eq!(it.sched.stats().queued, 1_000);
    gate.open();
    eventually("all should run", || (it.sched.results(&handle).len() == 2_500).then_some(()));
    let expected: Vec<_> = (1..=2_500).map(|second| it.start + secs(second)).collect();
    assert_eq!(log.take(), expected);
}

#[test]
fn none_is_run_that_is_later_than_the_tolerance() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").misfire(Misfire::Skip).trigger(Trigger::recur(5)));
    let handle = handle.unwrap();
    it.pass(secs(5) + Misfire::TOLERANCE);
    it.ends(it.begins("a"), End::Return);
    it.pass(secs(5) + NANOSECOND);
    it.nothing_begins();
    let late = Misfire::TOLERANCE + NANOSECOND;
    assert_eq!(it.fates(&handle), [(5, Succeeded, None), (10, Missed, too_late(late))]);
}

#[test]
fn a_grace_of_its_own_goes_before_the_tolerance() {
    for misfire in [Misfire::Skip, Misfire::RunOnce, Misfire::RunAll] {
        let it = Guided::new(2);
        let task = it.task("a").trigger(Trigger::recur(10)).misfire(misfire).grace(ms(2_500));
        let handle = it.sched.add(task).unwrap();
        it.pass(ms(12_500));
        it.ends(it.begins("a"), End::Return);
        it.pass(ms(10_001));
        it.nothing_begins();
        let expected = [(10, Succeeded, None), (20, Missed, too_late(ms(2_501)))];
        assert_eq!(it.fates(&handle), expected, "{misfire:?}");
    }
}

#[test]
fn beyond_the_grace_nothing_stands_in_for_them() {
    for misfire in [Misfire::Skip, Misfire::RunOnce, Misfire::RunAll] {
        let it = Guided::new(2);
        let task = it.task("a").trigger(Trigger::recur(10)).misfire(misfire).grace(secs(1));
        let handle = it.sched.add(task).unwrap();
        it.pass(secs(35));
        it.nothing_begins();
        let missed = [25, 15, 5].map(|late| (35 - late, Missed, too_late(secs(late))));
        assert_eq!(it.fates(&handle), missed, "{misfire:?}");
        assert_eq!(handle.next_run(), Some(it.start + secs(40)));
    }
}

#[test]
fn what_waits_for_a_worker_may_be_too_late_for_it() {
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let task = it.task("a").trigger(Trigger::recur(60)).grace(secs(5));
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(60));
    it.pass(ms(5_001));
    assert!(it.fates(&handle).is_empty());
    gate.open();
    it.nothing_begins();
    assert_eq!(it.fates(&handle), [(60, Missed, too_late(ms(5_001)))]);
    assert_eq!(handle.next_run(), Some(it.start + secs(120)));
}

#[test]
fn a_single_run_that_was_too_late_tells_its_future() {
    let it = Guided::new(1);
    for trigger in [Trigger::once(1), Trigger::at(it.start + secs(1))] {
        let now = it.clock.wall();
        let handle = it.sched.add(it.task("a").trigger(trigger).grace(secs(1))).unwrap();
        let future = handle.future();
        it.pass(ms(2_001));
        let error = outcome(&future).unwrap_err();
        assert!(matches!(error, TaskError::Missed(_)), "{error}");
        let execution = future.execution();
        assert_eq!(execution.status, Missed);
        assert!(matches!(execution.reason, Some(Reason::TooLate(late)) if late > secs(1)));
        assert_eq!((execution.started, execution.attempt), (None, 1));
        assert!(it.sched.task(&handle).is_none(), "it is finished");
        it.clock.set_wall(now);
    }
}

#[test]
fn a_fixed_delay_goes_on_after_a_run_that_was_too_late() {
    let it = Guided::new(2);
    let task = it.task("a").trigger(Trigger::recur_after(10)).grace(secs(1));
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(15));
    it.nothing_begins();
    assert_eq!(handle.next_run(), Some(it.start + secs(25)));
    it.pass(secs(10));
    it.ends(it.begins("a"), End::Return);
    assert_eq!(it.fates(&handle), [(10, Missed, too_late(secs(5))), (25, Succeeded, None)]);
}

#[test]
fn what_came_before_the_start_was_late() {
    for (misfire, count) in [(Misfire::RunOnce, 1), (Misfire::RunAll, 3), (Misfire::Skip, 0)] {
        let clock = ManualClock::new();
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        let task = Task::new(|| ()).trigger(Trigger::recur(10)).misfire(misfire);
        let handle = sched.add(task).unwrap();
        clock.advance(secs(35));
        sched.start().unwrap();
        clock.advance(Duration::ZERO);
        let results = sched.results(&handle);
        assert_eq!(results.len(), 3);
        let succeeded = results.iter().filter(|it| it.status == Succeeded).count();
        assert_eq!(succeeded, count, "{misfire:?}");
    }
}

#[test]
fn a_clock_set_forward_makes_calendars_late() {
    for (misfire, count) in [(Misfire::RunOnce, 1), (Misfire::RunAll, 3), (Misfire::Skip, 1)] {
        let clock = ManualClock::new();
        let start = std::time::SystemTime::UNIX_EPOCH + secs(1_800_000_000);
        clock.set_wall(start);
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        sched.start().unwrap();
        let task = Task::new(|| ()).trigger(Trigger::cron("* * * * *").unwrap()).misfire(misfire);
        let handle = sched.add(task).unwrap();
        clock.set_wall(start + secs(181));
        let results = sched.results(&handle);
        assert_eq!(results.len(), 3);
        let succeeded = results.iter().filter(|it| it.status == Succeeded).count();
        assert_eq!(succeeded, count, "{misfire:?}");
    }
}

#[test]
fn missed_runs_are_none_of_the_so_many() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").times(2)).unwrap();
    it.pass(secs(3));
    it.ends(it.begins("a"), End::Return);
    it.seconds(1);
    it.ends(it.begins("a"), End::Return);
    assert!(it.sched.task(&handle).is_none());
    let missed = [1, 2].map(|second| (second, Missed, it.stood_in(3)));
    let succeeded = [3, 4].map(|second| (second, Succeeded, None));
    assert_eq!(it.fates(&handle), [missed, succeeded].concat());
}
