//! Time: never early, no drift, and when exactly each kind of trigger is due.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use pysched::{
    Error, Execution, Handle, InlineExecutor, ManualClock, Scheduler, Status, Task, TaskError,
    ThreadPoolExecutor, Trigger,
};
use pysched_tests::{
    Gate, Log, PATIENCE, Random, by_hand, ms, occupy, outcome, pool_by_hand, secs,
};

const NANOSECOND: Duration = Duration::from_nanos(1);

/// The due times of executions, and their status.
fn fates(executions: &[Execution]) -> Vec<(SystemTime, Status)> {
    executions.iter().map(|it| (it.due, it.status)).collect()
}

/// Like `by_hand`, not started, with a long history.
fn stopped_by_hand() -> (Scheduler, ManualClock) {
    let clock = ManualClock::new();
    let sched =
        Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).history(20_000).build();
    (sched, clock)
}

mod never_early {
    use super::*;

    #[test]
    fn not_by_a_nanosecond() {
        let (sched, clock) = by_hand();
        let triggers = [
            Trigger::once(10),
            Trigger::recur(10),
            Trigger::recur_after(10),
            Trigger::at(clock.wall() + secs(10)),
        ];
        let futures = triggers.map(|it| sched.delay(it, 0, || ()).unwrap().future());
        // Another task has the scheduler look for what is due just before.
        let before = sched.delay(Trigger::once(secs(10) - NANOSECOND), 0, || ()).unwrap().future();
        clock.advance(secs(10) - NANOSECOND);
        assert!(before.done());
        assert!(futures.iter().all(|future| !future.done()));
        clock.advance(NANOSECOND);
        for future in futures {
            let execution = future.execution();
            assert_eq!(execution.status, Status::Succeeded);
            assert_eq!(execution.started, Some(execution.due));
        }
    }

    #[test]
    fn a_delay_is_kept_to_the_nanosecond() {
        let (sched, clock) = by_hand();
        let delay = Duration::new(1, 234_567_891);
        let future = sched.delay(Trigger::once(delay), 0, || ()).unwrap().future();
        clock.advance(delay - NANOSECOND);
        assert!(!future.done());
        clock.advance(NANOSECOND);
        assert!(future.done());
    }

    #[test]
    fn on_the_system_clock() {
        let sched = Scheduler::new();
        sched.start().unwrap();
        let mut random = Random::seeded(1);
        let runs: Vec<_> = (0..300)
            .map(|_| {
                let delay = Duration::from_micros(random.below(60_000));
                let added = Instant::now();
                let handle = sched.delay(Trigger::once(delay), 0, move || added.elapsed()).unwrap();
                (delay, handle.future())
            })
            .collect();
        for (delay, future) in runs {
            let waited = *outcome(&future).unwrap();
            assert!(waited >= delay, "{waited:?} instead of {delay:?}");
            assert!(waited < PATIENCE, "{waited:?} instead of {delay:?}");
            let execution = future.execution();
            assert!(execution.started >= Some(execution.due), "{execution:?}");
        }
    }

    #[test]
    fn at_a_wall_clock_time() {
        let sched = Scheduler::new();
        sched.start().unwrap();
        let at = SystemTime::now() + ms(50);
        let future = sched.delay(Trigger::at(at), 0, SystemTime::now).unwrap().future();
        assert!(*outcome(&future).unwrap() >= at);
        assert_eq!(future.execution().due, at);
        assert!(future.execution().started >= Some(at));
    }
}

mod no_drift {
    use super::*;

    #[test]
    fn after_ten_thousand_executions() {
        let (sched, clock) = stopped_by_hand();
        let added = clock.wall();
        let handle = sched.delay(Trigger::recur(0.1), 0, || ()).unwrap();
        sched.start().unwrap();
        for _ in 0..10_000 {
            clock.advance(ms(100));
        }
        let results = sched.results(&handle);
        assert_eq!(results.len(), 10_000);
        for (execution, k) in results.iter().zip(1..) {
            assert_eq!(execution.status, Status::Succeeded);
            assert_eq!(execution.due, added + ms(100) * k);
            assert_eq!(execution.started, Some(execution.due));
        }
        assert_eq!(results.last().unwrap().due, added + secs(1_000));
        assert_eq!(handle.next_run(), Some(added + ms(100) * 10_001));
    }

