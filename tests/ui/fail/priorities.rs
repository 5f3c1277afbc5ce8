//! The priority is a whole number that fits an `i32`.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
const URGENT: i32 = -1;

#[task(SCHED, recur, 3, 2_147_483_648)]
fn too_large() {}

#[task(SCHED, recur, 3, -2_147_483_649)]
fn too_small() {}

#[task(SCHED, recur, 3, 1.5)]
fn float() {}

#[task(SCHED, recur, 3, "high")]
fn text() {}

#[task(SCHED, recur, 3, URGENT)]
fn constant() {}

#[task(SCHED, recur, 3, 2u8)]
fn suffix() {}

#[task(SCHED, recur, 3, 2, 1)]
fn one_too_many() {}

fn main() {}
