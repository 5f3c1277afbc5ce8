//! The numbers of a scheduler: each fate is counted once, and what it has in hand is told as it stands.

use std::sync::Arc;
use std::time::Duration;

use pysched::{
    Counts, Executor, InlineExecutor, Job, ManualClock, Percentiles, Rejected, Scheduler, Stats,
    Task, ThreadPoolExecutor, Trigger,
};
use pysched_tests::{
    Gate, by_hand, by_hand_on, is_cancelled, ms, occupy, outcome, pool_by_hand, secs,
};

/// How many have succeeded, failed, were cancelled, skipped and missed.
fn fates(sched: &Scheduler) -> [u64; 5] {
    let Counts { succeeded, failed, cancelled, skipped, missed, .. } = sched.stats().counts;
    [succeeded, failed, cancelled, skipped, missed]
}

/// How many executions are queued, and how many run.
fn in_hand(sched: &Scheduler) -> (usize, usize) {
    let Stats { queued, running, waiting, overdue, .. } = sched.stats();
    assert_eq!((waiting, overdue), (0, 0));
    (queued, running)
}

fn assert_near(told: Duration, exact: Duration) {
    assert!(told.abs_diff(exact) <= exact / 16, "{told:?} for {exact:?}");
}

#[test]
fn a_scheduler_that_has_done_nothing() {
    let stats = Scheduler::new().stats();
    assert_eq!((stats.uptime, stats.tasks, stats.paused), (Duration::ZERO, 0, 0));
    assert_eq!((stats.waiting, stats.queued, stats.running, stats.overdue), (0, 0, 0, 0));
    assert_eq!(stats.executors.len(), 1);
    assert_eq!((stats.lateness.count, stats.lateness.max), (0, Duration::ZERO));
    assert_eq!(stats.lateness, stats.duration);
}

#[test]
fn values_errors_and_panics() {
    let (sched, clock) = by_hand();
    for number in 0..10 {
        let task = Task::fallible(move || match number {
            0..6 => Ok(number),
            6..9 => Err("out of range"),
            _ => panic!("out of paper"),
        });
        sched.add(task).unwrap();
    }
    sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    clock.advance(secs(1));
    clock.advance(secs(1));
    assert_eq!(fates(&sched), [8, 4, 0, 0, 0]);
    assert_eq!((sched.stats().lateness.count, sched.stats().duration.count), (12, 12));
}

#[test]
fn whatever_is_cancelled_is_counted_once() {
    let (sched, clock) = by_hand();
    let once = || sched.delay(Trigger::once(60), 0, || ()).unwrap();
    let series = || sched.delay(Trigger::recur(60), 0, || ()).unwrap();
    let is = |count| assert_eq!(fates(&sched), [0, 0, count, 0, 0]);

    once().cancel().unwrap();
    is(1);
    let handle = once();
    assert!(handle.future().cancel());
    is(2);
    assert!(handle.future().cancel(), "it is cancelled already");
    handle.cancel().unwrap_err();
    is(2);
    let handle = once();
    let future = handle.future();
    handle.cancel().unwrap();
    assert!(future.cancel() && is_cancelled(&future));
    is(3);

    // A series goes on after the run of a future, and ends with the next.
    let handle = series();
    assert!(handle.future().cancel());
    is(4);
    let _pending = handle.future();
    handle.cancel().unwrap();
    is(5);
    let (_left, _alone) = (once(), series());
    clock.advance(secs(1));
    sched.shutdown(true);
    sched.shutdown(false);
    is(7);
    assert_eq!(sched.stats().tasks, 0);
}

#[test]
fn what_is_cancelled_while_it_is_queued() {
    let (sched, _clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let light = sched.delay(Trigger::once(0), 0, || ()).unwrap();
    let held = sched.delay(Trigger::once(0), 0, || ()).unwrap().future();
    assert_eq!(in_hand(&sched), (2, 1));
    light.cancel().unwrap();
    assert!(held.cancel());
    assert_eq!(fates(&sched), [0, 0, 2, 0, 0]);
    assert_eq!(in_hand(&sched), (2, 1), "the pool has them still");
    gate.open();
    sched.shutdown(true);
    assert_eq!(fates(&sched), [1, 0, 2, 0, 0]);
    assert_eq!(in_hand(&sched), (0, 0));
}

#[test]
fn a_shutdown_that_does_not_wait_cancels_what_is_queued() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    let future = handle.future();
    sched.delay(Trigger::once(0), 0, || ()).unwrap();
    clock.advance(secs(1));
    sched.shutdown(false);
    assert!(is_cancelled(&future));
    // The queued execution of the series and the run after it, and the one of the other task.
    assert_eq!(fates(&sched), [0, 0, 3, 0, 0]);
    gate.open();
    sched.shutdown(true);
    assert_eq!(fates(&sched), [1, 0, 3, 0, 0]);
    assert_eq!(in_hand(&sched), (0, 0));
}

