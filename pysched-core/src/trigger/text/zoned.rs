//! Cron expressions and calendars, as they are written in the text of a trigger.

use std::fmt;

use super::read::{Options, Quote, Reader};
use super::stamp::{clock_of, date_of};
use super::write::Quoted;
use crate::error::Error;
use crate::trigger::calendar::{Calendar, MonthEnd, Unit};
use crate::trigger::civil::Date;
use crate::trigger::dst::Dst;
use crate::trigger::zoned::{Times, Zoned};

impl fmt::Display for Zoned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = match &self.times {
            Times::Constant(cron) => write_cron(cron, f).map(|()| self.zone()),
            Times::Cron(cron) => write_cron(cron, f).map(|()| self.zone()),
            // As it was given, even if no zone has this name.
            Times::Calendar(calendar) => write_calendar(calendar, f).map(|()| calendar.zone()),
        }?;
        if let Some(zone) = zone {
            write!(f, ", tz = {}", Quoted(zone))?;
        }
        if self.policy != Dst::default() {
            write!(f, ", dst = {}", dst_name(self.policy))?;
        }
        f.write_str(")")
    }
}

impl Zoned {
    /// The name of the zone, unless that is UTC.
    fn zone(&self) -> Option<&str> {
        Some(self.zone_name()).filter(|name| *name != "UTC")
    }
}

fn write_cron(cron: impl fmt::Display, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "cron({}", Quoted(cron))
}

fn write_calendar(calendar: &Calendar, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "calendar({}", Quoted(calendar.since))?;
    let (every, unit) = (calendar.every, calendar.unit);
    if (every, unit) != (1, Unit::Days) {
        write!(f, ", every = \"{}\"", unit.counted(every))?;
    }
    let [hour, minute, second] = calendar.at;
    if calendar.at != [0; 3] {
        write!(f, ", at = \"{hour:02}:{minute:02}:{second:02}\"")?;
    }
    if calendar.month_end != MonthEnd::default() {
        write!(f, ", month_end = {}", month_end_name(calendar.month_end))?;
    }
    Ok(())
}

const A_DATE: &str = "a date such as `\"2026-01-05\"`";
const A_COUNT: &str = "a number of days, weeks, months or years such as `\"2 weeks\"`";
const A_CLOCK: &str = "a time of the day such as `\"09:30:00\"`";
const A_ZONE: &str = "the name of a time zone such as `\"Europe/Rome\"`";

fn dst_name(policy: Dst) -> &'static str {
    match policy {
        Dst::Vixie => "vixie",
        Dst::Skip => "skip",
        Dst::Literal => "literal",
        Dst::Shift => "shift",
    }
}

fn month_end_name(month_end: MonthEnd) -> &'static str {
    match month_end {
        MonthEnd::Clamp => "clamp",
        MonthEnd::Skip => "skip",
    }
}

impl Reader<'_> {
    /// Reads what follows `cron(`.
    pub(super) fn cron(&mut self) -> Result<Zoned, Error> {
        let expression = self.string("a cron expression such as `\"0 9 * * MON-FRI\"`")?;
        let mut zoned =
            Zoned::cron(&expression.text).map_err(|why| self.wrong(&expression, why))?;
        let mut options = Options::new(&["tz", "dst"]);
        while let Some(option) = self.option(&mut options)? {
            zoned = if option == "tz" {
                let zone = self.string(A_ZONE)?;
                zoned.in_zone(&zone.text).map_err(|why| self.wrong(&zone, why))?
            } else {
                zoned.dst(self.dst()?)
            };
        }
        Ok(zoned)
    }

    /// Reads what follows `calendar(`.
    pub(super) fn calendar(&mut self) -> Result<Zoned, Error> {
        let (Date { year, month, day }, at) = self.parsed(A_DATE, |text| {
            let mut rest = text;
            date_of(&mut rest).filter(|_| rest.is_empty())
        })?;
        let mut calendar = self.checked(Calendar::since(year, month, day), &at)?;
        let mut policy = Dst::default();
        let mut options = Options::new(&["every", "at", "month_end", "tz", "dst"]);
        while let Some(option) = self.option(&mut options)? {
            calendar = match option {
                "every" => {
                    let ((every, unit), at) = self.parsed(A_COUNT, Unit::count)?;
                    self.checked(Calendar { every, unit, ..calendar }, &at)?
                }
                "at" => {
                    let (clock, at) = self.parsed(A_CLOCK, |text| {
                        let mut rest = text;
                        clock_of(&mut rest).filter(|_| rest.is_empty())
                    })?;
                    self.checked(Calendar { at: clock, ..calendar }, &at)?
                }
                "tz" => {
                    let zone = self.string(A_ZONE)?;
                    self.checked(calendar.time_zone(zone.text.clone()), &zone)?
                }
                "month_end" => calendar.month_end(match self.choose(&["clamp", "skip"])? {
                    "skip" => MonthEnd::Skip,
                    _ => MonthEnd::Clamp,
                }),
                _ => {
                    policy = self.dst()?;
                    calendar
                }
            };
        }
        Ok(Zoned::calendar(calendar).dst(policy))
    }

    fn dst(&mut self) -> Result<Dst, Error> {
        let policies = [Dst::Vixie, Dst::Skip, Dst::Literal, Dst::Shift];
        let chosen = self.choose(&policies.map(dst_name))?;
        Ok(policies.into_iter().find(|policy| dst_name(*policy) == chosen).unwrap_or_default())
    }

    /// Reads a text that means something; also gives it.
    fn parsed<T>(
        &mut self,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<(T, Quote), Error> {
        let quote = self.string(expected)?;
        match parse(&quote.text) {
            Some(value) => Ok((value, quote)),
            None => Err(self.not(&quote, &format!("expected {expected}"))),
        }
    }

    /// A calendar that has been changed at a text, if there is such a one.
    fn checked(&self, calendar: Calendar, at: &Quote) -> Result<Calendar, Error> {
        match calendar.check() {
            Ok(()) => Ok(calendar),
            Err(why) => Err(self.wrong(at, why)),
        }
    }
}