    #[test]
    fn when_every_run_starts_late() {
        let (sched, clock) = stopped_by_hand();
        let added = clock.wall();
        let handle = sched.delay(Trigger::recur(0.1), 0, || ()).unwrap();
        sched.start().unwrap();
        // Steps that never meet a due time: each run starts up to 36 ms late.
        for _ in 0..2_900 {
            clock.advance(ms(37));
        }
        let results = sched.results(&handle);
        assert_eq!(results.len(), 2_900 * 37 / 100);
        for (execution, k) in results.iter().zip(1..) {
            assert_eq!(execution.due, added + ms(100) * k);
            let late = execution.started.unwrap().duration_since(execution.due).unwrap();
            assert!(late < ms(37), "{late:?}");
        }
    }

    #[test]
    fn when_every_run_takes_long() {
        let (sched, clock) = stopped_by_hand();
        let added = clock.wall();
        let work = {
            let clock = clock.clone();
            move || clock.advance(ms(99))
        };
        let handle = sched.delay(Trigger::recur(0.1), 0, work).unwrap();
        sched.start().unwrap();
        clock.advance(ms(100));
        for _ in 0..100 {
            clock.advance(ms(1));
        }
        let results = sched.results(&handle);
        assert_eq!(results.len(), 101);
        for (execution, k) in results.iter().zip(1..) {
            assert_eq!(execution.due, added + ms(100) * k);
            assert_eq!(execution.started, Some(execution.due));
            assert_eq!(execution.finished, Some(execution.due + ms(99)));
        }
    }

    #[test]
    fn when_an_interval_is_no_round_number() {
        let (sched, clock) = stopped_by_hand();
        let added = clock.wall();
        let third = Duration::from_nanos(333_333_333);
        let handle = sched.delay(Trigger::recur(1.0 / 3.0), 0, || ()).unwrap();
        sched.start().unwrap();
        for _ in 0..3_000 {
            clock.advance(third);
        }
        assert_eq!(sched.results(&handle).last().unwrap().due, added + third * 3_000);
    }

    #[test]
    fn on_the_system_clock() {
        const RUNS: u32 = 100;
        let interval = ms(5);
        let sched = Scheduler::builder().history(100_000).build();
        sched.start().unwrap();
        let calls = Log::new();
        let task = {
            let calls = calls.clone();
            Task::new(move || calls.push(Instant::now()))
        };
        let task = task.trigger(Trigger::recur(interval)).times(u64::from(RUNS));
        let (before, handle) = (Instant::now(), sched.add(task).unwrap());
        for _ in 0..RUNS {
            assert!(handle.wait().done());
        }

        // Runs may have been missed or skipped, but each due time is the one before plus 5 ms.
        let mut results = sched.results(&handle);
        results.sort_by_key(|it| it.due);
        for pair in results.windows(2) {
            assert_eq!(pair[1].due.duration_since(pair[0].due).unwrap(), interval);
        }
        let runs: Vec<_> = results.iter().filter(|it| it.status == Status::Succeeded).collect();
        assert_eq!(runs.len(), RUNS as usize);
        assert!(runs.iter().all(|it| it.started >= Some(it.due)));

        // And by another clock than the scheduler's own, none was early.
        let calls = calls.take();
        assert_eq!(calls.len(), RUNS as usize);
        let first = results[0].due;
        for (call, run) in calls.iter().zip(runs) {
            let since_first = run.due.duration_since(first).unwrap();
            assert!(call.duration_since(before) >= interval + since_first);
        }
    }

    #[test]
    fn when_the_wall_clock_is_set() {
        let (sched, clock) = by_hand();
        let log = Log::new();
        let task = {
            let (clock, log) = (clock.clone(), log.clone());
            move || log.push(clock.now())
        };
        sched.delay(Trigger::recur(10), 0, task).unwrap();
        let start = clock.now();
        for wall in [1_000_000_000, 2_000_000_000, 0, 500_000_000] {
            clock.set_wall(SystemTime::UNIX_EPOCH + secs(wall));
            clock.advance(secs(10));
        }
        assert_eq!(log.take(), [10, 20, 30, 40].map(|it| start + secs(it)));
    }
}

mod fixed_delay {
    use super::*;

