//! What the threads of this process have asked of the processors.

use std::time::Duration;
use std::{fs, io, process};

use rustix::time::{ClockId, clock_gettime};

/// Processor time of the whole process, user and system, to the nanosecond.
pub(crate) fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// What all threads but the first, which is the one that measures, have used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OtherThreads {
    /// Time on a processor.
    pub(crate) time: Duration,

    /// How often they were put on or taken off one.
    pub(crate) switches: u64,
}

impl OtherThreads {
    /// Reads it off `/proc`.
    ///
    /// # Errors
    ///
    /// If a file is not there or not as expected; also if a thread ends meanwhile.
    pub(crate) fn now() -> io::Result<Self> {
        let own = process::id().to_string();
        let mut sum = Self::default();
        for thread in fs::read_dir("/proc/self/task")? {
            let thread = thread?;
            if thread.file_name().to_str() == Some(&own) {
                continue;
            }
            let path = thread.path();
            let schedule = fs::read_to_string(path.join("schedstat"))?;
            let status = fs::read_to_string(path.join("status"))?;
            let nanoseconds = schedule.split(' ').next().and_then(|field| field.parse().ok());
            let voluntary = field(&status, "voluntary_ctxt_switches:");
            let involuntary = field(&status, "nonvoluntary_ctxt_switches:");
            let (Some(nanoseconds), Some(voluntary), Some(involuntary)) =
                (nanoseconds, voluntary, involuntary)
            else {
                return Err(io::Error::other(format!("no figures in {}", path.display())));
            };
            sum.time += Duration::from_nanos(nanoseconds);
            sum.switches += voluntary + involuntary;
        }
        Ok(sum)
    }
}

/// The number behind `name`, of a file with a name and a value a line.
fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}
