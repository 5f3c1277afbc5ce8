//! The interval is a number of seconds or a text with units, and one that can be waited for.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};
use std::time::Duration;

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
const EVERY: u64 = 3;

#[task(SCHED, recur)]
fn missing() {}

#[task(SCHED, recur, -3, 2)]
fn negative() {}

#[task(SCHED, once, -0.5, 2)]
fn negative_float() {}

#[task(SCHED, recur, 0, 2)]
fn zero() {}

#[task(SCHED, recur_after, 0.0, 2)]
fn zero_float() {}

#[task(SCHED, recur, 1e-12, 2)]
fn next_to_nothing() {}

#[task(SCHED, once, 1e400, 2)]
fn infinite() {}

#[task(SCHED, once, 9_223_372_037, 2)]
fn longer_than_a_clock_can_wait() {}

#[task(SCHED, once, 99999999999999999999999999, 2)]
fn longer_than_any_integer() {}

#[task(SCHED, once, 5s, 2)]
fn number_with_a_unit() {}

#[task(SCHED, once, 1.5h, 2)]
fn float_with_a_unit() {}

#[task(SCHED, recur, EVERY, 2)]
fn constant() {}

#[task(SCHED, recur, Duration::from_secs(3), 2)]
fn duration() {}

#[task(SCHED, recur, 'x', 2)]
fn character() {}

#[task(SCHED, recur, true, 2)]
fn boolean() {}

fn main() {}
