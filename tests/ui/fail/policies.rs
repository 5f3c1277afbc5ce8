//! Overlap, misfires and conflicts each have their own words.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, overlap = wait)]
fn unknown_overlap() {}

#[task(SCHED, recur, 3, overlap = "Skip")]
fn capitals() {}

#[task(SCHED, recur, 3, overlap = Overlap::Skip)]
fn path() {}

#[task(SCHED, recur, 3, overlap = 1)]
fn number() {}

#[task(SCHED, recur, 3, overlap = allow)]
fn without_a_number() {}

#[task(SCHED, recur, 3, overlap = allow())]
fn without_an_argument() {}

#[task(SCHED, recur, 3, overlap = allow(0))]
fn none_at_all() {}

#[task(SCHED, recur, 3, overlap = "allow(0)")]
fn none_at_all_as_text() {}

#[task(SCHED, recur, 3, overlap = allow(-1))]
fn fewer_than_none() {}

#[task(SCHED, recur, 3, overlap = allow(2, 3))]
fn two_numbers() {}

#[task(SCHED, recur, 3, overlap = allow("3"))]
fn number_in_quotes() {}

#[task(SCHED, recur, 3, overlap = allow(CORES))]
fn constant() {}

#[task(SCHED, recur, 3, overlap = allow(99_999_999_999_999_999_999))]
fn too_many() {}

#[task(SCHED, recur, 3, overlap = limit(3))]
fn unknown_call() {}

#[task(SCHED, recur, 3, overlap = skip, overlap = allow_all)]
fn two_policies() {}

#[task(SCHED, recur, 3, misfire = later)]
fn unknown_misfire() {}

#[task(SCHED, recur, 3, misfire = true)]
fn misfire_of_another_kind() {}

#[task(SCHED, recur, 3, conflict = "ignore")]
fn unknown_conflict() {}

#[task(SCHED, recur, 3, conflict = [keep])]
fn conflict_of_another_kind() {}

fn main() {}
