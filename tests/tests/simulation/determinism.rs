//! The same seed gives the same trace, byte for byte.

use std::time::Duration;

use pysched::sim::{Fault, Simulation};
use pysched::{Overlap, Retry, Task, Trigger};
use pysched_tests::secs;

use super::minutes;

/// A day of what is as random as can be.
fn day(seed: u64) -> String {
    let sim = Simulation::new().seed(seed).workers(3).executor("slow", 1);
    let scheduler = sim.scheduler();
    for number in 0..20_u64 {
        let worker = sim.clone();
        let task = Task::fallible(move || {
            worker.work(Duration::from_millis(worker.random() % 400_000));
            if worker.random().is_multiple_of(4) { Err("by chance") } else { Ok(()) }
        });
        let trigger = Trigger::recur(secs(60 + 7 * number)).jitter(secs(20));
        let task = task.name(format!("task {number}")).trigger(trigger).tag("all");
        let task = task.priority(i32::try_from(number % 3).unwrap()).retry(Retry::times(3));
        let task = if number % 2 == 0 { task.overlap(Overlap::BufferOne) } else { task };
        let task = if number % 5 == 0 { task.executor("slow") } else { task };
        let task = if number % 7 == 0 { task.timeout(minutes(3)) } else { task };
        scheduler.add(task).unwrap();
    }
    scheduler.set_limit("all", Some(2));
    sim.fault_in(minutes(60), Fault::outage(minutes(30)));
    sim.fault_in(minutes(200), Fault::clock_back(minutes(100)));
    sim.fault_in(minutes(300), Fault::slow_work(3.0, minutes(60)));
    sim.run_for(minutes(24 * 60));
    format!("{}{}", sim.trace(), sim.report())
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    let [one, other] = [day(1), day(1)];
    assert!(one == other, "{:?}", one.lines().zip(other.lines()).find(|(a, b)| a != b));
    assert!(one.lines().count() > 1_000);
}

#[test]
fn another_seed_gives_another_trace() {
    assert_ne!(day(1), day(2));
}

#[test]
fn what_a_thread_has_for_random_beside_it_changes_nothing() {
    let draws = || {
        fastrand::seed(42);
        fastrand::u64(..)
    };
    let expected = draws();
    fastrand::seed(42);
    let before = day(3);
    assert_eq!(fastrand::u64(..), expected, "the simulation gives back what it lent");
    fastrand::seed(7);
    assert_eq!(before, day(3));
}

#[test]
fn how_often_one_looks_changes_nothing() {
    let trace = |drive: &dyn Fn(&Simulation)| {
        let sim = Simulation::new().seed(3);
        let worker = sim.clone();
        let task = Task::fallible(move || {
            worker.work(Duration::from_millis(worker.random() % 9000));
            if worker.random().is_multiple_of(3) { Err("by chance") } else { Ok(()) }
        });
        let retry = Retry::times(3).exponential(secs(1), secs(60));
        let trigger = Trigger::recur(60).jitter(secs(20));
        sim.scheduler().add(task.trigger(trigger).retry(retry)).unwrap();
        drive(&sim);
        sim.trace().to_string()
    };
    let whole = trace(&|sim| sim.run_for(secs(3600)));
    let slices = trace(&|sim| (0..3600).for_each(|_| sim.run_for(secs(1))));
    let steps = trace(&|sim| {
        let end = sim.now() + secs(3600);
        while sim.now() < end - secs(90) {
            let _ = sim.step();
        }
        sim.run_until(end);
    });
    assert_eq!(whole, slices);
    assert_eq!(whole, steps);
}
