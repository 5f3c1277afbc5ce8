//! What says how to try again is about further attempts, and there are some.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

fn transient(_: &pysched::TaskError) -> bool {
    true
}

#[task(SCHED, recur, 3, retry = -1)]
fn negative() {}

#[task(SCHED, recur, 3, retry = "three")]
fn text() {}

#[task(SCHED, recur, 3, retry = 2.5)]
fn float() {}

#[task(SCHED, recur, 3, retry = 3u8)]
fn suffix() {}

#[task(SCHED, recur, 3, retry = 4_294_967_296)]
fn too_many() {}

#[task(SCHED, recur, 3, retry = ATTEMPTS)]
fn constant() {}

#[task(SCHED, recur, 3, retry = Retry::times(3))]
fn value() {}

#[task(SCHED, recur, 3, backoff = "10s")]
fn backoff_alone() {}

#[task(SCHED, recur, 3, retry_if = transient)]
fn predicate_alone() {}

#[task(SCHED, recur, 3, backoff = ("1s", "1m"), retry_if = transient)]
fn both_alone() {}

#[task(SCHED, recur, 3, retry = -1, backoff = "10s")]
fn only_the_number_is_wrong() {}

#[task(SCHED, recur, 3, retry = 3, backoff = ("1s",))]
fn half_a_range() {}

#[task(SCHED, recur, 3, retry = 3, backoff = ("1s", "2s", "4s"))]
fn one_too_many() {}

#[task(SCHED, recur, 3, retry = 3, backoff = ["1s", "1m"])]
fn list() {}

#[task(SCHED, recur, 3, retry = 3, backoff = exponential)]
fn word() {}

#[task(SCHED, recur, 3, retry = 3, backoff = (-1, 5m))]
fn both_pauses() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = |_| true)]
fn closure() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = "transient")]
fn predicate_in_quotes() {}

#[task(SCHED, recur, 3, retry = 3, retry_if = transient())]
fn call() {}

fn main() {}
