//! The trigger is one of four words, bare or as a string.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, weekly, 3, 2)]
fn unknown() {}

#[task(SCHED, "weekly", 3, 2)]
fn unknown_as_text() {}

#[task("weekly", 3, 2)]
fn unknown_without_scheduler() {}

#[task(weekly, 3, 2)]
fn unknown_in_place_of_the_scheduler() {}

#[task(SCHED, 3, 2)]
fn missing() {}

#[task(3, 2)]
fn missing_without_scheduler() {}

#[task(SCHED, recur())]
fn called() {}

#[task(SCHED)]
fn only_a_scheduler() {}

#[task]
fn no_arguments() {}

#[task()]
fn empty_arguments() {}

fn main() {
    let _ = unknown::delay();
    let _ = unknown_as_text::delay();
    let _ = unknown_without_scheduler::task();
    let _ = no_arguments::task();
}
