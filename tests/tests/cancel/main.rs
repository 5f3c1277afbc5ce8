//! Cancelling: what has not started never runs, what runs finishes, and nothing else is touched.

mod captured_values;
mod races;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{
    Clock, Error, Handle, InlineExecutor, ManualClock, Parker, Scheduler, Status, Task, TaskError,
    TaskId, ThreadPoolExecutor, Trigger,
};
use pysched_tests::{
    Gate, Log, Random, by_hand, is_cancelled, occupy, outcome, pool_by_hand, secs,
};

fn is_unknown(result: Result<(), Error>, id: TaskId) -> bool {
    matches!(result, Err(Error::UnknownTask(unknown)) if unknown == id)
}

/// A task that counts its runs.
fn counting() -> (Task<usize>, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let task = {
        let runs = Arc::clone(&runs);
        Task::new(move || runs.fetch_add(1, Ordering::SeqCst))
    };
    (task, runs)
}

mod pending {
    use super::*;

    #[test]
    fn it_never_runs_afterwards() {
        let (sched, clock) = by_hand();
        let triggers: [fn(SystemTime) -> Trigger; 4] = [
            |_| Trigger::once(1),
            |_| Trigger::recur(1),
            |_| Trigger::recur_after(1),
            |now| Trigger::at(now + secs(1)),
        ];
        for trigger in triggers {
            let trigger = trigger(clock.wall());
            let (task, runs) = counting();
            let handle = sched.add(task.trigger(trigger)).unwrap();
            let (future, due) = (handle.future(), handle.next_run().unwrap());
            sched.cancel(&handle).unwrap();
            assert!(is_cancelled(&future), "at once, before its time");
            assert_eq!((handle.next_run(), sched.task(&handle)), (None, None));
            assert!(sched.tasks().is_empty());
            for _ in 0..3 {
                clock.advance(secs(1));
            }
            assert_eq!(runs.load(Ordering::SeqCst), 0);

            // Its one fate.
            let results = sched.results(&handle);
            assert_eq!(results.len(), 1);
            assert_eq!((results[0].due, results[0].status), (due, Status::Cancelled));
            assert_eq!(results[0].started, None);
        }
    }

    #[test]
    fn before_start_too() {
        let clock = ManualClock::new();
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        let (task, runs) = counting();
        let handle = sched.add(task).unwrap();
        handle.cancel().unwrap();
        sched.start().unwrap();
        clock.advance(secs(1));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        assert!(is_cancelled(&handle.future()));
    }

    #[test]
    fn a_series_that_has_run_does_not_go_on() {
        let (sched, clock) = by_hand();
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(Trigger::recur(1))).unwrap();
        clock.advance(secs(1));
        clock.advance(secs(1));
        handle.cancel().unwrap();
        clock.advance(secs(10));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        let statuses: Vec<_> = sched.results(&handle).iter().map(|it| it.status).collect();
        assert_eq!(statuses, [Status::Succeeded, Status::Succeeded, Status::Cancelled]);
    }

    #[test]
    fn what_waits_for_a_worker_is_pending() {
        let (sched, clock) = pool_by_hand(1);
        let gate = occupy(&sched, 1);
        for trigger in [Trigger::once(1), Trigger::recur(1), Trigger::recur_after(1)] {
            let (task, runs) = counting();
            let handle = sched.add(task.trigger(trigger)).unwrap();
            clock.advance(secs(1));
            let future = handle.future();
            assert_eq!(future.execution().status, Status::Queued);
            handle.cancel().unwrap();
            assert!(is_cancelled(&future));
            assert!(is_unknown(handle.cancel(), handle.id()));
            clock.advance(secs(5));
            assert_eq!(runs.load(Ordering::SeqCst), 0);
        }
        gate.open();
        let after = sched.add(Task::new(|| ())).unwrap();
        outcome(&after.future()).unwrap();
        sched.shutdown(true);
    }

    #[test]
    fn whoever_waits_is_told() {
        let (sched, _clock) = by_hand();
        let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        let (future, log) = (handle.future(), Log::new());
        let called = log.clone();
        future.on_done(move |future| called.push(future.cancelled()));
        thread::scope(|scope| {
            let waiters = [(); 4].map(|()| scope.spawn(|| is_cancelled(&future)));
            let in_wait = scope.spawn(|| is_cancelled(&handle.wait()));
            handle.cancel().unwrap();
            assert!(waiters.into_iter().all(|waiter| waiter.join().unwrap()));
            assert!(in_wait.join().unwrap());
        });
        assert_eq!(log.take(), [true]);
    }
}

