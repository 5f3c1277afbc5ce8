//! Ending what runs: by a timeout, by cancelling it, by a limit.

use std::process::Command;
use std::time::{Duration, Instant};

use pysched::{
    Error, ProcessPoolExecutor, Reason, Scheduler, Status, TaskError, TaskFuture, Trigger, task,
};
use pysched_tests::traces::{Traces, leave};
use pysched_tests::{is_cancelled, ms, outcome, secs};

use super::{await_end, double, hold, pool, process, process_in};

#[task(once, 0)]
fn hang() {
    loop {
        std::thread::park();
    }
}

/// Starts another process, which takes no notice when it is asked to end, and waits for it.
#[task(once, 0)]
fn parent_of_stubborn(child: String) {
    let script = format!(
        "trap '' TERM; echo -n $$ > {child}.new; mv {child}.new {child}; \
                          while :; do sleep 1; done"
    );
    let _ = Command::new("sh").args(["-c", &script]).status();
    hang();
}

#[task(once, 0)]
fn spin() -> u64 {
    let mut number = 0_u64;
    loop {
        number = std::hint::black_box(number.wrapping_add(1));
    }
}

#[task(once, 0)]
fn hoard() -> usize {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
    }
}

#[task(once, 0)]
fn mark(trace: String) {
    leave(&trace, "x");
}

fn timed_out<T>(future: &TaskFuture<T>) -> Duration {
    match outcome(future) {
        Err(TaskError::TimedOut(limit)) => *limit,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("a value"),
    }
}

#[test]
fn a_timeout_kills_the_worker_and_the_queue_goes_on() {
    let pool = pool(1);
    let before = *outcome(&pool.run(process::task()).unwrap()).unwrap();
    let hangs = pool.run(hang::task().timeout(ms(50))).unwrap();
    let next = pool.run(process::task()).unwrap();
    assert_eq!(timed_out(&hangs), ms(50));
    assert_ne!(*outcome(&next).unwrap(), before);
    let execution = hangs.execution();
    assert_eq!(execution.status, Status::Failed);
    let took = execution.finished.unwrap().duration_since(execution.started.unwrap()).unwrap();
    assert!(took >= ms(50), "{took:?}");
    pool.shutdown(true);
}

#[test]
fn what_returns_in_time_is_not_touched() {
    let pool = pool(1);
    let before = *outcome(&pool.run(process::task()).unwrap()).unwrap();
    for number in 0..50 {
        let future = pool.run(double::task(number).timeout(secs(3600))).unwrap();
        assert_eq!(outcome(&future).unwrap(), &(2 * number));
    }
    assert_eq!(*outcome(&pool.run(process::task()).unwrap()).unwrap(), before);
    pool.shutdown(true);
}

#[test]
fn a_timeout_holds_for_tasks_of_a_scheduler() {
    let sched = Scheduler::builder().executor(pool(2)).build();
    sched.start().unwrap();
    let series = hang::task().timeout(ms(20)).trigger(Trigger::recur(0.01)).times(3);
    let series = sched.add(series).unwrap();
    for _ in 0..3 {
        timed_out(&series.wait());
    }
    assert!(matches!(sched.add(hang::task().timeout(ms(0))), Err(Error::InvalidInterval(_))));
    sched.shutdown(true);
}

#[test]
fn what_runs_can_be_cancelled() {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    let handle = sched.add(hold::task(traces.name("here"), traces.name("never"))).unwrap();
    let future = handle.future();
    let worker = process_in(&traces, "here");
    let next = sched.add(double::task(1)).unwrap().future();
    assert!(future.cancel());
    assert!(is_cancelled(&future));
    assert!(future.cancel(), "it still is");
    await_end(worker);
    assert_eq!(outcome(&next).unwrap(), &2);
    assert!(!next.cancel(), "it has ended");
    sched.shutdown(true);
    assert_eq!(sched.results(&handle)[0].status, Status::Cancelled);
}

#[test]
fn the_numbers_of_a_scheduler_tell_of_worker_processes() {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    let future = sched.add(hold::task(traces.name("here"), traces.name("never"))).unwrap().future();
    process_in(&traces, "here");
    let next = sched.add(double::task(1)).unwrap().future();
    let executor = &sched.stats().executors[0];
    assert_eq!((executor.workers, executor.busy, executor.queued), (Some(1), 1, 1));
    assert!(future.cancel() && is_cancelled(&future));
    outcome(&next).unwrap();
    let stats = sched.stats();
    assert_eq!((stats.counts.cancelled, stats.counts.succeeded), (1, 1));
    assert_eq!((stats.running, stats.queued, stats.duration.count), (0, 0, 2));
    sched.shutdown(true);
}

