//! A cron expression, and what only it can have, goes with `cron`.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2, tz = "Europe/Rome")]
fn zone_of_a_series() {}

#[task(SCHED, cron, 5, 2, tz = "Europe/Rome")]
fn zone_of_a_delay() {}

#[task(SCHED, once, "1h 30m", 2, dst = shift)]
fn policy_of_a_delay() {}

#[task(SCHED, recur_after, 3, 2, dst = skip, tz = "Europe/Rome")]
fn both() {}

#[task(SCHED, recur, "0 9 * * MON-FRI", 2)]
fn expression_as_interval() {}

#[task(SCHED, once, "@daily", 2, tz = "Europe/Rome")]
fn shorthand_as_interval() {}

#[task(SCHED, cron)]
fn nothing() {}

fn main() {}
