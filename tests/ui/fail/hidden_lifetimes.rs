//! A lifetime that is not written cannot be seen by the attribute; the compiler refuses it.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};
use std::borrow::Cow;

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
fn hidden(text: Cow<str>) {}

fn main() {}