    #[test]
    fn counts_from_the_end_of_the_run_before() {
        let (sched, clock) = stopped_by_hand();
        let added = clock.wall();
        let work = {
            let (clock, took) = (clock.clone(), AtomicU32::new(0));
            move || clock.advance(ms(30) * took.fetch_add(1, Ordering::SeqCst))
        };
        let handle = sched.delay(Trigger::recur_after(0.1), 0, work).unwrap();
        sched.start().unwrap();
        for _ in 0..4 {
            clock.advance(ms(100));
        }
        // The runs take 0, 30, 60 and 90 ms.
        let dues = [100, 200, 330, 490].map(|it| added + ms(it));
        let results = sched.results(&handle);
        assert_eq!(results.iter().map(|it| it.due).collect::<Vec<_>>(), dues);
        for pair in results.windows(2) {
            assert_eq!(pair[1].due, pair[0].finished.unwrap() + ms(100));
        }
        assert_eq!(handle.next_run(), Some(added + ms(490 + 90 + 100)));
    }

    #[test]
    fn a_late_start_delays_what_follows() {
        let (sched, clock) = by_hand();
        let added = clock.wall();
        let handle = sched.delay(Trigger::recur_after(1), 0, || ()).unwrap();
        clock.advance(secs(100));
        let results = sched.results(&handle);
        assert_eq!(fates(&results), [(added + secs(1), Status::Succeeded)], "nothing is missed");
        assert_eq!(handle.next_run(), Some(added + secs(101)));
    }

    #[test]
    fn the_next_run_is_unknown_while_one_runs() {
        let (sched, clock) = pool_by_hand(1);
        let gate = Gate::new();
        let task = {
            let gate = gate.clone();
            move || gate.wait()
        };
        let handle = sched.delay(Trigger::recur_after(1), 0, task).unwrap();
        clock.advance(secs(1));
        let first = handle.future();
        assert_eq!(handle.next_run(), None);
        clock.advance(secs(10));
        assert_eq!(handle.next_run(), None);
        gate.open();
        outcome(&first).unwrap();
        assert_eq!(handle.next_run(), Some(first.execution().finished.unwrap() + secs(1)));
        assert_eq!(handle.next_run(), Some(clock.wall() + secs(1)));
    }

    #[test]
    fn a_failure_ends_a_run_too() {
        let (sched, clock) = by_hand();
        let task = Task::fallible(|| "x".parse::<i32>()).trigger(Trigger::recur_after(1));
        let handle = sched.add(task).unwrap();
        clock.advance(secs(1));
        clock.advance(secs(1));
        assert_eq!(sched.results(&handle).len(), 2);
    }
}

mod starting {
    use super::*;

    #[test]
    fn a_series_has_its_first_run_at_that_very_time() {
        for trigger in [Trigger::recur(10), Trigger::recur_after(10)] {
            let (sched, clock) = by_hand();
            let at = clock.wall() + secs(3);
            let handle = sched.add(Task::new(|| ()).trigger(trigger).starting(at)).unwrap();
            assert_eq!(handle.next_run(), Some(at));
            clock.advance(secs(3) - NANOSECOND);
            assert!(sched.results(&handle).is_empty());
            clock.advance(NANOSECOND);
            clock.advance(secs(10));
            let dues: Vec<_> = sched.results(&handle).iter().map(|it| it.due).collect();
            assert_eq!(dues, [at, at + secs(10)]);
        }
    }

    #[test]
    fn a_series_that_began_in_the_past_is_joined() {
        let (sched, clock) = stopped_by_hand();
        let next_run = |since: u64| {
            let begun = clock.wall() - secs(since);
            let task = Task::new(|| ()).trigger(Trigger::recur(10)).starting(begun);
            let next = sched.add(task).unwrap().next_run().unwrap();
            next.duration_since(clock.wall()).unwrap()
        };
        assert_eq!(next_run(1), secs(9));
        assert_eq!(next_run(9), secs(1));
        assert_eq!(next_run(10), secs(0), "a run due now is not missed");
        assert_eq!(next_run(11), secs(9));
        assert_eq!(next_run(1_000_000_003), secs(7));
    }

    #[test]
    fn a_single_run_counts_its_delay_from_there() {
        let (sched, clock) = by_hand();
        let at = clock.wall() + secs(100);
        let task = Task::new(|| ()).trigger(Trigger::once(5)).starting(at);
        let handle = sched.add(task).unwrap();
        assert_eq!(handle.next_run(), Some(at + secs(5)));
        clock.advance(secs(105) - NANOSECOND);
        assert!(!handle.future().done());
        clock.advance(NANOSECOND);
        assert!(handle.future().done());
    }

    #[test]
    fn a_wall_clock_time_is_not_before_it() {
        let (sched, clock) = by_hand();
        let (earlier, later) = (clock.wall() + secs(1), clock.wall() + secs(2));
        for (at, starting) in [(earlier, later), (later, earlier)] {
            let task = Task::new(|| ()).trigger(Trigger::at(at)).starting(starting);
            assert_eq!(sched.add(task).unwrap().next_run(), Some(later));
        }
    }

