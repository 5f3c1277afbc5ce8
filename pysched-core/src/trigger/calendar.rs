//! [`Calendar`]: every so many days, weeks, months or years, at a time of the day.

use std::fmt;

use super::civil::{DAY, Date, FIRST, FIRST_YEAR, LAST, LAST_YEAR, Local, days_in_month};
use super::dst::Pattern;
use super::zone::Zone;
use crate::error::Error;

/// Every so many days, weeks, months or years, at a time of the day: what a cron expression cannot say.
///
/// It is counted from a date, on which the first run is. For [`Trigger::calendar`](crate::Trigger::calendar).
///
/// ```
/// use pysched::{Calendar, Trigger};
///
/// // Every other Monday at half past nine in Rome.
/// let calendar =
///     Calendar::since(2026, 1, 5).every_weeks(2).at(9, 30, 0).time_zone("Europe/Rome");
/// let trigger = Trigger::calendar(calendar);
/// assert_eq!(
///     trigger.describe(),
///     "every 2 weeks at 09:30, from Monday 2026-01-05, Europe/Rome",
/// );
/// ```
///
/// A date, a time or a number that there is not is refused when the task is added, with
/// [`Error::InvalidTrigger`](crate::Error::InvalidTrigger), and a time zone with
/// [`Error::UnknownTimeZone`](crate::Error::UnknownTimeZone).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub(super) since: Date,
    pub(super) every: u32,
    pub(super) unit: Unit,

    /// Hour, minute, second.
    pub(super) at: [u32; 3],
    pub(super) month_end: MonthEnd,
    pub(super) zone: Option<Box<str>>,
}

/// What a [`Calendar`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Days,
    Weeks,
    Months,
    Years,
}

/// What becomes of a run on a day that a month does not have, such as the 31st of April.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MonthEnd {
    /// It is on the last day of that month.
    #[default]
    Clamp,

    /// It does not take place in that month.
    Skip,
}

impl Calendar {
    /// Every day from a date on, at midnight UTC. The other methods change all but the date.
    ///
    /// ```
    /// use pysched::{Calendar, Trigger};
    ///
    /// let trigger = Trigger::calendar(Calendar::since(2026, 11, 24));
    /// assert_eq!(trigger.describe(), "every day at 00:00, from 2026-11-24, UTC");
    /// ```
    #[must_use]
    pub fn since(year: i32, month: u32, day: u32) -> Self {
        Self {
            since: Date::new(year, month, day),
            every: 1,
            unit: Unit::Days,
            at: [0; 3],
            month_end: MonthEnd::Clamp,
            zone: None,
        }
    }

    /// A run every `n` days.
    ///
    /// ```
    /// # use pysched::Calendar;
    /// let every_other_day = Calendar::since(2026, 11, 24).every_days(2);
    /// ```
    #[must_use]
    pub fn every_days(self, n: u32) -> Self {
        Self { every: n, unit: Unit::Days, ..self }
    }

    /// A run every `n` weeks, on the weekday of the first.
    ///
    /// ```
    /// # use pysched::Calendar;
    /// let every_other_tuesday = Calendar::since(2026, 11, 24).every_weeks(2);
    /// ```
    #[must_use]
    pub fn every_weeks(self, n: u32) -> Self {
        Self { every: n, unit: Unit::Weeks, ..self }
    }

    /// A run every `n` months, on the day of the first; [`month_end`](Self::month_end) says what if
    /// there is none.
    ///
    /// ```
    /// # use pysched::Calendar;
    /// let quarterly = Calendar::since(2026, 1, 31).every_months(3);
    /// ```
    #[must_use]
    pub fn every_months(self, n: u32) -> Self {
        Self { every: n, unit: Unit::Months, ..self }
    }

    /// A run every `n` years, on the date of the first; what [`month_end`](Self::month_end) says is of
    /// use for those of 29 February.
    ///
    /// ```
    /// # use pysched::Calendar;
    /// let each_olympiad = Calendar::since(2028, 7, 14).every_years(4);
    /// ```
    #[must_use]
    pub fn every_years(self, n: u32) -> Self {
        Self { every: n, unit: Unit::Years, ..self }
    }

    /// Sets the time of the day: what clocks on the wall show.
    ///
    /// ```
    /// # use pysched::Calendar;
    /// let every_evening = Calendar::since(2026, 11, 24).at(20, 15, 0);
    /// ```
    #[must_use]
    pub fn at(self, hour: u32, minute: u32, second: u32) -> Self {
        Self { at: [hour, minute, second], ..self }
    }

