//! Readers of cron expressions, which find the next time that an expression names.

mod cron_crate;
mod croner;
mod cronexpr;
mod jiff_cron;
mod pysched;
mod saffron;

pub(crate) use cron_crate::CronCrate;
pub(crate) use croner::Croner;
pub(crate) use cronexpr::Cronexpr;
pub(crate) use jiff_cron::JiffCron;
pub(crate) use pysched::PyschedCron;
pub(crate) use saffron::Saffron;

use std::error::Error;
use std::time::{Duration, SystemTime};

/// Why an expression is not read.
pub(crate) type Refusal = Box<dyn Error>;

/// Something that reads cron expressions.
pub(crate) trait Reader: Sized {
    const NAME: &'static str;

    /// An expression of five fields, or six that begin with the second 0, as it wants it.
    fn text(expression: &str, zone: &str) -> String {
        let _ = zone;
        expression.to_owned()
    }

    fn read(text: &str, zone: &'static str) -> Result<Self, Refusal>;
}

/// It finds the times that an expression names in a zone.
pub(crate) trait Finder<Z: Zone>: Reader {
    /// What it counts time in.
    type Time: Time<Z>;

    /// The first time after another one.
    fn next(&self, after: &Self::Time) -> Option<Self::Time>;

    /// One after the other.
    fn upcoming(&self, after: Self::Time) -> impl Iterator<Item = Self::Time> {
        std::iter::successors(self.next(&after), |last| self.next(last))
    }
}

/// A time in a zone, as a crate has it, made of the seconds since the beginning of 1970 in UTC.
pub(crate) trait Time<Z: Zone>: Clone {
    fn from_second(second: i64) -> Self;

    fn second(&self) -> i64;
}

/// A zone, known when the contender is compiled, as its user would have it.
pub(crate) trait Zone: Copy {
    const NAME: &'static str;
    const CHRONO: Self::Chrono;

    /// What chrono computes with.
    type Chrono: chrono::TimeZone<Offset: Copy> + Copy;
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Utc;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Rome;

impl Zone for Utc {
    const NAME: &'static str = "UTC";
    const CHRONO: chrono::Utc = chrono::Utc;

    type Chrono = chrono::Utc;
}

impl Zone for Rome {
    const NAME: &'static str = "Europe/Rome";
    const CHRONO: chrono_tz::Tz = chrono_tz::Europe::Rome;

    type Chrono = chrono_tz::Tz;
}

/// An expression in five fields.
fn without_seconds(expression: &str) -> &str {
    let fields = expression.split(' ').count();
    if fields > 5 { expression.strip_prefix("0 ").unwrap_or(expression) } else { expression }
}

/// An expression in six fields.
fn with_seconds(expression: &str) -> String {
    format!("0 {}", without_seconds(expression))
}

impl<Z: Zone> Time<Z> for chrono::DateTime<Z::Chrono> {
    fn from_second(second: i64) -> Self {
        let time = chrono::DateTime::from_timestamp(second, 0).expect("a second of this century");
        time.with_timezone(&Z::CHRONO)
    }

    fn second(&self) -> i64 {
        self.timestamp()
    }
}

impl<Z: Zone> Time<Z> for jiff::Zoned {
    fn from_second(second: i64) -> Self {
        let zone = jiff::tz::TimeZone::get(Z::NAME).expect("the system has its zones");
        <jiff::Timestamp as Time<Z>>::from_second(second).to_zoned(zone)
    }

    fn second(&self) -> i64 {
        self.timestamp().as_second()
    }
}

impl<Z: Zone> Time<Z> for jiff::Timestamp {
    fn from_second(second: i64) -> Self {
        Self::from_second(second).expect("a second of this century")
    }

    fn second(&self) -> i64 {
        self.as_second()
    }
}

impl<Z: Zone> Time<Z> for SystemTime {
    fn from_second(second: i64) -> Self {
        Self::UNIX_EPOCH + Duration::from_secs(second.cast_unsigned())
    }

    fn second(&self) -> i64 {
        let since = self.duration_since(Self::UNIX_EPOCH).expect("a time of this century");
        since.as_secs().cast_signed()
    }
}
