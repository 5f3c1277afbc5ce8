//! Cron expressions, as the documentation of `Trigger::cron` describes them: read with string methods
//! into lists of values, and asked about one local time after the other.

use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// What an expression means.
#[derive(Debug)]
pub struct Expression {
    /// Whether it says how often, rather than when.
    pub repeats: bool,
    seconds: Vec<i32>,
    minutes: Vec<i32>,
    hours: Vec<i32>,
    months: Vec<i32>,
    years: Option<Vec<i32>>,
    days: Vec<OfMonth>,
    weekdays: Vec<OfWeek>,

    /// Whether one of the two fields of a day is enough.
    either: bool,
}

/// One item of the day of the month.
#[derive(Debug)]
enum OfMonth {
    Days(Vec<i32>),
    BeforeLast(i32),
    NearestWeekday(i32),
    LastWeekday,
}

/// One item of the day of the week.
#[derive(Debug)]
enum OfWeek {
    Days(Vec<i32>),
    Nth(i32, i32),
    Last(i32),
}

impl Expression {
    /// Reads an expression that is right.
    pub fn read(text: &str) -> Self {
        let text = text.to_uppercase();
        let text = match text.trim() {
            "@YEARLY" | "@ANNUALLY" => "0 0 1 1 *",
            "@MONTHLY" => "0 0 1 * *",
            "@WEEKLY" => "0 0 * * 0",
            "@DAILY" | "@MIDNIGHT" => "0 0 * * *",
            "@HOURLY" => "0 * * * *",
            fields => fields,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (second, rest) = match fields.len() {
            5 => (None, &fields[..]),
            6 | 7 => (Some(fields[0]), &fields[1..]),
            count => panic!("{count} fields: {text}"),
        };
        let (day, weekday) = (rest[2], rest[4]);
        let (weekday, both) = match weekday.strip_prefix('+') {
            Some(weekday) => (weekday, true),
            None => (weekday, false),
        };
        let names_all = |field: &str| field.starts_with('*') || field == "?";
        let times = [(second.unwrap_or("0"), 0..=59), (rest[0], 0..=59), (rest[1], 0..=23)];
        Self {
            repeats: times.iter().any(|(field, range)| repeats(field, range.clone())),
            seconds: values(times[0].0, 0..=59),
            minutes: values(times[1].0, 0..=59),
            hours: values(times[2].0, 0..=23),
            months: values(rest[3], 1..=12),
            years: rest.get(5).map(|years| values(years, 1970..=2199)),
            days: day.split(',').map(OfMonth::read).collect(),
            weekdays: weekday.split(',').map(OfWeek::read).collect(),
            either: !names_all(day) && !names_all(weekday) && !both,
        }
    }

    /// Whether it runs at full minutes only.
    pub fn is_in_minutes(&self) -> bool {
        self.seconds == [0]
    }

    /// Whether a local time is one of those that are meant.
    pub fn matches(&self, local: DateTime) -> bool {
        self.seconds.contains(&local.second().into())
            && self.minutes.contains(&local.minute().into())
            && self.hours.contains(&local.hour().into())
            && self.matches_day(local.date())
    }

    /// Whether a day is one of those that are meant.
    pub fn matches_day(&self, date: Date) -> bool {
        let of_month = self.days.iter().any(|item| item.matches(date));
        let of_week = self.weekdays.iter().any(|item| item.matches(date));
        let day = if self.either { of_month || of_week } else { of_month && of_week };
        let in_year = self.years.as_ref().is_none_or(|years| years.contains(&date.year().into()));
        day && in_year && self.months.contains(&date.month().into())
    }
}

/// Whether a field says how often: `*`, `*/15`, `5/15`, or every value.
fn repeats(field: &str, range: RangeInclusive<i32>) -> bool {
    let is_open = |item: &str| item.starts_with('*') || item.contains('/') && !item.contains('-');
    let named = values(field, range.clone());
    field.split(',').any(is_open) || range.into_iter().all(|value| named.contains(&value))
}

/// The values that a field names, item by item.
fn values(field: &str, range: RangeInclusive<i32>) -> Vec<i32> {
    field.split(',').flat_map(|item| item_values(item, range.clone())).collect()
}

/// The values that `*`, `?`, a value or a range names, from step to step.
fn item_values(item: &str, range: RangeInclusive<i32>) -> Vec<i32> {
    let (low, high) = (*range.start(), *range.end());
    let (span, step) = match item.split_once('/') {
        Some((span, step)) => (span, Some(step.parse::<usize>().unwrap())),
        None => (item, None),
    };
    let (first, last) = match span.split_once('-') {
        Some((first, last)) => (value(first), value(last)),
        None if span == "*" || span == "?" => (low, high),
        None if step.is_some() => (value(span), high),
        None => (value(span), value(span)),
    };
    // Sunday is 7 only as the end of a week.
    let is_week = range == (0..=6);
    let first = if is_week && first == 7 && last != 7 { low } else { first };
    // From the first value on, until the last one has come by; after the highest comes the lowest.
    let mut walked = vec![first];
    let mut at = first;
    while at != last {
        at = if at == high && last < first { low } else { at + 1 };
        walked.push(at);
    }
    let sunday_is_0 = |value: i32| if is_week { value % 7 } else { value };
    walked.into_iter().step_by(step.unwrap_or(1)).map(sunday_is_0).collect()
}

/// The number that a number or a name means.
fn value(text: &str) -> i32 {
    let month = MONTHS.iter().position(|name| *name == text).map(|index| index + 1);
    let weekday = WEEKDAYS.iter().position(|name| *name == text);
    match month.or(weekday) {
        Some(value) => i32::try_from(value).unwrap(),
        None => text.parse().unwrap_or_else(|_| panic!("no value: {text}")),
    }
}

impl OfMonth {
    fn read(item: &str) -> Self {
        if item == "LW" {
            return Self::LastWeekday;
        }
        if let Some(day) = item.strip_suffix('W') {
            return Self::NearestWeekday(value(day));
        }
        match item.strip_prefix('L') {
            Some("") => Self::BeforeLast(0),
            Some(back) => Self::BeforeLast(value(back.trim_start_matches('-'))),
            None => Self::Days(item_values(item, 1..=31)),
        }
    }

