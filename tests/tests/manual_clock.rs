//! `ManualClock`: when `advance` returns, what became due has been dispatched. Always.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pysched::{InlineExecutor, ManualClock, Scheduler, Status, Task, TaskFuture, Trigger};
use pysched_tests::faults::within;
use pysched_tests::{Gate, PATIENCE, by_hand, outcome, pool_by_hand};

const SECOND: Duration = Duration::from_secs(1);

fn on(clock: &ManualClock) -> Scheduler {
    Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).build()
}

#[test]
fn what_is_due_has_run_when_advance_returns() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        for round in 0..10_000 {
            let future = sched.delay(Trigger::once(1), 0, || ()).unwrap().future();
            assert!(!future.done());
            clock.advance(SECOND);
            assert!(future.done(), "round {round}");
        }
    });
}

#[test]
fn what_was_due_already_has_run_too() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        for round in 0..10_000 {
            let future = sched.delay(Trigger::once(0), 0, || ()).unwrap().future();
            clock.advance(Duration::ZERO);
            assert!(future.done(), "round {round}");
        }
    });
}

#[test]
fn from_the_very_start() {
    within(PATIENCE, || {
        for round in 0..2000 {
            let clock = ManualClock::new();
            let sched = on(&clock);
            let before = sched.delay(Trigger::once(1), 0, || ()).unwrap().future();
            sched.start().unwrap();
            let after = sched.delay(Trigger::once(1), 0, || ()).unwrap().future();
            clock.advance(SECOND);
            assert!(before.done() && after.done(), "round {round}");
        }
    });
}

#[test]
fn time_that_passes_before_the_start_counts() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let sched = on(&clock);
        let future = sched.delay(Trigger::once(5), 0, || ()).unwrap().future();
        clock.advance(10 * SECOND);
        assert!(!future.done(), "nothing runs before the start");
        sched.start().unwrap();
        clock.advance(Duration::ZERO);
        assert!(future.done());
    });
}

#[test]
fn a_series_runs_at_each_step() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let body = move || count.fetch_add(1, Ordering::SeqCst);
        let handle = sched.delay(Trigger::recur(1), 0, body).unwrap();
        for step in 1..=10_000 {
            clock.advance(SECOND);
            assert_eq!(runs.load(Ordering::SeqCst), step);
        }
        assert_eq!(sched.results(&handle).len(), 32);
        // What a run itself adds for the same moment has run as well.
        let own = sched.clone();
        let inner: Arc<Mutex<Vec<TaskFuture<()>>>> = Arc::default();
        let added = Arc::clone(&inner);
        let body = move || {
            let future = own.delay(Trigger::once(0), 0, || ()).unwrap().future();
            added.lock().unwrap().push(future);
        };
        let outer = sched.delay(Trigger::recur(1), 0, body).unwrap();
        for step in 1..=1000 {
            clock.advance(SECOND);
            let inner = inner.lock().unwrap();
            assert!(inner.len() == step && inner.iter().all(TaskFuture::done));
        }
        outer.cancel().unwrap();
    });
}

#[test]
fn tasks_added_by_other_threads_meanwhile() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let adders: Vec<_> = (0..4)
            .map(|_| {
                let (sched, clock) = (sched.clone(), clock.clone());
                thread::spawn(move || {
                    for _ in 0..500 {
                        let future = sched.delay(Trigger::once(0.5), 0, || ()).unwrap().future();
                        clock.advance(SECOND);
                        assert!(future.done());
                    }
                })
            })
            .collect();
        for adder in adders {
            adder.join().unwrap();
        }
    });
}

#[test]
fn with_a_pool_everything_has_been_handed_over() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        for _ in 0..1000 {
            let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
            clock.advance(SECOND);
            assert_eq!(handle.next_run(), None, "it is no longer to come");
            assert!(outcome(&handle.future()).is_ok());
        }
    });
}

#[test]
fn advance_is_one_step() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let times = Arc::new(Mutex::new(Vec::new()));
        let (seen, own) = (Arc::clone(&times), clock.clone());
        let body = move || seen.lock().unwrap().push(own.now());
        let handle = sched.delay(Trigger::recur(60), 0, body).unwrap();
        clock.advance(3600 * SECOND);
        assert_eq!(*times.lock().unwrap(), [3600 * SECOND]);
        let statuses: Vec<_> = sched.results(&handle).iter().map(|it| it.status).collect();
        assert_eq!(statuses.last(), Some(&Status::Succeeded));
        assert!(statuses[..statuses.len() - 1].iter().all(|it| *it == Status::Missed));
    });
}

#[test]
fn several_schedulers_on_one_clock() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let scheds = [(); 5].map(|()| on(&clock));
        for sched in &scheds {
            sched.start().unwrap();
        }
        for _ in 0..500 {
            let futures = scheds
                .each_ref()
                .map(|sched| sched.delay(Trigger::once(1), 0, || ()).unwrap().future());
            clock.advance(SECOND);
            assert!(futures.iter().all(TaskFuture::done));
        }
        // One that is gone is not waited for.
        let [one, two, three, ..] = scheds;
        one.shutdown(true);
        two.shutdown(false);
        let future = three.delay(Trigger::once(1), 0, || ()).unwrap().future();
        clock.advance(SECOND);
        assert!(future.done());
    });
}

#[test]
fn without_a_scheduler() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let wall = clock.wall();
        clock.advance(SECOND);
        assert_eq!((clock.now(), clock.wall()), (SECOND, wall + SECOND));
        clock.set_wall(SystemTime::UNIX_EPOCH);
        assert_eq!((clock.now(), clock.wall()), (SECOND, SystemTime::UNIX_EPOCH));
    });
}

