//! What is generated has the function's name in the namespace of types.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

mod report {}

#[task(SCHED, recur, 3, 2)]
fn report() {}

fn main() {}
