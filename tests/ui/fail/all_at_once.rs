//! Everything that is wrong is reported together, each thing where it stands.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, weekly, -3, 1.5, colour = "red", name = "")]
async unsafe fn wrong<T>(text: &str, value: impl Clone) -> T {
    loop {}
}

fn main() {}
