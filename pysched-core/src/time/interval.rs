//! [`Interval`]: a span of time as people write it.

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval(());
