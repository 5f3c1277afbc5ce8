//! The text of an interval, read by a `const fn`, so that one parser serves both the strings met
//! at run time and the literals that the compiler checks.
//!
//! ```text
//! interval = part { part }
//! part     = digits [ "." digits ] unit
//! ```
//!
//! White space may stand before and after every number and unit. Units come in any order, each at
//! most once.

/// Nanoseconds of the longest interval that is accepted.
pub(super) const MAX_NANOS: u64 = i64::MAX.cast_unsigned();

/// What stands for 1 in a [`Number`]'s fraction: 20 decimal places.
///
/// The sum of one fraction for each unit, each times the nanoseconds of its unit, stays below
/// 2^128; and all that further places could add is less than a thousandth of a nanosecond, even
/// in weeks.
const ONE: u128 = 10_u128.pow(20);

/// A unit of time that always has the same length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Nanosecond,
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
}

impl Unit {
    /// The unit that goes by `name`. Micro is written `u`, as U+00B5 or as U+03BC.
    const fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"ns" | b"nanosecond" | b"nanoseconds" => Self::Nanosecond,
            b"us" | b"\xC2\xB5s" | b"\xCE\xBCs" | b"microsecond" | b"microseconds" => {
                Self::Microsecond
            }
            b"ms" | b"millisecond" | b"milliseconds" => Self::Millisecond,
            b"s" | b"sec" | b"secs" | b"second" | b"seconds" => Self::Second,
            b"m" | b"min" | b"mins" | b"minute" | b"minutes" => Self::Minute,
            b"h" | b"hr" | b"hrs" | b"hour" | b"hours" => Self::Hour,
            b"d" | b"day" | b"days" => Self::Day,
            b"w" | b"week" | b"weeks" => Self::Week,
            _ => return None,
        })
    }

    pub(super) const fn nanos(self) -> u64 {
        match self {
            Self::Nanosecond => 1,
            Self::Microsecond => 1_000,
            Self::Millisecond => 1_000_000,
            Self::Second => 1_000_000_000,
            Self::Minute => 60 * Self::Second.nanos(),
            Self::Hour => 60 * Self::Minute.nanos(),
            Self::Day => 24 * Self::Hour.nanos(),
            Self::Week => 7 * Self::Day.nanos(),
        }
    }
}

/// Where a text stops being an interval, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ParseError {
    pub(super) kind: ParseErrorKind,

    /// The offending piece starts at this byte, a boundary of characters.
    pub(super) start: usize,

    /// The offending piece ends before this byte, a boundary of characters.
    pub(super) end: usize,
}

/// What is wrong; [`message`](Self::message) says it in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ParseErrorKind {
    Empty,
    Sign,
    Point,
    NumberExpected,
    NoUnit,
    UnknownUnit,
    CalendarUnit,
    RepeatedUnit,
    Unexpected,
    TooLong,
    TooShort,
}

impl ParseErrorKind {
    /// A sentence that can stand alone: a compile error shows nothing else.
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Empty => "an interval cannot be empty; write one like 1h 30m or 250ms",
            Self::Sign => "an interval has no sign, it always lies ahead; leave the sign out",
            Self::Point => "a decimal point stands between digits, once; write 0.5s",
            Self::NumberExpected => "a number is expected here; write 1h 30m or 250ms",
            Self::NoUnit => "a number needs a unit; write 90s, 15m or 1h 30m",
            Self::UnknownUnit => "unknown unit of time; the units are ns, us, ms, s, m, h, d and w",
            Self::CalendarUnit => "months and years have no fixed length; count in days",
            Self::RepeatedUnit => "this unit is given twice; add the two up",
            Self::Unexpected => "an interval is made of numbers and units only; write 1h 30m",
            Self::TooLong => "longer than the longest interval; give at most 292 years",
            Self::TooShort => "rounds to 0 nanoseconds; give at least 1ns, or 0s for no wait",
        }
    }
}

