//! Cancelling: what has not started never runs, what runs finishes, and nothing else is touched.

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
            let task = task.name("twin").trigger(Trigger::recur(1));
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

mod races {
    use super::*;

    /// Lets bursts of one-shots become due while two threads cancel them, and checks that each has
    /// run or was cancelled, and that everyone agrees which.
    fn race(cancel: impl Fn(&Scheduler, &Handle<()>) -> bool + Sync, workers: usize) {
        const ROUNDS: usize = 100;
        const BURST: usize = 100;
        let (sched, clock) = pool_by_hand(workers);
        for round in 0..ROUNDS {
            let runs: Arc<Vec<_>> = Arc::new((0..BURST).map(|_| AtomicUsize::new(0)).collect());
            let handles: Vec<_> = (0..BURST)
                .map(|number| {
                    let runs = Arc::clone(&runs);
                    let task = move || {
                        runs[number].fetch_add(1, Ordering::SeqCst);
                    };
                    sched.delay(Trigger::once(1), 0, task).unwrap()
                })
                .collect();
            let futures: Vec<_> = handles.iter().map(Handle::future).collect();
            let start = Barrier::new(3);
            let cancelled: Vec<_> = thread::scope(|scope| {
                let cancel_all = |from_behind: bool| {
                    let (sched, handles, start, cancel) = (&sched, &handles, &start, &cancel);
                    move || {
                        start.wait();
                        let mut cancelled = vec![false; BURST];
                        for step in 0..BURST {
                            let number = if from_behind { BURST - 1 - step } else { step };
                            cancelled[number] = cancel(sched, &handles[number]);
                        }
                        cancelled
                    }
                };
                // One begins where the workers do, the other at the far end.
                let threads = [true, round % 2 == 0].map(|it| scope.spawn(cancel_all(it)));
                start.wait();
                clock.advance(secs(1));
                let [one, other] = threads.map(|thread| thread.join().unwrap());
                one.into_iter().zip(other).map(|(one, other)| one || other).collect()
            });
            for (number, future) in futures.iter().enumerate() {
                let outcome = outcome(future);
                let ran = runs[number].load(Ordering::SeqCst);
                match outcome {
                    Ok(()) => assert_eq!(ran, 1),
                    Err(TaskError::Cancelled) => {
                        assert_eq!(ran, 0);
                        assert!(cancelled[number], "nobody else would");
                    }
                    Err(error) => panic!("{error}"),
                }
                assert_eq!(sched.results(&handles[number]), [future.execution()]);
            }
            assert!(sched.tasks().is_empty());
        }
        sched.shutdown(true);
    }

    #[test]
    fn by_handle_or_scheduler() {
        for workers in [1, 2] {
            race(
                |sched, handle| match sched.cancel(handle) {
                    Ok(()) => true,
                    Err(Error::UnknownTask(id)) => {
                        assert_eq!(id, handle.id());
                        false
                    }
                    Err(error) => panic!("{error}"),
                },
                workers,
            );
        }
    }

    #[test]
    fn by_future() {
        race(
            |_, handle| {
                let future = handle.future();
                let cancelled = future.cancel();
                // From here on both agree for ever.
                assert_eq!(future.cancelled(), cancelled);
                cancelled
            },
            2,
        );
    }

    #[test]
    fn by_both() {
        let turn = AtomicBool::new(false);
        race(
            |_, handle| {
                if turn.fetch_xor(true, Ordering::Relaxed) {
                    handle.cancel().is_ok()
                } else {
                    handle.future().cancel()
                }
            },
            2,
        );
    }