    /// Sets what becomes of runs on days that a month does not have, [`MonthEnd::Clamp`] unless set.
    ///
    /// ```
    /// # use pysched::{Calendar, MonthEnd};
    /// // In January, March, May, July, August, October and December.
    /// let long_months = Calendar::since(2026, 1, 31).every_months(1).month_end(MonthEnd::Skip);
    /// ```
    #[must_use]
    pub fn month_end(self, month_end: MonthEnd) -> Self {
        Self { month_end, ..self }
    }

    /// Sets the time zone, by its IANA name; UTC unless set.
    ///
    /// ```
    /// # use pysched::Calendar;
    /// let midnight_in_tokyo = Calendar::since(2026, 11, 24).time_zone("Asia/Tokyo");
    /// ```
    #[must_use]
    pub fn time_zone(self, name: impl Into<String>) -> Self {
        Self { zone: Some(name.into().into()), ..self }
    }

    pub(super) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    /// Says what of it there is not.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { since, every, at: [hour, minute, second], .. } = *self;
        if !(FIRST_YEAR..=LAST_YEAR).contains(&since.year) || !since.is_valid() {
            return Err(Error::InvalidTrigger(format!(
                "there is no date {since}; give Calendar::since a day of the \
                 years {FIRST_YEAR} to {LAST_YEAR}"
            )));
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(Error::InvalidTrigger(format!(
                "there is no time {hour:02}:{minute:02}:{second:02}; give Calendar::at an hour up \
                 to 23, a minute and a second up to 59"
            )));
        }
        if every == 0 {
            let unit = self.unit;
            return Err(Error::InvalidTrigger(format!(
                "nothing is every 0 {unit}; give at least 1"
            )));
        }
        if let Some(name) = self.zone() {
            Zone::named(name)?;
        }
        Ok(())
    }

    /// The second of the day of each run.
    fn second(&self) -> u32 {
        let [hour, minute, second] = self.at;
        (hour * 60 + minute) * 60 + second
    }

    /// How many days, or months, there are from one run to the next.
    fn step(&self) -> i64 {
        let every = i64::from(self.every.max(1));
        every * if matches!(self.unit, Unit::Weeks) { 7 } else { self.months_in_unit().max(1) }
    }

    /// 0 for what is counted in days.
    fn months_in_unit(&self) -> i64 {
        match self.unit {
            Unit::Days | Unit::Weeks => 0,
            Unit::Months => 1,
            Unit::Years => 12,
        }
    }

    /// The day of the k-th run, counted from 1970-01-01; `None` if that month does not have it.
    /// Later than everything if it is beyond the last year.
    fn day(&self, run: i64) -> Option<i64> {
        let ahead = run.saturating_mul(self.step());
        if self.months_in_unit() == 0 {
            return Some(i64::from(self.since.days()).saturating_add(ahead));
        }
        let months = month_number(self.since).saturating_add(ahead);
        let year = months.div_euclid(12);
        let Some(year) = i32::try_from(year).ok().filter(|year| *year <= LAST_YEAR) else {
            return Some(i64::MAX);
        };
        let month = u32::try_from(months.rem_euclid(12)).unwrap_or_default() + 1;
        let length = days_in_month(year, month);
        let day = match self.month_end {
            MonthEnd::Clamp => self.since.day.min(length),
            MonthEnd::Skip if self.since.day > length => return None,
            MonthEnd::Skip => self.since.day,
        };
        Some(Date::new(year, month, day).days().into())
    }

    /// The number of the last run that is not in a later month than a day, or not later than it.
    fn run_before(&self, day: i32) -> i64 {
        let ahead = if self.months_in_unit() == 0 {
            i64::from(day) - i64::from(self.since.days())
        } else {
            month_number(Date::from_days(day)) - month_number(self.since)
        };
        ahead.div_euclid(self.step())
    }
}

/// The months from the beginning of the year 0.
fn month_number(date: Date) -> i64 {
    i64::from(date.year) * 12 + i64::from(date.month) - 1
}

impl Pattern for Calendar {
    fn next(&self, from: Local) -> Option<Local> {
        if from > LAST {
            return None;
        }
        let (day, second) = from.max(FIRST).split();
        let earliest = i64::from(day) + i64::from(second > self.second());
        let mut run = self.run_before(day).max(0);
        loop {
            if let Some(day) = self.day(run)
                && day >= earliest
            {
                let local = Local(day.saturating_mul(DAY).saturating_add(self.second().into()));
                return (local <= LAST).then_some(local);
            }
            run += 1;
        }
    }

