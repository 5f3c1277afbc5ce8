//! Shared pieces of the user-level tests.
