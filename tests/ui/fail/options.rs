//! Options have a known key, each once, after everything else.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2, colour = "red")]
fn unknown() {}

#[task(SCHED, recur, 3, 2, name = "a", executor = "slow", name = "b")]
fn repeated() {}

#[task(SCHED, recur, 3, 2, name = "")]
fn empty_name() {}

#[task(SCHED, recur, 3, 2, executor = " ")]
fn empty_executor() {}

#[task(SCHED, recur, 3, 2, name = now)]
fn name_without_quotes() {}

#[task(SCHED, recur, 3, 2, name = 5)]
fn number_as_name() {}

#[task(SCHED, recur, 3, 2, crate = "pysched")]
fn crate_in_quotes() {}

#[task(SCHED, recur, 3, name = "early", 2)]
fn priority_after_an_option() {}

#[task(SCHED, recur, 3, 2, name)]
fn no_value() {}

fn main() {}