#[test]
fn runs_that_come_while_the_last_one_runs_are_skipped() {
    let (sched, clock) = pool_by_hand(1);
    let gate = Gate::new();
    let handle = {
        let gate = gate.clone();
        sched.delay(Trigger::recur(1), 0, move || gate.wait()).unwrap()
    };
    clock.advance(secs(1));
    gate.await_arrivals(1);
    clock.advance(secs(1));
    clock.advance(secs(1));
    assert_eq!(fates(&sched), [0, 0, 0, 2, 0]);
    let future = handle.future();
    gate.open();
    outcome(&future).unwrap();
    assert_eq!(fates(&sched), [1, 0, 0, 2, 0]);
    assert_eq!(sched.stats().duration.max, secs(2));
}

#[test]
fn runs_that_come_too_late_are_missed() {
    let (sched, clock) = by_hand();
    sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    clock.advance(ms(1_000_500));
    assert_eq!(fates(&sched), [1, 0, 0, 0, 999]);
    assert_eq!(sched.stats().lateness.max, ms(500), "of the newest");

    let (sched, clock) = by_hand();
    sched.delay(Trigger::recur(0.001), 0, || ()).unwrap();
    clock.advance(Duration::from_hours(24 * 365 * 100));
    assert_eq!(fates(&sched), [1, 0, 0, 0, 100 * 365 * 86_400_000 - 1], "however many");
}

#[test]
fn a_run_that_still_waits_for_a_worker_is_missed_when_the_next_one_is_due() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let handle = sched.delay(Trigger::recur(10), 0, || ()).unwrap();
    clock.advance(secs(10));
    clock.advance(secs(10));
    clock.advance(secs(3));
    assert_eq!(fates(&sched), [0, 0, 0, 0, 1]);
    assert_eq!(in_hand(&sched), (1, 1));
    let future = handle.future();
    gate.open();
    outcome(&future).unwrap();
    assert_eq!(fates(&sched), [2, 0, 0, 0, 1]);
    assert_eq!(sched.stats().lateness.max, secs(3), "it counts from when the newer one was due");
}

#[test]
fn the_missed_runs_of_a_calendar_are_counted_up_to_a_limit() {
    let (sched, clock) = by_hand();
    // 1970 has begun a second ago, so that the first run comes after 59 seconds.
    clock.set_wall(std::time::SystemTime::UNIX_EPOCH + secs(1));
    let each_minute = || Trigger::cron_in("* * * * *", "UTC").unwrap();
    let handle = sched.delay(each_minute(), 0, || ()).unwrap();
    clock.advance(Duration::from_mins(100));
    assert_eq!(fates(&sched), [1, 0, 0, 0, 99]);
    assert_eq!(sched.stats().lateness.max, secs(1), "of the newest");
    handle.cancel().unwrap();

    sched.delay(each_minute(), 0, || ()).unwrap();
    clock.advance(Duration::from_mins(100_000));
    assert_eq!(fates(&sched), [2, 0, 1, 0, 99 + 10_000]);
}

#[test]
fn lateness_is_told_to_within_a_sixteenth() {
    let (sched, clock) = by_hand();
    let mut exact = Vec::new();
    for step in 1..=1_000_u64 {
        // From a microsecond to a second, most of them short.
        let late = Duration::from_nanos(step * step * step + 999);
        sched.delay(Trigger::once(secs(2) - late), 0, || ()).unwrap();
        exact.push(late);
    }
    clock.advance(secs(2));
    let Percentiles { count, mean, p50, p90, p99, max, .. } = sched.stats().lateness;
    assert_eq!((count, max), (1_000, exact[999]));
    assert_eq!(mean, exact.iter().sum::<Duration>() / 1_000);
    for (told, rank) in [(p50, 500), (p90, 900), (p99, 990)] {
        assert_near(told, exact[rank - 1]);
    }
}

#[test]
fn durations_are_of_the_clock_of_the_scheduler() {
    let (sched, clock) = by_hand();
    for seconds in 1..=100 {
        let clock = clock.clone();
        sched.delay(Trigger::once(0), 0, move || clock.advance(secs(seconds))).unwrap();
    }
    clock.advance(Duration::ZERO);
    let stats = sched.stats();
    assert_eq!(stats.counts.succeeded, 100);
    assert_eq!((stats.duration.mean, stats.duration.max), (ms(50_500), secs(100)));
    assert_near(stats.duration.p90, secs(90));
    assert_eq!(stats.uptime, secs(5_050));
}

#[test]
fn the_uptime_begins_with_the_start() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    clock.advance(secs(5));
    assert_eq!(sched.stats().uptime, Duration::ZERO);
    sched.start().unwrap();
    assert_eq!(sched.stats().uptime, Duration::ZERO);
    clock.advance(ms(1_500));
    sched.start().unwrap();
    assert_eq!(sched.stats().uptime, ms(1_500));
}

