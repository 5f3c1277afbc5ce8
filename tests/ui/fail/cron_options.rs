//! The options of cron expressions, and jitter, which every trigger can have.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, cron, "@daily", tz = "Europe/Rome", tz = "Europe/Paris")]
fn two_zones() {}

#[task(SCHED, cron, "@daily", tz = "")]
fn empty_zone() {}

#[task(SCHED, cron, "@daily", tz = Europe::Rome)]
fn zone_without_quotes() {}

#[task(SCHED, cron, "@daily", dst = summer)]
fn unknown_policy() {}

#[task(SCHED, cron, "@daily", dst = "Skip")]
fn policy_in_capitals() {}

#[task(SCHED, cron, "@daily", dst = true)]
fn policy_of_another_kind() {}

#[task(SCHED, recur, 3, jitter = -1)]
fn negative_jitter() {}

#[task(SCHED, recur, 3, jitter = 5s)]
fn number_with_a_unit() {}

#[task(SCHED, recur, 3, jitter = random())]
fn computed_jitter() {}

fn main() {}
