//! Tags are texts that say something.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, tag = "")]
fn empty() {}

#[task(SCHED, recur, 3, tag = db)]
fn word() {}

#[task(SCHED, recur, 3, tag = ["db", "slow"])]
fn list() {}

#[task(SCHED, recur, 3, tag = "db", tag = "slow")]
fn repeated() {}

#[task(SCHED, recur, 3, tags = "db")]
fn text() {}

#[task(SCHED, recur, 3, tags = ("db", "slow"))]
fn tuple() {}

#[task(SCHED, recur, 3, tags = ["db", slow, " ", 5])]
fn several() {}

fn main() {}
