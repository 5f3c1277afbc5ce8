//! Events: what happens in a scheduler, told to whoever listens.
//!
//! The scheduler publishes each event on its `bus.rs`, which puts it into the `mailbox.rs` of each
//! `subscription.rs`, whose thread calls the listener. `tracing.rs` and `metrics.rs` are listeners
//! that come with features; `span.rs` is what `tracing` adds beside its events. `feed.rs` is in the
//! place of the threads in a simulation.

mod bus;
mod event;
mod feed;
mod mailbox;
#[cfg(feature = "metrics")]
mod metrics;
mod span;
mod subscription;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(test)]
mod tests;

pub(super) use bus::Bus;
pub use event::{Event, EventKind};
pub(crate) use feed::Feed;
#[cfg(feature = "tracing")]
pub(super) use span::Span;
pub use subscription::Subscription;
