//! Shutdown, clones, and how a simulation ends.

use std::sync::{Arc, Mutex};

use pysched::sim::Simulation;
use pysched::{EventKind, Scheduler, Status, Task, TaskError, ThreadPoolExecutor, Trigger};
use pysched_tests::{Log, secs};

use super::{add_working, minutes};

#[test]
fn a_shutdown_that_waits_is_over_as_the_simulation_goes_on() {
    let sim = Simulation::new().workers(1);
    let running = add_working(&sim, |task| task, minutes(1)).future();
    let queued = add_working(&sim, |task| task, minutes(1)).future();
    let later = sim.scheduler().delay(Trigger::once(3600), 0, || ()).unwrap().future();
    sim.run_for(secs(1));
    sim.scheduler().shutdown(true);
    assert!(later.cancelled());
    assert!(!running.done());
    sim.run_until_idle();
    assert!(running.wait().is_ok() && queued.wait().is_ok());
    assert_eq!(sim.elapsed(), minutes(2));
    assert!(sim.scheduler().delay(Trigger::once(0), 0, || ()).is_err());
}

#[test]
fn a_shutdown_that_does_not_wait_cancels_what_is_queued() {
    let sim = Simulation::new().workers(1);
    let running = add_working(&sim, |task| task, minutes(1)).future();
    let queued = add_working(&sim, |task| task, minutes(1)).future();
    sim.run_for(secs(1));
    sim.scheduler().shutdown(false);
    assert!(queued.cancelled());
    sim.run_until_idle();
    assert!(running.wait().is_ok());
    assert_eq!(sim.elapsed(), minutes(1));
}

#[test]
fn a_simulation_ends_with_its_original() {
    let captured = Arc::new(());
    let sim = Simulation::new();
    let clone = sim.clone();
    let (worker, held) = (sim.clone(), Arc::clone(&captured));
    let task = Task::new(move || {
        let _held = &held;
        worker.work(secs(10));
    });
    let running = sim.scheduler().add(task.trigger(Trigger::recur(60))).unwrap();
    sim.run_for(secs(65));
    assert_eq!(running.future().execution().status, Status::Running);
    drop(sim);
    assert_eq!(Arc::strong_count(&captured), 1, "what tasks have captured is dropped");
    assert!(running.future().done());
    assert_eq!(clone.elapsed(), secs(65));
}

#[test]
#[should_panic(expected = "the simulation is over")]
fn a_clone_of_what_is_over_says_so() {
    let clone = Simulation::new().clone();
    let _ = clone.scheduler();
}

#[test]
fn a_scheduler_that_outlives_its_simulation_is_shut_down() {
    let sim = Simulation::new();
    let scheduler = sim.scheduler();
    sim.run_for(secs(1));
    drop(sim);
    assert!(scheduler.add(Task::new(|| ())).is_err());
}

#[test]
#[should_panic(expected = "cannot have 0 workers")]
fn no_workers_are_none() {
    let _ = Simulation::new().workers(0);
}

#[test]
#[should_panic(expected = "before `scheduler`")]
fn what_is_built_is_built() {
    let sim = Simulation::new();
    let _ = sim.scheduler();
    let _ = sim.workers(2);
}

#[test]
fn listeners_are_told_without_a_thread() {
    let sim = Simulation::new();
    let log = Log::default();
    let told = log.clone();
    let subscription = sim.scheduler().subscribe(move |event| {
        told.push((std::thread::current().id(), event.kind.clone()));
    });
    sim.scheduler().delay(Trigger::once(1), 0, || ()).unwrap();
    sim.run_until_idle();
    let events = log.take();
    assert!(events.iter().all(|(thread, _)| *thread == std::thread::current().id()));
    assert!(matches!(events[0].1, EventKind::Added));
    assert!(matches!(events.last().unwrap().1, EventKind::Finished));
    sim.scheduler().delay(Trigger::once(1), 0, || ()).unwrap();
    assert!(subscription.flush(secs(0)), "it tells what there is to tell");
    assert_eq!(log.take().len(), 1);
    drop(subscription);
    sim.run_until_idle();
    assert!(log.take().is_empty());
}

#[test]
fn a_builder_gives_executors_limits_and_history() {
    let pool = ThreadPoolExecutor::new(2);
    let builder = Scheduler::builder().executor(pool).limit("database", 1).history(3);
    let sim = Simulation::of(builder);
    for number in 1..=4 {
        add_working(&sim, |task| task.name(format!("query {number}")).tag("database"), minutes(1));
        add_working(&sim, |task| task, minutes(1));
    }
    let series = sim.scheduler().add(Task::new(|| ()).trigger(Trigger::recur(1))).unwrap();
    sim.run_for(minutes(10));
    let report = sim.report();
    let query = |number| report.task(&format!("query {number}")).unwrap().attempts()[0].began;
    assert!((2..=4).all(|number| query(number) >= query(number - 1) + minutes(1)));
    assert_eq!(report.max_overlap(), 2);
    assert_eq!(sim.scheduler().results(&series).len(), 3);
}

#[test]
fn a_shutdown_with_a_limit_is_tried_by_running_for_so_long() {
    let sim = Simulation::new();
    let clock = sim.clone();
    let task = Task::future(move || {
        let clock = clock.clone();
        async move { clock.sleep(minutes(60)).await }
    });
    let future = sim.scheduler().add(task.name("patient")).unwrap().future();
    sim.run_for(minutes(1));
    sim.scheduler().shutdown(true);
    sim.run_for(minutes(5));
    let unfinished = sim.scheduler().shutdown_timeout(minutes(5)).unwrap_err();
    assert_eq!(unfinished.executions[0].name.as_deref(), Some("patient"));
    sim.run_until_idle();
    assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
    assert_eq!(sim.elapsed(), minutes(6));
}

#[test]
fn nothing_goes_on_when_a_task_has_dropped_the_original() {
    let sim = Simulation::new();
    let clone = sim.clone();
    let slept = add_working(&sim, |task| task, secs(15)).future();
    let original = Arc::new(Mutex::new(None));
    let held = Arc::clone(&original);
    let drops = Task::new(move || drop(held.lock().unwrap().take())).trigger(Trigger::once(5));
    sim.scheduler().add(drops).unwrap();
    *original.lock().unwrap() = Some(sim);
    clone.run_for(secs(50));
    assert_eq!(clone.elapsed(), secs(5));
    assert!(slept.wait().is_err());
}
