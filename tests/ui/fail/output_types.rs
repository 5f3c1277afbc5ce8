//! Results go to other threads, and outlive the call.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};
use std::rc::Rc;

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

struct NoError;

#[task(SCHED, recur, 3, 2)]
fn not_send() -> Rc<u8> {
    Rc::new(1)
}

#[task(SCHED, recur, 3, 2)]
fn not_send_in_a_result() -> Result<Rc<u8>, String> {
    Ok(Rc::new(1))
}

#[task(SCHED, recur, 3, 2)]
fn not_an_error() -> Result<u8, NoError> {
    Ok(1)
}

mod domain {
    pub struct Result(pub u8);
}

#[task(SCHED, recur, 3, 2)]
fn another_result() -> domain::Result {
    domain::Result(1)
}

fn main() {}
