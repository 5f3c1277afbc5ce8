//! Cron expressions: read by a `const fn`, stepped by bit sets.

mod clock;
mod days;
mod describe;
mod fault;
mod field;
mod parse;
mod special;
mod step;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use self::days::Days;
pub(super) use self::describe::weekday_name;
pub use self::fault::CronError;
use self::fault::Message;
use self::parse::{parse, year_bit};
use super::civil::Local;
use super::dst::Pattern;

/// Bits 1 to 12.
const EVERY_MONTH: u16 = 0b1_1111_1111_1110;

/// A cron expression that has been read.
#[derive(Debug, Clone)]
pub struct Cron {
    fields: Fields,

    /// As it was written.
    text: Cow<'static, str>,
}

/// What an expression means: one bit for each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) seconds: u64,
    pub(super) minutes: u64,
    pub(super) hours: u32,
    pub(super) days: Days,

    /// Bit n stands for month n, from 1.
    pub(super) months: u16,

    /// Bit 0 stands for 1970; `None` for all years, also those beyond.
    pub(super) years: Option<[u64; 4]>,

    /// The days of the week, if nothing else tells one day from another; otherwise 0.
    pub(super) of_every_week: u8,

    /// Whether the seconds, minutes or hours say how often, rather than when.
    pub(super) repeats: bool,
}

impl Cron {
    /// Reads an expression.
    pub(super) fn new(text: &str) -> Result<Self, CronError> {
        match parse(text) {
            Ok(fields) => Ok(Self { fields, text: text.to_owned().into() }),
            Err(fault) => Err(CronError::new(text, fault)),
        }
    }

    /// Reads a literal at compile time; what is not an expression is a compile error.
    ///
    /// # Panics
    ///
    /// If `text` is not an expression: at compile time where the result is a constant.
    #[must_use]
    #[track_caller]
    pub const fn literal(text: &'static str) -> Self {
        match parse(text) {
            Ok(fields) => Self { fields, text: Cow::Borrowed(text) },
            Err(fault) => panic!("{}", Message::of(text, fault).as_str()),
        }
    }

    /// What two expressions do not have in common, if that keeps them apart for ever.
    pub(super) fn apart(&self, other: &Self) -> Option<&'static str> {
        let (one, other) = (&self.fields, &other.fields);
        let years = one.years.zip(other.years);
        let shares_year = |(one, other): ([u64; 4], [u64; 4])| {
            one.iter().zip(other).any(|(one, other)| one & other != 0)
        };
        let shared = [
            ("second", one.seconds & other.seconds != 0),
            ("minute", one.minutes & other.minutes != 0),
            ("hour", one.hours & other.hours != 0),
            ("day of the month", one.days.share_day_of_month(&other.days)),
            ("month", one.months & other.months != 0),
            ("day of the week", one.days.share_day_of_week(&other.days)),
            ("year", years.is_none_or(shares_year)),
        ];
        shared.into_iter().find(|(_, is_shared)| !is_shared).map(|(what, _)| what)
    }

    /// Whether it says how often rather than when, by its seconds, minutes or hours.
    pub(super) fn repeats(&self) -> bool {
        self.fields.repeats
    }
}

impl Pattern for Cron {
    #[inline]
    fn next(&self, from: Local) -> Option<Local> {
        self.fields.next(from)
    }

    fn previous(&self, to: Local) -> Option<Local> {
        self.fields.previous(to)
    }
}

/// Expressions are equal if they mean the same, however that is written.
impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl Eq for Cron {}

/// As it was written, with one space between two fields.
impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, field) in self.text.split_ascii_whitespace().enumerate() {
            write!(f, "{}{field}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl Fields {
    const fn has_year(&self, year: i32) -> bool {
        match (&self.years, year_bit(year)) {
            (None, _) => true,
            (Some(years), Some(bit)) => years[(bit / 64) as usize] & 1 << (bit % 64) != 0,
            (Some(_), None) => false,
        }
    }

    /// Whether there is any day like that.
    const fn is_possible(&self) -> bool {
        // In 28 years without a turn of the century, each kind of year comes: leap or not, from each
        // day of the week.
        let (mut year, last) = match self.years {
            None => (2001, 2028),
            Some(_) => (field::FIRST_YEAR.cast_signed(), field::LAST_YEAR.cast_signed()),
        };
        while year <= last {
            if self.has_year(year) {
                let mut month = 1;
                while month <= 12 {
                    if self.months & 1 << month != 0 && self.days.in_month(year, month) != 0 {
                        return true;
                    }
                    month += 1;
                }
            }
            year += 1;
        }
        false
    }
}
