//! Cron expressions in plain English: first the [time of the day](super::clock), then the days, the
//! months and the years.
//!
//! What is described is what an expression means, not how it is written. So two that are described
//! alike have the same runs, other than in hours that clocks skip or repeat, where it also counts
//! whether they say how often or when.

use super::clock::Times;
use super::days::Days;
use super::field::Field;
use super::{Cron, EVERY_MONTH, Fields};
use crate::trigger::words::{listed, ordinal, ranges, step};

impl Cron {
    pub(in crate::trigger) fn describe(&self) -> String {
        self.fields.describe()
    }
}

const MONTHS: [&str; 13] = [
    "",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Sunday to Sunday.
const WEEKDAYS: [&str; 8] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name of a day of the week; Sunday is 0, and also 7.
pub(in crate::trigger) fn weekday_name(day: u32) -> &'static str {
    WEEKDAYS[day as usize % 7]
}

/// The values whose bits are set.
pub(super) fn values(set: u64) -> Vec<u32> {
    (0..u64::BITS).filter(|value| set & 1 << value != 0).collect()
}

impl Fields {
    fn describe(&self) -> String {
        let is_every_day = self.days.are_all();
        // Beyond midnight it is another day, which may not be one of these.
        let goes_on = is_every_day && self.months == EVERY_MONTH && self.years.is_none();
        let times = Times { seconds: self.seconds, minutes: self.minutes, hours: self.hours };
        let mut text = times.describe(goes_on, is_every_day);
        if !is_every_day {
            text.push_str(", ");
            text.push_str(&self.days.describe());
        }
        if self.months != EVERY_MONTH {
            // Where years are named, a range beyond December would be of another one.
            let cycle = self.years.is_none().then_some((1, 12));
            let name = |month| MONTHS[month as usize].to_owned();
            let months = ranges(&values(self.months.into()), cycle, name);
            text.push_str(", in ");
            text.push_str(&listed(&months, "and"));
        }
        if let Some(years) = &self.years {
            text.push_str(", in ");
            text.push_str(&describe_years(years));
        }
        text
    }
}

fn describe_years(bits: &[u64; 4]) -> String {
    let years: Vec<_> = (0..)
        .zip(bits)
        .flat_map(|(word, set)| values(*set).into_iter().map(move |bit| word * u64::BITS + bit))
        .map(|bit| Field::Year.low() + bit)
        .collect();
    progression(&years, "year")
        .unwrap_or_else(|| listed(&ranges(&years, None, |year| year.to_string()), "and"))
}

/// "every second year from 2026 through 2040", if it is so regular.
pub(super) fn progression(values: &[u32], unit: &str) -> Option<String> {
    let step = step(values).filter(|step| *step > 1)?;
    let (first, last) = (values.first()?, values.last()?);
    Some(format!("every {} {unit} from {first} through {last}", ordinal(step)))
}

impl Days {
    /// Whether every day matches.
    fn are_all(&self) -> bool {
        if self.either {
            self.any_of_month() || self.any_of_week()
        } else {
            self.any_of_month() && self.any_of_week()
        }
    }

    fn describe(&self) -> String {
        if self.either {
            format!("on {} or on {}", self.month_words(), self.week_words())
        } else if self.any_of_week() {
            format!("on {}", self.month_words())
        } else if !self.any_of_month() {
            format!("on {} if that is {}", self.month_words(), self.week_words())
        } else if let Some([range]) = self.only_of_week().map(week_ranges).as_deref()
            && range.contains(' ')
        {
            // A range needs no preposition.
            range.clone()
        } else {
            format!("on {}", self.week_words())
        }
    }

    /// The field of the day of the month, if it does not match all.
    fn month_words(&self) -> String {
        let days = values(self.of_month.into());
        let mut items = Vec::new();
        if let Some(progression) = progression(&days, "day") {
            items.push(progression);
        } else if !days.is_empty() {
            let noun = if days.len() == 1 { "day" } else { "days" };
            let days = ranges(&days, None, |day| day.to_string());
            items.push(format!("{noun} {}", listed(&days, "and")));
        }
        if self.nearest_weekday != 0 {
            let days = values(self.nearest_weekday.into());
            let days: Vec<_> = days.iter().map(u32::to_string).collect();
            items.push(format!("the weekday nearest day {}", listed(&days, "or")));
        }
        for back in values(self.from_end.into()).into_iter().rev() {
            items.push(match back {
                0 => "the last day".to_owned(),
                1 => "the day before the last day".to_owned(),
                _ => format!("the {} day before the last day", ordinal(back)),
            });
        }
        if self.last_weekday {
            items.push("the last weekday".to_owned());
        }
        format!("{} of the month", listed(&items, "and"))
    }

    /// The field of the day of the week, if it does not match all.
    fn week_words(&self) -> String {
        let mut items = week_ranges(self.of_week);
        let plain = items.len();
        for (nth, week) in (1..).zip(self.nth) {
            items.extend(each_weekday(week, &ordinal(nth)));
        }
        items.extend(each_weekday(self.last, "last"));
        let of = if items.len() == plain { "" } else { " of the month" };
        format!("{}{of}", listed(&items, "and"))
    }
}

/// The days from Monday to Sunday, which is 7.
fn weekdays(week: u8) -> Vec<u32> {
    let from_monday = u64::from(week & !1) | u64::from(week & 1) << 7;
    values(from_monday)
}

fn week_ranges(week: u8) -> Vec<String> {
    ranges(&weekdays(week), Some((1, 7)), |day| weekday_name(day).to_owned())
}

/// "the second Monday" for each of these days.
fn each_weekday(week: u8, which: &str) -> impl Iterator<Item = String> {
    weekdays(week).into_iter().map(move |day| format!("the {which} {}", weekday_name(day)))
}

#[cfg(test)]
mod tests;
