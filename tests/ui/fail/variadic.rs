//! A task cannot be variadic.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
unsafe extern "C" fn variadic(first: u8, ...) {}

fn main() {}
