//! Events: what happens in a scheduler, told to whoever listens.
//!
//! The scheduler publishes each event on its `bus.rs`, which puts it into the `mailbox.rs` of each
//! `subscription.rs`, whose thread calls the listener.

mod bus;
mod event;
mod mailbox;
mod subscription;

#[cfg(all(test, not(loom)))]
mod tests;

pub(super) use bus::Bus;
pub use event::{Event, EventKind};
pub use subscription::Subscription;
