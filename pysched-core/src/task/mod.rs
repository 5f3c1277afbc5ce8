//! Tasks: what to run, when, and under which rules.

mod asynchronous;
mod blocking;
mod body;
mod conflict;
mod converted;
mod course;
mod handle;
mod info;
mod keeper;
mod misfire;
mod next;
mod overlap;
mod record;
mod retry;
mod rules;
mod simulated;
mod stream;
mod value;

pub use blocking::block_on;
pub use conflict::Conflict;
pub use handle::Handle;
pub use info::TaskInfo;
pub use misfire::Misfire;
pub use next::Next;
pub use overlap::Overlap;
pub use retry::Retry;
pub use stream::TaskStream;
pub use value::Task;

pub(crate) use body::{Body, Delivery, Landing, Sink};
pub(crate) use converted::Converted;
pub(crate) use course::Ending;
pub(crate) use keeper::{Command, Keeper};
pub(crate) use record::{AnyRecord, Claim, edit};
pub(crate) use rules::Rules;
pub(crate) use value::Rare;
