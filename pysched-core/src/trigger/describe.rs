//! Triggers in plain English.

use std::time::SystemTime;

#[cfg(feature = "cron")]
use super::calendar::{Calendar, MonthEnd, Unit};
#[cfg(feature = "cron")]
use super::civil::{Date, weekday};
#[cfg(feature = "cron")]
use super::cron::weekday_name;
#[cfg(feature = "cron")]
use super::dst::Dst;
use super::text::Stamp;
#[cfg(feature = "cron")]
use super::zoned::{Times, Zoned};
use super::{Kind, Limits, Trigger};
use crate::Interval;

impl Trigger {
    /// What it means, in plain English.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::{Dst, Trigger};
    ///
    /// assert_eq!(Trigger::once(5).describe(), "once, after 5s");
    /// assert_eq!(Trigger::recur_after(90).describe(), "1m 30s after each run has ended");
    /// assert_eq!(Trigger::at(SystemTime::UNIX_EPOCH).describe(), "at 1970-01-01 00:00:00 UTC");
    ///
    /// let busy = Trigger::cron_in("*/10 9-17 * * MON-FRI", "Europe/Rome")?;
    /// assert_eq!(
    ///     busy.describe(),
    ///     "every 10 minutes from 09:00 through 17:50, Monday through Friday, Europe/Rome",
    /// );
    /// let nightly = Trigger::cron("30 2 L * *")?.except(Trigger::cron("* * * DEC *")?);
    /// assert_eq!(
    ///     nightly.jitter(Duration::from_secs(60)).describe(),
    ///     "(at 02:30, on the last day of the month, UTC, but not every minute, in December, UTC), \
    ///      each run up to 1m later",
    /// );
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    ///
    /// For people: the words may change with a version. What can be read again is the
    /// [text](Self#as-text).
    #[must_use]
    pub fn describe(&self) -> String {
        self.described(false)
    }

    fn described(&self, is_part: bool) -> String {
        let Limits { mut starting, until, jitter } = self.limits();
        let text = self.kind.describe(&mut starting);
        let limits = [
            starting.map(|starting| format!(", from {}", shown(starting))),
            until.map(|until| format!(", until {}", shown(until))),
            // The jitter of a part does not count.
            jitter
                .filter(|_| !is_part)
                .map(|max| format!(", each run up to {} later", Interval::from(max))),
        ];
        let limits: String = limits.into_iter().flatten().collect();
        let is_combined = matches!(self.kind, Kind::Any(_) | Kind::All(_) | Kind::Except(_));
        // So that it is seen what a limit is about.
        if is_combined && (is_part || !limits.is_empty()) {
            format!("({text}){limits}")
        } else {
            text + &limits
        }
    }
}

impl Kind {
    /// Takes the start, if it says it itself.
    fn describe(&self, starting: &mut Option<SystemTime>) -> String {
        match self {
            Self::Once(delay) => match starting.take() {
                Some(starting) => format!("once, {delay} after {}", shown(starting)),
                None => format!("once, after {delay}"),
            },
            Self::Recur(interval) => format!("every {interval}"),
            Self::RecurAfter(interval) => format!("{interval} after each run has ended"),
            Self::At(time) => format!("at {}", shown(*time)),
            Self::AtEach(times) => match &times[..] {
                [] => "never".to_owned(),
                [time] => format!("at {}", shown(*time)),
                [one, other] => format!("at {} and {}", shown(*one), shown(*other)),
                [first, .., last] => {
                    let (first, last) = (shown(*first), shown(*last));
                    format!("at {} times from {first} to {last}", times.len())
                }
            },
            #[cfg(feature = "cron")]
            Self::Zoned(zoned) => zoned.describe(),
            Self::Any(parts) => joined(parts, ", or "),
            Self::All(parts) => joined(parts, ", and at the same time "),
            Self::Except(parts) => joined(&**parts, ", but not "),
        }
    }
}

#[cfg(feature = "cron")]
impl Zoned {
    fn describe(&self) -> String {
        let text = match &self.times {
            Times::Constant(cron) => cron.describe(),
            Times::Cron(cron) => cron.describe(),
            Times::Calendar(calendar) => calendar.describe(),
        };
        // The clocks of UTC are never changed.
        let policy = match self.policy {
            Dst::Vixie => "",
            _ if self.zone_name() == "UTC" => "",
            Dst::Skip => " (runs that a clock change skips are left out, and none is repeated)",
            Dst::Literal => {
                " (runs that a clock change skips are left out, and those it repeats run twice)"
            }
            Dst::Shift => {
                " (runs that a clock change skips come as much later, and none is repeated)"
            }
        };
        format!("{text}, {}{policy}", self.zone_name())
    }
}

