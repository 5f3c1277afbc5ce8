//! A task is a function that is safe to call, and it is one task.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
unsafe fn conditional() {}

#[task(SCHED, recur, 3, 2)]
extern "C" fn foreign() {}

#[task(SCHED, recur, 3, 2)]
extern fn foreign_without_a_name() {}

#[task(SCHED, recur, 3, 2)]
async unsafe fn asynchronous_and_conditional() -> u8 {
    1
}

#[task(SCHED, recur, 3, 2)]
async extern "C" fn asynchronous_and_foreign() {}

#[task(SCHED, recur, 3, 2)]
const async fn constant_and_asynchronous() {}

#[task(SCHED, recur, 3, 2)]
#[task(SCHED, once, 3, 2)]
fn twice() {}

#[task(SCHED, recur, 3, 2)]
#[pysched::task(SCHED, once, 3, 2)]
fn twice_by_path() {}

#[task(SCHED, recur, 3, 2)]
fn gives_a_future() -> impl Future<Output = u8> {
    async { 1 }
}

#[task(SCHED, recur, 3, 2)]
async fn gives_another_future() -> impl std::future::Future<Output = u8> + Send {
    async { 1 }
}

fn main() {
    let _ = conditional::delay();
    let _ = foreign::delay();
    let _ = asynchronous_and_conditional::delay();
    let _ = constant_and_asynchronous::delay();
    let _ = twice::delay();
}