/// Reads `text` as nanoseconds, at most [`MAX_NANOS`].
///
/// The sum of the parts is exact; what is left of a nanosecond in the end is rounded to the
/// nearest.
pub(super) const fn parse(text: &str) -> Result<u64, ParseError> {
    let mut cursor = Cursor { bytes: text.as_bytes(), at: 0 };
    // Whole nanoseconds, and what the fractions add to them in parts of ONE.
    let mut nanos: u128 = 0;
    let mut parts: u128 = 0;
    // Bit n is set once the unit with discriminant n has been used.
    let mut used: u8 = 0;

    cursor.skip_white_space();
    if cursor.peek().is_none() {
        return Err(cursor.error_since(0, ParseErrorKind::Empty));
    }
    while cursor.peek().is_some() {
        let start = cursor.at;
        let number = match cursor.number() {
            Ok(number) => number,
            Err(error) => return Err(error),
        };
        let number_end = cursor.at;
        cursor.skip_white_space();
        let unit_start = cursor.at;
        let unit = match cursor.unit() {
            Ok(Some(unit)) => unit,
            Ok(None) => {
                return Err(ParseError { kind: ParseErrorKind::NoUnit, start, end: number_end });
            }
            Err(error) => return Err(error),
        };
        if used & (1 << unit as u8) != 0 {
            return Err(cursor.error_since(unit_start, ParseErrorKind::RepeatedUnit));
        }
        used |= 1 << unit as u8;
        nanos += number.whole * unit.nanos() as u128;
        parts += number.fraction * unit.nanos() as u128;
        if nanos > MAX_NANOS as u128 {
            return Err(cursor.error_since(start, ParseErrorKind::TooLong));
        }
        cursor.skip_white_space();
    }

    nanos += (parts + ONE / 2) / ONE;
    if nanos > MAX_NANOS as u128 {
        return Err(cursor.error_since(0, ParseErrorKind::TooLong));
    }
    if nanos == 0 && parts > 0 {
        return Err(cursor.error_since(0, ParseErrorKind::TooShort));
    }
    #[expect(clippy::cast_possible_truncation, reason = "compared with a u64 just above")]
    Ok(nanos as u64)
}

struct Number {
    /// Exact up to [`MAX_NANOS`]; beyond it only known to be beyond, and below ten times as much.
    whole: u128,

    /// In parts of [`ONE`], and below it.
    fraction: u128,
}

struct Cursor<'a> {
    bytes: &'a [u8],

    /// The next byte to look at; outside of a piece always a boundary of characters.
    at: usize,
}

