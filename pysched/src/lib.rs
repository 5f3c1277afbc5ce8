//! A background task scheduler for Rust.

pub use pysched_core::*;