#[test]
fn setting_the_wall_clock_forward() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let wall = clock.wall();
        let at = sched.delay(Trigger::at(wall + 3600 * SECOND), 0, || ()).unwrap();
        let interval = sched.delay(Trigger::once(3600), 0, || ()).unwrap();
        let future = at.future();
        clock.set_wall(wall + 3599 * SECOND);
        assert!(!future.done());
        clock.advance(SECOND);
        assert!(future.done());

        let at = sched.delay(Trigger::at(wall + 7200 * SECOND), 0, || ()).unwrap();
        let future = at.future();
        clock.set_wall(wall + 7200 * SECOND);
        assert!(future.done(), "at once");
        assert!(!interval.future().done(), "intervals do not notice");
        clock.advance(3599 * SECOND);
        assert!(interval.future().done());
    });
}

#[test]
fn setting_the_wall_clock_back() {
    within(PATIENCE, || {
        // By years, and by less than counts as a step.
        for back in [Duration::from_hours(87_600), SECOND, Duration::from_millis(50)] {
            let (sched, clock) = by_hand();
            let wall = clock.wall();
            let time = wall + 60 * SECOND;
            let at = sched.delay(Trigger::at(time), 0, || ()).unwrap();
            let interval = sched.delay(Trigger::once(60), 0, || ()).unwrap();
            let future = at.future();
            clock.set_wall(wall - back);
            clock.advance(60 * SECOND);
            assert!(interval.future().done(), "intervals do not notice");
            assert!(!future.done(), "never early, {back:?} back");
            assert_eq!(at.next_run(), Some(time));
            clock.advance(back - Duration::from_nanos(1));
            assert!(!future.done(), "never early, {back:?} back");
            clock.advance(Duration::from_nanos(1));
            assert!(future.done());
            assert_eq!(future.execution().due, time);
            assert!(future.execution().started >= Some(time));
        }
    });
}

#[test]
fn setting_the_wall_clock_before_the_start() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let sched = on(&clock);
        let time = clock.wall() + 3600 * SECOND;
        let future = sched.delay(Trigger::at(time), 0, || ()).unwrap().future();
        clock.set_wall(time);
        sched.start().unwrap();
        clock.advance(Duration::ZERO);
        assert!(future.done());
    });
}

/// How long `f` takes, which should be no time at all.
#[track_caller]
fn assert_prompt(f: impl FnOnce()) {
    let begun = Instant::now();
    f();
    assert!(begun.elapsed() < PATIENCE / 2, "took {:?}", begun.elapsed());
}

#[test]
fn a_task_may_advance_the_clock_that_it_runs_on() {
    within(PATIENCE, || {
        for before_start in [true, false] {
            let clock = ManualClock::new();
            let sched = on(&clock);
            if !before_start {
                sched.start().unwrap();
            }
            let own = clock.clone();
            let count = AtomicUsize::new(0);
            let body = move || {
                own.advance(SECOND);
                own.set_wall(own.wall() + SECOND);
                count.fetch_add(1, Ordering::SeqCst)
            };
            // Each run makes the next one due, so they follow each other without a sleep between.
            let task = Task::new(body).trigger(Trigger::recur(1)).times(20);
            let handle = sched.add(task).unwrap();
            let now = sched.delay(Trigger::once(0), 0, {
                let own = clock.clone();
                move || (0..20).for_each(|_| own.advance(SECOND / 20))
            });
            assert_prompt(|| {
                sched.start().unwrap();
                assert!(outcome(&now.unwrap().future()).is_ok());
                while sched.task(&handle).is_some() {
                    assert!(outcome(&handle.wait()).is_ok());
                }
            });
            assert!(clock.now() >= 20 * SECOND);
        }
    });
}

#[test]
fn time_can_be_advanced_to_its_end() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let future = sched.delay(Trigger::recur(1), 0, || ()).unwrap().future();
        assert_prompt(|| (0..20).for_each(|_| clock.advance(Duration::MAX)));
        assert!(future.done());
        assert!(sched.delay(Trigger::once(1), 0, || ()).is_err(), "there is no such time");
    });
}

#[test]
fn a_task_on_a_worker_may_advance_the_clock() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(2);
        let own = clock.clone();
        let later = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        let task = sched.delay(Trigger::once(0), 0, move || own.advance(SECOND)).unwrap();
        assert!(outcome(&task.future()).is_ok());
        assert!(outcome(&later.future()).is_ok());
    });
}

#[test]
fn a_callback_may_advance_the_clock() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let later = sched.delay(Trigger::once(2), 0, || ()).unwrap().future();
        let soon = sched.delay(Trigger::once(1), 0, || ()).unwrap().future();
        let own = clock.clone();
        soon.on_done(move |_| own.advance(SECOND));
        clock.advance(SECOND);
        assert!(outcome(&later).is_ok());
        assert_eq!(clock.now(), 2 * SECOND);
    });
}

#[test]
fn advance_does_not_wait_for_a_task_that_blocks() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let gate = Gate::new();
        let held = gate.clone();
        let blocking = sched.delay(Trigger::once(1), 0, move || held.wait()).unwrap().future();
        // For longer than a second, as its documentation says.
        clock.advance(SECOND);
        assert!(blocking.running());
        gate.open();
        assert!(outcome(&blocking).is_ok());
    });
}
