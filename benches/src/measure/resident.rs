//! Resident memory of the process.

use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rustix::param::page_size;

/// How long memory has to stay as it is to count as at rest.
const REST: Duration = Duration::from_millis(100);

/// After this long, memory that still changes is read as it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of this process that are in memory, by `/proc/self/statm`.
///
/// # Errors
///
/// If that file is not there or not as expected.
fn resident() -> io::Result<usize> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split(' ').nth(1).and_then(|field| field.parse::<usize>().ok());
    let pages = pages.ok_or_else(|| io::Error::other("no second field in /proc/self/statm"))?;
    Ok(pages * page_size())
}

/// The same, once it no longer changes: some contenders register and free behind their callers'
/// backs.
///
/// # Errors
///
/// As [`resident`].
pub(crate) fn resident_at_rest() -> io::Result<usize> {
    let begun = Instant::now();
    let mut before = resident()?;
    loop {
        thread::sleep(REST);
        let now = resident()?;
        if now.abs_diff(before) < 4 * page_size() || begun.elapsed() > PATIENCE {
            return Ok(now);
        }
        before = now;
    }
}

/// The most that [`resident`] has been so far.
///
/// # Errors
///
/// If `/proc/self/status` is not there or not as expected.
pub(crate) fn resident_at_peak() -> io::Result<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
    let kibibytes = peak.and_then(|kibibytes| kibibytes.trim().parse::<usize>().ok());
    let kibibytes = kibibytes.ok_or_else(|| io::Error::other("no peak in /proc/self/status"))?;
    Ok(kibibytes * 1024)
}
