//! Tasks: what to run, when, and under which rules.

mod body;
mod handle;
mod info;
mod keeper;
mod record;
mod value;

pub use handle::Handle;
pub use info::TaskInfo;
pub use value::Task;

pub(crate) use body::{Body, Delivery, Sink};
pub(crate) use keeper::Keeper;
pub(crate) use record::{AnyRecord, Claim};
pub(crate) use value::Rare;