    fn matches(&self, date: Date) -> bool {
        let day = i32::from(date.day());
        let last = i32::from(date.days_in_month());
        match self {
            Self::Days(days) => days.contains(&day),
            Self::BeforeLast(back) => day == last - back,
            Self::NearestWeekday(of) => {
                // No two weekdays of a month are equally near.
                let distance = |day: &i32| (day - of).abs();
                *of <= last && weekdays_of_month(date).into_iter().min_by_key(distance) == Some(day)
            }
            Self::LastWeekday => weekdays_of_month(date).last() == Some(&day),
        }
    }
}

/// The days from Monday to Friday of the month that a date is in.
fn weekdays_of_month(date: Date) -> Vec<i32> {
    let days = 1..=date.days_in_month();
    let is_weekday = |day: &i8| {
        let date = Date::new(date.year(), date.month(), *day).unwrap();
        (1..=5).contains(&date.weekday().to_sunday_zero_offset())
    };
    days.filter(is_weekday).map(i32::from).collect()
}

impl OfWeek {
    fn read(item: &str) -> Self {
        if let Some((weekday, nth)) = item.split_once('#') {
            return Self::Nth(value(weekday) % 7, value(nth));
        }
        match item.strip_suffix('L') {
            Some(weekday) => Self::Last(value(weekday) % 7),
            None => Self::Days(item_values(item, 0..=6)),
        }
    }

    fn matches(&self, date: Date) -> bool {
        let weekday = i32::from(date.weekday().to_sunday_zero_offset());
        let day = i32::from(date.day());
        match self {
            Self::Days(days) => days.contains(&weekday),
            Self::Nth(of, nth) => weekday == *of && (day + 6) / 7 == *nth,
            Self::Last(of) => weekday == *of && day + 7 > i32::from(date.days_in_month()),
        }
    }
}

#[test]
fn it_reads_what_the_documentation_says() {
    let days = |text: &str, year, month| -> Vec<i8> {
        let expression = Expression::read(text);
        let first = Date::new(year, month, 1).unwrap();
        let days = 1..=first.days_in_month();
        days.filter(|day| expression.matches_day(first.with().day(*day).build().unwrap())).collect()
    };
    assert_eq!(values("22-2,5/9", 0..=23), [22, 23, 0, 1, 2, 5, 14, 23]);
    assert_eq!(values("FRI-MON", 0..=6), [5, 6, 0, 1]);
    assert_eq!(values("5-7", 0..=6), [5, 6, 0]);
    assert_eq!(values("7-2", 0..=6), [0, 1, 2]);
    // November 2026 begins on a Sunday.
    assert_eq!(days("0 0 L,L-3 * *", 2026, 11), [27, 30]);
    assert_eq!(days("0 0 1W,15W,LW * ?", 2026, 11), [2, 16, 30]);
    assert_eq!(days("0 0 * * 5L,MON#2", 2026, 11), [9, 27]);
    assert_eq!(days("0 0 13 * FRI", 2026, 11), [6, 13, 20, 27]);
    assert_eq!(days("0 0 13 * +FRI", 2026, 11), [13]);
    assert_eq!(days("0 0 */10 * SUN", 2026, 11), [1]);
    for (expected, text) in
        [(true, "0 5/2 * * *"), (true, "0-59 3 * * *"), (false, "1-9/2 3 * * *")]
    {
        assert_eq!(Expression::read(text).repeats, expected, "{text}");
    }
}
