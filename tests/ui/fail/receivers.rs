//! A task is a free function.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

struct Clock;

impl Clock {
    #[task(SCHED, recur, 3, 2)]
    fn method(&self) {}
}

fn main() {}
