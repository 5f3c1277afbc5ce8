//! The arguments are expressions between commas.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED recur, 3, 2)]
fn no_comma() {}

#[task(SCHED, recur, , 2)]
fn nothing_between_commas() {}

#[task(SCHED, recur, 3, 2, name = )]
fn option_without_value() {}

fn main() {
    let _ = no_comma::delay();
    let _ = nothing_between_commas::delay();
    let _ = option_without_value::delay();
}
