//! [`Requests`]: the pipe from which a worker reads, and how it waits for more.
//!
//! A processor with nothing to do goes to sleep, and on a virtual machine it takes some 20 µs to wake
//! it: longer than all else that a short task in another process costs. So a worker that is asked
//! often looks for the next request for a moment before it sleeps. *Often* is what it has seen last:
//! it looks only if the request before came within the same moment. A worker that is not needed has
//! looked in vain once, and then sleeps.

use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, ioctl_fionread, read, retry_on_intr};

/// How long a worker looks for a request: about as long as it takes to be woken and to ask for more, so
/// that looking in vain costs no more than what it may save. `docs/performance.md` has what it does
/// to a round trip.
const MOMENT: Duration = Duration::from_micros(50);

/// See the top of this file.
#[derive(Debug)]
pub(super) struct Requests {
    pipe: OwnedFd,

    /// Whether the last request came within a moment.
    brisk: bool,
}

impl Requests {
    pub(super) fn new(pipe: OwnedFd) -> Self {
        Self { pipe, brisk: false }
    }

    /// Waits for more, and adds it to the buffer, which has room. Gives the number of bytes, 0 at the
    /// end.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Errno> {
        let begun = Instant::now();
        // In the eyes of a pipe its end is nothing to read, which is found out by the read.
        while self.brisk && ioctl_fionread(&self.pipe) == Ok(0) && begun.elapsed() < MOMENT {
            // Whoever is to write the request may need this very processor.
            thread::yield_now();
        }
        let bytes = retry_on_intr(|| read(&self.pipe, spare_capacity(buffer)))?;
        self.brisk = begun.elapsed() < MOMENT;
        Ok(bytes)
    }
}
