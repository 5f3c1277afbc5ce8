//! A cron expression is read while the program is compiled, also where nobody calls `delay`.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, cron, "0 25 * * *", 1)]
fn no_such_hour() {}

#[task(SCHED, cron, "0 9 * *", 1)]
fn too_few_fields() {}

#[task(SCHED, cron, "0 9 * * MON-FRY", 1)]
fn unknown_name() {}

#[task(SCHED, cron, "0 9 30 FEB *", 1)]
fn impossible_date() {}

#[task(SCHED, cron, "", 1)]
fn empty() {}

#[task(SCHED, cron, "@fortnightly", 1)]
fn unknown_shorthand() {}

#[task(SCHED, cron, "*/0 * * * *", 1)]
fn no_step() {}

#[task(SCHED, cron, r"0 9 ä * *", 1, tz = "Europe/Rome", dst = skip, jitter = "5m")]
fn columns_are_characters() {}

#[task(SCHED, cron, "1h 30m", 1)]
fn interval() {}

fn main() {}
