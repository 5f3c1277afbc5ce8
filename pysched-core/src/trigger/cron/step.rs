//! From one match of a cron expression to the next or the one before: by bit sets, field by field,
//! never second by second. The longest search is for a day that comes once in 40 years, and looks at
//! as many months as are named in them.

use super::Fields;
use super::field::Field;
use crate::trigger::civil::{DAY, Date, FIRST, FIRST_YEAR, LAST, LAST_YEAR, Local, weekday};
use crate::trigger::dst::Pattern;

impl Pattern for Fields {
    fn next(&self, from: Local) -> Option<Local> {
        if from > LAST {
            return None;
        }
        let (day, second) = from.max(FIRST).split();
        let matching = self.next_day(day)?;
        if matching == day {
            if let Some(second) = self.next_second(second) {
                return Some(at(day, second));
            }
            return Some(at(self.next_day(day + 1)?, self.first_second()));
        }
        Some(at(matching, self.first_second()))
    }

    fn previous(&self, to: Local) -> Option<Local> {
        if to < FIRST {
            return None;
        }
        let (day, second) = to.min(LAST).split();
        let matching = self.previous_day(day)?;
        if matching == day {
            if let Some(second) = self.previous_second(second) {
                return Some(at(day, second));
            }
            return Some(at(self.previous_day(day - 1)?, self.last_second()));
        }
        Some(at(matching, self.last_second()))
    }
}

#[inline]
fn at(day: i32, second: u32) -> Local {
    Local(i64::from(day) * DAY + i64::from(second))
}

/// What is left of a set from one value on.
#[inline]
const fn from(set: u64, value: u32) -> u64 {
    if value >= u64::BITS { 0 } else { set & u64::MAX << value }
}

/// What is left of a set up to one value.
#[inline]
const fn up_to(set: u64, value: u32) -> u64 {
    set & u64::MAX >> (u64::BITS - 1 - value)
}

const fn least(set: u64) -> u32 {
    set.trailing_zeros()
}

const fn greatest(set: u64) -> u32 {
    u64::BITS - 1 - set.leading_zeros()
}

const fn second_of_day(hour: u32, minute: u32, second: u32) -> u32 {
    (hour * 60 + minute) * 60 + second
}

/// The time of the day.
impl Fields {
    fn first_second(&self) -> u32 {
        second_of_day(self.hours.trailing_zeros(), least(self.minutes), least(self.seconds))
    }

    fn last_second(&self) -> u32 {
        let hour = greatest(u64::from(self.hours));
        second_of_day(hour, greatest(self.minutes), greatest(self.seconds))
    }

    /// The first second of the day that matches and is not before `second`.
    fn next_second(&self, second: u32) -> Option<u32> {
        let (minute, hour) = (second / 60 % 60, second / 3600);
        let hours = u64::from(self.hours);
        if hours & 1 << hour != 0 {
            if self.minutes & 1 << minute != 0 {
                let seconds = from(self.seconds, second % 60);
                if seconds != 0 {
                    return Some(second_of_day(hour, minute, least(seconds)));
                }
            }
            let minutes = from(self.minutes, minute + 1);
            if minutes != 0 {
                return Some(second_of_day(hour, least(minutes), least(self.seconds)));
            }
        }
        let hours = from(hours, hour + 1);
        (hours != 0).then(|| second_of_day(least(hours), least(self.minutes), least(self.seconds)))
    }

    /// The last second of the day that matches and is not after `second`.
    fn previous_second(&self, second: u32) -> Option<u32> {
        let (minute, hour) = (second / 60 % 60, second / 3600);
        let hours = u64::from(self.hours);
        if hours & 1 << hour != 0 {
            if self.minutes & 1 << minute != 0 {
                let seconds = up_to(self.seconds, second % 60);
                if seconds != 0 {
                    return Some(second_of_day(hour, minute, greatest(seconds)));
                }
            }
            let minutes = if minute == 0 { 0 } else { up_to(self.minutes, minute - 1) };
            if minutes != 0 {
                return Some(second_of_day(hour, greatest(minutes), greatest(self.seconds)));
            }
        }
        let hours = if hour == 0 { 0 } else { up_to(hours, hour - 1) };
        (hours != 0)
            .then(|| second_of_day(greatest(hours), greatest(self.minutes), greatest(self.seconds)))
    }
}

/// The day.
impl Fields {
    /// The first day that matches and is not before `day`, counted from 1970-01-01.
    fn next_day(&self, day: i32) -> Option<i32> {
        if self.of_every_week != 0 {
            let ahead = rotated(self.of_every_week, weekday(day)).trailing_zeros();
            let day = day + ahead.cast_signed();
            return (day <= LAST.split().0).then_some(day);
        }
        let Date { mut year, mut month, day } = Date::from_days(day);
        let mut since = day;
        loop {
            if year > LAST_YEAR {
                return None;
            }
            if !self.has_year(year) {
                (year, month, since) = (self.year_after(year)?, 1, 1);
                continue;
            }
            if self.months & 1 << month != 0 {
                let days = from(u64::from(self.days.in_month(year, month)), since);
                if days != 0 {
                    return Some(Date::new(year, month, least(days)).days());
                }
            }
            let months = from(u64::from(self.months), month + 1);
            (year, month) = if months == 0 {
                (year + 1, least(self.months.into()))
            } else {
                (year, least(months))
            };
            since = 1;
        }
    }

    /// The last day that matches and is not after `day`, counted from 1970-01-01.
    fn previous_day(&self, day: i32) -> Option<i32> {
        if self.of_every_week != 0 {
            // With the present day as the highest of seven bits.
            let week = rotated(self.of_every_week, (weekday(day) + 1) % 7);
            let back = week.leading_zeros() - 1;
            let day = day - back.cast_signed();
            return (day >= FIRST.split().0).then_some(day);
        }
        let Date { mut year, mut month, day } = Date::from_days(day);
        let mut until = day;
        loop {
            if year < FIRST_YEAR {
                return None;
            }
            if !self.has_year(year) {
                (year, month, until) = (self.year_before(year)?, 12, 31);
                continue;
            }
            if self.months & 1 << month != 0 {
                let days = up_to(u64::from(self.days.in_month(year, month)), until);
                if days != 0 {
                    return Some(Date::new(year, month, greatest(days)).days());
                }
            }
            let months = up_to(u64::from(self.months), month - 1);
            (year, month) = if months == 0 {
                (year - 1, greatest(self.months.into()))
            } else {
                (year, greatest(months))
            };
            until = 31;
        }
    }

    /// The first year that is named and after `year`.
    fn year_after(&self, year: i32) -> Option<i32> {
        let (low, high) = (Field::Year.low().cast_signed(), Field::Year.high().cast_signed());
        ((year + 1).max(low)..=high).find(|year| self.has_year(*year))
    }

    /// The last year that is named and before `year`.
    fn year_before(&self, year: i32) -> Option<i32> {
        let (low, high) = (Field::Year.low().cast_signed(), Field::Year.high().cast_signed());
        (low..=(year - 1).min(high)).rev().find(|year| self.has_year(*year))
    }
}

/// Seven days from `first` on, which becomes bit 0.
#[inline]
const fn rotated(of_week: u8, first: u32) -> u8 {
    (of_week >> first | of_week << ((7 - first) % 8)) & super::days::EVERY_WEEKDAY
}
