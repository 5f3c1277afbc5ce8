//! The texts of a grace, a timeout and a backoff are read while the program is compiled.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, grace = "-5s")]
fn negative() {}

#[task(SCHED, recur, 3, grace = "soon")]
fn no_interval() {}

#[task(SCHED, recur, 3, timeout = "10")]
fn no_unit() {}

#[task(SCHED, recur, 3, timeout = "0s")]
fn no_time() {}

#[task(SCHED, recur, 3, retry = 3, backoff = "10x")]
fn unknown_unit() {}

#[task(SCHED, recur, 3, retry = 3, backoff = ("1s", "300000d"))]
fn too_long() {}

#[task(SCHED, recur, 3, retry = 3, backoff = ("1m", "1s"))]
fn longest_first() {}

#[task(SCHED, recur, 3, retry = 3, backoff = (10, 0.5))]
fn longest_first_in_numbers() {}

fn main() {}
