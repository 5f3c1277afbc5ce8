//! Cancelling lets go of what a task has captured.

use super::*;

/// A task that has captured a value, and a way to see whether that is still there.
fn capturing() -> (Task<()>, Weak<()>) {
    let value = Arc::new(());
    let watch = Arc::downgrade(&value);
    (Task::new(move || drop(Arc::clone(&value))), watch)
}

fn is_gone(watch: &Weak<()>) -> bool {
    watch.strong_count() == 0
}

#[test]
fn are_dropped_when_cancel_returns() {
    let (sched, _clock) = by_hand();
    for trigger in [Trigger::once(60), Trigger::recur(60), Trigger::recur_after(60)] {
        let (task, watch) = capturing();
        let handle = sched.add(task.trigger(trigger)).unwrap();
        let future = handle.future();
        assert!(!is_gone(&watch));
        sched.cancel(&handle).unwrap();
        assert!(is_gone(&watch), "whoever still holds {handle:?} and {future:?}");
    }
}

#[test]
fn are_dropped_when_the_only_run_is_cancelled() {
    let (sched, _clock) = by_hand();
    let (task, watch) = capturing();
    let handle = sched.add(task.trigger(Trigger::once(60))).unwrap();
    assert!(handle.future().cancel());
    assert!(is_gone(&watch));
}

#[test]
fn of_what_waits_for_a_worker_too() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let add = |trigger| {
        let (task, watch) = capturing();
        (sched.add(task.trigger(trigger)).unwrap(), watch)
    };
    let once = add(Trigger::once(1));
    let recur = add(Trigger::recur(1));
    let by_future = add(Trigger::once(1));
    clock.advance(secs(1));
    once.0.cancel().unwrap();
    assert!(is_gone(&once.1));
    recur.0.cancel().unwrap();
    assert!(is_gone(&recur.1));
    assert!(by_future.0.future().cancel());
    assert!(is_gone(&by_future.1));
    gate.open();
}

#[test]
fn of_a_running_one_are_dropped_before_its_future_is_done() {
    for trigger in [Trigger::once(1), Trigger::recur(1), Trigger::recur_after(1)] {
        let (sched, clock) = pool_by_hand(1);
        let (value, gate, started) = (Arc::new(()), Gate::new(), Gate::new());
        let watch = Arc::downgrade(&value);
        let task = {
            let (gate, started) = (gate.clone(), started.clone());
            move || {
                started.open();
                gate.wait();
                drop(Arc::clone(&value));
            }
        };
        let handle = sched.delay(trigger, 0, task).unwrap();
        clock.advance(secs(1));
        started.wait();
        let future = handle.future();
        handle.cancel().unwrap();
        assert!(!is_gone(&watch), "it is in use");
        gate.open();
        outcome(&future).unwrap();
        assert!(is_gone(&watch));
    }
}

#[test]
fn of_a_finished_one_are_dropped_before_its_future_is_done() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    for _ in 0..100 {
        let (task, watch) = capturing();
        let handle = sched.add(task).unwrap();
        outcome(&handle.future()).unwrap();
        assert!(is_gone(&watch));
    }
    let (task, watch) = capturing();
    let handle = sched.add(task.trigger(Trigger::recur(0.001)).times(3)).unwrap();
    for left in [true, true, false] {
        assert!(handle.wait().done());
        assert!(is_gone(&watch) || left);
    }
}

#[test]
fn that_use_the_scheduler_when_dropped_may() {
    struct Curious(Scheduler);

    impl Drop for Curious {
        fn drop(&mut self) {
            assert!(self.0.tasks().is_empty());
            self.0.delay(Trigger::once(60), 0, || ()).unwrap().cancel().unwrap();
        }
    }

    let (sched, _clock) = by_hand();
    let curious = Curious(sched.clone());
    let handle = sched.delay(Trigger::once(1), 0, move || drop(curious.0.tasks())).unwrap();
    handle.cancel().unwrap();
    sched.shutdown(true);
}
