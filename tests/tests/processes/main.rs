//! Worker processes: what a task may do to its own without anything else noticing, and how it is ended.

#![cfg(unix)]

mod asynchronous;
mod code_of_users;
mod control;
mod isolation;
mod lifetime;
mod load;
mod options;
mod refusal;
mod rules;
mod streams;

use pysched::{ProcessPoolExecutor, task};
use pysched_tests::traces::{Traces, leave, wait};
use rustix::process::{Pid, test_kill_process};

pysched::worker_test!();

#[task(once, 0)]
fn double(number: u64) -> u64 {
    2 * number
}

/// The number of the worker process.
#[task(once, 0)]
fn process() -> u32 {
    std::process::id()
}

/// Leaves its process number, and does not return before there is another trace.
#[task(once, 0)]
fn hold(arrived: String, until: String) -> u32 {
    let process = std::process::id();
    // At once as a whole, so that nobody reads half a number.
    let beside = format!("{arrived}.{process}");
    leave(&beside, &process.to_string());
    std::fs::rename(beside, arrived).unwrap();
    wait(&until);
    process
}

fn pool(workers: usize) -> ProcessPoolExecutor {
    ProcessPoolExecutor::new(workers).unwrap()
}

/// The process number that a task has left.
fn process_in(traces: &Traces, name: &str) -> Pid {
    traces.wait(name);
    Pid::from_raw(traces.text(name).parse().unwrap()).unwrap()
}

/// Waits until there is no such process any more, not even a dead one that nobody has reaped.
#[track_caller]
fn await_end(process: Pid) {
    let until = std::time::Instant::now() + pysched_tests::PATIENCE;
    while test_kill_process(process).is_ok() {
        assert!(std::time::Instant::now() < until, "{process:?} should have ended");
        std::thread::sleep(pysched_tests::ms(1));
    }
}
