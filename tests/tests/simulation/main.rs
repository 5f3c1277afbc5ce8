//! Simulations: the real scheduler in virtual time, the same each time.

mod determinism;
mod ends;
mod faults;
mod futures;
mod order;
mod reports;
mod work;

use std::time::Duration;

use pysched::sim::Simulation;
use pysched::{Handle, Task};

/// So many minutes.
fn minutes(number: u64) -> Duration {
    Duration::from_secs(60 * number)
}

/// Adds a task that works for so long each time.
fn add_working(
    sim: &Simulation,
    task: impl FnOnce(Task<()>) -> Task<()>,
    work: Duration,
) -> Handle<()> {
    let worker = sim.clone();
    let working = Task::new(move || worker.work(work));
    sim.scheduler().add(task(working)).unwrap()
}

/// The lines of the timeline without their times, and without those that every simulation begins with.
fn told(sim: &Simulation) -> Vec<String> {
    let trace = sim.trace().to_string();
    let lines = trace.lines().map(|line| line["2000-01-01 ".len()..].replace(" UTC ", ""));
    lines.filter(|line| !line.ends_with("added") && !line.contains("scheduler  started")).collect()
}
