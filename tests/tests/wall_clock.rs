//! A wall clock that is set while the scheduler sleeps: what waits for it notices, and nothing else.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use pysched::{
    Clock, EventKind, InlineExecutor, ManualClock, Overlap, Parker, Reason, Scheduler,
    Subscription, Task, Trigger, current,
};
use pysched_tests::faults::within;
use pysched_tests::{Log, PATIENCE, by_hand, occupy, outcome, pool_by_hand, secs};

const NANOSECOND: Duration = Duration::from_nanos(1);

/// How long a scheduler sleeps at most if its clock does not tell when it is set.
const RECHECK: Duration = Duration::from_secs(10);

/// What a scheduler asks of its clock about the wall.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Wait(Option<Duration>),
    Watch,
    Unwatch,
    Detach,
}

/// A clock whose time moves by hand, whose wall clock is set in silence, and that writes down what it
/// is asked.
#[derive(Clone)]
struct Silent {
    clock: ManualClock,

    /// How many seconds the wall clock was set forward.
    ahead: Arc<AtomicU64>,

    /// How many seconds it is set forward while the scheduler asks for being told.
    at_the_watch: Arc<AtomicU64>,
    asked: Arc<Mutex<Vec<Asked>>>,

    /// Whether it says that it tells.
    tells: bool,
}

impl Silent {
    fn new(tells: bool) -> Self {
        let clock = ManualClock::new();
        let [ahead, at_the_watch] = [(); 2].map(|()| Arc::default());
        Self { clock, ahead, at_the_watch, asked: Arc::default(), tells }
    }

    fn started(&self) -> Scheduler {
        let sched = Scheduler::builder().clock(self.clone()).executor(InlineExecutor).build();
        sched.start().unwrap();
        sched
    }

    fn set_forward(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    fn note(&self, asked: Asked) {
        self.asked.lock().unwrap().push(asked);
    }

    /// What it was asked since, when the scheduler sleeps again.
    fn take(&self) -> Vec<Asked> {
        self.clock.advance(Duration::ZERO);
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Clock for Silent {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.clock.wall() + secs(self.ahead.load(Ordering::SeqCst))
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.note(Asked::Wait(until));
        self.clock.wait(parker, until);
    }

    fn attach(&self, parker: &Parker) {
        self.clock.attach(parker);
    }

    fn watch_wall(&self, _: &Parker) -> bool {
        self.note(Asked::Watch);
        self.set_forward(self.at_the_watch.swap(0, Ordering::SeqCst));
        self.tells
    }

    fn unwatch_wall(&self, _: &Parker) {
        self.note(Asked::Unwatch);
    }

    fn detach(&self, parker: &Parker) {
        self.note(Asked::Detach);
        self.clock.detach(parker);
    }
}

#[test]
fn set_forward_past_the_time_it_runs_at_once() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let wall = clock.wall();
        for seconds in [1, 60, 86_400] {
            let handle = sched.delay(Trigger::at(wall + secs(seconds)), 0, || ()).unwrap();
            let future = handle.future();
            clock.set_wall(wall + secs(seconds) - NANOSECOND);
            assert!(!future.done());
            clock.set_wall(wall + secs(seconds) + secs(5));
            assert!(future.done(), "{seconds} s");
            assert_eq!(future.execution().due, wall + secs(seconds));
            clock.set_wall(wall);
        }
        assert_eq!(clock.now(), Duration::ZERO);
    });
}

#[test]
fn set_back_it_waits_again() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let wall = clock.wall();
        let future = sched.delay(Trigger::at(wall + secs(60)), 0, || ()).unwrap().future();
        clock.advance(secs(59));
        clock.set_wall(wall);
        clock.advance(secs(60) - NANOSECOND);
        assert!(!future.done());
        clock.set_wall(wall - secs(3600));
        clock.advance(secs(3660) - NANOSECOND);
        assert!(!future.done());
        clock.advance(NANOSECOND);
        assert!(future.done());
    });
}

#[test]
fn a_start_on_the_wall_is_watched_for_too() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let start = clock.wall() + secs(3600);
        let task = Task::new(|| ()).trigger(Trigger::once(5)).starting(start);
        let future = sched.add(task).unwrap().future();
        clock.set_wall(start + secs(5));
        assert!(future.done());
    });
}

