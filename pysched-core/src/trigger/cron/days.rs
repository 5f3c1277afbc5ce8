//! [`Days`]: which days of a month a cron expression means, as one bit for each.
//!
//! Bit n stands for day n, so bit 0 is never set.

use crate::trigger::civil::{Date, days_in_month, weekday};

/// The two fields that name days, as far as they say the same in every month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::trigger) struct Days {
    /// Days of the month.
    pub(super) of_month: u32,

    /// Bit n: the n-th day before the last of the month, `L-n`.
    pub(super) from_end: u32,

    /// Bit n: the weekday nearest to day n, `nW`.
    pub(super) nearest_weekday: u32,

    /// The last weekday, `LW`.
    pub(super) last_weekday: bool,

    /// Days of the week; Sunday is bit 0.
    pub(super) of_week: u8,

    /// At index n - 1: the days of the week whose n-th in the month is meant, `MON#n`.
    pub(super) nth: [u8; 5],

    /// The days of the week whose last in the month is meant, `5L`.
    pub(super) last: u8,

    /// Whether a day may match either field, and need not match both. As in Vixie cron, this is so
    /// if neither field begins with a star.
    pub(super) either: bool,
}

pub(super) const EVERY_WEEKDAY: u8 = 0b111_1111;
pub(super) const EVERY_DAY: u32 = !1;

impl Days {
    /// Whether all days of the month match, as far as that field is concerned.
    pub(super) const fn any_of_month(&self) -> bool {
        self.of_month == EVERY_DAY
    }

    /// Whether all days of the week match, as far as that field is concerned.
    pub(super) const fn any_of_week(&self) -> bool {
        self.of_week == EVERY_WEEKDAY
    }

    /// The days of the week that match, if nothing else decides.
    pub(super) const fn only_of_week(&self) -> Option<u8> {
        let plain = self.any_of_month() && self.is_plain() && !self.either;
        if plain && self.is_unnumbered() { Some(self.of_week) } else { None }
    }

    /// The days of a month that match.
    pub(super) const fn in_month(&self, year: i32, month: u32) -> u32 {
        let length = days_in_month(year, month);
        // Without bit 0, which stands for no day.
        let exists = (u32::MAX >> (31 - length)) & EVERY_DAY;
        if self.any_of_week() && !self.either && self.is_plain() {
            return self.of_month & exists;
        }
        // The day of the week on the first.
        let first = weekday(Date::new(year, month, 1).days());
        let of_month = self.of_month | self.special(length, first);
        let of_week = spread(self.of_week, first) | self.numbered(length, first);
        exists & if self.either { of_month | of_week } else { of_month & of_week }
    }

    /// Whether there may be a day of the month that both name; there may be where that takes a month
    /// to tell.
    pub(super) const fn share_day_of_month(&self, other: &Self) -> bool {
        let is_told = !self.either && !other.either && self.is_plain() && other.is_plain();
        !is_told || self.of_month & other.of_month != 0
    }

    /// The same for days of the week.
    pub(super) const fn share_day_of_week(&self, other: &Self) -> bool {
        let is_told =
            !self.either && !other.either && self.is_unnumbered() && other.is_unnumbered();
        !is_told || self.of_week & other.of_week != 0
    }

    /// Whether the field of the day of the month has numbers only.
    const fn is_plain(&self) -> bool {
        self.from_end == 0 && self.nearest_weekday == 0 && !self.last_weekday
    }

    /// Whether the field of the day of the week has plain days only.
    const fn is_unnumbered(&self) -> bool {
        let mut week = 0;
        while week < self.nth.len() {
            if self.nth[week] != 0 {
                return false;
            }
            week += 1;
        }
        self.last == 0
    }

    /// What `L`, `L-n`, `nW` and `LW` mean.
    const fn special(&self, length: u32, first: u32) -> u32 {
        if self.is_plain() {
            return 0;
        }
        // Day `length - n` for each bit n.
        let mut days = self.from_end.reverse_bits() >> (31 - length);
        if self.last_weekday {
            days |= 1 << nearest_weekday(length, length, first);
        }
        let mut rest = self.nearest_weekday;
        while rest != 0 {
            let day = rest.trailing_zeros();
            rest &= rest - 1;
            if day <= length {
                days |= 1 << nearest_weekday(day, length, first);
            }
        }
        days
    }

