//! Events: what happens in a scheduler, told to whoever listens.

mod event;

pub use event::{Event, EventKind};
