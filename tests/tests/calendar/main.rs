//! Calendars: cron expressions and changes of the clock, against what is slow and obviously right.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `expression.rs` | cron expressions, as the documentation describes them, and nothing clever |
//! | `model.rs` | the runs of an expression: every second is looked at |
//! | `random.rs` | random expressions, zones and spans of time |
//! | `properties.rs` | pysched agrees with the model |
//! | `oracle.rs` | pysched agrees with croner, but for what `docs/cron.md` lists |
//! | `differences.rs` | each row of that list |
//! | `transitions.rs` | changes of the clock that were worked out by hand, from the rules of each zone |
//!
//! `PYSCHED_CASES=20` makes the random tests look at twenty times as many cases as they do by default.

mod differences;
mod expression;
mod model;
mod oracle;
mod properties;
mod random;
mod transitions;

use std::time::{Duration, SystemTime};

/// The time so many seconds after the epoch, or before.
fn time(second: i64) -> SystemTime {
    let distance = Duration::from_secs(second.unsigned_abs());
    if second < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

/// The seconds from the epoch to a time that has no fraction.
fn second(time: SystemTime) -> i64 {
    let (distance, sign) = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => (since, 1),
        Err(before) => (before.duration(), -1),
    };
    assert_eq!(distance.subsec_nanos(), 0, "runs are at whole seconds");
    sign * i64::try_from(distance.as_secs()).unwrap()
}