mod running {
    use super::*;

    /// A task that has started and waits for its gate, and its series.
    fn running(
        sched: &Scheduler,
        clock: &ManualClock,
        trigger: Trigger,
    ) -> (Handle<&'static str>, Gate) {
        let (gate, started) = (Gate::new(), Gate::new());
        let task = {
            let (gate, started) = (gate.clone(), started.clone());
            move || {
                started.open();
                gate.wait();
                "finished"
            }
        };
        let handle = sched.delay(trigger, 0, task).unwrap();
        clock.advance(secs(1));
        started.wait();
        (handle, gate)
    }

    #[test]
    fn it_finishes_and_the_series_ends() {
        for trigger in [Trigger::recur(1), Trigger::recur_after(1), Trigger::once(1)] {
            let (sched, clock) = pool_by_hand(1);
            let (handle, gate) = running(&sched, &clock, trigger);
            let future = handle.future();
            assert!(future.running());
            handle.cancel().unwrap();
            assert!(future.running(), "it is not disturbed");
            gate.open();
            assert_eq!(outcome(&future).unwrap(), &"finished");
            assert!(sched.task(&handle).is_none());
            assert!(is_unknown(handle.cancel(), handle.id()));
            for _ in 0..3 {
                clock.advance(secs(1));
            }
            let ran = |it: &&pysched::Execution| it.status != Status::Cancelled;
            assert_eq!(sched.results(&handle).iter().filter(ran).count(), 1);
        }
    }

    #[test]
    fn its_own_future_cannot_cancel_it() {
        let (sched, clock) = pool_by_hand(1);
        let (handle, gate) = running(&sched, &clock, Trigger::recur(1));
        let future = handle.future();
        assert!(!future.cancel());
        assert!(!future.cancelled());
        gate.open();
        assert_eq!(outcome(&future).unwrap(), &"finished");
        assert!(!future.cancel(), "it has run");
        assert!(handle.next_run().is_some(), "the series goes on");
    }

    #[test]
    fn from_inside_the_task_itself() {
        let (sched, clock) = by_hand();
        for trigger in [Trigger::recur(1), Trigger::recur_after(1)] {
            let myself = Arc::new(OnceLock::<Handle<Result<(), String>>>::new());
            let task = {
                let myself = Arc::clone(&myself);
                move || myself.get().unwrap().cancel().map_err(|error| error.to_string())
            };
            let handle = sched.delay(trigger, 0, task).unwrap();
            myself.set(handle.clone()).unwrap();
            clock.advance(secs(1));
            assert_eq!(outcome(&handle.future()).unwrap(), &Ok(()));
            assert!(sched.tasks().is_empty());
            clock.advance(secs(5));
            let succeeded = |it: &&pysched::Execution| it.status == Status::Succeeded;
            assert_eq!(sched.results(&handle).iter().filter(succeeded).count(), 1);
        }
    }

    #[test]
    fn from_inside_the_last_run_of_a_task_and_from_inside_another() {
        let (sched, clock) = by_hand();
        let (victim, runs) = counting();
        let victim = sched.add(victim.trigger(Trigger::once(1)).priority(1)).unwrap();
        let myself = Arc::new(OnceLock::<TaskId>::new());
        let task = {
            let (sched, victim, myself) = (sched.clone(), victim.clone(), Arc::clone(&myself));
            move || {
                sched.cancel(&victim).unwrap();
                sched.cancel(*myself.get().unwrap()).unwrap();
                "done"
            }
        };
        let handle = sched.delay(Trigger::once(1), 0, task).unwrap();
        myself.set(handle.id()).unwrap();
        // Both are due at once; the one that runs first cancels the other.
        clock.advance(secs(1));
        assert_eq!(outcome(&handle.future()).unwrap(), &"done");
        assert!(is_cancelled(&victim.future()));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        sched.shutdown(true);
    }
}

