//! What goes wrong.

use std::time::Duration;

use pysched::sim::{Fault, Simulation};
use pysched::{Reason, Retry, Status, Task, Trigger};
use pysched_tests::secs;

use super::{add_working, minutes, told};

const HOUR: Duration = Duration::from_secs(3600);

fn poll(sim: &Simulation, every: Duration) {
    sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(every))).unwrap();
}

#[test]
fn what_runs_takes_longer_by_an_outage() {
    let sim = Simulation::new();
    let slow = add_working(&sim, |task| task.name("slow"), minutes(10)).future();
    poll(&sim, minutes(7));
    sim.fault_in(minutes(5), Fault::outage(minutes(30)));
    sim.run_for(minutes(20));
    assert_eq!(sim.report().task("poll").unwrap().count(), 0, "it is in the middle of the outage");
    sim.run_for(minutes(19));
    assert!(!slow.done());
    sim.run_for(minutes(1));
    assert!(slow.done());
    let report = sim.report();
    let poll = report.task("poll").unwrap();
    assert_eq!((poll.count(), poll.missed(), poll.longest_gap()), (1, 4, minutes(35)));
}

#[test]
fn a_suspend_leaves_intervals_alone_and_times_the_calendar_anew() {
    let sim = Simulation::new();
    let noon = sim.now() + 12 * HOUR;
    let at =
        sim.scheduler().add(Task::new(|| ()).name("at noon").trigger(Trigger::at(noon))).unwrap();
    poll(&sim, HOUR);
    sim.fault_at(sim.now() + HOUR + minutes(30), Fault::suspend(10 * HOUR));
    sim.run_for(HOUR * 2);
    assert_eq!(sim.report().task("poll").unwrap().count(), 2);
    assert_eq!(sim.report().task("poll").unwrap().missed(), 0);
    assert_eq!(at.next_run(), None);
    assert_eq!(sim.report().task("at noon").unwrap().starts().collect::<Vec<_>>(), [noon]);
    assert_eq!(sim.now(), noon);
    assert_eq!(sim.elapsed(), HOUR * 2);
}

#[test]
fn a_wall_clock_that_is_set_is_told_of_and_leaves_intervals_alone() {
    let sim = Simulation::new();
    poll(&sim, minutes(10));
    sim.fault_in(minutes(15), Fault::clock_forward(HOUR));
    sim.fault_in(minutes(25), Fault::clock_back(2 * HOUR));
    sim.run_for(minutes(30));
    let report = sim.report();
    let poll = report.task("poll").unwrap();
    assert_eq!((poll.count(), poll.missed(), poll.longest_gap()), (3, 0, minutes(10)));
    let told = sim.trace().to_string();
    assert!(told.contains("fault      the wall clock is set forward by 1h\n"), "{told}");
    assert!(
        told.contains(
            "scheduler  finds the wall clock set, which showed 2000-01-01 00:15:00 UTC\n"
        ),
        "{told}"
    );
}

#[test]
fn what_ran_at_a_fixed_time_runs_again_only_if_the_clock_goes_back_by_more_than_three_hours() {
    for (back, runs, intervals) in [(2, 1, 6), (4, 2, 8)] {
        let sim = Simulation::new();
        for (name, expression) in [("nightly", "30 4 * * *"), ("hourly", "0 * * * *")] {
            let task = Task::new(|| ()).name(name).trigger(Trigger::cron(expression).unwrap());
            sim.scheduler().add(task).unwrap();
        }
        sim.fault_in(4 * HOUR + minutes(40), Fault::clock_back(back * HOUR));
        sim.run_for(4 * HOUR + minutes(40) + back * HOUR);
        let report = sim.report();
        assert_eq!(report.task("nightly").unwrap().count(), runs, "{back}");
        assert_eq!(report.task("hourly").unwrap().count(), intervals, "{back}");
    }
}

#[test]
fn a_fault_by_the_wall_clock_follows_it() {
    let sim = Simulation::new();
    let three = sim.now() + 3 * HOUR;
    sim.fault_at(three, Fault::panic("nobody"));
    sim.fault_in(HOUR, Fault::clock_forward(HOUR));
    sim.run_for(3 * HOUR);
    let trace = sim.trace();
    let at: Vec<_> =
        trace.entries().filter(|it| it.fault().is_some()).map(|it| it.elapsed()).collect();
    assert_eq!(at, [HOUR, 2 * HOUR]);
}

