//! Arguments are copied for each run and go to other threads.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};
use std::cell::Cell;
use std::rc::Rc;

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

struct Socket;

#[task(SCHED, recur, 3, 2)]
fn not_clone(port: u16, socket: Socket) {}

#[task(SCHED, recur, 3, 2)]
fn not_send(shared: Rc<u8>) {}

#[task(SCHED, recur, 3, 2)]
fn not_send_either(shared: Rc<u8>, number: u8) {}

#[task(SCHED, recur, 3, 2)]
fn not_sync(cell: Cell<u8>) {}

fn main() {}
