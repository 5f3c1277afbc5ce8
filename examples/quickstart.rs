//! Two functions become tasks and tell the local time and UTC for ten seconds; then a clean
//! shutdown, and a summary.
//!
//! Run it with `cargo run --example quickstart`.

use std::thread;
use std::time::Duration;

use jiff::{Timestamp, ZonedDateTime};
use once_cell::sync::Lazy;
use pysched::{Scheduler, Status, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

/// Local time, every 3 seconds, with priority 2.
#[task(SCHED, recur, 3, 2)]
fn now(cost: u64) {
    println!("now     {}", ZonedDateTime::now().strftime("%H:%M:%S %Z"));
    thread::sleep(Duration::from_secs(cost)); // stands for work
}

/// UTC, every 4 seconds, with priority 1: the lower number goes first when both are due.
#[task(SCHED, recur, 4, 1)]
fn utcnow() {
    println!("utcnow  {}", Timestamp::now().strftime("%H:%M:%S UTC"));
}

fn main() -> Result<(), pysched::Error> {
    let tasks = [("now", now::delay(1)?.id()), ("utcnow", utcnow::delay()?.id())];

    SCHED.start()?;
    thread::sleep(Duration::from_secs(10));
    SCHED.shutdown(true); // what is running finishes first

    for (name, id) in tasks {
        let runs = SCHED.results(id);
        let done = runs.iter().filter(|run| run.status == Status::Succeeded).count();
        let late = runs.iter().filter_map(|run| run.started?.duration_since(run.due).ok()).max();
        println!("{name}: {done} runs, at most {:?} late", late.unwrap_or_default());
    }
    Ok(())
}
