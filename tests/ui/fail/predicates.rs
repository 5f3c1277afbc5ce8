//! What `retry_if` names takes a `&TaskError` and returns a `bool`.

use once_cell::sync::Lazy;
use pysched::{Scheduler, TaskError, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

fn of_a_number(_: u8) -> bool {
    true
}

fn by_value(_: TaskError) -> bool {
    true
}

fn without_an_answer(_: &TaskError) {}

static NUMBER: u8 = 5;

#[task(SCHED, recur, 3, retry = 3, retry_if = of_a_number)]
fn other_argument() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = by_value)]
fn owned_argument() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = without_an_answer)]
fn other_output() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = NUMBER)]
fn no_function() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = is_transient)]
fn not_found() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = _decide)]
fn parameter(_decide: fn(&TaskError) -> bool) {}

fn main() {}
