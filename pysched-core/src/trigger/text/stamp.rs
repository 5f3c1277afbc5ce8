//! [`Stamp`]: times on the wall clock as text, in RFC 3339 and UTC. Also dates, and times of the day.
//!
//! RFC 3339 ends with the year 9999, and a [`SystemTime`] does not. A time of any other year is
//! written as the seconds from the beginning of 1970, after an `@`.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::trigger::civil::{DAY, Date, FIRST, LAST, Local};

/// A time to display; with `{:#}`, as it is written for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp(pub(crate) SystemTime);

impl Stamp {
    /// The second in UTC and the nanoseconds after it, in the years that RFC 3339 has.
    fn civil(self) -> Option<(Local, u32)> {
        let (second, nanos) = match self.0.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => (i64::try_from(since.as_secs()).ok()?, since.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                let second = 0_i64.checked_sub_unsigned(before.as_secs())?;
                match before.subsec_nanos() {
                    0 => (second, 0),
                    nanos => (second.checked_sub(1)?, 1_000_000_000 - nanos),
                }
            }
        };
        (FIRST..=LAST).contains(&Local(second)).then_some((Local(second), nanos))
    }

    /// Reads what is displayed, and RFC 3339 with other offsets. Otherwise says what was expected.
    pub(super) fn read(text: &str) -> Result<SystemTime, String> {
        let time = if let Some(number) = text.strip_prefix('@') {
            let (is_before, number) = match number.strip_prefix('-') {
                Some(number) => (true, number),
                None => (false, number),
            };
            from_epoch(is_before, seconds(number).ok_or_else(expected)?)
        } else {
            let (Local(second), nanos) = rfc_3339(text)?;
            let whole = from_epoch(second < 0, Duration::from_secs(second.unsigned_abs()));
            whole.and_then(|whole| whole.checked_add(Duration::from_nanos(nanos.into())))
        };
        time.ok_or_else(|| "expected a time that this system can tell".to_owned())
    }
}

fn from_epoch(is_before: bool, distance: Duration) -> Option<SystemTime> {
    if is_before {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

fn expected() -> String {
    "expected a time such as `2026-03-29T01:30:00Z`".to_owned()
}

/// Reads a number of seconds without a sign, with up to nine decimals.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) => (whole, nanos(decimals)?),
        None => (text, 0),
    };
    let is_number = whole.bytes().all(|byte| byte.is_ascii_digit());
    let whole = whole.parse().ok().filter(|_| is_number)?;
    Some(Duration::new(whole, decimals))
}

/// Reads the decimals of a second.
fn nanos(decimals: &str) -> Option<u32> {
    let is_number = decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !(1..=9).contains(&decimals.len()) {
        return None;
    }
    format!("{decimals:0<9}").parse().ok()
}

fn rfc_3339(text: &str) -> Result<(Local, u32), String> {
    let mut rest = text;
    let date = date_of(&mut rest).ok_or_else(expected)?;
    rest = rest.strip_prefix(['T', 't', ' ']).ok_or_else(expected)?;
    let clock = clock_of(&mut rest).ok_or_else(expected)?;
    let mut decimals = 0;
    if let Some(after) = rest.strip_prefix('.') {
        let end = after.find(|it: char| !it.is_ascii_digit()).unwrap_or(after.len());
        decimals = nanos(&after[..end])
            .ok_or_else(|| "expected 1 to 9 decimals of a second".to_owned())?;
        rest = &after[end..];
    }
    let offset = offset(rest).ok_or_else(|| {
        format!("{}, with `Z` for UTC or an offset such as `+02:00` at its end", expected())
    })?;
    let second = check(date, clock)?;
    Ok((Local(Local::new(date, second).0 - offset), decimals))
}

/// Reads how many seconds local time is ahead of UTC.
fn offset(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let hours = digits(&mut rest, 2)?;
    rest = rest.strip_prefix(':')?;
    let minutes = digits(&mut rest, 2)?;
    let is_offset = rest.is_empty() && hours < 24 && minutes < 60;
    is_offset.then_some(sign * i64::from((hours * 60 + minutes) * 60))
}

/// The second of the day, if there are such a date and time.
fn check(date: Date, [hour, minute, second]: [u32; 3]) -> Result<u32, String> {
    if date.year < 1 || !date.is_valid() {
        return Err(format!("there is no date {date}"));
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(format!("there is no time {hour:02}:{minute:02}:{second:02}"));
    }
    let second = (hour * 60 + minute) * 60 + second;
    debug_assert!(i64::from(second) < DAY);
    Ok(second)
}

/// Takes a date such as `2026-03-29` from the beginning of a text.
pub(super) fn date_of(rest: &mut &str) -> Option<Date> {
    let year = i32::try_from(digits(rest, 4)?).ok()?;
    *rest = rest.strip_prefix('-')?;
    let month = digits(rest, 2)?;
    *rest = rest.strip_prefix('-')?;
    Some(Date::new(year, month, digits(rest, 2)?))
}

