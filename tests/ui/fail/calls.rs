//! `task` and `delay` take exactly the parameters of the function.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
fn now(cost: u64) {}

#[task(recur, 3, 2)]
fn without_scheduler(cost: u64) {}

fn main() {
    let _ = now::delay();
    let _ = now::delay("1");
    let _ = now::task(1, 2);
    let _ = without_scheduler::delay(1);
}