#[test]
fn paused_workers_begin_nothing_and_finish_later() {
    let sim = Simulation::new().workers(1);
    let slow = add_working(&sim, |task| task.name("slow"), minutes(10)).future();
    poll(&sim, minutes(3));
    sim.fault_in(minutes(5), Fault::workers_paused(minutes(30)));
    sim.fault_in(minutes(15), Fault::workers_paused(minutes(30)));
    sim.run_for(minutes(50));
    let execution = slow.execution();
    let took = execution.finished.unwrap().duration_since(execution.started.unwrap()).unwrap();
    assert_eq!(took, minutes(50), "pauses that overlap are one");
}

#[test]
fn slow_workers_take_their_time() {
    let sim = Simulation::new().workers(1);
    let trigger = |task: Task<()>| task.name("job").trigger(Trigger::recur(minutes(10)));
    add_working(&sim, trigger, minutes(1));
    sim.fault_in(minutes(15), Fault::slow_start(minutes(2), minutes(10)));
    sim.fault_in(minutes(15), Fault::slow_work(2.0, minutes(10)));
    sim.run_for(minutes(35));
    let report = sim.report();
    let seen: Vec<_> =
        report.task("job").unwrap().attempts().iter().map(|it| (it.delay, it.took)).collect();
    let minute = |number| Some(minutes(number));
    assert_eq!(seen, [(secs(0), minute(1)), (minutes(2), minute(2)), (secs(0), minute(1))]);
}

#[test]
fn a_fault_may_be_about_one_executor() {
    let sim = Simulation::new().executor("reports", 1);
    add_working(&sim, |task| task.name("report").executor("reports"), minutes(1));
    add_working(&sim, |task| task.name("own"), minutes(1));
    sim.fault_in(secs(30), Fault::workers_paused(minutes(9)).on("reports"));
    sim.run_until_idle();
    let report = sim.report();
    assert_eq!(report.task("report").unwrap().longest_run(), minutes(10));
    assert_eq!(report.task("own").unwrap().longest_run(), minutes(1));
}

#[test]
#[should_panic(expected = r#"no executor "exports" for a fault; it has ["", "reports"]"#)]
fn an_executor_that_is_not_there_is_named() {
    let sim = Simulation::new().executor("reports", 1);
    sim.fault_in(secs(1), Fault::workers_paused(secs(1)).on("exports"));
}

#[test]
fn the_next_execution_of_a_task_panics_and_no_other() {
    let sim = Simulation::new();
    let retry = Retry::times(1).fixed(secs(5));
    let task = Task::new(|| ()).name("import").trigger(Trigger::recur(60)).retry(retry);
    let import = sim.scheduler().add(task).unwrap();
    let future = Task::future(|| async {}).name("export").trigger(Trigger::recur(60));
    let export = sim.scheduler().add(future).unwrap();
    poll(&sim, minutes(1));
    for name in ["import", "export"] {
        sim.fault_in(secs(90), Fault::panic(name));
    }
    sim.run_for(minutes(3));
    let report = sim.report();
    let statuses = |name| {
        let attempts = report.task(name).unwrap().attempts().iter();
        attempts.map(|it| it.status).collect::<Vec<_>>()
    };
    let (ok, failed) = (Status::Succeeded, Status::Failed);
    assert_eq!(statuses("import"), [ok, failed, ok, ok]);
    assert_eq!(statuses("export"), [ok, failed, ok]);
    assert_eq!(statuses("poll"), [ok, ok, ok]);
    let results = sim.scheduler().results(&import);
    assert_eq!(results[1].attempts[0].error, "the task panicked: a fault of the simulation");
    assert_eq!(sim.scheduler().results(&export)[1].status, failed);
}

#[test]
fn years_that_are_lost_are_missed_in_no_time() {
    let sim = Simulation::new();
    poll(&sim, secs(1));
    sim.fault_in(secs(10), Fault::outage(HOUR * 24 * 3650));
    sim.run_for(HOUR * 24 * 3650 + secs(20));
    let report = sim.report();
    let poll = report.task("poll").unwrap();
    assert_eq!(poll.count() + poll.missed(), 3650 * 24 * 3600 + 20);
    assert!(poll.passed_over().iter().any(|it| matches!(it.reason, Reason::Coalesced { .. })));
}

#[test]
fn a_timeline_tells_of_faults() {
    let sim = Simulation::new();
    sim.fault_in(minutes(1), Fault::outage(minutes(2)));
    sim.fault_in(minutes(4), Fault::slow_start(secs(1), minutes(1)).on(""));
    sim.run_for(minutes(5));
    let expected = [
        "00:01:00 fault      the process stands still for 2m",
        "00:04:00 fault      workers take 1s to begin, for 1m, on executor \"\"",
    ];
    assert_eq!(told(&sim), expected);
}