    #[test]
    fn of_a_series_in_real_time() {
        let sched =
            Scheduler::builder().executor(ThreadPoolExecutor::new(2)).history(100_000).build();
        sched.start().unwrap();
        let mut random = Random::seeded(5);
        for _ in 0..300 {
            let (task, runs) = counting();
            let handle = sched.add(task.trigger(Trigger::recur(0.0001))).unwrap();
            for _ in 0..random.below(3) {
                assert!(handle.wait().done());
            }
            for _ in 0..random.below(200) {
                std::hint::spin_loop();
            }
            handle.cancel().unwrap();
            // What runs finishes: the future is then of that execution.
            let _ = outcome(&handle.future());
            let succeeded = |sched: &Scheduler| {
                let results = sched.results(&handle);
                results.iter().filter(|it| it.status == Status::Succeeded).count()
            };
            let ran = runs.load(Ordering::SeqCst);
            assert_eq!(succeeded(&sched), ran);
            assert!(sched.task(&handle).is_none());
            // Nothing comes after.
            outcome(&sched.delay(Trigger::once(0.0002), 0, || ()).unwrap().future()).unwrap();
            assert_eq!(runs.load(Ordering::SeqCst), ran);
        }
    }

    type Interruption = Box<dyn FnOnce() + Send>;

    /// A manual clock that, once armed, calls a function while the scheduler reads the time on a
    /// thread of the test: a way to stop in the middle of a call.
    #[derive(Clone, Default)]
    struct Interrupting {
        clock: ManualClock,
        interruption: Arc<Mutex<Option<Interruption>>>,
    }

    impl Interrupting {
        fn next(&self, interruption: impl FnOnce() + Send + 'static) {
            *self.interruption.lock().unwrap() = Some(Box::new(interruption));
        }
    }

    impl Clock for Interrupting {
        fn now(&self) -> Duration {
            let of_the_heart = thread::current().name() == Some("pysched-heart");
            let interruption =
                if of_the_heart { None } else { self.interruption.lock().unwrap().take() };
            if let Some(interruption) = interruption {
                interruption();
            }
            self.clock.now()
        }

        fn wall(&self) -> SystemTime {
            self.clock.wall()
        }

        fn wait(&self, parker: &Parker, until: Option<Duration>) {
            self.clock.wait(parker, until);
        }

        fn attach(&self, parker: &Parker) {
            self.clock.attach(parker);
        }

        fn detach(&self, parker: &Parker) {
            self.clock.detach(parker);
        }
    }

    fn interrupting() -> (Scheduler, Interrupting) {
        let clock = Interrupting::default();
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        sched.start().unwrap();
        (sched, clock)
    }

    #[test]
    fn the_series_is_cancelled_in_the_middle_of_cancelling_its_upcoming_run() {
        for trigger in [Trigger::once(1), Trigger::recur(1), Trigger::recur_after(1)] {
            let (sched, clock) = interrupting();
            let (task, runs) = counting();
            let handle = sched.add(task.trigger(trigger)).unwrap();
            let future = handle.future();
            clock.next({
                let handle = handle.clone();
                move || handle.cancel().unwrap()
            });
            assert!(future.cancel());
            assert!(is_cancelled(&future));
            clock.clock.advance(secs(5));
            assert_eq!(runs.load(Ordering::SeqCst), 0);
            assert!(sched.tasks().is_empty());
            assert_eq!(sched.results(&handle), [future.execution()], "it has one fate");
        }
    }

    #[test]
    fn a_run_becomes_due_in_the_middle_of_being_cancelled() {
        for trigger in [Trigger::once(1), Trigger::recur(1), Trigger::recur_after(1)] {
            let (sched, clock) = interrupting();
            let added = clock.wall();
            let (task, runs) = counting();
            let handle = sched.add(task.trigger(trigger.clone())).unwrap();
            let future = handle.future();
            clock.next({
                let clock = clock.clock.clone();
                move || clock.advance(secs(1))
            });
            assert!(!future.cancel(), "it was too late");
            assert!(!future.cancelled());
            assert_eq!(future.execution().status, Status::Succeeded);
            assert_eq!(runs.load(Ordering::SeqCst), 1);
            assert_eq!(sched.results(&handle), [future.execution()], "it has one fate");
            if trigger == Trigger::once(1) {
                assert!(sched.tasks().is_empty());
            } else {
                assert_eq!(handle.next_run(), Some(added + secs(2)));
                clock.clock.advance(secs(1));
                assert_eq!(runs.load(Ordering::SeqCst), 2);
            }
        }
    }
}

mod captured_values {
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
}
