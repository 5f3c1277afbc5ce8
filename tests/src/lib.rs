//! Shared pieces of the user-level tests.

pub mod faults;