/// A future that works for ten seconds three times, and looks around in between; gives how long it ran.
fn three_pieces(fault: impl FnOnce(&Simulation)) -> Duration {
    let sim = Simulation::new();
    let worker = sim.clone();
    let pieces = Task::future(move || {
        let worker = worker.clone();
        async move {
            for _ in 0..3 {
                worker.work(secs(10));
                worker.sleep(Duration::ZERO).await;
            }
        }
    });
    sim.scheduler().add(pieces.name("pieces")).unwrap();
    fault(&sim);
    sim.run_until_idle();
    sim.report().task("pieces").unwrap().longest_run()
}

#[test]
fn no_work_is_cut_short_by_pauses_in_pauses() {
    assert_eq!(three_pieces(|_| ()), secs(30));
    let zero = Fault::workers_paused(Duration::ZERO);
    assert_eq!(three_pieces(|sim| sim.fault_in(secs(5), zero)), secs(30));
    let inside = |sim: &Simulation| {
        sim.fault_in(secs(5), Fault::workers_paused(secs(20)));
        sim.fault_in(secs(6), Fault::workers_paused(secs(5)));
    };
    assert_eq!(three_pieces(inside), secs(50));
    let beside = |sim: &Simulation| {
        sim.fault_in(secs(5), Fault::outage(secs(20)));
        sim.fault_in(secs(5), Fault::workers_paused(secs(20)));
    };
    assert_eq!(three_pieces(beside), secs(50));
}

#[test]
fn a_slow_start_in_a_pause_takes_nothing_from_the_work() {
    let sim = Simulation::new();
    add_working(&sim, |task| task.name("task"), secs(100));
    sim.fault_in(secs(0), Fault::slow_start(secs(10), secs(1)));
    sim.fault_in(secs(2), Fault::workers_paused(secs(5)));
    sim.fault_in(secs(3), Fault::workers_paused(secs(1)));
    sim.run_until_idle();
    assert_eq!(sim.report().task("task").unwrap().longest_run(), secs(100));
}

#[test]
fn code_sees_how_slow_it_is() {
    let sim = Simulation::new();
    let worker = sim.clone();
    let patient = Task::new(move || {
        while !pysched::current().token().is_cancelled() {
            worker.work(secs(1));
        }
    });
    sim.scheduler().add(patient.name("patient").timeout(secs(60))).unwrap();
    let worker = sim.clone();
    let looks = Task::future(move || {
        let worker = worker.clone();
        async move {
            worker.work(secs(2));
            let seen = worker.elapsed();
            worker.sleep(secs(5)).await;
            (seen, worker.elapsed())
        }
    });
    let looks = sim.scheduler().add(looks).unwrap();
    sim.fault_in(secs(0), Fault::slow_work(10.0, secs(1)));
    sim.run_until_idle();
    assert_eq!(looks.future().wait().unwrap(), &(secs(20), secs(25)));
    assert_eq!(sim.elapsed(), secs(60));
}

#[test]
fn a_sleep_begins_when_the_work_before_it_is_done() {
    let sim = Simulation::new();
    let worker = sim.clone();
    let task = Task::future(move || {
        let worker = worker.clone();
        async move {
            worker.work(secs(10));
            worker.sleep(secs(5)).await;
        }
    });
    sim.scheduler().add(task).unwrap();
    sim.fault_in(secs(1), Fault::outage(secs(5)));
    sim.run_until_idle();
    assert_eq!(sim.elapsed(), secs(20));
}

#[test]
fn a_panic_that_nothing_has_met_is_for_the_next() {
    let sim = Simulation::new().workers(1);
    add_working(&sim, |task| task, secs(60));
    let late = Task::new(|| ()).name("late").priority(1).trigger(Trigger::recur(20));
    sim.scheduler().add(late.grace(secs(5)).times(9)).unwrap();
    sim.fault_in(secs(1), Fault::panic("late"));
    sim.run_until_idle();
    let report = sim.report();
    let late = report.task("late").unwrap();
    assert!(late.missed() > 0, "it was too late for a worker");
    assert_eq!(late.attempts()[0].status, Status::Failed);
    assert_eq!(late.failed(), 1);
}

#[test]
#[should_panic(expected = "a fault of one executor is one of workers")]
fn an_outage_is_of_no_executor() {
    let _ = Fault::outage(secs(1)).on("reports");
}

#[test]
fn a_fault_that_a_task_asks_for_comes_after_what_it_works() {
    let sim = Simulation::new();
    let worker = sim.clone();
    let asks = Task::new(move || {
        worker.work(secs(10));
        worker.fault_in(secs(5), Fault::suspend(secs(1)));
    });
    sim.scheduler().add(asks).unwrap();
    sim.run_until_idle();
    sim.run_for(secs(10));
    let trace = sim.trace();
    let fault = trace.entries().find(|entry| entry.fault().is_some()).unwrap();
    assert_eq!(fault.elapsed(), secs(15));
}
