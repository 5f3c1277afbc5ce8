//! [`Elsewhere`]: how much of the machine others have used meanwhile.

use std::ops::Range;
use std::time::{Duration, Instant};
use std::{fs, io};

use rustix::param::clock_ticks_per_second;

/// What the processors have done so far, read off `/proc` in ticks of mostly 10 ms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elsewhere {
    begun: Instant,

    /// Ticks of all processes, and those that a hypervisor gave to other machines.
    all: u64,

    /// Ticks of this process and of its children that have ended.
    own: u64,
}

impl Elsewhere {
    /// Begins to watch.
    ///
    /// # Errors
    ///
    /// If a file is not there or not as expected.
    pub(crate) fn watch() -> io::Result<Self> {
        let (machine, process) =
            (fs::read_to_string("/proc/stat")?, fs::read_to_string("/proc/self/stat")?);
        // The name of the process, in parentheses, may have spaces in it.
        let process = process.rsplit(") ").next().unwrap_or_default();
        let all = busy(&machine).ok_or_else(|| io::Error::other("no figures in /proc/stat"))?;
        let own = sum(process, 11..15);
        let own = own.ok_or_else(|| io::Error::other("no figures in /proc/self/stat"))?;
        Ok(Self { begun: Instant::now(), all, own })
    }

    /// How many processors others have used since, on average.
    ///
    /// # Errors
    ///
    /// As [`watch`](Self::watch).
    pub(crate) fn processors(&self) -> io::Result<f64> {
        let now = Self::watch()?;
        let ticks = (now.all - self.all).saturating_sub(now.own - self.own);
        let time =
            Duration::from_secs(ticks) / u32::try_from(clock_ticks_per_second()).unwrap_or(100);
        Ok(time.as_secs_f64() / self.begun.elapsed().as_secs_f64())
    }
}

/// The first line has the sums over all processors: user, nice, system, idle, waiting for a device,
/// two kinds of interrupt, stolen.
fn busy(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?.trim_start();
    Some(sum(line, 0..3)? + sum(line, 5..8)?)
}

/// The sum of the numbers at these places of a line.
fn sum(line: &str, places: Range<usize>) -> Option<u64> {
    let mut fields = line.split(' ').skip(places.start);
    places.map(|_| fields.next()?.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::busy;

    #[test]
    fn idle_time_is_not_busy() {
        assert_eq!(
            busy("cpu  1 2 4 8 16 32 64 128 0 0\ncpu0 1 2 4 8"),
            Some(1 + 2 + 4 + 32 + 64 + 128)
        );
        assert_eq!(busy("cpu  1 2 x"), None);
    }
}