/// Takes a time of the day such as `01:30:00` from the beginning of a text.
pub(super) fn clock_of(rest: &mut &str) -> Option<[u32; 3]> {
    let hour = digits(rest, 2)?;
    *rest = rest.strip_prefix(':')?;
    let minute = digits(rest, 2)?;
    *rest = rest.strip_prefix(':')?;
    Some([hour, minute, digits(rest, 2)?])
}

/// Takes a number of so many digits from the beginning of a text.
fn digits(rest: &mut &str, count: usize) -> Option<u32> {
    let (number, after) = rest.split_at_checked(count)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    *rest = after;
    number.parse().ok().filter(|_| is_number)
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((local, nanos)) = self.civil() {
            let (day, second) = local.split();
            let date = Date::from_days(day);
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            let (between, zone) = if f.alternate() { (' ', " UTC") } else { ('T', "Z") };
            write!(f, "{date}{between}{hour:02}:{minute:02}:{second:02}")?;
            write_decimals(nanos, f)?;
            return f.write_str(zone);
        }
        let (is_before, distance) = match self.0.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => (false, since),
            Err(before) => (true, before.duration()),
        };
        if !f.alternate() {
            f.write_str(if is_before { "@-" } else { "@" })?;
        }
        write!(f, "{}", distance.as_secs())?;
        write_decimals(distance.subsec_nanos(), f)?;
        if f.alternate() {
            let side = if is_before { "before" } else { "after" };
            write!(f, "s {side} 1970-01-01 00:00:00 UTC")?;
        }
        Ok(())
    }
}

/// As many as are needed.
fn write_decimals(nanos: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if nanos == 0 {
        return Ok(());
    }
    write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(second: i64, nanos: u32) -> Option<SystemTime> {
        let whole = from_epoch(second < 0, Duration::from_secs(second.unsigned_abs()))?;
        whole.checked_add(Duration::from_nanos(nanos.into()))
    }

    fn shown(second: i64, nanos: u32) -> String {
        Stamp(time(second, nanos).unwrap()).to_string()
    }

    #[test]
    fn times_of_four_digit_years_are_rfc_3339() {
        assert_eq!(shown(0, 0), "1970-01-01T00:00:00Z");
        assert_eq!(shown(1_774_747_800, 0), "2026-03-29T01:30:00Z");
        assert_eq!(shown(-1, 500_000_000), "1969-12-31T23:59:59.5Z");
        assert_eq!(shown(1, 1), "1970-01-01T00:00:01.000000001Z");
        assert_eq!(shown(FIRST.0, 0), "0001-01-01T00:00:00Z");
        assert_eq!(shown(LAST.0, 999_999_999), "9999-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn other_times_are_numbers() {
        assert_eq!(shown(FIRST.0 - 1, 250_000_000), "@-62135596800.75");
        assert_eq!(shown(LAST.0 + 1, 0), "@253402300800");
        let far = Stamp(time(LAST.0 + 1, 0).unwrap());
        assert_eq!(format!("{far:#}"), "253402300800s after 1970-01-01 00:00:00 UTC");
    }

    #[test]
    fn other_offsets_are_read() {
        let expected = time(1_774_747_800, 0);
        for text in [
            "2026-03-29T03:30:00+02:00",
            "2026-03-28 18:00:00-07:30",
            "2026-03-29t01:30:00.000z",
            "@1774747800",
            "@1774747800.0",
        ] {
            assert_eq!(Stamp::read(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_named() {
        for (text, named) in [
            ("", "such as"),
            ("tomorrow", "such as"),
            ("2026-03-29", "such as"),
            ("2026-03-29T01:30", "such as"),
            ("2026-03-29T01:30:00", "`Z` for UTC"),
            ("2026-03-29T01:30:00+2", "`Z` for UTC"),
            ("2026-03-29T01:30:00Zulu", "`Z` for UTC"),
            ("2026-03-29T01:30:00.Z", "decimals"),
            ("2026-03-29T01:30:00.0123456789Z", "decimals"),
            ("2026-02-29T01:30:00Z", "no date 2026-02-29"),
            ("0000-02-29T01:30:00Z", "no date 0000-02-29"),
            ("2026-03-29T24:00:00Z", "no time 24:00:00"),
            ("2026-03-29T23:59:60Z", "no time 23:59:60"),
            ("+026-03-29T23:59:60Z", "such as"),
            ("2026-03-2ÄT23:59:60Z", "such as"),
            ("@", "such as"),
            ("@+1", "such as"),
            ("@1e9", "such as"),
            ("@99999999999999999999", "such as"),
        ] {
            let error = Stamp::read(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
        // What no `SystemTime` holds is refused where there is such a time; elsewhere it is read.
        if let Ok(time) = Stamp::read("@18446744073709551615") {
            assert_eq!(Stamp(time).to_string(), "@18446744073709551615");
        }
    }

    proptest! {
        #[test]
        fn every_time_survives_its_text(
            second in prop_oneof![FIRST.0..=LAST.0, any::<i64>()],
            nanos in prop_oneof![Just(0), Just(500_000_000), 0..1_000_000_000_u32],
        ) {
            if let Some(time) = time(second, nanos) {
                prop_assert_eq!(Stamp::read(&Stamp(time).to_string()), Ok(time));
            }
        }
    }
}
