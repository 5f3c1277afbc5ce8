//! [`Field`]: the parts of a cron expression, what they are called and what may stand in them.

/// A field of a cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
    Year,
}

/// The years that may be written. Where none are, the schedule goes on beyond.
pub(super) const FIRST_YEAR: u32 = 1970;
pub(super) const LAST_YEAR: u32 = 2199;

const MONTHS: [&[u8; 3]; 12] = [
    b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC",
];
const WEEKDAYS: [&[u8; 3]; 7] = [b"SUN", b"MON", b"TUE", b"WED", b"THU", b"FRI", b"SAT"];

impl Field {
    /// The order in which they stand. Five fields have neither the first nor the last, six have no
    /// last.
    const ORDER: [Self; 7] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
        Self::Year,
    ];

    /// The field at `index` of an expression of so many fields.
    pub(super) const fn at(index: usize, fields: usize) -> Self {
        Self::ORDER[if fields == 5 { index + 1 } else { index }]
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of the month",
            Self::Month => "month",
            Self::DayOfWeek => "day of the week",
            Self::Year => "year",
        }
    }

    /// The least value.
    pub(super) const fn low(self) -> u32 {
        match self {
            Self::Second | Self::Minute | Self::Hour | Self::DayOfWeek => 0,
            Self::DayOfMonth | Self::Month => 1,
            Self::Year => FIRST_YEAR,
        }
    }

    /// The greatest value. Sunday is 0 here.
    pub(super) const fn high(self) -> u32 {
        match self {
            Self::Second | Self::Minute => 59,
            Self::Hour => 23,
            Self::DayOfMonth => 31,
            Self::Month => 12,
            Self::DayOfWeek => 6,
            Self::Year => LAST_YEAR,
        }
    }

    /// The greatest value that may be written: Sunday is also 7.
    pub(super) const fn highest_written(self) -> u32 {
        match self {
            Self::DayOfWeek => 7,
            _ => self.high(),
        }
    }

    /// The longest step. One that is longer would never be taken, and is mostly a mistake:
    /// `*/90` minutes would be every hour.
    pub(super) const fn longest_step(self) -> u32 {
        match self {
            Self::DayOfWeek => 7,
            Self::Year => LAST_YEAR - FIRST_YEAR,
            _ => self.high(),
        }
    }

    /// Whether ranges go on at the beginning: from 22 hours over midnight to 2.
    pub(super) const fn wraps(self) -> bool {
        !matches!(self, Self::Year)
    }

    /// What one value may be, in words.
    pub(super) const fn allowed(self) -> &'static str {
        match self {
            Self::Second | Self::Minute => "0 to 59",
            Self::Hour => "0 to 23",
            Self::DayOfMonth => "1 to 31, `L`, `L-3`, `LW` or `15W`",
            Self::Month => "1 to 12 or JAN to DEC",
            Self::DayOfWeek => "0 to 7 (0 and 7 are Sunday), SUN to SAT, `FRIL` or `MON#2`",
            Self::Year => "1970 to 2199",
        }
    }

    /// The value that goes by a name of three letters, in any case.
    pub(super) const fn named(self, letters: [u8; 3]) -> Option<u32> {
        let (names, first): (&[&[u8; 3]], u32) = match self {
            Self::Month => (&MONTHS, 1),
            Self::DayOfWeek => (&WEEKDAYS, 0),
            _ => return None,
        };
        let mut index = 0;
        let mut value = first;
        while index < names.len() {
            let name = names[index];
            if letters[0].to_ascii_uppercase() == name[0]
                && letters[1].to_ascii_uppercase() == name[1]
                && letters[2].to_ascii_uppercase() == name[2]
            {
                return Some(value);
            }
            index += 1;
            value += 1;
        }
        None
    }
}
