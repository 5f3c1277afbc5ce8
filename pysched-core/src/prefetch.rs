//! [`Location`]: a hint to the processor that some place in memory will be needed soon.
//!
//! Tasks become due in another order than that in which they were added, so each lies somewhere
//! else: with a million of them, most of the time of firing and of starting one is spent waiting
//! for memory. Both know which tasks come next, and can have them fetched meanwhile. What that buys
//! is in `docs/performance.md`. The jobs that wait in a pool and the entries of a series' history are
//! fetched in the same way.
//!
//! This file holds `unsafe` code: the instruction takes a pointer.

#![allow(unsafe_code)]

/// How many bytes are fetched at a time. Two of these hold a slot, or most of it.
const LINE: usize = 64;

/// A place in memory, as a number: it may be gone when it is used, and is never looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location(usize);

impl Location {
    /// Nowhere in particular.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of<T>(item: &T) -> Self {
        Self(std::ptr::from_ref(item).addr())
    }

    /// Has what is there fetched, as far as the processor sees fit. To be called without a lock that
    /// others wait for: the processor may have to look up first where the place is.
    pub(crate) fn prefetch(self) {
        prefetch_line(self.0);
        prefetch_line(self.0.wrapping_add(LINE));
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
fn prefetch_line(address: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    let address = std::ptr::without_provenance::<i8>(address);
    // SAFETY: a prefetch is a hint. It reads nothing that a program could see, and does nothing if
    // there is nothing at the address; every x86-64 processor has it.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
fn prefetch_line(_address: usize) {}
