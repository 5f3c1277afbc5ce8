//! A task owns its arguments, and is one function.

#![allow(unused)]

use once_cell::sync::Lazy;
use pysched::{Scheduler, task};
use std::borrow::Cow;

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, 2)]
fn text(text: &str) {}

#[task(SCHED, recur, 3, 2)]
fn slice(numbers: &[u8]) {}

#[task(SCHED, recur, 3, 2)]
fn exclusive(numbers: &mut Vec<u8>) {}

#[task(SCHED, recur, 3, 2)]
fn deep(numbers: Vec<(u8, Option<&u8>)>) {}

#[task(SCHED, recur, 3, 2)]
fn elided(text: Cow<'_, str>) {}

#[task(SCHED, recur, 3, 2)]
fn object(object: Box<dyn Send + '_>) {}

#[task(SCHED, recur, 3, 2)]
fn named<'a>(text: &'a str) {}

#[task(SCHED, recur, 3, 2)]
fn opaque(value: impl Clone) {}

#[task(SCHED, recur, 3, 2)]
fn opaque_inside(value: Option<impl Clone>) {}

#[task(SCHED, recur, 3, 2)]
fn over_types<T: Clone, U>(first: T, second: U) {}

#[task(SCHED, recur, 3, 2)]
fn over_constants<const N: usize>(numbers: [u8; N]) {}

#[task(SCHED, recur, 3, 2)]
fn configured(#[cfg(all())] number: u8) {}

fn main() {
    let _ = text::delay("text");
    let _ = over_types::delay(1, 2);
    let _ = configured::delay(1);
}