#[test]
fn an_occupied_pool_has_a_queue() {
    let (sched, _clock) = pool_by_hand(2);
    let gate = occupy(&sched, 2);
    let futures: Vec<_> =
        (0..3).map(|_| sched.delay(Trigger::once(0), 0, || ()).unwrap().future()).collect();
    let stats = sched.stats();
    assert_eq!((stats.queued, stats.running, stats.tasks), (3, 2, 5));
    let [pool] = &stats.executors[..] else { panic!("there is one executor") };
    assert_eq!((pool.name.as_str(), pool.workers), ("", Some(2)));
    assert_eq!((pool.queued, pool.busy), (3, 2));
    gate.open();
    for future in futures {
        outcome(&future).unwrap();
    }
    sched.shutdown(true);
    assert_eq!((in_hand(&sched), sched.stats().tasks), ((0, 0), 0));
    assert_eq!(sched.stats().counts.succeeded, 5);
}

#[test]
fn each_executor_has_its_own() {
    let shared = Arc::new(ThreadPoolExecutor::new(1));
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(4))
        .named_executor("inline", InlineExecutor)
        .named_executor("shared", Arc::clone(&shared))
        .build();
    sched.start().unwrap();
    let gate = Gate::new();
    for _ in 0..3 {
        let gate = gate.clone();
        sched.add(Task::new(move || gate.wait()).executor("shared")).unwrap();
    }
    gate.await_arrivals(1);
    let executors = sched.stats().executors;
    let told: Vec<_> =
        executors.iter().map(|it| (it.name.as_str(), it.workers, it.queued, it.busy)).collect();
    let expected = [("", Some(0), 0, 0), ("inline", None, 0, 0), ("shared", Some(1), 2, 1)];
    assert_eq!(told, expected);
    gate.open();
    sched.shutdown(true);
    assert_eq!(in_hand(&sched), (0, 0));
}

/// Takes nothing.
struct Closed;

impl Executor for Closed {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        Err(Rejected::Refused(job, "it is Sunday".to_owned()))
    }

    fn shutdown(&self, _wait: bool) {}
}

/// Drops what it takes.
struct Careless;

impl Executor for Careless {
    fn submit(&self, _job: Job) -> Result<(), Rejected> {
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

#[test]
fn what_nobody_runs_has_failed_and_took_no_time() {
    let (closed, _) = by_hand_on(Closed);
    let (careless, _) = by_hand_on(Careless);
    for sched in [closed, careless] {
        outcome(&sched.delay(Trigger::once(0), 0, || ()).unwrap().future()).unwrap_err();
        assert_eq!(fates(&sched), [0, 1, 0, 0, 0]);
        let stats = sched.stats();
        assert_eq!((stats.lateness.count, stats.duration.count), (0, 0));
        assert_eq!(in_hand(&sched), (0, 0));
    }
}

#[test]
fn every_execution_of_many_threads_is_counted() {
    const THREADS: u64 = 4;
    const TASKS: u64 = 5_000;
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(4)).build();
    sched.start().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for number in 0..TASKS {
                    let handle = sched.delay(Trigger::once(0), 0, || ()).unwrap();
                    if number % 7 == 0 {
                        let _ = handle.cancel();
                    }
                    if number % 1_000 == 0 {
                        let Stats { queued, running, counts, .. } = sched.stats();
                        assert!(counts.succeeded + counts.cancelled <= THREADS * TASKS);
                        assert!(queued + running <= usize::try_from(THREADS * TASKS).unwrap());
                    }
                }
            });
        }
    });
    sched.shutdown(true);
    let stats = sched.stats();
    assert_eq!(stats.counts.succeeded + stats.counts.cancelled, THREADS * TASKS);
    assert_eq!((stats.queued, stats.running, stats.tasks), (0, 0, 0));
    assert_eq!(stats.lateness.count, stats.counts.succeeded);
    assert_eq!(stats.duration.count, stats.counts.succeeded);
}

#[test]
fn it_is_told_in_a_few_lines() {
    let (sched, clock) = by_hand();
    sched.delay(Trigger::recur(60), 0, || ()).unwrap();
    clock.advance(secs(150));
    let expected = "\
up 2m 30s, 1 task
now: 0 waiting, 0 queued, 0 running, 0 overdue
so far: 1 succeeded, 0 failed, 0 cancelled, 0 skipped, 1 missed
executor: 0 busy, 0 queued
late by: 30.0s on average, p50 29.0s, p90 29.0s, p99 29.0s, max 30.0s (of 1)
ran for: 0s on average, p50 0s, p90 0s, p99 0s, max 0s (of 1)";
    assert_eq!(sched.stats().to_string(), expected);
}
