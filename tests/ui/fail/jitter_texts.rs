//! The text of a jitter is read while the program is compiled.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, jitter = "-500ms")]
fn negative() {}

#[task(SCHED, recur, "1m", jitter = "soon")]
fn no_interval() {}

fn main() {}
