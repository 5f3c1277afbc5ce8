//! What is remembered of executions, and what is let go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use pysched::{InlineExecutor, ManualClock, Scheduler, Status, Task, TaskId, Trigger};
use pysched_tests::faults::within;
use pysched_tests::{PATIENCE, by_hand, outcome};

const SECOND: Duration = Duration::from_secs(1);

fn remembering(history: usize) -> (Scheduler, ManualClock) {
    let clock = ManualClock::new();
    let sched =
        Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).history(history).build();
    sched.start().unwrap();
    (sched, clock)
}

#[test]
fn the_latest_executions_of_a_task_are_retained() {
    within(PATIENCE, || {
        for history in [0, 1, 5] {
            let (sched, clock) = remembering(history);
            let run = AtomicUsize::new(0);
            let body = move || run.fetch_add(1, Ordering::SeqCst);
            let handle = sched.delay(Trigger::recur(1), 0, body).unwrap();
            for _ in 0..20 {
                clock.advance(SECOND);
            }
            let retained: Vec<_> =
                handle.futures().iter().map(|future| *future.wait().unwrap()).collect();
            assert_eq!(retained, (20 - history..20).collect::<Vec<_>>(), "oldest first");
            let results = sched.results(&handle);
            assert_eq!(results.len(), history);
            assert!(results.iter().all(|it| it.status == Status::Succeeded));
            assert!(results.is_sorted_by(|one, other| one.due + SECOND == other.due));
        }
    });
}

#[test]
fn unless_told_otherwise_32_are_retained() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        for _ in 0..40 {
            clock.advance(SECOND);
        }
        assert_eq!(sched.results(&handle).len(), 32);
    });
}

#[test]
fn what_was_missed_and_cancelled_counts_too() {
    within(PATIENCE, || {
        let (sched, clock) = remembering(4);
        let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        clock.advance(1_000_000 * SECOND);
        assert!(handle.future().cancel());
        let statuses: Vec<_> = sched.results(&handle).iter().map(|it| it.status).collect();
        let expected = [Status::Missed, Status::Missed, Status::Succeeded, Status::Cancelled];
        assert_eq!(statuses, expected);
    });
}

#[test]
fn a_finished_task_answers_by_its_id() {
    within(PATIENCE, || {
        let (sched, clock) = remembering(4);
        let task = Task::new(|| ()).trigger(Trigger::recur(1)).times(2);
        let id = sched.add(task).unwrap().id();
        clock.advance(SECOND);
        clock.advance(SECOND);
        assert!(sched.task(id).is_none() && sched.tasks().is_empty());
        assert_eq!(sched.results(id).len(), 2);
        sched.shutdown(true);
        assert_eq!(sched.results(id).len(), 2);
        assert!(sched.results(TaskId::nil()).is_empty());
        let (other, _clock) = remembering(4);
        assert!(other.results(id).is_empty(), "not one of its own");
    });
}

#[test]
fn the_latest_ten_thousand_of_finished_tasks_are_remembered() {
    within(PATIENCE, || {
        let (sched, _clock) = by_hand();
        let add = |_| {
            let handle = sched.delay(Trigger::once(0), 0, || ()).unwrap();
            assert!(outcome(&handle.future()).is_ok());
            handle.id()
        };
        let first = add(0);
        let latest: Vec<_> = (0..10_000).map(add).collect();
        // Looking one up takes longer the older it is, so only some are.
        assert!(latest.iter().step_by(499).all(|id| sched.results(*id).len() == 1));
        // But not for ever.
        while !sched.results(first).is_empty() {
            (0..1_000).map(add).for_each(drop);
        }
    });
}

/// A task whose results and captured value are references to `value`.
fn referring(value: &Arc<()>) -> Task<Arc<()>> {
    let captured = Arc::clone(value);
    Task::new(move || Arc::clone(&captured))
}

