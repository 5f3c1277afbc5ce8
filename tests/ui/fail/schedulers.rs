//! The scheduler is an expression that `delay` can reach and that derefs to one.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static NUMBER: u32 = 1;
static NUMBERS: Lazy<u32> = Lazy::new(|| 1);

#[task(NUMBER, recur, 3, 2)]
fn number() {}

#[task(NUMBERS, recur, 3, 2)]
fn lazy_number() {}

#[task(NOWHERE, recur, 3, 2)]
fn unknown() {}

fn main() {
    let sched = Scheduler::new();

    #[task(sched, recur, 3, 2)]
    fn local() {}
}
