//! Cron expressions are not read yet; a number is the delay of one run.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, cron, "0 9 * * MON-FRI", 1)]
fn at_nine() {}

fn main() {
    let _ = at_nine::delay();
}