#[test]
fn results_that_nobody_can_ask_for_are_dropped() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let value = Arc::new(());

        // Without a handle, as soon as the task is finished.
        sched.add(referring(&value).trigger(Trigger::recur(1)).times(3)).unwrap();
        clock.advance(SECOND);
        assert_eq!(Arc::strong_count(&value), 3, "this one, the function's, and a result");
        clock.advance(SECOND);
        clock.advance(SECOND);
        assert_eq!(Arc::strong_count(&value), 1);

        // With one, when that goes; the function goes before.
        let handle = sched.add(referring(&value)).unwrap();
        let future = handle.future();
        assert!(outcome(&future).is_ok());
        drop(future);
        assert_eq!(Arc::strong_count(&value), 2);
        drop(handle);
        clock.advance(SECOND);
        assert_eq!(Arc::strong_count(&value), 1);

        // A future keeps its own result, and no more.
        let task = referring(&value).trigger(Trigger::recur(1)).times(3);
        let handle = sched.add(task).unwrap();
        for _ in 0..3 {
            clock.advance(SECOND);
        }
        let first = handle.futures().swap_remove(0);
        drop(handle);
        assert_eq!(Arc::strong_count(&value), 2);
        assert!(first.wait().is_ok());
        drop(first);
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn the_function_of_a_cancelled_task_is_dropped() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let value = Arc::new(());
        let handle = sched.add(referring(&value).trigger(Trigger::recur(1))).unwrap();
        clock.advance(SECOND);
        handle.cancel().unwrap();
        assert_eq!(Arc::strong_count(&value), 2, "this one, and the result");
        let handle = sched.add(referring(&value).trigger(Trigger::once(60))).unwrap();
        assert!(handle.future().cancel());
        assert_eq!(Arc::strong_count(&value), 2);
    });
}

#[test]
fn times_are_told_as_the_clock_showed_them_then() {
    within(PATIENCE, || {
        let epoch = SystemTime::UNIX_EPOCH;
        let century = 100 * 365 * 24 * 3600 * SECOND;
        for wall in
            [epoch - century, epoch - SECOND / 2, epoch, epoch + century, epoch + 6 * century]
        {
            let clock = ManualClock::new();
            clock.set_wall(wall);
            let sched = Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).build();
            sched.start().unwrap();
            let runs = sched.delay(Trigger::once(1), 0, || ()).unwrap().id();
            let fails = sched.add(Task::new(|| panic!("out of paper")).trigger(Trigger::once(1)));
            let fails = fails.unwrap().id();
            let waits = sched.delay(Trigger::once(9), 0, || ()).unwrap().id();
            clock.advance(SECOND);
            sched.cancel(waits).unwrap();
            // What has ended has ended.
            clock.set_wall(wall + 1_000 * SECOND);

            let then = wall + SECOND;
            for (task, status) in [(runs, Status::Succeeded), (fails, Status::Failed)] {
                let results = sched.results(task);
                assert_eq!((results.len(), results[0].status), (1, status));
                let execution = &results[0];
                assert_eq!(execution.due, then);
                assert_eq!((execution.started, execution.finished), (Some(then), Some(then)));
            }
            let execution = &sched.results(waits)[0];
            assert_eq!((execution.due, execution.status), (wall + 9 * SECOND, Status::Cancelled));
            assert_eq!((execution.started, execution.finished), (None, Some(then)));
        }
    });
}

#[test]
fn with_no_history_nothing_is_remembered_whoever_asked_for_the_future() {
    within(PATIENCE, || {
        let (sched, clock) = remembering(0);
        let asked = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        let future = asked.future();
        let ids = [asked.id(), sched.delay(Trigger::once(1), 0, || ()).unwrap().id()];
        let cancelled = sched.delay(Trigger::once(9), 0, || ()).unwrap().id();
        clock.advance(SECOND);
        sched.cancel(cancelled).unwrap();
        assert!(future.wait().is_ok());
        for id in ids.into_iter().chain([cancelled]) {
            assert!(sched.task(id).is_none());
            assert!(sched.results(id).is_empty());
        }
    });
}

#[test]
fn all_that_a_task_retains_is_remembered_when_it_ends() {
    within(PATIENCE, || {
        // More than any part of a scheduler remembers otherwise.
        let history = 30_000;
        let (sched, clock) = remembering(history);
        let task = Task::new(|| ()).trigger(Trigger::recur(1)).times(history as u64);
        let handle = sched.add(task).unwrap();
        for _ in 0..history {
            clock.advance(SECOND);
        }
        assert!(sched.task(&handle).is_none());
        assert_eq!(sched.results(&handle).len(), history);
    });
}
