//! What a report says, beside what really happened.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use pysched::sim::Simulation;
use pysched::{Overlap, Status, Task, Trigger};
use pysched_tests::{Log, secs};

use super::{add_working, minutes};

#[test]
fn tasks_of_one_name_are_reported_together() {
    let sim = Simulation::new();
    for _ in 0..3 {
        add_working(&sim, |task| task.name("send").trigger(Trigger::once(10)), secs(15));
        sim.run_for(secs(60));
    }
    let report = sim.report();
    let send = report.task("send").unwrap();
    assert_eq!((report.tasks().len(), send.count(), send.max_overlap()), (1, 3, 1));
    assert_eq!(
        (send.longest_gap(), send.longest_run()),
        (secs(10), secs(15)),
        "they were not there all the time"
    );
    assert_eq!(report.elapsed(), secs(180));
}

#[test]
fn what_still_runs_is_in_the_report() {
    let sim = Simulation::new();
    add_working(&sim, |task| task.name("slow"), minutes(10));
    sim.run_for(minutes(1));
    let report = sim.report();
    let [attempt] = report.task("slow").unwrap().attempts() else { panic!("it has begun") };
    assert_eq!((attempt.status, attempt.took), (Status::Running, None));
}

#[test]
fn a_report_agrees_with_what_the_tasks_saw_and_the_scheduler_counted() {
    let sim = Simulation::new().workers(2);
    let (log, two) = (Log::default(), NonZeroUsize::new(2).unwrap());
    for number in 0..10_u64 {
        let (worker, log) = (sim.clone(), log.clone());
        let task = Task::fallible(move || {
            log.push((number, worker.now()));
            worker.work(secs(worker.random() % 100));
            if worker.random() % 3 == 0 { Err("by chance") } else { Ok(()) }
        });
        let task = task.name(number.to_string()).trigger(Trigger::recur(secs(60 + number)));
        let task = if number % 2 == 0 { task } else { task.overlap(Overlap::Allow(two)) };
        sim.scheduler().add(task).unwrap();
    }
    sim.run_for(minutes(600));
    let mut seen: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    log.take().into_iter().for_each(|(number, at)| seen.entry(number).or_default().push(at));
    let report = sim.report();
    for (number, starts) in seen {
        let task = report.task(&number.to_string()).unwrap();
        assert!(task.starts().eq(starts));
        assert!(task.max_overlap() <= if number % 2 == 0 { 1 } else { 2 });
    }
    assert_eq!(report.max_overlap(), 2);
    let counts = sim.scheduler().stats().counts;
    let sum = |of: fn(&pysched::sim::TaskReport) -> u64| report.tasks().iter().map(of).sum::<u64>();
    assert_eq!(sum(pysched::sim::TaskReport::succeeded), counts.succeeded);
    assert_eq!(sum(pysched::sim::TaskReport::failed), counts.failed);
    assert_eq!(sum(pysched::sim::TaskReport::skipped), counts.skipped);
    assert_eq!(sum(pysched::sim::TaskReport::missed), counts.missed);
}

#[test]
fn a_report_is_a_table() {
    let sim = Simulation::new();
    add_working(&sim, |task| task.name("nightly").trigger(Trigger::recur(minutes(60))), minutes(5));
    add_working(&sim, |task| task.name("once"), Duration::ZERO);
    sim.run_for(minutes(150));
    assert_eq!(
        sim.report().to_string(),
        "\
task     ran  failed  skipped  missed  longest gap  longest delay  longest run
nightly    2       0        0       0           1h             0s           5m
once       1       0        0       0           0s             0s           0s
"
    );
}

/// No measurement: a debug build on a machine that is busy has a hundred times as long.
#[test]
fn a_year_does_not_take_a_year() {
    let sim = Simulation::new();
    for number in 0..100 {
        sim.scheduler().add(Task::new(|| ()).trigger(Trigger::recur(86_400 + number))).unwrap();
    }
    let began = Instant::now();
    sim.run_for(secs(365 * 86_400));
    assert!(began.elapsed() < secs(100));
    assert_eq!(sim.scheduler().stats().counts.succeeded, 100 * 364 + 1);
}