#[cfg(feature = "cron")]
impl Calendar {
    fn describe(&self) -> String {
        let every = self.unit.counted(self.every);
        let every = every.strip_prefix("1 ").unwrap_or(&every);
        let [hour, minute, second] = self.at;
        let second = if second == 0 { String::new() } else { format!(":{second:02}") };
        let weekday = match self.unit {
            Unit::Weeks => format!("{} ", weekday_name(weekday(self.since.days()))),
            Unit::Days | Unit::Months | Unit::Years => String::new(),
        };
        let Date { month, day, .. } = self.since;
        let may_lack = match self.unit {
            Unit::Days | Unit::Weeks => false,
            Unit::Months => day > 28,
            Unit::Years => (month, day) == (2, 29),
        };
        let lacking = match self.month_end {
            _ if !may_lack => String::new(),
            MonthEnd::Clamp => format!(", on the last day of months without a day {day}"),
            MonthEnd::Skip => format!(", not in months without a day {day}"),
        };
        let since = self.since;
        format!("every {every} at {hour:02}:{minute:02}{second}, from {weekday}{since}{lacking}")
    }
}

fn shown(time: SystemTime) -> String {
    format!("{:#}", Stamp(time))
}

fn joined(parts: &[Trigger], by: &str) -> String {
    let parts: Vec<_> = parts.iter().map(|part| part.described(true)).collect();
    if parts.is_empty() { "never".to_owned() } else { parts.join(by) }
}