    #[test]
    fn on_the_system_clock_it_is_that_very_time_too() {
        let sched = Scheduler::new();
        for _ in 0..100 {
            let at = SystemTime::now() + secs(3600);
            let task = Task::new(|| ()).trigger(Trigger::recur(1)).starting(at);
            assert_eq!(sched.add(task).unwrap().next_run(), Some(at));
        }
    }

    #[test]
    fn beyond_the_range_of_the_clock_is_refused() {
        let (sched, _clock) = by_hand();
        let far = SystemTime::UNIX_EPOCH + secs(i64::MAX as u64);
        for trigger in [Trigger::once(0), Trigger::once(1), Trigger::recur(1), Trigger::at(far)] {
            let task = Task::new(|| ()).trigger(trigger.clone()).starting(far);
            let error = sched.add(task).unwrap_err();
            assert!(matches!(error, Error::NeverRuns(_)), "{trigger:?} gave {error:?}");
        }
    }
}

mod until {
    use super::*;

    #[test]
    fn a_run_due_at_the_very_end_takes_place_and_none_after() {
        let (sched, clock) = by_hand();
        let added = clock.wall();
        let series = |end| {
            let task = Task::new(|| ()).trigger(Trigger::recur(1)).until(end);
            sched.add(task).unwrap()
        };
        let at_the_end = series(added + secs(3));
        let before_the_end = series(added + secs(3) - NANOSECOND);
        for _ in 0..10 {
            clock.advance(secs(1));
        }
        assert_eq!(sched.results(&at_the_end).len(), 3);
        assert_eq!(sched.results(&before_the_end).len(), 2);
        assert!(sched.tasks().is_empty());
    }

    #[test]
    fn the_last_run_is_no_victim_of_rounding_between_clocks() {
        // The wall clock is a little off what the scheduler knows of it, as real ones are.
        for off in [Duration::ZERO, NANOSECOND, ms(1), ms(99), secs(1)] {
            let (sched, clock) = stopped_by_hand();
            clock.set_wall(clock.wall() + off);
            let at = clock.wall() + secs(1);
            let task = Task::new(|| ()).trigger(Trigger::recur(1)).starting(at);
            let handle = sched.add(task.until(at + secs(3))).unwrap();
            assert_eq!(handle.next_run(), Some(at), "{off:?}");
            sched.start().unwrap();
            for _ in 0..10 {
                clock.advance(secs(1));
            }
            let dues: Vec<_> = sched.results(&handle).iter().map(|it| it.due).collect();
            assert_eq!(dues, [0, 1, 2, 3].map(|k| at + secs(k)), "{off:?}");
        }
    }

    #[test]
    fn a_fixed_delay_ends_there_too() {
        let (sched, clock) = by_hand();
        let end = clock.wall() + secs(3);
        let task = Task::new(|| ()).trigger(Trigger::recur_after(1)).until(end);
        let handle = sched.add(task).unwrap();
        for _ in 0..10 {
            clock.advance(secs(1));
        }
        assert_eq!(sched.results(&handle).len(), 3);
        assert!(sched.tasks().is_empty());
    }

    #[test]
    fn a_task_that_would_never_run_is_refused() {
        let (sched, clock) = by_hand();
        let now = clock.wall();
        let triggers = [
            Trigger::once(10),
            Trigger::recur(10),
            Trigger::recur_after(10),
            Trigger::at(now + secs(10)),
        ];
        for trigger in triggers {
            let task = Task::new(|| ()).trigger(trigger);
            assert!(sched.add(task.clone().until(now + secs(10))).is_ok());
            let error = sched.add(task.clone().until(now + secs(10) - NANOSECOND)).unwrap_err();
            assert!(matches!(error, Error::NeverRuns(_)), "{error:?}");
            assert!(matches!(sched.add(task.times(0)), Err(Error::NeverRuns(_))));
        }
        assert_eq!(sched.tasks().len(), 4);
    }
}

mod times {
    use super::*;

    #[test]
    fn after_so_many_executions_it_is_finished() {
        for trigger in [Trigger::recur(1), Trigger::recur_after(1)] {
            let (sched, clock) = by_hand();
            let handle = sched.add(Task::new(|| ()).trigger(trigger).times(3)).unwrap();
            for run in 1..=3 {
                assert!(sched.task(&handle).is_some());
                clock.advance(secs(1));
                assert_eq!(sched.results(&handle).len(), run);
            }
            assert!(sched.task(&handle).is_none());
            assert_eq!(handle.next_run(), None);
            clock.advance(secs(1));
            assert_eq!(sched.results(&handle).len(), 3);
        }
    }