    fn previous(&self, to: Local) -> Option<Local> {
        if to < FIRST {
            return None;
        }
        let (day, second) = to.min(LAST).split();
        let latest = i64::from(day) - i64::from(second < self.second());
        let mut run = self.run_before(day);
        while run >= 0 {
            if let Some(day) = self.day(run)
                && day <= latest
            {
                return Some(Local(day * DAY + i64::from(self.second())));
            }
            run -= 1;
        }
        None
    }
}

impl Unit {
    const ALL: [Self; 4] = [Self::Days, Self::Weeks, Self::Months, Self::Years];

    /// "1 week", "2 weeks".
    pub(super) fn counted(self, count: u32) -> String {
        let units = self.to_string();
        let name = if count == 1 { units.trim_end_matches('s') } else { &units };
        format!("{count} {name}")
    }

    /// Reads what [`counted`](Self::counted) says.
    pub(super) fn count(text: &str) -> Option<(u32, Self)> {
        let (number, unit) = text.trim().split_once(char::is_whitespace)?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let count = number.parse().ok().filter(|_| is_number)?;
        let unit = unit.trim_start().trim_end_matches('s');
        let unit = Self::ALL.into_iter().find(|it| it.to_string().trim_end_matches('s') == unit)?;
        Some((count, unit))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Days => "days",
            Self::Weeks => "weeks",
            Self::Months => "months",
            Self::Years => "years",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(calendar: &Calendar, count: usize) -> Vec<(i32, u32, u32)> {
        let mut from = FIRST;
        let next = std::iter::from_fn(|| {
            let found = calendar.next(from)?;
            from = Local(found.0 + 1);
            assert_eq!(calendar.previous(found), Some(found));
            let Date { year, month, day } = Date::from_days(found.split().0);
            Some((year, month, day))
        });
        next.take(count).collect()
    }

    #[test]
    fn it_begins_with_its_date() {
        let calendar = Calendar::since(2026, 1, 5).every_weeks(2).at(9, 30, 0);
        assert_eq!(dates(&calendar, 3), [(2026, 1, 5), (2026, 1, 19), (2026, 2, 2)]);
        let first = Local::new(calendar.since, calendar.second());
        assert_eq!(calendar.previous(Local(first.0 - 1)), None);
        assert_eq!(calendar.previous(first), Some(first));
    }

    #[test]
    fn ends_of_months_are_clamped_or_skipped() {
        let monthly = Calendar::since(2026, 1, 31).every_months(1);
        assert_eq!(
            dates(&monthly, 4),
            [(2026, 1, 31), (2026, 2, 28), (2026, 3, 31), (2026, 4, 30)]
        );
        let skipping = monthly.month_end(MonthEnd::Skip);
        assert_eq!(dates(&skipping, 3), [(2026, 1, 31), (2026, 3, 31), (2026, 5, 31)]);
        let yearly = Calendar::since(2096, 2, 29).every_years(1);
        assert_eq!(dates(&yearly, 2), [(2096, 2, 29), (2097, 2, 28)]);
        let leap = yearly.every_years(4).month_end(MonthEnd::Skip);
        assert_eq!(dates(&leap, 2), [(2096, 2, 29), (2104, 2, 29)]);
    }

    #[test]
    fn it_ends_with_the_last_year() {
        let calendar = Calendar::since(9998, 12, 1).every_months(u32::MAX);
        assert_eq!(dates(&calendar, 5), [(9998, 12, 1)]);
        let calendar = Calendar::since(9999, 12, 31).every_days(u32::MAX);
        assert_eq!(dates(&calendar, 5), [(9999, 12, 31)]);
        let calendar = Calendar::since(2096, 2, 29).every_years(5).month_end(MonthEnd::Skip);
        assert_eq!(dates(&calendar, 2), [(2096, 2, 29), (2116, 2, 29)]);
    }

    #[test]
    fn what_there_is_not_is_named() {
        let since = Calendar::since(2026, 1, 1);
        for (wrong, named) in [
            (Calendar::since(2026, 2, 29), "2026-02-29"),
            (Calendar::since(0, 1, 1), "0000-01-01"),
            (since.clone().at(24, 0, 0), "24:00:00"),
            (since.clone().every_weeks(0), "every 0 weeks"),
            (since.clone().time_zone("Europe/Roma"), "Europe/Rome"),
        ] {
            let error = wrong.check().unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
        assert!(since.check().is_ok());
    }
}
