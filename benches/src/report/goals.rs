//! The goals, and whether they are reached.

use crate::results::Results;

pub(crate) fn goals(_results: &Results) {}
