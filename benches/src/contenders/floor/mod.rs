//! The floors: for each work the least that could do it, without what makes a scheduler useful.

mod heap;

pub(crate) use heap::Heap;

/// What a row of a floor is called; its note says what it is.
pub(crate) const NAME: &str = "floor";