#[test]
fn what_was_given_to_the_pool_itself_can_be_cancelled() {
    let traces = Traces::new();
    let pool = pool(1);
    let runs = pool.run(hold::task(traces.name("here"), traces.name("never"))).unwrap();
    let waits = pool.run(mark::task(traces.name("ran"))).unwrap();
    let worker = process_in(&traces, "here");
    assert!(waits.cancel() && is_cancelled(&waits));
    assert!(runs.cancel() && is_cancelled(&runs));
    assert_eq!(runs.execution().reason, Some(Reason::FutureCancelled));
    await_end(worker);
    assert_eq!(outcome(&pool.run(double::task(2)).unwrap()).unwrap(), &4);
    pool.shutdown(true);
    assert!(!traces.exists("ran"));
}

#[test]
fn what_has_only_just_begun_to_run_can_be_cancelled() {
    let pool = std::sync::Arc::new(pool(1));
    let sched = Scheduler::builder().executor(std::sync::Arc::clone(&pool)).build();
    sched.start().unwrap();
    for round in 0..100 {
        let future = if round % 2 == 0 {
            sched.add(hang::task()).unwrap().future()
        } else {
            pool.run(hang::task()).unwrap()
        };
        while !future.running() {
            std::hint::spin_loop();
        }
        assert!(future.cancel(), "round {round}");
        assert!(is_cancelled(&future));
    }
    sched.shutdown(true);
    pool.shutdown(true);
}

#[test]
fn a_series_goes_on_after_one_of_its_runs_was_cancelled() {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    let task = hold::task(traces.name("here"), traces.name("open"));
    let series = sched.add(task.trigger(Trigger::recur(0.01)).times(2)).unwrap();
    let worker = process_in(&traces, "here");
    let future = series.future();
    assert!(future.cancel() && is_cancelled(&future));
    await_end(worker);
    traces.leave("open");
    while series.wait().cancelled() {}
    sched.shutdown(true);
}

#[test]
fn processes_that_a_task_has_started_end_with_it() {
    let traces = Traces::new();
    let pool = ProcessPoolExecutor::builder().max_workers(1).grace(ms(20)).build().unwrap();
    let future = pool.run(parent_of_stubborn::task(traces.name("child"))).unwrap();
    let child = process_in(&traces, "child");
    assert!(future.cancel());
    assert!(is_cancelled(&future));
    await_end(child);
    pool.shutdown(true);
}

#[test]
fn a_task_that_takes_too_much_processor_time_is_ended() {
    let pool = ProcessPoolExecutor::builder().max_workers(1).cpu_limit(ms(500)).build().unwrap();
    let began = Instant::now();
    let error = outcome(&pool.run(spin::task()).unwrap()).unwrap_err().to_string();
    assert!(
        error.contains("SIGXCPU") && error.contains("limit of processor time is 1 s"),
        "{error}"
    );
    assert!(began.elapsed() >= ms(500));
    assert_eq!(outcome(&pool.run(double::task(1)).unwrap()).unwrap(), &2);
    pool.shutdown(true);
}

#[test]
fn a_task_that_takes_too_much_memory_is_ended() {
    let limit = 1 << 30;
    let pool = ProcessPoolExecutor::builder().max_workers(1).memory_limit(limit).build().unwrap();
    let error = outcome(&pool.run(hoard::task()).unwrap()).unwrap_err().to_string();
    assert!(error.contains("memory limit"), "{error}");
    assert_eq!(outcome(&pool.run(double::task(1)).unwrap()).unwrap(), &2);
    pool.shutdown(true);
}

#[test]
fn no_timeout_is_too_long() {
    let pool = pool(1);
    let future = pool.run(double::task(1).timeout(Duration::MAX)).unwrap();
    assert_eq!(outcome(&future).unwrap(), &2);
    pool.shutdown(true);
}

#[test]
fn no_grace_is_too_long() {
    let traces = Traces::new();
    let pool = ProcessPoolExecutor::builder().max_workers(1).grace(Duration::MAX).build().unwrap();
    let future = pool.run(hold::task(traces.name("here"), traces.name("never"))).unwrap();
    process_in(&traces, "here");
    assert!(future.cancel());
    assert!(is_cancelled(&future));
    pool.shutdown(true);
}
