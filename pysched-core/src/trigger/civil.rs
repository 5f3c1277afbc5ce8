//! The civil calendar as arithmetic: days and seconds of the proleptic Gregorian calendar, without
//! any time zone.
//!
//! The conversion of dates is that of Cassio Neri and Lorenz Schneider, "Euclidean affine functions
//! and their application to calendar algorithms", Software: Practice and Experience 53 (2023).

use std::fmt;

/// Seconds of a day. No civil day is longer or shorter; those of a zone are.
pub(super) const DAY: i64 = 86_400;

/// The years in which anything is looked for.
pub(super) const FIRST_YEAR: i32 = 1;
pub(super) const LAST_YEAR: i32 = 9999;

/// The first and the last second of these years.
pub(super) const FIRST: Local = Local(Date::new(FIRST_YEAR, 1, 1).days() as i64 * DAY);
pub(super) const LAST: Local = Local((Date::new(LAST_YEAR, 12, 31).days() as i64 + 1) * DAY - 1);

/// What clocks on the wall of some place show, as the seconds that it would take a clock without any
/// shifts to come from the beginning of 1970 to there.
///
/// Not to be mistaken for an instant: a zone may show one `Local` twice, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Local(pub(super) i64);

impl Local {
    pub(super) const fn new(date: Date, second_of_day: u32) -> Self {
        Self(date.days() as i64 * DAY + second_of_day as i64)
    }

    /// The day, counted from 1970-01-01, and the second of it.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`Local`s are between FIRST and LAST, which the callers make sure of"
    )]
    pub(super) const fn split(self) -> (i32, u32) {
        (self.0.div_euclid(DAY) as i32, self.0.rem_euclid(DAY) as u32)
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Date {
    pub(super) year: i32,

    /// From 1.
    pub(super) month: u32,

    /// From 1.
    pub(super) day: u32,
}

/// How many cycles of 400 years are added, so that all numbers are positive.
const CYCLES: u32 = 82;
const YEARS: u32 = 400 * CYCLES;
const DAYS: u32 = 719_468 + 146_097 * CYCLES;

impl Date {
    pub(super) const fn new(year: i32, month: u32, day: u32) -> Self {
        Self { year, month, day }
    }

    /// The date a number of days after 1970-01-01.
    pub(super) const fn from_days(days: i32) -> Self {
        let shifted = DAYS.wrapping_add_signed(days);
        // The century and the day of it; the year of that and its day; all years begin in March.
        let quarters = 4 * shifted + 3;
        let century = quarters / 146_097;
        let day_of_century = quarters % 146_097 / 4;
        let product = 2_939_745 * (4 * day_of_century + 3) as u64;
        let (year_of_century, rest) = ((product >> 32) as u32, (product & 0xFFFF_FFFF) as u32);
        let day_of_year = rest / 2_939_745 / 4;
        let packed = 2_141 * day_of_year + 197_913;
        let (month, day) = (packed >> 16, (packed & 0xFFFF) / 2_141 + 1);
        let year = 0_i32.wrapping_add_unsigned(100 * century + year_of_century - YEARS);
        let next_year = day_of_year >= 306;
        Self {
            year: if next_year { year + 1 } else { year },
            month: if next_year { month - 12 } else { month },
            day,
        }
    }

    /// How many days it is after 1970-01-01.
    pub(super) const fn days(self) -> i32 {
        let last_year = self.month <= 2;
        let year = YEARS.wrapping_add_signed(self.year) - last_year as u32;
        let month = if last_year { self.month + 12 } else { self.month };
        let century = year / 100;
        let of_years = 1_461 * year / 4 - century + century / 4;
        let of_months = (979 * month - 2_919) / 32;
        0_i32.wrapping_add_unsigned((of_years + of_months + self.day - 1).wrapping_sub(DAYS))
    }

    pub(super) const fn is_valid(self) -> bool {
        let is_month = self.month >= 1 && self.month <= 12;
        is_month && self.day >= 1 && self.day <= days_in_month(self.year, self.month)
    }
}

/// As in ISO 8601, and in all standards that have it from there.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The day of the week of a day counted from 1970-01-01, which was a Thursday. 0 is Sunday.
#[cfg(feature = "cron")]
pub(super) const fn weekday(days: i32) -> u32 {
    (days + 4).rem_euclid(7).cast_unsigned()
}

pub(super) const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 => 28 + is_leap(year) as u32,
        // 31 and 30 alternate, and begin anew in August.
        _ => 30 + ((month ^ (month >> 3)) & 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slow and obvious way.
    fn tomorrow(date: Date) -> Date {
        const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let Date { year, month, day } = date;
        let leap_day = u32::from(month == 2 && is_leap(year));
        if day < LENGTHS[month as usize - 1] + leap_day {
            Date::new(year, month, day + 1)
        } else if month < 12 {
            Date::new(year, month + 1, 1)
        } else {
            Date::new(year + 1, 1, 1)
        }
    }

    #[test]
    fn every_day_of_ten_thousand_years_is_counted() {
        let mut date = Date::new(FIRST_YEAR, 1, 1);
        let mut days = date.days();
        // 0001-01-01 was a Monday.
        let mut day_of_week = 1;
        while date.year <= LAST_YEAR {
            assert!(date.is_valid());
            assert_eq!(date.days(), days, "{date:?}");
            assert_eq!(Date::from_days(days), date);
            #[cfg(feature = "cron")]
            assert_eq!(weekday(days), day_of_week, "{date:?}");
            let next = tomorrow(date);
            if next.month != date.month {
                assert_eq!(days_in_month(date.year, date.month), date.day);
            }
            (date, days, day_of_week) = (next, days + 1, (day_of_week + 1) % 7);
        }
        assert_eq!(Date::from_days(0), Date::new(1970, 1, 1));
    }

    #[test]
    fn a_local_time_is_a_day_and_its_second() {
        let evening = Local::new(Date::new(1969, 12, 31), 86_399);
        assert_eq!(evening, Local(-1));
        assert_eq!(evening.split(), (-1, 86_399));
        assert_eq!(FIRST.split(), (Date::new(1, 1, 1).days(), 0));
        assert_eq!(LAST.split(), (Date::new(9999, 12, 31).days(), 86_399));
    }

    #[test]
    fn what_is_no_date_is_known() {
        for (year, month, day) in [(2023, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1)] {
            assert!(!Date::new(year, month, day).is_valid());
        }
        assert!(!Date::new(2024, 1, 0).is_valid());
        assert!(Date::new(2024, 2, 29).is_valid());
    }
}
