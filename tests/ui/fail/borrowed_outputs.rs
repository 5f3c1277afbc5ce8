//! A result owns its data.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
fn borrowed(text: &str) -> &str {
    text
}

fn main() {}