#[test]
fn a_clock_that_does_not_tell_is_looked_at_every_ten_seconds() {
    within(PATIENCE, || {
        let clock = Silent::new(false);
        let sched = clock.started();
        let far = sched.delay(Trigger::at(clock.wall() + secs(3600)), 0, || ()).unwrap();
        let future = far.future();
        // Each of them is a look.
        for _ in 0..3 {
            clock.clock.advance(RECHECK);
        }
        clock.set_forward(7200);
        clock.clock.advance(RECHECK - NANOSECOND);
        assert!(!future.done(), "nobody has looked");
        clock.clock.advance(NANOSECOND);
        assert!(future.done());
    });
}

#[test]
fn the_clock_is_looked_at_only_while_tasks_wait_for_it() {
    within(PATIENCE, || {
        let clock = Silent::new(false);
        let sched = clock.started();
        let series = sched.delay(Trigger::recur(3600), 0, || ()).unwrap();
        assert_eq!(clock.take().last(), Some(&Asked::Wait(Some(secs(3600)))));
        sched.delay(Trigger::at(clock.wall() + secs(15)), 0, || ()).unwrap();
        let asked = clock.take();
        assert_eq!(asked[asked.len() - 2..], [Asked::Watch, Asked::Wait(Some(secs(10)))]);
        clock.clock.advance(secs(10));
        assert_eq!(clock.take(), [Asked::Wait(Some(secs(15)))]);
        clock.clock.advance(secs(5));
        assert_eq!(clock.take(), [Asked::Unwatch, Asked::Wait(Some(secs(3600)))]);
        series.cancel().unwrap();
        sched.shutdown(true);
        assert_eq!(clock.take(), [Asked::Detach]);
    });
}

#[test]
fn a_clock_that_tells_is_asked_for_it_once() {
    within(PATIENCE, || {
        let clock = Silent::new(true);
        let sched = clock.started();
        assert_eq!(clock.take(), [Asked::Wait(None)]);
        let at = |seconds| Trigger::at(clock.clock.wall() + secs(seconds));
        let wait = |seconds| Asked::Wait(Some(secs(seconds)));

        sched.delay(at(100), 0, || ()).unwrap();
        assert_eq!(clock.take(), [Asked::Watch, wait(100)]);
        for seconds in [200, 300] {
            sched.delay(at(seconds), 0, || ()).unwrap();
            assert_eq!(clock.take(), [], "a later one wakes nobody");
        }
        sched.delay(at(50), 0, || ()).unwrap();
        assert_eq!(clock.take(), [wait(50)]);
        clock.clock.advance(secs(250));
        assert_eq!(clock.take(), [wait(300)]);
        // When the last one is over, and when the scheduler ends.
        clock.clock.advance(secs(50));
        assert_eq!(clock.take(), [Asked::Unwatch, Asked::Wait(None)]);
        sched.delay(at(500), 0, || ()).unwrap();
        assert_eq!(clock.take()[0], Asked::Watch);
        sched.shutdown(true);
        assert_eq!(clock.take(), [Asked::Unwatch, Asked::Detach]);
    });
}

#[test]
fn a_task_that_was_added_before_the_start_is_watched_for() {
    within(PATIENCE, || {
        let clock = Silent::new(true);
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        sched.delay(Trigger::at(clock.wall() + secs(5)), 0, || ()).unwrap();
        sched.start().unwrap();
        assert_eq!(clock.take(), [Asked::Watch, Asked::Wait(Some(secs(5)))]);
    });
}

#[test]
fn a_task_that_is_due_after_another_is_watched_for_as_well() {
    within(PATIENCE, || {
        for tells in [true, false] {
            let clock = Silent::new(tells);
            let sched = clock.started();
            sched.delay(Trigger::once(5), 0, || ()).unwrap();
            assert_eq!(clock.take().last(), Some(&Asked::Wait(Some(secs(5)))));
            let time = clock.wall() + secs(3600);
            let future = sched.delay(Trigger::at(time), 0, || ()).unwrap().future();
            assert_eq!(clock.take(), [Asked::Watch, Asked::Wait(Some(secs(5)))]);
            clock.set_forward(3600);
            clock.clock.advance(secs(5));
            assert!(future.done());
        }
    });
}

