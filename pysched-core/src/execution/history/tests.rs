//! A history by itself: what it retains, and what becomes of executions one by one.

use std::time::Duration;

use super::*;

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

/// Runs one execution that gives `value`.
fn run(history: &mut History<u64>, value: u64) {
    let run = history.launch(at(value));
    assert!(history.begin(run, Some(at(value))));
    history.end(run, Ok(value).into(), at(value));
}

fn dues(history: &History<u64>) -> Vec<(SystemTime, Status)> {
    history.executions().iter().map(|it| (it.due, it.status)).collect()
}

#[test]
fn only_the_newest_are_kept() {
    let mut history = History::new(TaskId::nil(), 2);
    (1..=5).for_each(|value| run(&mut history, value));
    assert_eq!(dues(&history), [(at(4), Status::Succeeded), (at(5), Status::Succeeded)]);
    assert_eq!(history.ended(), 5);
    assert_eq!(history.ended_after(0).unwrap().0, 4, "the first that is still retained");
    assert_eq!(history.ended_after(4).unwrap().0, 5);
    assert!(history.ended_after(5).is_none());
}

#[test]
fn the_latest_to_end_is_known_though_others_were_passed_over_since() {
    let mut history = History::new(TaskId::nil(), 2);
    (1..=3).for_each(|value| run(&mut history, value));
    (4..=5).for_each(|second| {
        history.pass_over(at(second), at(second), Status::Skipped, Reason::Overlap);
    });
    assert_eq!(dues(&history), [(at(4), Status::Skipped), (at(5), Status::Skipped)]);
    assert_eq!(history.ended_after(0).unwrap().0, 3);
    run(&mut history, 6);
    assert_eq!(dues(&history), [(at(5), Status::Skipped), (at(6), Status::Succeeded)]);
    assert_eq!(history.ended_after(0).unwrap().0, 4);
}

#[test]
fn a_history_of_one_is_as_if_that_had_been_launched() {
    for limit in [0, 1, 9] {
        let times = Times { due: at(7), started: Some(at(7)), finished: Some(at(7)) };
        let mut one = History::of_one(TaskId::nil(), limit, times, Ok(7_u64).into(), None);
        let mut launched = History::new(TaskId::nil(), limit);
        run(&mut launched, 7);
        for history in [&mut one, &mut launched] {
            assert_eq!((history.ended(), history.launched), (1, 1));
            assert_eq!(history.executions().len(), limit.min(1));
            assert_eq!(history.latest().unwrap().execution().status, Status::Succeeded);
            assert!(!history.is_active() && !history.has_aftermath());
        }
        assert_eq!(one.executions(), launched.executions());
        assert_eq!(one.newest(), launched.newest());
    }
}

#[test]
fn a_full_history_does_not_grow() {
    let mut history = History::new(TaskId::nil(), 32);
    (1..=100).for_each(|value| run(&mut history, value));
    assert_eq!(history.executions().len(), 32);
    assert_eq!(history.retained.capacity(), 32);
}

#[test]
fn without_history_the_latest_is_still_known() {
    let mut history = History::new(TaskId::nil(), 0);
    (1..=3).for_each(|value| run(&mut history, value));
    assert!(history.executions().is_empty());
    assert_eq!(history.ended_after(0).unwrap().0, 3);
    assert_eq!(history.current(None).unwrap().execution().due, at(3));
}

#[test]
fn what_may_run_code_of_a_user_waits_to_be_dropped() {
    let mut history = History::new(TaskId::nil(), 1);
    for value in 1..=2 {
        let run = history.launch(at(value));
        assert!(history.begin(run, Some(at(value))));
        history.end(run, Ok(value.to_string()).into(), at(value));
    }
    assert_eq!(history.take_aftermath().evicted.len(), 1);

    let mut history = History::new(TaskId::nil(), 1);
    (1..=2).for_each(|value| run(&mut history, value));
    assert!(history.take_aftermath().evicted.is_empty(), "a number drops by itself");
}

