//! What becomes due while the scheduler sleeps for something later is not slept through.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crossbeam::channel::{Receiver, Sender, unbounded};
use pysched::{Clock, Parker, Scheduler, SystemClock, ThreadPoolExecutor, Trigger};
use pysched_tests::{Gate, Log, PATIENCE, Random, by_hand, ms, outcome, pool_by_hand, secs};

/// The system clock, which tells the test whenever the scheduler goes to sleep, and for how long.
struct Watched {
    clock: SystemClock,
    sleeps: Sender<Option<Duration>>,
}

impl Clock for Watched {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.sleeps.send(until.map(|until| until.saturating_sub(self.now()))).unwrap();
        self.clock.wait(parker, until);
    }
}

/// A scheduler in real time, and for how long it has gone to sleep, each time.
fn watched() -> (Scheduler, Receiver<Option<Duration>>) {
    let (sleeps, watch) = unbounded();
    let clock = Watched { clock: SystemClock::new(), sleeps };
    let sched = Scheduler::builder().clock(clock).executor(ThreadPoolExecutor::new(2)).build();
    sched.start().unwrap();
    (sched, watch)
}

/// Returns once the scheduler has gone to sleep for such a time.
fn until_asleep(
    watch: &Receiver<Option<Duration>>,
    for_how_long: impl Fn(Option<Duration>) -> bool,
) {
    while !for_how_long(watch.recv_timeout(PATIENCE).expect("it should go to sleep")) {}
}

fn long(sleep: Option<Duration>) -> bool {
    sleep.is_some_and(|sleep| sleep > secs(1800))
}

#[test]
fn an_earlier_task_wakes_a_scheduler_that_sleeps_for_a_later_one() {
    let (sched, watch) = watched();
    let later = sched.delay(Trigger::once(3600), 0, || ()).unwrap();
    for _ in 0..20 {
        until_asleep(&watch, long);
        let added = Instant::now();
        let earlier = sched.delay(Trigger::once(0.02), 0, move || added.elapsed()).unwrap();
        let waited = *outcome(&earlier.future()).unwrap();
        assert!(waited >= ms(20));
        assert!(waited < PATIENCE);
    }
    assert!(!later.future().done());
}

#[test]
fn a_task_wakes_a_scheduler_that_has_none() {
    let (sched, watch) = watched();
    for _ in 0..20 {
        until_asleep(&watch, |sleep| sleep.is_none());
        outcome(&sched.delay(Trigger::once(0.001), 0, || ()).unwrap().future()).unwrap();
    }
}

#[test]
fn a_task_that_is_due_at_once_lets_it_sleep() {
    let (sched, watch) = watched();
    until_asleep(&watch, |sleep| sleep.is_none());
    for _ in 0..20 {
        outcome(&sched.delay(Trigger::once(0), 0, || ()).unwrap().future()).unwrap();
    }
    assert!(watch.try_recv().is_err(), "the pool's threads do without it");
}

#[test]
fn each_of_ever_earlier_tasks_wakes_it() {
    let (sched, watch) = watched();
    for n in (1..=20).rev() {
        let delay = secs(3600 * n);
        sched.delay(Trigger::once(delay), 0, || ()).unwrap();
        until_asleep(&watch, |sleep| sleep.is_some_and(|sleep| sleep <= delay));
    }
}

#[test]
fn a_later_task_does_not_disturb_its_sleep() {
    let (sched, watch) = watched();
    sched.delay(Trigger::once(3600), 0, || ()).unwrap();
    until_asleep(&watch, long);
    for _ in 0..1_000 {
        let handle = sched.delay(Trigger::once(7200), 0, || ()).unwrap();
        handle.cancel().unwrap();
    }
    sched.delay(Trigger::once(1800), 0, || ()).unwrap();
    let next_sleep = watch.recv_timeout(PATIENCE).unwrap();
    assert!(next_sleep.is_some_and(|sleep| sleep <= secs(1800)), "{next_sleep:?}");
}

#[test]
fn tasks_from_many_threads_are_not_slept_through() {
    let (sched, _watch) = watched();
    sched.delay(Trigger::once(3600), 0, || ()).unwrap();
    thread::scope(|scope| {
        for seed in 0..8 {
            let sched = &sched;
            scope.spawn(move || {
                let mut random = Random::seeded(seed);
                for _ in 0..100 {
                    let delay = Duration::from_micros(random.below(500));
                    let added = Instant::now();
                    let task = move || added.elapsed();
                    let future = sched.delay(Trigger::once(delay), 0, task).unwrap().future();
                    assert!(*outcome(&future).unwrap() >= delay);
                }
            });
        }
    });
}

#[test]
fn by_hand_it_is_exact() {
    let (sched, clock) = by_hand();
    let later = sched.delay(Trigger::once(3600), 0, || ()).unwrap();
    clock.advance(secs(10));
    let earlier = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    clock.advance(secs(1));
    let execution = earlier.future().execution();
    assert_eq!(execution.started, Some(execution.due));
    assert!(!later.future().done());
    clock.advance(secs(3589));
    assert!(later.future().done());
}

#[test]
fn the_cancelled_head_does_not_take_the_next_one_with_it() {
    let (sched, clock) = by_hand();
    let second = sched.delay(Trigger::once(2), 0, || ()).unwrap();
    let first = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    clock.advance(Duration::ZERO);
    first.cancel().unwrap();
    clock.advance(secs(2));
    assert_eq!(second.future().execution().started, Some(clock.wall()));
}

#[test]
fn the_next_run_of_a_fixed_delay_wakes_it() {
    let (sched, clock) = pool_by_hand(1);
    sched.delay(Trigger::once(3600), 0, || ()).unwrap();
    let gate = Gate::new();
    let task = {
        let gate = gate.clone();
        move || gate.wait()
    };
    let handle = sched.delay(Trigger::recur_after(1), 0, task).unwrap();
    clock.advance(secs(1));
    // The first run has begun or will, and the scheduler sleeps for the task in an hour.
    let first = handle.future();
    gate.open();
    outcome(&first).unwrap();
    let second = handle.future();
    clock.advance(secs(1));
    outcome(&second).unwrap();
    assert_eq!(second.execution().due, first.execution().finished.unwrap() + secs(1));
}

#[test]
fn a_task_added_by_a_task_is_not_slept_through() {
    let (sched, clock) = pool_by_hand(2);
    sched.delay(Trigger::once(3600), 0, || ()).unwrap();
    let log = Arc::new(Log::new());
    let outer = {
        let (sched, log) = (sched.clone(), Arc::clone(&log));
        move || {
            let inner = sched.delay(Trigger::once(1), 0, || ()).unwrap();
            log.push(inner.future());
        }
    };
    outcome(&sched.delay(Trigger::once(0), 0, outer).unwrap().future()).unwrap();
    clock.advance(secs(1));
    for future in log.take() {
        outcome(&future).unwrap();
        assert_eq!(future.execution().started, Some(clock.wall()));
    }
    sched.shutdown(true);
}