#[test]
fn a_task_that_is_cancelled_is_not_waited_for_for_ever() {
    within(PATIENCE, || {
        let clock = Silent::new(false);
        let sched = clock.started();
        let at = sched.delay(Trigger::at(clock.wall() + secs(3600)), 0, || ()).unwrap();
        assert_eq!(clock.take().last(), Some(&Asked::Wait(Some(RECHECK))));
        at.cancel().unwrap();
        clock.clock.advance(RECHECK);
        let asked = clock.take();
        assert_eq!(asked[0], Asked::Unwatch);
        assert_ne!(asked.last(), Some(&Asked::Wait(Some(2 * RECHECK))));
    });
}

#[test]
fn a_clock_that_is_set_while_it_is_asked_to_tell_is_noticed() {
    within(PATIENCE, || {
        let clock = Silent::new(true);
        let sched = clock.started();
        clock.take();
        clock.at_the_watch.store(7200, Ordering::SeqCst);
        let at = sched.delay(Trigger::at(clock.wall() + secs(3600)), 0, || ()).unwrap();
        assert!(outcome(&at.future()).is_ok());
    });
}

#[test]
fn none_is_overlooked_while_others_come_and_go() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let wall = clock.wall();
        let adders: Vec<_> = (0..4)
            .map(|_| {
                let (sched, clock) = (sched.clone(), clock.clone());
                std::thread::spawn(move || {
                    for round in 1..=500_u64 {
                        let time = wall + secs(3600) * u32::try_from(round).unwrap();
                        let future = sched.delay(Trigger::at(time), 0, || ()).unwrap().future();
                        clock.set_wall(time);
                        // Another thread may set it back before anybody looks. That one goes on.
                        assert!(outcome(&future).is_ok());
                    }
                })
            })
            .collect();
        for adder in adders {
            adder.join().unwrap();
        }
    });
}

/// The due times that the events of a run have named, of whatever kind.
fn dues(sched: &Scheduler) -> (Subscription, Log<SystemTime>) {
    let log = Log::new();
    let into = Log::clone(&log);
    let subscription = sched.subscribe(move |event| match &event.kind {
        EventKind::Fired { due, .. }
        | EventKind::Started { due, .. }
        | EventKind::Succeeded { due, .. }
        | EventKind::Cancelled { due, .. } => into.push(*due),
        _ => {}
    });
    (subscription, log)
}

#[test]
fn a_run_that_has_come_keeps_its_name_when_the_clock_is_set() {
    for asks_before in [true, false] {
        let (sched, clock) = pool_by_hand(1);
        let (subscription, log) = dues(&sched);
        let start = clock.wall();
        let handle = sched.delay(Trigger::once(1), 0, || current().due()).unwrap();
        let asked = asks_before.then(|| handle.future());
        let gate = occupy(&sched, 1);
        clock.advance(secs(1));
        // It has been queued, behind what occupies the worker.
        clock.set_wall(start + secs(7200));
        gate.open();
        let seen = *outcome(&handle.future()).unwrap();
        assert!(asked.is_none_or(|asked| asked.execution().due == start + secs(1)));
        assert_eq!(handle.future().execution().due, start + secs(1));
        assert_eq!(sched.results(&handle)[0].due, start + secs(1));
        assert_eq!(seen, start + secs(1), "as the function sees it");
        sched.shutdown(true);
        assert!(subscription.flush(PATIENCE));
        let mut named = log.take();
        named.retain(|due| *due != start);
        assert_eq!(named, [start + secs(1); 3]);
    }
}

#[test]
fn a_run_that_is_over_keeps_its_name_when_the_clock_is_set() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let handle = sched.delay(Trigger::once(5), 0, || ()).unwrap();
    handle.cancel().unwrap();
    clock.set_wall(start + secs(7200));
    clock.advance(Duration::ZERO);
    // Only now somebody asks for the first time.
    assert_eq!(handle.future().execution().due, start + secs(5));
    assert_eq!(sched.results(&handle)[0].due, start + secs(5));
}

#[test]
fn a_future_of_a_run_that_does_not_come_names_the_run_that_stands_for_it() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let task = Task::new(|| ()).trigger(Trigger::once(5)).overlap(Overlap::BufferAll);
    let handle = sched.add(task).unwrap();
    let future = handle.future();
    handle.pause().unwrap();
    clock.set_wall(start + secs(7200));
    clock.advance(secs(10));
    handle.cancel().unwrap();
    let told = sched.results(&handle);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].reason, Some(Reason::Paused));
    assert_eq!(future.execution().due, told[0].due);
    assert_eq!(future.execution().status, told[0].status);
}