impl Cursor<'_> {
    const fn peek(&self) -> Option<u8> {
        if self.at < self.bytes.len() { Some(self.bytes[self.at]) } else { None }
    }

    const fn skip_white_space(&mut self) {
        while let Some(byte) = self.peek()
            && byte.is_ascii_whitespace()
        {
            self.at += 1;
        }
    }

    const fn number(&mut self) -> Result<Number, ParseError> {
        let start = self.at;
        let mut number = Number { whole: 0, fraction: 0 };
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            if number.whole <= MAX_NANOS as u128 {
                number.whole = number.whole * 10 + (digit - b'0') as u128;
            }
            self.at += 1;
        }
        if self.at == start {
            return Err(self.unexpected());
        }
        if let Some(b'.') = self.peek() {
            self.at += 1;
            let first = self.at;
            let mut place = ONE;
            while let Some(digit @ b'0'..=b'9') = self.peek() {
                place /= 10;
                number.fraction += (digit - b'0') as u128 * place;
                // A digit too small to count must still not pass for zero.
                if place == 0 && digit != b'0' {
                    number.fraction |= 1;
                }
                self.at += 1;
            }
            if self.at == first {
                return Err(self.error_since(start, ParseErrorKind::Point));
            }
        }
        Ok(number)
    }

    /// The unit here, or `None` where the text ends or goes on with another number.
    const fn unit(&mut self) -> Result<Option<Unit>, ParseError> {
        let start = self.at;
        self.skip_word();
        let name = self.bytes.split_at(self.at).0.split_at(start).1;
        if let Some(unit) = Unit::named(name) {
            return Ok(Some(unit));
        }
        match name {
            b"" => match self.peek() {
                None | Some(b'0'..=b'9') => Ok(None),
                Some(_) => Err(self.unexpected()),
            },
            b"mo" | b"mos" | b"mon" | b"month" | b"months" | b"y" | b"yr" | b"yrs" | b"year"
            | b"years" => Err(self.error_since(start, ParseErrorKind::CalendarUnit)),
            _ => Err(self.error_since(start, ParseErrorKind::UnknownUnit)),
        }
    }

    /// Skips letters. Whatever is not ASCII counts as one, so that `µs` is a word and an error
    /// never cuts a character in two.
    const fn skip_word(&mut self) {
        while let Some(byte) = self.peek()
            && (byte.is_ascii_alphabetic() || !byte.is_ascii())
        {
            self.at += 1;
        }
    }

    /// What to say about the piece at the cursor, which can neither start a number nor be a unit.
    const fn unexpected(&mut self) -> ParseError {
        let start = self.at;
        self.skip_word();
        if self.at > start {
            return self.error_since(start, ParseErrorKind::NumberExpected);
        }
        let kind = match self.peek() {
            Some(b'+' | b'-') => ParseErrorKind::Sign,
            Some(b'.') => ParseErrorKind::Point,
            _ => ParseErrorKind::Unexpected,
        };
        self.at += 1;
        self.error_since(start, kind)
    }

    /// The error that blames everything from `start` to the cursor.
    const fn error_since(&self, start: usize, kind: ParseErrorKind) -> ParseError {
        ParseError { kind, start, end: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    /// The kind of error, and the piece that is blamed.
    fn refused(text: &str) -> (ParseErrorKind, &str) {
        let error = parse(text).unwrap_err();
        (error.kind, &text[error.start..error.end])
    }

    #[test]
    fn every_name_of_every_unit() {
        let names = [
            (Unit::Nanosecond, "ns nanosecond nanoseconds"),
            (Unit::Microsecond, "us \u{b5}s \u{3bc}s microsecond microseconds"),
            (Unit::Millisecond, "ms millisecond milliseconds"),
            (Unit::Second, "s sec secs second seconds"),
            (Unit::Minute, "m min mins minute minutes"),
            (Unit::Hour, "h hr hrs hour hours"),
            (Unit::Day, "d day days"),
            (Unit::Week, "w week weeks"),
        ];
        for (unit, names) in names {
            for name in names.split(' ') {
                assert_eq!(parse(&format!("2{name}")), Ok(2 * unit.nanos()), "{name}");
            }
        }
    }

    #[test]
    fn parts_add_up_in_any_order_and_spacing() {
        let ninety_minutes = Ok(5400 * Unit::Second.nanos());
        for text in ["1h 30m", "1h30m", "30m1h", " 1 h\t30 minutes\n", "1.5h", "0.5h 60m", "90m0s"]
        {
            assert_eq!(parse(text), ninety_minutes, "{text}");
        }
    }

    #[test]
    fn the_sum_is_rounded_once_to_the_nearest_nanosecond() {
        assert_eq!(parse("1.4ns"), Ok(1));
        assert_eq!(parse("1.5ns"), Ok(2));
        assert_eq!(parse("0.4ns 0.0004us"), Ok(1));
        assert_eq!(parse("0.333333333333333333333333333333h"), Ok(1_200_000_000_000));
        assert_eq!(parse(&format!("1.{}s", "0".repeat(500))), Ok(1_000_000_000));
    }

    #[test]
    fn the_longest_and_the_shortest() {
        assert_eq!(parse("9223372036854775807ns"), Ok(MAX_NANOS));
        assert_eq!(parse("9223372036854775807.4ns"), Ok(MAX_NANOS));
        assert_eq!(parse("0s"), Ok(0));
        assert_eq!(parse("0.0ns 0w"), Ok(0));
        let too_long = ParseErrorKind::TooLong;
        assert_eq!(refused("9223372036854775808ns"), (too_long, "9223372036854775808ns"));
        assert_eq!(refused("9223372036854775807.5ns").0, too_long);
        assert_eq!(refused("1ns 293000d"), (too_long, "293000d"));
        let many = format!("{}.{}w", "9".repeat(500), "9".repeat(500));
        assert_eq!(refused(&many), (too_long, &*many));
        assert_eq!(refused("0.4ns"), (ParseErrorKind::TooShort, "0.4ns"));
        assert_eq!(refused(&format!("0.{}1s", "0".repeat(500))).0, ParseErrorKind::TooShort);
    }

    #[test]
    fn the_offending_piece_is_blamed() {
        use ParseErrorKind as Kind;
        let cases = [
            ("", Kind::Empty, ""),
            (" \t", Kind::Empty, " \t"),
            ("0", Kind::NoUnit, "0"),
            ("90", Kind::NoUnit, "90"),
            ("1h 1.5 ", Kind::NoUnit, "1.5"),
            ("1 2s", Kind::NoUnit, "1"),
            ("1x", Kind::UnknownUnit, "x"),
            ("1S", Kind::UnknownUnit, "S"),
            ("1e3s", Kind::UnknownUnit, "e"),
            ("1h 2\u{1f40c}", Kind::UnknownUnit, "\u{1f40c}"),
            ("2 months", Kind::CalendarUnit, "months"),
            ("1y", Kind::CalendarUnit, "y"),
            ("1h 2s 3 secs", Kind::RepeatedUnit, "secs"),
            ("-3s", Kind::Sign, "-"),
            ("1h -3m", Kind::Sign, "-"),
            ("1h+3m", Kind::Sign, "+"),
            ("1-s", Kind::Sign, "-"),
            (".5s", Kind::Point, "."),
            ("5.s", Kind::Point, "5."),
            ("1.2.3s", Kind::Point, "."),
            ("h", Kind::NumberExpected, "h"),
            ("1h and 30m", Kind::NumberExpected, "and"),
            ("\u{bd}h", Kind::NumberExpected, "\u{bd}h"),
            ("1,5s", Kind::Unexpected, ","),
            ("1h\0", Kind::Unexpected, "\0"),
        ];
        for (text, kind, piece) in cases {
            assert_eq!(refused(text), (kind, piece), "{text:?}");
        }
    }

    /// Some of the units in any order, each with a number of thousandths and a name.
    fn parts() -> impl Strategy<Value = Vec<(u64, u32, &'static str, Unit)>> {
        let units = vec![
            ("ns", Unit::Nanosecond),
            ("us", Unit::Microsecond),
            ("ms", Unit::Millisecond),
            ("s", Unit::Second),
            ("m", Unit::Minute),
            ("h", Unit::Hour),
            ("d", Unit::Day),
            ("w", Unit::Week),
        ];
        (subsequence(units, 1..=8).prop_shuffle()).prop_flat_map(|units| {
            units
                .into_iter()
                .map(|(name, unit)| {
                    (0..100_u64, 0..1_000_u32)
                        .prop_map(move |(whole, thousandths)| (whole, thousandths, name, unit))
                })
                .collect::<Vec<_>>()
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_at_a_boundary_of_characters(
            text in prop_oneof![any::<String>(), "[0-9. +a-z\u{b5}-]{0,12}"],
        ) {
            if let Err(error) = parse(&text) {
                prop_assert!(text.get(error.start..error.end).is_some());
            }
        }

        #[test]
        fn a_text_is_worth_the_sum_of_its_parts(
            parts in parts(),
            space in select(vec!["", " ", "\n\t"]),
        ) {
            let text: Vec<_> = parts
                .iter()
                .map(|(whole, thousandths, name, _)| {
                    format!("{whole}.{thousandths:03}{space}{name}")
                })
                .collect();
            let picos: u128 = parts
                .iter()
                .map(|(whole, thousandths, _, unit)| {
                    u128::from(whole * 1_000 + u64::from(*thousandths)) * u128::from(unit.nanos())
                })
                .sum();
            match parse(&text.join(space)) {
                Ok(nanos) => prop_assert_eq!(u128::from(nanos), (picos + 500) / 1_000),
                Err(error) => {
                    prop_assert_eq!(error.kind, ParseErrorKind::TooShort);
                    prop_assert!(0 < picos && picos < 500);
                }
            }
        }
    }
}