#[test]
fn an_execution_has_one_cell_whenever_it_is_asked_for() {
    let mut history = History::<u64>::new(TaskId::nil(), 1);
    let first = history.current(Some(at(1))).unwrap();
    assert!(Arc::ptr_eq(&first, &history.current(Some(at(1))).unwrap()));
    let run = history.launch(at(2));
    assert!(Arc::ptr_eq(&first, &history.current(None).unwrap()));
    assert_eq!(first.execution().due, at(2), "as it was timed in the end");
    assert!(history.begin(run, Some(at(3))));
    assert!(first.is_running());
    history.end(run, Ok(7).into(), at(4));
    assert!(Arc::ptr_eq(&first, &history.current(None).unwrap()));
    assert_eq!(first.execution(), history.executions()[0]);
    assert_eq!(history.take_aftermath().announce.len(), 1);
}

#[test]
fn a_cell_that_is_asked_for_late_tells_the_same() {
    let mut history = History::<u64>::new(TaskId::nil(), 2);
    let run = history.launch(at(1));
    let queued = history.in_flight().remove(0);
    assert!(history.begin(run, Some(at(2))));
    let running = history.in_flight().remove(0);
    assert_eq!([queued.status, running.status], [Status::Queued, Status::Running]);
    assert_eq!(history.current(None).unwrap().execution(), running);
    history.end(run, Ok(7).into(), at(3));
    self::run(&mut history, 4);
    let before = history.executions();
    let told: Vec<_> = history.cells().iter().map(|cell| cell.execution()).collect();
    assert_eq!(told, before);
    assert_eq!(history.executions(), before);
}

#[test]
fn a_withdrawal_leaves_what_runs_alone() {
    let mut history = History::<u64>::new(TaskId::nil(), 9);
    let running = history.launch(at(1));
    assert!(history.begin(running, Some(at(1))));
    history.withdraw(Some(at(2)), true, at(0), Reason::TaskCancelled);
    assert_eq!(dues(&history), [(at(2), Status::Cancelled)]);
    assert!(history.is_active());
    history.end(running, Ok(1).into(), at(4));
    assert_eq!(history.executions()[1].status, Status::Succeeded);

    let queued = history.launch(at(5));
    history.withdraw(None, false, at(5), Reason::TaskCancelled);
    assert!(history.is_active(), "only what comes next was to be cancelled");
    history.withdraw(Some(at(6)), true, at(5), Reason::TaskCancelled);
    assert!(!history.begin(queued, Some(at(5))));
    assert!(!history.is_active());
    let cancelled = [(at(5), Status::Cancelled), (at(6), Status::Cancelled)];
    assert_eq!(dues(&history)[2..], cancelled);
}

#[test]
fn an_execution_withdrawn_by_its_future_is_not_launched() {
    let mut history = History::<u64>::new(TaskId::nil(), 9);
    let cell = history.current(Some(at(1))).unwrap();
    assert!(cell.withdraw());
    cell.settle_cancelled(at(1));
    assert!(history.sweep(None).upcoming, "it was the upcoming one");
    assert_eq!(dues(&history), [(at(1), Status::Cancelled)]);
    history.launch(at(2));
    assert!(!Arc::ptr_eq(&cell, &history.current(None).unwrap()));
    assert!(history.is_active());
}

#[test]
fn an_execution_withdrawn_by_its_future_is_not_in_flight() {
    let mut history = History::<u64>::new(TaskId::nil(), 9);
    let run = history.launch(at(1));
    let cell = history.current(None).unwrap();
    assert!(cell.withdraw());
    assert!(!history.begin(run, Some(at(1))));
    cell.settle_cancelled(at(1));
    assert!(!history.sweep(None).upcoming, "it was not the upcoming one any more");
    assert_eq!(dues(&history), [(at(1), Status::Cancelled)]);
    assert!(!history.is_active());
}

#[test]
fn a_newer_run_takes_the_place_of_a_queued_one_and_of_no_other() {
    let mut history = History::<u64>::new(TaskId::nil(), 9);
    let run = history.launch(at(1));
    assert_eq!(history.supersede(at(2), at(2)), Some(at(1)));
    assert_eq!(dues(&history), [(at(1), Status::Missed)]);
    assert!(history.begin(run, Some(at(2))));
    assert_eq!(history.supersede(at(3), at(3)), None);
    assert_eq!(history.in_flight().remove(0).due, at(2));
}
