//! A task is a plain function.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
async fn asynchronous() -> u8 {
    1
}

#[task(SCHED, recur, 3, 2)]
unsafe fn conditional() {}

#[task(SCHED, recur, 3, 2)]
extern "C" fn foreign() {}

#[task(SCHED, recur, 3, 2)]
extern fn foreign_without_a_name() {}

#[task(SCHED, recur, 3, 2)]
#[task(SCHED, once, 3, 2)]
fn twice() {}

#[task(SCHED, recur, 3, 2)]
#[pysched::task(SCHED, once, 3, 2)]
fn twice_by_path() {}

fn main() {
    let _ = asynchronous::delay();
    let _ = conditional::delay();
    let _ = foreign::delay();
    let _ = twice::delay();
}
