//! What a report says, beside what really happened.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pysched::sim::{Fault, Simulation};
use pysched::{Misfire, Overlap, Retry, Status, Task, Trigger};
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
task     ran  failed  skipped  missed  cancelled  longest gap  longest delay  longest run
nightly    2       0        0       0          0           1h             0s           5m
once       1       0        0       0          0           0s             0s           0s
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

#[test]
fn how_long_something_took_does_not_follow_the_wall_clock() {
    let hour = minutes(60);
    for fault in [Fault::clock_forward(hour), Fault::clock_back(hour), Fault::suspend(hour)] {
        let sim = Simulation::new();
        let worker = sim.clone();
        let twice = Task::fallible(move || {
            worker.work(secs(10));
            if pysched::current().attempt() == 1 { Err("again") } else { Ok(()) }
        });
        let retry = Retry::times(1).fixed(secs(60));
        sim.scheduler().add(twice.name("twice").retry(retry)).unwrap();
        sim.fault_in(secs(5), fault.clone());
        sim.fault_in(secs(75), fault);
        sim.run_until_idle();
        let report = sim.report();
        let twice = report.task("twice").unwrap();
        let attempts = twice.attempts().iter().map(|it| (it.took, it.delay));
        assert!(attempts.eq([(Some(secs(10)), Duration::ZERO); 2]));
    }
}

#[test]
fn executions_that_are_due_at_the_same_time_are_told_apart() {
    let sim = Simulation::new();
    let worker = sim.clone();
    let first = AtomicBool::new(true);
    let task = Task::fallible(move || {
        let is_first = first.swap(false, Ordering::Relaxed);
        worker.work(if is_first { secs(100) } else { secs(1) });
        if is_first { Err("the first one fails") } else { Ok(()) }
    });
    let task = task.name("task").overlap(Overlap::AllowAll).misfire(Misfire::RunAll);
    let task = sim.scheduler().add(task.trigger(Trigger::recur(3600))).unwrap();
    for _ in 0..2 {
        task.run_now().unwrap();
        sim.run_for(Duration::ZERO);
    }
    sim.run_for(minutes(10));
    let report = sim.report();
    let ended = report.task("task").unwrap().attempts().iter().map(|it| (it.status, it.took));
    let expected = [(Status::Failed, Some(secs(100))), (Status::Succeeded, Some(secs(1)))];
    assert!(ended.eq(expected));
}

#[test]
fn what_runs_beyond_its_timeout_overlaps() {
    let sim = Simulation::new().workers(9);
    let task = |task: Task<()>| {
        task.name("slow").timeout(secs(10)).overlap(Overlap::AllowAll).trigger(Trigger::recur(20))
    };
    add_working(&sim, task, secs(100));
    sim.run_for(minutes(10));
    let report = sim.report();
    let slow = report.task("slow").unwrap();
    assert_eq!((slow.max_overlap(), report.max_overlap()), (5, 5));
    assert_eq!(slow.longest_run(), secs(10));
}

#[test]
fn what_is_cancelled_while_it_runs_is_counted() {
    let sim = Simulation::new();
    let clock = sim.clone();
    let task = Task::future(move || {
        let clock = clock.clone();
        async move { clock.sleep(secs(100)).await }
    });
    let task = task.name("task").overlap(Overlap::CancelOther).trigger(Trigger::recur(60)).times(3);
    sim.scheduler().add(task).unwrap();
    sim.run_until_idle();
    let report = sim.report();
    let task = report.task("task").unwrap();
    assert_eq!((task.count(), task.succeeded(), task.cancelled()), (3, 1, 2));
    assert_eq!(task.attempts()[0].took, Some(secs(60)));
}

#[test]
fn an_entry_is_a_line() {
    let sim = Simulation::new();
    let task = Task::fallible(|| Err::<(), _>("one\ntwo\r\n\tthree")).name("a\nb");
    sim.scheduler().add(task).unwrap();
    sim.run_until_idle();
    let trace = sim.trace();
    assert_eq!(trace.to_string().lines().count(), trace.len());
    assert!(
        trace
            .to_string()
            .contains("a\\nb        failed: the task failed: one\\ntwo\\r\\n\\tthree\n")
    );
}

#[test]
fn a_task_without_a_name_is_not_taken_for_one_that_has_its_number_for_a_name() {
    let sim = Simulation::new();
    sim.scheduler().add(Task::new(|| ()).name("task 2")).unwrap();
    sim.scheduler().add(Task::new(|| ())).unwrap();
    sim.run_until_idle();
    assert!(sim.report().tasks().iter().all(|task| task.count() == 1));
}

#[test]
fn events_and_statistics_do_not_follow_the_wall_clock_either() {
    for fault in [Fault::clock_forward(minutes(60)), Fault::clock_back(minutes(60))] {
        for with_rules in [false, true] {
            let sim = Simulation::new();
            let rules = |task: Task<()>| {
                if with_rules { task.retry(Retry::times(1)).timeout(minutes(9)) } else { task }
            };
            add_working(&sim, |task| rules(task.name("task")), secs(10));
            sim.fault_in(secs(5), fault.clone());
            sim.run_until_idle();
            let trace = sim.trace().to_string();
            assert!(trace.contains("succeeded after 10s"), "{trace}");
            let longest = sim.scheduler().stats().duration.max;
            assert!((secs(10)..secs(11)).contains(&longest), "{longest:?}");
        }
    }
}