    /// What `MON#2` and `5L` mean.
    const fn numbered(&self, length: u32, first: u32) -> u32 {
        if self.is_unnumbered() {
            return 0;
        }
        let mut days = 0;
        let mut week = 0;
        while week < self.nth.len() {
            days |= spread(self.nth[week], first) & (EVERY_WEEKDAY as u32) << (7 * week + 1);
            week += 1;
        }
        let last_week = (EVERY_WEEKDAY as u32) << (length - 6);
        days | spread(self.last, first) & last_week
    }
}

/// The days of a month that are on these days of the week, if its first is on `first`.
#[expect(clippy::cast_possible_truncation, reason = "what is beyond day 31 is cut off")]
const fn spread(of_week: u8, first: u32) -> u32 {
    let week = of_week as u64;
    let from_first = (week >> first | week << (7 - first)) & EVERY_WEEKDAY as u64;
    // Five weeks, one beside the other.
    ((from_first * 0x1020_4081) << 1) as u32
}

/// The day from Monday to Friday that is nearest to a day, and in the same month.
const fn nearest_weekday(day: u32, length: u32, first: u32) -> u32 {
    match (first + day - 1) % 7 {
        6 if day == 1 => 3,
        6 => day - 1,
        0 if day == length => day - 2,
        0 => day + 1,
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Days = Days {
        of_month: 0,
        from_end: 0,
        nearest_weekday: 0,
        last_weekday: false,
        of_week: EVERY_WEEKDAY,
        nth: [0; 5],
        last: 0,
        either: false,
    };

    fn listed(days: Days, year: i32, month: u32) -> Vec<u32> {
        let bits = days.in_month(year, month);
        (0..32).filter(|day| bits & 1 << day != 0).collect()
    }

    #[test]
    fn days_are_counted_from_the_end() {
        let days = Days { from_end: 0b1001, ..NONE };
        assert_eq!(listed(days, 2024, 2), [26, 29]);
        assert_eq!(listed(days, 2024, 1), [28, 31]);
        let far = Days { from_end: 1 << 30, ..NONE };
        assert_eq!(listed(far, 2024, 1), [1]);
        assert!(listed(far, 2024, 4).is_empty());
    }

    #[test]
    fn the_nearest_weekday_stays_in_the_month() {
        // 2026-08-01 was a Saturday, 2026-05-31 a Sunday.
        assert_eq!(listed(Days { nearest_weekday: 1 << 1, ..NONE }, 2026, 8), [3]);
        assert_eq!(listed(Days { nearest_weekday: 1 << 31, ..NONE }, 2026, 5), [29]);
        assert_eq!(listed(Days { last_weekday: true, ..NONE }, 2026, 5), [29]);
        assert_eq!(listed(Days { nearest_weekday: 1 << 15, ..NONE }, 2026, 8), [14]);
        assert_eq!(listed(Days { nearest_weekday: 1 << 16, ..NONE }, 2026, 8), [17]);
        assert!(listed(Days { nearest_weekday: 1 << 31, ..NONE }, 2026, 4).is_empty());
    }

    #[test]
    fn days_of_the_week_are_numbered_within_the_month() {
        let all = Days { of_month: EVERY_DAY, of_week: 0, ..NONE };
        let second_monday = Days { nth: [0, 0b10, 0, 0, 0], ..all };
        assert_eq!(listed(second_monday, 2026, 8), [10]);
        let fifth_saturday = Days { nth: [0, 0, 0, 0, 0b100_0000], ..all };
        assert_eq!(listed(fifth_saturday, 2026, 8), [29]);
        assert!(listed(fifth_saturday, 2026, 9).is_empty());
        assert_eq!(listed(Days { last: 0b10_0001, ..all }, 2026, 8), [28, 30]);
    }

    #[test]
    fn both_fields_or_either() {
        let friday_13th = Days { of_month: 1 << 13, of_week: 0b10_0000, ..NONE };
        assert_eq!(listed(friday_13th, 2026, 11), [13]);
        assert!(listed(friday_13th, 2026, 10).is_empty());
        let either = Days { either: true, ..friday_13th };
        assert_eq!(listed(either, 2026, 10), [2, 9, 13, 16, 23, 30]);
    }
}
