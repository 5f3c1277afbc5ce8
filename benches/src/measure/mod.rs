//! Instruments: what a sample reads off, and how.

mod counter;
mod elsewhere;
mod processor;
mod random;
mod resident;
mod spread;
mod starts;

pub(crate) use counter::Counter;
pub(crate) use elsewhere::Elsewhere;
pub(crate) use processor::{OtherThreads, processor_time};
pub(crate) use random::Random;
pub(crate) use resident::{resident_at_peak, resident_at_rest};
pub(crate) use spread::Spread;
pub(crate) use starts::Starts;

use std::thread;
use std::time::{Duration, Instant};

/// How long the measuring thread sleeps between two looks at a counter: short beside what is
/// measured, long enough to leave the processors to what is measured.
const LOOK: Duration = Duration::from_micros(50);

/// Waits until `counter` has reached `expected` and returns when that was.
///
/// # Errors
///
/// What the counter shows, if it has not got there after `limit`.
pub(crate) fn wait_for(
    counter: &Counter,
    expected: usize,
    limit: Duration,
) -> Result<Instant, String> {
    let begun = Instant::now();
    loop {
        let total = counter.total();
        if total >= expected {
            return Ok(Instant::now());
        }
        if begun.elapsed() > limit {
            return Err(format!("only {total} of {expected} after {limit:?}"));
        }
        thread::sleep(LOOK);
    }
}

/// Sleeps until `moment`; returns at once if it is past.
pub(crate) fn sleep_until(moment: Instant) {
    thread::sleep(moment.saturating_duration_since(Instant::now()));
}
