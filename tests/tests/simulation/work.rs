//! Work that takes virtual time, and the rules that it comes upon.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use pysched::sim::Simulation;
use pysched::{Error, Misfire, Overlap, Reason, Retry, Status, Task, TaskError, Trigger};
use pysched_tests::{Log, secs};

use super::{add_working, minutes, told};

#[test]
fn what_overlaps_is_skipped_or_runs_or_waits() {
    let count = |overlap, workers| {
        let sim = Simulation::new().workers(workers);
        let task = |task: Task<()>| task.name("slow").trigger(Trigger::recur(60)).overlap(overlap);
        add_working(&sim, task, secs(90));
        sim.run_for(secs(570));
        let report = sim.report();
        let slow = report.task("slow").unwrap();
        (slow.count(), slow.skipped(), slow.max_overlap())
    };
    assert_eq!(count(Overlap::Skip, 4), (5, 4, 1));
    assert_eq!(count(Overlap::AllowAll, 4), (9, 0, 2));
    assert_eq!(count(Overlap::BufferOne, 4), (6, 2, 1), "and one waits");
}

#[test]
fn a_timeout_ends_an_execution_and_leaves_its_worker() {
    let sim = Simulation::new().workers(1);
    let task = |task: Task<()>| task.name("slow").timeout(secs(10));
    let slow = add_working(&sim, task, secs(60)).future();
    let next = add_working(&sim, |task| task.name("next"), Duration::ZERO).future();
    sim.run_for(secs(10));
    assert!(matches!(slow.wait(), Err(TaskError::TimedOut(limit)) if *limit == secs(10)));
    assert!(!next.done(), "the function has its worker until it returns");
    sim.run_until_idle();
    assert_eq!((next.done(), sim.elapsed()), (true, secs(60)));
    assert_eq!(
        told(&sim),
        [
            "00:00:00 slow       begins",
            "00:00:10 slow       ran longer than 10s",
            "00:00:10 slow       failed after 10s: the task ran longer than its limit of 10s",
            "00:01:00 slow       finished",
            "00:01:00 next       begins, 1m late",
            "00:01:00 next       succeeded",
            "00:01:00 next       finished",
        ]
    );
}

#[test]
fn a_function_that_looks_at_its_token_ends_at_its_limit() {
    let sim = Simulation::new().workers(1);
    let worker = sim.clone();
    let patient = Task::fallible(move || {
        let token = pysched::current().token();
        while !token.is_cancelled() {
            worker.work(secs(7));
        }
        token.check()
    });
    let patient = sim.scheduler().add(patient.timeout(secs(20)).name("patient")).unwrap().future();
    let next = sim.scheduler().add(Task::new(|| ()).name("next")).unwrap().future();
    sim.run_until_idle();
    assert!(matches!(patient.wait(), Err(TaskError::TimedOut(_))));
    assert!(next.done());
    assert_eq!(sim.elapsed(), secs(21), "it looks every seven seconds");
}

#[test]
fn an_attempt_that_fails_frees_its_worker_until_the_next() {
    let sim = Simulation::new().workers(1);
    let worker = sim.clone();
    let flaky = Task::fallible(move || {
        worker.work(secs(1));
        if pysched::current().attempt() < 3 { Err("no answer") } else { Ok(()) }
    });
    let retry = Retry::times(5).fixed(secs(60));
    let flaky = sim.scheduler().add(flaky.name("flaky").retry(retry)).unwrap().future();
    let other =
        add_working(&sim, |task| task.name("other").trigger(Trigger::once(2)), secs(3)).future();
    sim.run_until_idle();
    assert!(flaky.wait().is_ok() && other.wait().is_ok());
    let report = sim.report();
    let flaky = report.task("flaky").unwrap();
    let began: Vec<_> = flaky.attempts().iter().map(|it| it.began).collect();
    assert_eq!(began, [0, 61, 122].map(|second| began[0] + secs(second)));
    assert_eq!((flaky.count(), flaky.failed(), flaky.succeeded()), (1, 2, 1));
    assert_eq!(report.task("other").unwrap().longest_delay(), secs(0));
}

#[test]
fn a_panic_is_an_outcome_that_takes_its_time() {
    let sim = Simulation::new();
    let worker = sim.clone();
    let fails = Task::<()>::new(move || {
        worker.work(secs(5));
        panic!("no disk");
    });
    let future = sim.scheduler().add(fails.name("import")).unwrap().future();
    sim.run_until_idle();
    assert!(matches!(future.wait(), Err(TaskError::Panicked(text)) if text == "no disk"));
    assert_eq!(sim.elapsed(), secs(5));
}

