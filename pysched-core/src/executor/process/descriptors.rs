//! Closes what a worker process has inherited by accident.
//!
//! This file holds `unsafe` code: only a raw number stands for a descriptor that nothing in this
//! process has opened.

#![allow(unsafe_code)]

use std::fs;
use std::os::fd::{BorrowedFd, RawFd};

use rustix::io::{FdFlags, close, fcntl_getfd};

/// Where the system lists the descriptors of the process that looks.
const LISTS: [&str; 2] = ["/proc/self/fd", "/dev/fd"];

/// Closes every descriptor, but the three of the standard streams, that the parent did not mark as
/// its own.
///
/// One that stays open in a worker keeps a port taken, or the reader of a pipe waiting, after the
/// parent has closed it. Whatever Rust opens has the flag `FD_CLOEXEC`, in the parent and here; what
/// is open without it has come from outside.
pub(super) fn close_inherited() {
    let Some(list) = LISTS.iter().find_map(|list| fs::read_dir(list).ok()) else { return };
    // All of them before the first is closed: the list is read from a descriptor, too.
    let open: Vec<RawFd> =
        list.filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // SAFETY: it is borrowed for one question, and the answer to a number that stands for nothing
        // by now, as that of the list does, is an error.
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        if fcntl_getfd(borrowed).is_ok_and(|flags| !flags.contains(FdFlags::CLOEXEC)) {
            // SAFETY: it was inherited, so nothing in this process owns it. A worker calls this before
            // it runs anything else.
            unsafe { close(descriptor) };
        }
    }
}
