//! Tasks: what to run, when, and under which rules.

mod id;

pub use id::TaskId;
