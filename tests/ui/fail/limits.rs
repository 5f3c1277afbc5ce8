//! How often, how late and how long: numbers that leave something to run.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, times = 0)]
fn never() {}

#[task(SCHED, recur, 3, times = -5)]
fn negative() {}

#[task(SCHED, recur, 3, times = "5")]
fn text() {}

#[task(SCHED, recur, 3, times = 5.0)]
fn float() {}

#[task(SCHED, recur, 3, times = 18_446_744_073_709_551_616)]
fn too_many() {}

#[task(SCHED, recur, 3, timeout = 0)]
fn no_time() {}

#[task(SCHED, recur, 3, timeout = 0.0)]
fn no_time_either() {}

#[task(SCHED, recur, 3, timeout = -1)]
fn negative_time() {}

#[task(SCHED, recur, 3, timeout = 5s)]
fn time_with_a_unit() {}

#[task(SCHED, recur, 3, timeout = LIMIT)]
fn constant() {}

#[task(SCHED, recur, 3, grace = -1)]
fn negative_grace() {}

#[task(SCHED, recur, 3, grace = Duration::from_secs(5))]
fn computed_grace() {}

#[task(SCHED, recur, 3, grace = 1e30)]
fn too_long() {}

fn main() {}
