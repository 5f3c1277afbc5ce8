//! Worker processes, on Unix.

#![allow(dead_code)]

mod descriptors;
mod ending;
mod frame;
mod hello;
mod start;
#[cfg(test)]
mod tests;
mod worker;
mod worker_test;

pub use worker::init;
pub use worker_test::WorkerTest;
