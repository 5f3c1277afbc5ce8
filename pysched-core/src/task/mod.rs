//! Tasks: what to run, when, and under which rules.

mod attempt;
mod handle;
mod info;
pub(crate) mod portable;
mod record;
pub(crate) mod registration;
mod value;

pub use handle::Handle;
pub use info::TaskInfo;
pub(crate) use record::{AnyRecord, Launch, Record};

pub use value::Task;