mod unknown {
    use super::*;

    #[test]
    fn a_finished_task() {
        let (sched, clock) = by_hand();
        let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        clock.advance(secs(1));
        assert!(is_unknown(sched.cancel(&handle), handle.id()));
        assert!(is_unknown(handle.cancel(), handle.id()));
        assert!(!is_cancelled(&handle.future()));
        assert_eq!(sched.results(&handle).len(), 1, "it has not been touched");
    }

    #[test]
    fn a_cancelled_task() {
        let (sched, _clock) = by_hand();
        let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        handle.cancel().unwrap();
        assert!(is_unknown(sched.cancel(&handle), handle.id()));
        assert!(is_unknown(handle.cancel(), handle.id()));
        assert_eq!(sched.results(&handle).len(), 1);
    }

    #[test]
    fn no_task_at_all() {
        let (sched, _clock) = by_hand();
        let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        assert!(is_unknown(sched.cancel(TaskId::nil()), TaskId::nil()));
        // Close to an id that is known, in each of its digits.
        let known = handle.id().to_string();
        for index in 0..known.len() {
            let mut text = known.clone().into_bytes();
            text[index] = if text[index] == b'0' { b'1' } else { b'0' };
            let near: TaskId = std::str::from_utf8(&text).unwrap().parse().unwrap();
            assert!(is_unknown(sched.cancel(near), near), "{near}");
        }
        assert!(sched.task(&handle).is_some());
    }

    #[test]
    fn a_task_of_another_scheduler() {
        let ((one, _), (other, clock)) = (by_hand(), by_hand());
        let of_one = one.delay(Trigger::once(1), 0, || ()).unwrap();
        let of_other = other.delay(Trigger::once(1), 0, || ()).unwrap();
        assert!(is_unknown(other.cancel(&of_one), of_one.id()));
        assert!(is_unknown(one.cancel(&of_other), of_other.id()));
        clock.advance(secs(1));
        assert!(outcome(&of_other.future()).is_ok());
        assert!(one.task(&of_one).is_some());
    }

    #[test]
    fn after_shutdown_all_of_them() {
        let (sched, _clock) = by_hand();
        let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        sched.shutdown(true);
        assert!(is_unknown(handle.cancel(), handle.id()));
        assert!(is_cancelled(&handle.future()));
    }

    #[test]
    fn the_message_names_it() {
        let (sched, _clock) = by_hand();
        let error = sched.cancel(TaskId::nil()).unwrap_err();
        assert!(error.to_string().contains(&TaskId::nil().to_string()), "{error}");
    }
}

mod equal_tasks {
    use super::*;

    #[test]
    fn the_other_one_is_not_touched() {
        for victim in [0, 1, 2] {
            let (sched, clock) = by_hand();
            let (task, runs) = counting();
            let task = task.tag("twin").trigger(Trigger::recur(1));
            let twins = [(); 3].map(|()| sched.add(task.clone()).unwrap());
            twins[victim].cancel().unwrap();
            clock.advance(secs(1));
            assert_eq!(runs.load(Ordering::SeqCst), 2);
            for (index, twin) in twins.iter().enumerate() {
                assert_eq!(sched.task(twin).is_some(), index != victim);
                assert_eq!(is_cancelled(&twin.futures()[0]), index == victim);
            }
        }
    }

    #[test]
    fn the_next_task_in_its_place_is_not_touched() {
        let (sched, clock) = by_hand();
        let first = sched.delay(Trigger::once(1), 0, || 1).unwrap();
        first.cancel().unwrap();
        let second = sched.delay(Trigger::once(1), 0, || 2).unwrap();
        assert!(is_unknown(first.cancel(), first.id()));
        assert!(first.future().cancel(), "it was cancelled already");
        clock.advance(secs(1));
        assert_eq!(outcome(&second.future()).unwrap(), &2);
    }

