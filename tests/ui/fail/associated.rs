//! An attribute cannot see that its function is an associated one; the compiler says it.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

struct Clock;

impl Clock {
    #[task(SCHED, recur, 3, 2)]
    fn now() {}
}

fn main() {}
