//! Attacks on the rules: threads, drops, shutdowns and numbers at the worst moment.

#[path = "../rules/guided.rs"]
mod guided;

mod clocks;
mod control;
mod drops;
mod fates;
mod following;
mod limits;
mod numbers;
mod shutdown;
mod stages;

use std::fmt;
use std::sync::Mutex;

use pysched_tests::Gate;

/// An error that comes to a gate when it is dropped.
#[derive(Debug)]
pub struct HeldUp(pub Option<Gate>);

impl fmt::Display for HeldUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("held up")
    }
}

impl std::error::Error for HeldUp {}

impl Drop for HeldUp {
    fn drop(&mut self) {
        if let Some(gate) = &self.0 {
            gate.wait();
        }
    }
}

/// Calls a function when it is dropped.
pub struct OnDrop(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl OnDrop {
    pub fn new(f: impl FnOnce() + Send + 'static) -> Self {
        Self(Mutex::new(Some(Box::new(f))))
    }

    /// Does nothing: a closure that calls it holds it.
    pub fn hold(&self) {}
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(f) = self.0.lock().unwrap().take() {
            f();
        }
    }
}
