//! A background task scheduler for Rust.

pub use pysched_core::*;
#[cfg(feature = "macros")]
pub use pysched_macros::task;
