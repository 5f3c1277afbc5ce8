//! The floors: for each work the least that could do it, without what makes a scheduler useful.

mod channel;
mod handover;
mod heap;
mod moments;
mod ready;

pub(crate) use channel::Channel;
pub(crate) use handover::Handover;
pub(crate) use heap::Heap;
pub(crate) use moments::Moments;
pub(crate) use ready::Ready;

/// What a row of a floor is called; its note says what it is.
pub(crate) const NAME: &str = "floor";

/// A closure as a floor holds it.
pub(crate) type Job = Box<dyn FnOnce() + Send>;
