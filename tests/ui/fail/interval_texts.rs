//! A text interval is read while the program is compiled.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, "1h 30x", 2)]
fn unknown_unit() {}

#[task(SCHED, recur, "90", 2)]
fn no_unit() {}

#[task(SCHED, recur, "-3s", 2)]
fn negative() {}

#[task(SCHED, recur, "", 2)]
fn empty() {}

#[task(SCHED, recur, "0s", 2)]
fn zero() {}

#[task(SCHED, recur_after, "0s", 2)]
fn zero_after() {}

#[task(SCHED, once, "300000d", 2)]
fn longer_than_a_clock_can_wait() {}

fn main() {}
