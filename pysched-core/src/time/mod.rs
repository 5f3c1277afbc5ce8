//! Time: intervals, moments, and the clocks they are read from.

mod interval;
mod moment;

pub use interval::Interval;
pub(crate) use moment::{Moment, Timeline};