    #[test]
    fn failures_count_but_missed_runs_do_not() {
        let (sched, clock) = by_hand();
        let task = Task::fallible(|| "x".parse::<i32>()).trigger(Trigger::recur(1)).times(3);
        let handle = sched.add(task).unwrap();
        for _ in 0..3 {
            assert!(sched.task(&handle).is_some());
            clock.advance(secs(4));
        }
        assert!(sched.task(&handle).is_none());
        let count = |status| sched.results(&handle).iter().filter(|it| it.status == status).count();
        assert_eq!((count(Status::Failed), count(Status::Missed)), (3, 9));
    }

    #[test]
    fn skipped_runs_do_not_count() {
        let (sched, clock) = pool_by_hand(1);
        let gates = Arc::new([Gate::new(), Gate::new()]);
        let task = {
            let (gates, run) = (Arc::clone(&gates), AtomicU32::new(0));
            Task::new(move || gates[run.fetch_add(1, Ordering::SeqCst) as usize].wait())
        };
        let handle = sched.add(task.trigger(Trigger::recur(1)).times(2)).unwrap();
        for gate in &*gates {
            clock.advance(secs(1));
            let future = handle.future();
            // Only what is beside a run that has begun is skipped.
            gate.await_arrivals(1);
            clock.advance(secs(1));
            clock.advance(secs(1));
            gate.open();
            outcome(&future).unwrap();
        }
        assert!(sched.task(&handle).is_none());
        let count = |status| sched.results(&handle).iter().filter(|it| it.status == status).count();
        // After the second execution has been launched, no further run is due.
        assert_eq!((count(Status::Succeeded), count(Status::Skipped)), (2, 2));
    }

    #[test]
    fn cancelled_runs_count_whether_they_were_due_or_not() {
        for trigger in [Trigger::recur(1), Trigger::recur_after(1)] {
            let (sched, clock) = pool_by_hand(1);
            let handle = sched.add(Task::new(|| ()).trigger(trigger).times(3)).unwrap();
            assert!(handle.future().cancel(), "before it is due");
            let gate = occupy(&sched, 1);
            clock.advance(secs(2));
            let queued = handle.future();
            assert_eq!(queued.execution().status, Status::Queued);
            assert!(queued.cancel(), "while it waits for a worker");
            let third = handle.future();
            gate.open();
            assert!(sched.task(&handle).is_some());
            clock.advance(secs(1));
            assert!(outcome(&third).is_ok());
            assert!(sched.task(&handle).is_none());
            assert_eq!(handle.futures().len(), 3);
        }
    }

    #[test]
    fn once_is_once_however_many_times_it_may_run() {
        let (sched, clock) = by_hand();
        let handle = sched.add(Task::new(|| ()).trigger(Trigger::once(1)).times(5)).unwrap();
        clock.advance(secs(10));
        assert_eq!(sched.results(&handle).len(), 1);
        assert!(sched.task(&handle).is_none());
    }
}

mod at {
    use super::*;

    fn at(sched: &Scheduler, time: SystemTime) -> Handle<()> {
        sched.delay(Trigger::at(time), 0, || ()).unwrap()
    }

    #[test]
    fn a_past_time_runs_at_once_and_is_late() {
        let (sched, clock) = by_hand();
        let time = clock.wall() - secs(3600);
        let handle = at(&sched, time);
        clock.advance(Duration::ZERO);
        let execution = handle.future().execution();
        assert_eq!(execution.status, Status::Succeeded);
        assert_eq!((execution.due, execution.started), (time, Some(clock.wall())));
    }

    #[test]
    fn the_wall_clock_set_forward_makes_it_due() {
        let (sched, clock) = by_hand();
        let handle = at(&sched, clock.wall() + secs(3600));
        clock.set_wall(clock.wall() + secs(3599));
        assert!(!handle.future().done());
        clock.set_wall(clock.wall() + secs(2));
        assert!(handle.future().done());
    }

    #[test]
    fn the_wall_clock_set_back_makes_it_wait() {
        let (sched, clock) = by_hand();
        let time = clock.wall() + secs(10);
        let handle = at(&sched, time);
        clock.set_wall(time - secs(3600));
        clock.advance(secs(10));
        assert!(!handle.future().done());
        clock.advance(secs(3590) - NANOSECOND);
        assert!(!handle.future().done());
        clock.advance(NANOSECOND);
        assert_eq!(handle.future().execution().started, Some(time));
    }

