//! Tasks: what to run, when, and under which rules.

mod id;

pub(crate) use id::SchedulerId;
pub use id::TaskId;
