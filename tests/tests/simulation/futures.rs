//! Futures in virtual time.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pysched::sim::Simulation;
use pysched::{Status, Task, TaskError, Trigger};
use pysched_tests::{Log, secs};
use tokio::sync::Notify;

use super::minutes;

/// A task that sleeps for so many seconds.
fn sleeper(sim: &Simulation, seconds: u64) -> Task<()> {
    let clock = sim.clone();
    Task::future(move || clock.sleep(secs(seconds)))
}

#[test]
fn others_go_on_while_a_future_sleeps_and_it_has_its_worker() {
    let sim = Simulation::new().workers(2);
    let log = Log::default();
    for (name, first, second) in [("a", 10, 30), ("b", 20, 5), ("c", 1, 1)] {
        let (clock, log) = (sim.clone(), log.clone());
        let task = Task::future(move || {
            let (clock, log) = (clock.clone(), log.clone());
            async move {
                clock.sleep(secs(first)).await;
                log.push(format!("{name} at {}", clock.elapsed().as_secs()));
                clock.work(secs(second));
                log.push(format!("{name} until {}", clock.elapsed().as_secs()));
            }
        });
        sim.scheduler().add(task.name(name)).unwrap();
    }
    sim.run_until_idle();
    let expected = ["a at 10", "a until 40", "b at 20", "b until 25", "c at 26", "c until 27"];
    assert_eq!(log.take(), expected);
    assert_eq!(sim.elapsed(), secs(40));
    assert_eq!(sim.report().max_overlap(), 2);
}

#[test]
fn a_future_can_be_cancelled_and_time_out_where_it_sleeps() {
    let sim = Simulation::new();
    let sleeping = sim.scheduler().add(sleeper(&sim, 100)).unwrap().future();
    let limited = sim.scheduler().add(sleeper(&sim, 100).timeout(secs(5))).unwrap().future();
    sim.run_for(secs(1));
    assert!(sleeping.cancel());
    sim.run_until_idle();
    assert!(matches!(sleeping.wait(), Err(TaskError::Cancelled)));
    assert!(matches!(limited.wait(), Err(TaskError::TimedOut(_))));
    assert_eq!(sim.elapsed(), secs(5), "nobody sleeps any more");
}

#[test]
fn a_future_may_await_another_execution() {
    let sim = Simulation::new();
    let first = sim.scheduler().add(sleeper(&sim, 60)).unwrap().future();
    let clock = sim.clone();
    let second = Task::future(move || {
        let (first, clock) = (first.clone(), clock.clone());
        async move {
            first.await.unwrap();
            clock.elapsed()
        }
    });
    let second = sim.scheduler().add(second).unwrap().future();
    sim.run_until_idle();
    assert_eq!(second.wait().unwrap(), &secs(60));
}

#[test]
fn what_waits_for_ever_is_left_and_lost_at_the_end() {
    struct Held(Arc<AtomicBool>);
    impl Drop for Held {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let dropped = Arc::new(AtomicBool::new(false));
    let sim = Simulation::new();
    let held = Arc::clone(&dropped);
    let stuck = Task::<()>::future(move || {
        let held = Held(Arc::clone(&held));
        async move {
            let _held = held;
            pending().await
        }
    });
    sim.scheduler().add(Task::new(|| ()).trigger(Trigger::recur(60))).unwrap();
    let stuck = sim.scheduler().add(stuck).unwrap().future();
    sim.run_until_idle();
    assert_eq!(stuck.execution().status, Status::Running);
    drop(sim);
    assert!(stuck.wait().is_err());
    assert!(dropped.load(Ordering::Relaxed));
}

#[test]
fn a_future_that_is_woken_from_outside_goes_on() {
    let sim = Simulation::new();
    let gate = Arc::new(Notify::new());
    let waits = Arc::clone(&gate);
    let task = Task::future(move || {
        let gate = Arc::clone(&waits);
        async move { gate.notified().await }
    });
    let future = sim.scheduler().add(task).unwrap().future();
    sim.run_for(minutes(1));
    assert!(future.running());
    gate.notify_one();
    sim.run_for(secs(0));
    assert!(future.done());
}
