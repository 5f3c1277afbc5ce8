//! A task is a function, and nothing else.

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
struct Structure;

#[task(SCHED, recur, 3, 2)]
pub mod module {}

#[task(SCHED, recur, 3, 2)]
const CONSTANT: u8 = 1;

#[task(SCHED, recur, 3, 2)]
static STATIC: u8 = 1;

#[task(SCHED, recur, 3, 2)]
impl Structure {}

#[task(SCHED, weekly, 3, 2)]
pub(crate) enum Enumeration {}

#[task(SCHED, recur, 3, 2)]
fn no_body();

fn main() {}