    #[test]
    fn a_wall_clock_that_is_set_by_a_little_makes_nothing_early() {
        for off in [NANOSECOND, ms(1), ms(50), ms(100), ms(101), secs(1)] {
            // Set back while the task waits.
            let (sched, clock) = by_hand();
            let time = clock.wall() + secs(10);
            let waiting = at(&sched, time);
            clock.set_wall(clock.wall() - off);
            clock.advance(secs(10) + off - NANOSECOND);
            assert!(!waiting.future().done(), "{off:?}");
            clock.advance(NANOSECOND);
            assert!(waiting.future().done(), "{off:?}");
            assert!(waiting.future().execution().started >= Some(time), "{off:?}");

            // Set forward before it is added.
            let (sched, clock) = by_hand();
            clock.set_wall(clock.wall() + off);
            let time = clock.wall() + secs(10);
            let added = at(&sched, time);
            clock.advance(secs(10) - NANOSECOND);
            assert!(!added.future().done(), "{off:?}");
            clock.advance(NANOSECOND);
            assert!(added.future().done(), "{off:?}");
            assert!(added.future().execution().started >= Some(time), "{off:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_while_the_scheduler_was_stopped_is_noticed() {
        let (sched, clock) = stopped_by_hand();
        clock.set_wall(clock.wall() + secs(3600));
        let in_ten = clock.wall() + secs(10);
        let interval = sched.delay(Trigger::once(10), 0, || ()).unwrap();
        let wall = at(&sched, in_ten);
        assert_eq!(interval.next_run(), Some(in_ten));
        assert_eq!(wall.next_run(), Some(in_ten));
        sched.start().unwrap();
        clock.advance(secs(10));
        for handle in [interval, wall] {
            let execution = handle.future().execution();
            assert_eq!((execution.due, execution.started), (in_ten, Some(in_ten)));
        }
    }
}

#[test]
fn a_single_run_is_the_only_one() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    for trigger in [Trigger::once(1), Trigger::once(0), Trigger::at(clock.wall() + secs(1))] {
        let log = log.clone();
        sched.delay(trigger, 0, move || log.push(())).unwrap();
    }
    for _ in 0..10 {
        clock.advance(secs(1));
    }
    assert_eq!(log.take().len(), 3);
    assert!(sched.tasks().is_empty());
}

#[test]
fn the_longest_intervals_are_waited_for() {
    let (sched, clock) = by_hand();
    let years = secs(365 * 24 * 3600);
    let handle = sched.delay(Trigger::once(years * 290), 0, || ()).unwrap();
    clock.advance(years * 290 - NANOSECOND);
    assert!(!handle.future().done());
    clock.advance(NANOSECOND);
    assert!(handle.future().done());
    // Half of the clock's range is behind it; there is room for another task, not for two.
    let handle = sched.delay(Trigger::once(years * 290), 0, || ()).unwrap();
    clock.advance(years * 290);
    assert!(handle.future().done());
    let error = sched.delay(Trigger::once(years * 290), 0, || ()).unwrap_err();
    assert!(matches!(error, Error::NeverRuns(_)), "{error:?}");
}

#[test]
fn a_future_speaks_of_the_run_that_took_place() {
    let (sched, clock) = by_hand();
    let added = clock.wall();
    let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    let future = handle.future();
    assert_eq!(future.execution().due, added + secs(1));
    clock.advance(secs(5));
    assert_eq!(future.execution().due, added + secs(5));
    assert!(!matches!(outcome(&future), Err(TaskError::Cancelled)));
}

#[test]
fn a_worker_gets_its_task_no_earlier_than_the_scheduler() {
    // With a pool, too, the function itself sees a clock that shows the due time.
    let clock = ManualClock::new();
    let sched =
        Scheduler::builder().clock(clock.clone()).executor(ThreadPoolExecutor::new(2)).build();
    sched.start().unwrap();
    let futures: Vec<_> = (1..=50)
        .map(|n| {
            let clock = clock.clone();
            let due = clock.now() + ms(n);
            (due, sched.delay(Trigger::once(ms(n)), 0, move || clock.now()).unwrap().future())
        })
        .collect();
    for _ in 0..50 {
        clock.advance(ms(1));
    }
    for (due, future) in futures {
        assert!(*outcome(&future).unwrap() >= due);
    }
}
