//! The scheduler behind the `pysched` crate.

mod error;
mod queue;
mod sync;
mod task;
mod time;
mod unwind;

pub use error::{Error, TaskError};
pub use task::TaskId;
pub use time::Interval;