    #[test]
    fn of_many_due_at_one_instant_exactly_those_that_were_not_cancelled_run() {
        let (sched, clock) = by_hand();
        let mut random = Random::seeded(4);
        let log = Log::new();
        let handles: Vec<_> = (0..1_000)
            .map(|number| {
                let log = log.clone();
                sched.delay(Trigger::once(1), 0, move || log.push(number)).unwrap()
            })
            .collect();
        let cancelled: Vec<_> = handles.iter().map(|_| random.below(2) == 0).collect();
        for (handle, _) in handles.iter().zip(&cancelled).filter(|(_, cancelled)| **cancelled) {
            handle.cancel().unwrap();
        }
        clock.advance(secs(1));
        let left: Vec<_> = (0..1_000).filter(|number| !cancelled[*number]).collect();
        assert_eq!(log.take(), left);
    }
}

mod one_execution {
    use super::*;

    #[test]
    fn the_future_of_the_upcoming_run_skips_only_that_run() {
        let (sched, clock) = by_hand();
        let added = clock.wall();
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(Trigger::recur(10))).unwrap();
        for _ in 0..3 {
            assert!(handle.future().cancel());
        }
        assert_eq!(handle.next_run(), Some(added + secs(40)));
        for _ in 0..5 {
            clock.advance(secs(10));
        }
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        let fates: Vec<_> = sched.results(&handle).iter().map(|it| (it.due, it.status)).collect();
        let (cancelled, succeeded) = (Status::Cancelled, Status::Succeeded);
        let statuses = [cancelled, cancelled, cancelled, succeeded, succeeded];
        let dues = (1..).map(|k| added + secs(10 * k));
        assert_eq!(fates, dues.zip(statuses).collect::<Vec<_>>());
    }

    #[test]
    fn a_single_run_is_all_there_is() {
        let (sched, clock) = by_hand();
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(Trigger::once(1))).unwrap();
        let future = handle.future();
        assert!(future.cancel());
        assert!(future.cancel(), "still true");
        assert!(is_cancelled(&future));
        assert!(sched.tasks().is_empty());
        assert!(is_unknown(handle.cancel(), handle.id()));
        clock.advance(secs(1));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        assert_eq!(sched.results(&handle).len(), 1);
    }

    #[test]
    fn the_last_run_of_a_series_ends_it() {
        let (sched, clock) = by_hand();
        let task = Task::new(|| ()).trigger(Trigger::recur(1)).until(clock.wall() + secs(1));
        let handle = sched.add(task).unwrap();
        assert!(handle.future().cancel());
        assert!(sched.tasks().is_empty());
    }

    #[test]
    fn a_fixed_delay_goes_on_after_its_interval() {
        let (sched, clock) = by_hand();
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(Trigger::recur_after(10))).unwrap();
        clock.advance(secs(4));
        assert!(handle.future().cancel());
        assert_eq!(handle.next_run(), Some(clock.wall() + secs(10)));
        clock.advance(secs(9));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        clock.advance(secs(1));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_run_that_waits_for_a_worker_is_withdrawn_and_the_series_goes_on() {
        for trigger in [Trigger::recur(1), Trigger::recur_after(1)] {
            let (sched, clock) = pool_by_hand(1);
            let gate = occupy(&sched, 1);
            let (task, runs) = counting();
            let handle = sched.add(task.trigger(trigger)).unwrap();
            clock.advance(secs(1));
            let first = handle.future();
            assert!(first.cancel());
            assert!(is_cancelled(&first));
            let second = handle.future();
            gate.open();
            clock.advance(secs(1));
            assert_eq!(outcome(&second).unwrap(), &0, "the first call of the function");
            assert_eq!(runs.load(Ordering::SeqCst), 1);
            assert_eq!(sched.results(&handle).len(), 2);
        }
    }

    #[test]
    fn after_the_scheduler_is_gone_it_changes_nothing() {
        let (sched, _clock) = by_hand();
        let future = sched.delay(Trigger::once(1), 0, || ()).unwrap().future();
        drop(sched);
        assert!(is_cancelled(&future));
        assert!(future.cancel());
    }
}