#[test]
fn a_late_run_is_missed_by_its_rule() {
    let sim = Simulation::new().workers(1);
    add_working(&sim, |task| task.name("blocks").trigger(Trigger::once(30)), minutes(10));
    let strict = |task: Task<()>| {
        let task = task.name("strict").trigger(Trigger::recur(60));
        task.misfire(Misfire::Skip).grace(secs(5)).overlap(Overlap::BufferAll).times(3)
    };
    add_working(&sim, strict, secs(0));
    sim.run_for(minutes(20));
    let report = sim.report();
    let strict = report.task("strict").unwrap();
    let fates: Vec<_> = strict.passed_over().iter().map(|it| (it.status, it.reason)).collect();
    let (last, before) = fates.split_last().unwrap();
    assert_eq!(*last, (Status::Missed, Reason::TooLate(secs(30))));
    assert_eq!(before.len(), 9);
    assert!(before.iter().all(|(_, reason)| matches!(reason, Reason::Coalesced { .. })));
    assert_eq!((strict.count(), strict.longest_delay()), (3, secs(0)));
}

#[test]
fn a_task_may_add_and_cancel_others() {
    let sim = Simulation::new();
    let scheduler = sim.scheduler();
    let outer = scheduler.delay(Trigger::once(5), 0, {
        let scheduler = scheduler.clone();
        move || {
            let victim = scheduler.delay(Trigger::once(60), 0, || ())?;
            scheduler.delay(Trigger::once(10), 0, move || victim.cancel())?;
            Ok::<_, Error>(())
        }
    });
    let outer = outer.unwrap();
    drop(scheduler);
    sim.run_until_idle();
    assert!(outer.future().wait().unwrap().is_ok());
    assert_eq!(sim.elapsed(), secs(15));
    assert_eq!(sim.report().task("task 2").unwrap().cancelled(), 1);
}

#[test]
fn waiting_for_what_nobody_runs_panics_and_says_so() {
    let sim = Simulation::new();
    let never = sim.scheduler().delay(Trigger::once(60), 0, || ()).unwrap().future();
    let waits = move || never.wait().is_ok();
    let nested = sim.scheduler().add(Task::new(waits)).unwrap().future();
    sim.run_for(secs(1));
    assert!(matches!(nested.wait(), Err(TaskError::Panicked(_))));
}

#[test]
fn whoever_runs_the_simulation_from_inside_is_told() {
    let sim = Simulation::new();
    let inner = sim.clone();
    let nested = sim.scheduler().add(Task::new(move || inner.run_for(secs(1)))).unwrap().future();
    sim.run_until_idle();
    let Err(TaskError::Panicked(text)) = nested.wait() else { panic!("it has run itself") };
    assert!(text.contains("`work`"), "{text}");
}

#[test]
#[should_panic(expected = "call `run_for`")]
fn nobody_works_outside() {
    Simulation::new().work(secs(1));
}

#[test]
fn a_callback_that_works_keeps_the_worker() {
    let sim = Simulation::new().workers(1);
    let first = sim.scheduler().add(Task::new(|| ())).unwrap();
    let second = sim.scheduler().add(Task::new(|| ()).name("second")).unwrap();
    let worker = sim.clone();
    first.future().on_done(move |_| worker.work(secs(5)));
    let future = second.future();
    sim.run_until_idle();
    assert!(future.done());
    assert_eq!(sim.report().task("second").unwrap().longest_delay(), secs(5));
}

#[test]
fn a_listener_sees_the_time_at_which_it_is_called() {
    let sim = Simulation::new();
    let (clock, log) = (sim.clone(), Log::default());
    let told = log.clone();
    let _subscription = sim.scheduler().subscribe(move |event| {
        assert_eq!(event.at, clock.now());
        told.push(clock.elapsed());
    });
    add_working(&sim, |task| task, secs(30));
    sim.run_until_idle();
    assert_eq!(log.take(), [0, 0, 0, 0, 30, 30].map(secs));
}

#[test]
fn a_listener_does_not_work() {
    let sim = Simulation::new();
    let (worker, log) = (sim.clone(), Log::default());
    let told = log.clone();
    let _subscription = sim.scheduler().subscribe(move |_| {
        told.push(catch_unwind(AssertUnwindSafe(|| worker.work(secs(1)))).is_err());
    });
    sim.run_for(secs(1));
    assert_eq!(log.take(), [true]);
}
