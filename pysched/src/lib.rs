//! A background task scheduler for Rust.

pub use pysched_core::*;
#[cfg(feature = "macros")]
#[doc(inline)]
pub use pysched_macros::task;
