//! What happens first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pysched::sim::Simulation;
use pysched::{Task, TaskError, Trigger};
use pysched_tests::{Log, secs};

use super::{add_working, minutes};

#[test]
fn what_is_due_together_begins_by_priority_and_then_in_the_order_of_adding() {
    let sim = Simulation::new().workers(1);
    let log = Log::default();
    for (name, priority) in [("c", 1), ("a", 0), ("d", 1), ("b", 0)] {
        let log = log.clone();
        sim.scheduler().delay(Trigger::once(5), priority, move || log.push(name)).unwrap();
    }
    sim.run_until_idle();
    assert_eq!(log.take(), ["a", "b", "c", "d"]);
    assert_eq!(sim.elapsed(), secs(5));
}

#[test]
fn the_more_urgent_begins_first_when_a_worker_becomes_free() {
    let sim = Simulation::new().workers(1);
    let at = |second: u64, priority| {
        move |task: Task<()>| {
            task.name(format!("{second}/{priority}"))
                .trigger(Trigger::once(secs(second)))
                .priority(priority)
        }
    };
    add_working(&sim, at(0, 9), minutes(1));
    add_working(&sim, at(1, 5), minutes(1));
    add_working(&sim, at(2, 0), minutes(1));
    add_working(&sim, at(3, 5), minutes(1));
    sim.run_until_idle();
    let report = sim.report();
    let mut begun: Vec<_> =
        report.tasks().iter().map(|it| (it.attempts()[0].began, it.name())).collect();
    begun.sort();
    let names: Vec<_> = begun.into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["0/9", "2/0", "1/5", "3/5"]);
    assert_eq!(sim.elapsed(), minutes(4));
    assert_eq!(report.max_overlap(), 1);
}

#[test]
fn as_many_run_at_a_time_as_there_are_workers() {
    let sim = Simulation::new().workers(3);
    for _ in 0..10 {
        add_working(&sim, |task| task, minutes(1));
    }
    sim.run_until_idle();
    assert_eq!(sim.elapsed(), minutes(4));
    let report = sim.report();
    let delays: Vec<_> =
        report.tasks().iter().map(|task| task.longest_delay().as_secs() / 60).collect();
    assert_eq!(delays, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
    assert_eq!(report.max_overlap(), 3);
}

#[test]
fn each_executor_has_its_own_workers() {
    let sim = Simulation::new().workers(1).executor("reports", 2);
    for number in 1..=4 {
        let name = format!("report {number}");
        add_working(&sim, |task| task.name(name).executor("reports"), minutes(1));
    }
    add_working(&sim, |task| task.name("own"), minutes(1));
    sim.run_until_idle();
    let report = sim.report();
    assert_eq!(report.task("report 4").unwrap().longest_delay(), minutes(1));
    assert_eq!(report.task("own").unwrap().longest_delay(), secs(0));
    assert_eq!(report.max_overlap(), 3);
    assert_eq!(sim.elapsed(), minutes(2));
}

#[test]
fn a_step_is_all_of_one_moment() {
    let sim = Simulation::new();
    let count = Arc::new(AtomicUsize::new(0));
    for second in [1, 1, 2] {
        let count = Arc::clone(&count);
        let run = move || {
            count.fetch_add(1, Ordering::Relaxed);
        };
        sim.scheduler().delay(Trigger::once(second), 0, run).unwrap();
    }
    let mut seen = Vec::new();
    while sim.step() {
        seen.push((sim.elapsed().as_secs(), count.load(Ordering::Relaxed)));
    }
    assert_eq!(seen, [(0, 0), (1, 2), (2, 3)]);
}

#[test]
fn runs_at_the_end_of_a_run_are_part_of_it() {
    let sim = Simulation::new();
    let poll = Task::new(|| ()).name("poll").trigger(Trigger::recur(60));
    sim.scheduler().add(poll).unwrap();
    let count = || sim.report().task("poll").unwrap().count();
    sim.run_for(minutes(1) - std::time::Duration::from_nanos(1));
    assert_eq!(count(), 0);
    sim.run_for(std::time::Duration::from_nanos(1));
    assert_eq!(count(), 1);
    sim.run_until(sim.now());
    sim.run_until(sim.now() - minutes(30));
    assert_eq!((count(), sim.elapsed()), (1, minutes(1)));
    sim.run_until(sim.now() + minutes(5));
    assert_eq!(count(), 6);
}

#[test]
fn what_is_done_makes_room_before_the_next_is_due() {
    let sim = Simulation::new();
    add_working(&sim, |task| task.name("function").trigger(Trigger::recur(60)), minutes(1));
    let clock = sim.clone();
    let future = Task::future(move || {
        let clock = clock.clone();
        async move { clock.sleep(minutes(1)).await }
    });
    sim.scheduler().add(future.name("future").trigger(Trigger::recur(60))).unwrap();
    sim.run_for(minutes(11));
    let report = sim.report();
    for name in ["function", "future"] {
        let task = report.task(name).unwrap();
        assert_eq!((task.count(), task.succeeded(), task.skipped()), (11, 10, 0), "{name}");
    }
}

#[test]
fn what_takes_as_long_as_its_timeout_has_timed_out() {
    let sim = Simulation::new();
    let task = add_working(&sim, |task| task.timeout(minutes(1)), minutes(1));
    sim.run_until_idle();
    assert!(matches!(task.future().wait(), Err(TaskError::TimedOut(_))));
}