#[cfg(feature = "cron")]
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use insta::assert_snapshot;

    /// Each text of a trigger, and below it what it means.
    fn described(texts: &[&str]) -> String {
        let each = |text: &&str| {
            format!("{text}\n  {}", text.parse::<crate::Trigger>().unwrap().describe())
        };
        texts.iter().map(each).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn triggers() {
        assert_snapshot!(described(&[
            r#"once("5s")"#,
            r#"once("5s").starting("2026-01-01T00:00:00Z")"#,
            r#"recur("1h 30m")"#,
            r#"recur_after("5s").until("2026-01-01T00:00:00.5Z")"#,
            r#"at("2026-03-29T01:30:00Z")"#,
            r#"at_each("@0", "@60")"#,
            r#"at_each("@0", "@60", "@999999999999")"#,
            r#"cron("30 2 * * *", tz = "Europe/Rome")"#,
            r#"cron("30 2 * * *", dst = skip)"#,
            r#"cron("30 2 * * *", tz = "Europe/Rome", dst = skip)"#,
            r#"cron("30 2 * * *", tz = "Europe/Rome", dst = literal)"#,
            r#"cron("30 2 * * *", tz = "Europe/Rome", dst = shift)"#,
            r#"any(recur("3s"), at("@0"))"#,
            r#"any(recur("3s").until("@99"), at("@0")).jitter("30s")"#,
            r#"all(recur("3s").jitter("1s"), any(at("@0"), at("@9")), at("@0"))"#,
            r#"cron("0 9 * * *").except(cron("* * 25,26 12 *"))"#,
            r#"recur("1s").until("@60").except(at("@9"))"#,
            r#"recur("1s").except(at("@9")).starting("@5").until("@60")"#,
        ]), @r#"
        once("5s")
          once, after 5s
        once("5s").starting("2026-01-01T00:00:00Z")
          once, 5s after 2026-01-01 00:00:00 UTC
        recur("1h 30m")
          every 1h 30m
        recur_after("5s").until("2026-01-01T00:00:00.5Z")
          5s after each run has ended, until 2026-01-01 00:00:00.5 UTC
        at("2026-03-29T01:30:00Z")
          at 2026-03-29 01:30:00 UTC
        at_each("@0", "@60")
          at 1970-01-01 00:00:00 UTC and 1970-01-01 00:01:00 UTC
        at_each("@0", "@60", "@999999999999")
          at 3 times from 1970-01-01 00:00:00 UTC to 999999999999s after 1970-01-01 00:00:00 UTC
        cron("30 2 * * *", tz = "Europe/Rome")
          every day at 02:30, Europe/Rome
        cron("30 2 * * *", dst = skip)
          every day at 02:30, UTC
        cron("30 2 * * *", tz = "Europe/Rome", dst = skip)
          every day at 02:30, Europe/Rome (runs that a clock change skips are left out, and none is repeated)
        cron("30 2 * * *", tz = "Europe/Rome", dst = literal)
          every day at 02:30, Europe/Rome (runs that a clock change skips are left out, and those it repeats run twice)
        cron("30 2 * * *", tz = "Europe/Rome", dst = shift)
          every day at 02:30, Europe/Rome (runs that a clock change skips come as much later, and none is repeated)
        any(recur("3s"), at("@0"))
          every 3s, or at 1970-01-01 00:00:00 UTC
        any(recur("3s").until("@99"), at("@0")).jitter("30s")
          (every 3s, until 1970-01-01 00:01:39 UTC, or at 1970-01-01 00:00:00 UTC), each run up to 30s later
        all(recur("3s").jitter("1s"), any(at("@0"), at("@9")), at("@0"))
          every 3s, and at the same time (at 1970-01-01 00:00:00 UTC, or at 1970-01-01 00:00:09 UTC), and at the same time at 1970-01-01 00:00:00 UTC
        cron("0 9 * * *").except(cron("* * 25,26 12 *"))
          every day at 09:00, UTC, but not every minute, on days 25 and 26 of the month, in December, UTC
        recur("1s").until("@60").except(at("@9"))
          every 1s, until 1970-01-01 00:01:00 UTC, but not at 1970-01-01 00:00:09 UTC
        recur("1s").except(at("@9")).starting("@5").until("@60")
          (every 1s, but not at 1970-01-01 00:00:09 UTC), from 1970-01-01 00:00:05 UTC, until 1970-01-01 00:01:00 UTC
        "#);
    }

    #[test]
    fn calendars() {
        assert_snapshot!(described(&[
            r#"calendar("2026-11-24")"#,
            r#"calendar("2026-01-05", every = "2 weeks", at = "09:30:00", tz = "Europe/Rome")"#,
            r#"calendar("2026-01-05", every = "1 week", at = "09:30:15")"#,
            r#"calendar("2026-01-05", every = "3 days", tz = "Europe/Rome", dst = shift)"#,
            r#"calendar("2026-01-28", every = "1 month", month_end = skip)"#,
            r#"calendar("2026-01-31", every = "1 month")"#,
            r#"calendar("2026-01-31", every = "3 months", month_end = skip)"#,
            r#"calendar("2028-02-29", every = "1 year")"#,
            r#"calendar("2028-03-31", every = "4 years")"#,
        ]), @r#"
        calendar("2026-11-24")
          every day at 00:00, from 2026-11-24, UTC
        calendar("2026-01-05", every = "2 weeks", at = "09:30:00", tz = "Europe/Rome")
          every 2 weeks at 09:30, from Monday 2026-01-05, Europe/Rome
        calendar("2026-01-05", every = "1 week", at = "09:30:15")
          every week at 09:30:15, from Monday 2026-01-05, UTC
        calendar("2026-01-05", every = "3 days", tz = "Europe/Rome", dst = shift)
          every 3 days at 00:00, from 2026-01-05, Europe/Rome (runs that a clock change skips come as much later, and none is repeated)
        calendar("2026-01-28", every = "1 month", month_end = skip)
          every month at 00:00, from 2026-01-28, UTC
        calendar("2026-01-31", every = "1 month")
          every month at 00:00, from 2026-01-31, on the last day of months without a day 31, UTC
        calendar("2026-01-31", every = "3 months", month_end = skip)
          every 3 months at 00:00, from 2026-01-31, not in months without a day 31, UTC
        calendar("2028-02-29", every = "1 year")
          every year at 00:00, from 2028-02-29, on the last day of months without a day 29, UTC
        calendar("2028-03-31", every = "4 years")
          every 4 years at 00:00, from 2028-03-31, UTC
        "#);
    }

    #[test]
    fn what_cannot_be_added_is_described_too() {
        use crate::Trigger;

        let none: [Trigger; 0] = [];
        assert_eq!(Trigger::any(none).describe(), "never");
        assert_eq!(Trigger::at_each([]).describe(), "never");
        assert_eq!(Trigger::recur(-3).describe(), "every -3s");
        let jitter = Trigger::once(0).jitter(Duration::MAX).describe();
        assert_eq!(jitter, "once, after 0s, each run up to 18446744073709551615.999999999s later");
    }
}
