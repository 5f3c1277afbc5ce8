//! Random expressions of the whole syntax, zones, and spans of time around changes of the clock.

use std::env;
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::strategy::BoxedStrategy;
use proptest::test_runner::Config;
use pysched::Dst;

pub const ZONES: &[&str] = &[
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
    "Antarctica/Troll",
    "Europe/Dublin",
    // Its gaps end at midnight.
    "America/Nuuk",
    "Africa/Casablanca",
    "America/New_York",
    "Europe/Rome",
    "Asia/Kolkata",
    "UTC",
    "Antarctica/Casey",
    "Asia/Pyongyang",
    "America/Caracas",
];

pub const POLICIES: [Dst; 4] = [Dst::Vixie, Dst::Skip, Dst::Literal, Dst::Shift];

const HOUR: i64 = 3600;

/// So many cases, times what `PYSCHED_CASES` says.
pub fn cases(count: u32) -> Config {
    let times = env::var("PYSCHED_CASES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    Config { cases: count * times, failure_persistence: None, ..Config::default() }
}

/// The seconds of the years in which anything is looked for.
pub fn years() -> Range<i64> {
    let midnight = |year| date(year, 1, 1).at(0, 0, 0, 0);
    let second = |year| TimeZone::UTC.to_timestamp(midnight(year)).unwrap().as_second();
    second(1970)..second(2100)
}

/// The changes of the offset in these years.
pub fn changes(zone: &TimeZone) -> Vec<i64> {
    let Range { start, end } = years();
    let offset = |at: i64| zone.to_offset(Timestamp::from_second(at).unwrap());
    zone.following(Timestamp::from_second(start).unwrap())
        .map(|change| change.timestamp().as_second())
        .take_while(|at| *at < end)
        .filter(|at| offset(*at) != offset(at - 1))
        .collect()
}

pub fn zone() -> impl Strategy<Value = &'static str> {
    select(ZONES)
}

pub fn policy() -> impl Strategy<Value = Dst> {
    select(&POLICIES[..])
}

/// A zone and one of its changes, or any instant if it has none.
pub fn change() -> impl Strategy<Value = (&'static str, i64)> {
    (zone(), any::<Index>(), years()).prop_map(|(zone, index, any)| {
        let changes = changes(&TimeZone::get(zone).unwrap());
        (zone, if changes.is_empty() { any } else { changes[index.index(changes.len())] })
    })
}

/// A zone, and some hours around one of its changes.
pub fn around_change(hours: i64) -> impl Strategy<Value = (&'static str, Range<i64>)> {
    (change(), HOUR..hours * HOUR, HOUR..hours * HOUR)
        .prop_map(|((zone, at), before, after)| (zone, at - before..at + after))
}

/// Some hours around the end of Monrovia's time of -00:44:30, in 1972.
pub fn around_odd_seconds(hours: i64) -> impl Strategy<Value = (&'static str, Range<i64>)> {
    let change = changes(&TimeZone::get("Africa/Monrovia").unwrap())[0];
    (HOUR..hours * HOUR, HOUR..hours * HOUR)
        .prop_map(move |(before, after)| ("Africa/Monrovia", change - before..change + after))
}

/// A zone, and any so many hours.
pub fn anywhere(hours: i64) -> impl Strategy<Value = (&'static str, Range<i64>)> {
    (zone(), years()).prop_map(move |(zone, at)| (zone, at..at + hours * HOUR))
}

/// An expression of five fields that often runs in the hours in which clocks are changed.
pub fn nightly() -> BoxedStrategy<String> {
    (minutes(), night_hours(), days())
        .prop_map(|(minute, hour, days)| {
            let [day, month, weekday] = days;
            format!("{minute} {hour} {day} {month} {weekday}")
        })
        .boxed()
}

/// The same, with seconds and perhaps a year.
pub fn nightly_in_seconds() -> BoxedStrategy<String> {
    (minutes(), minutes(), night_hours(), days(), year())
        .prop_map(|(second, minute, hour, days, year)| {
            let [day, month, weekday] = days;
            format!("{second} {minute} {hour} {day} {month} {weekday} {year}").trim_end().to_owned()
        })
        .boxed()
}

/// Any day fields, and months and years: mostly rare ones.
pub fn rare_days() -> impl Strategy<Value = String> {
    let years = prop_oneof![Just("*".to_owned()), list(years_item(), 3)];
    (list(day_item(), 3), months(), list(weekday_item(), 3), plus(), years).prop_flat_map(
        |(day, month, weekday, plus, year)| {
            let star = select(&["*", "?"][..]);
            (0..5, star).prop_map(move |(which, star)| match which {
                0 => format!("0 30 2 {day} {month} {star} {year}"),
                1 => format!("0 30 2 {star} {month} {plus}{weekday} {year}"),
                2 => format!("0 30 2 {star}/3 {month} {plus}{weekday} {year}").replace('?', "*"),
                3 => format!("0 30 2 {day} {month} {star}/2 {year}").replace('?', "*"),
                _ => format!("0 30 2 {day} {month} {plus}{weekday} {year}"),
            })
        },
    )
}

/// One to `most` items, with commas between them.
fn list(item: BoxedStrategy<String>, most: usize) -> BoxedStrategy<String> {
    proptest::collection::vec(item, 1..=most).prop_map(|items| items.join(",")).boxed()
}

/// What every field of numbers may hold, of values from `low` to `high`.
fn item(low: u32, high: u32) -> BoxedStrategy<String> {
    let value = low..=high;
    let step = 1..=(high - low).min(35);
    prop_oneof![
        4 => value.clone().prop_map(|value| value.to_string()),
        2 => (value.clone(), value.clone()).prop_map(|(first, last)| format!("{first}-{last}")),
        1 => (value.clone(), value.clone(), step.clone())
            .prop_map(|(first, last, step)| format!("{first}-{last}/{step}")),
        1 => (value, step.clone()).prop_map(|(first, step)| format!("{first}/{step}")),
        1 => step.prop_map(|step| format!("*/{step}")),
    ]
    .boxed()
}

fn minutes() -> BoxedStrategy<String> {
    prop_oneof![
        4 => select(&["0", "30", "1", "59", "15,45", "0-40/20"][..]).prop_map(str::to_owned),
        1 => Just("*".to_owned()),
        1 => select(&["*/15", "5/20", "0-59", "50-10/5", "*/7,3"][..]).prop_map(str::to_owned),
        3 => list(item(0, 59), 3),
    ]
    .boxed()
}

fn night_hours() -> BoxedStrategy<String> {
    prop_oneof![
        3 => (0_u32..4).prop_map(|hour| hour.to_string()),
        3 => select(&["0-3", "1,2", "2-3", "0-4/2", "1-3/2", "23,1", "23"][..]).prop_map(str::to_owned),
        2 => list(item(0, 4), 2),
        1 => Just("*".to_owned()),
        1 => select(&["0-23", "*/2", "1/2", "22-3", "23-1,2"][..]).prop_map(str::to_owned),
        1 => list(item(0, 23), 2),
    ]
    .boxed()
}

/// The day of the month, the month and the day of the week: mostly all days.
fn days() -> BoxedStrategy<[String; 3]> {
    let star = || select(&["*", "?"][..]).prop_map(str::to_owned);
    prop_oneof![
        7 => (star(), star()).prop_map(|(day, weekday)| [day, "*".to_owned(), weekday]),
        2 => (star(), plus(), weekdays())
            .prop_map(|(day, plus, weekday)| [day, "*".to_owned(), plus + &weekday]),
        1 => (list(day_item(), 3), months(), star()).prop_map(<[String; 3]>::from),
        2 => (list(day_item(), 3), plus(), weekdays())
            .prop_map(|(day, plus, weekday)| [day, "*".to_owned(), plus + &weekday]),
    ]
    .boxed()
}

fn plus() -> BoxedStrategy<String> {
    select(&["", "", "+"][..]).prop_map(str::to_owned).boxed()
}

fn day_item() -> BoxedStrategy<String> {
    prop_oneof![
        5 => item(1, 31),
        1 => Just("L".to_owned()),
        1 => (0..=30).prop_map(|back| format!("L-{back}")),
        1 => select(&["LW", "lw"][..]).prop_map(str::to_owned),
        2 => (1..=31).prop_map(|day| format!("{day}W")),
    ]
    .boxed()
}

fn months() -> BoxedStrategy<String> {
    prop_oneof![
        3 => Just("*".to_owned()),
        2 => list(item(1, 12), 3),
        1 => select(&["MAR,OCT", "nov-feb", "JAN-DEC/3", "sep/2", "4,NOV"][..])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

fn weekday_item() -> BoxedStrategy<String> {
    const NAMES: [&str; 8] = ["SUN", "mon", "TUE", "Wed", "thu", "FRI", "sat", "7"];
    let name = || select(&NAMES[..]);
    prop_oneof![
        2 => item(0, 6),
        1 => (0..=6, 0..=7).prop_map(|(first, last)| format!("{first}-{last}")),
        1 => (1..=3, 1..=7).prop_map(|(last, step)| format!("7-{last}/{step}")),
        1 => name().prop_map(str::to_owned),
        1 => (name(), name()).prop_map(|(first, last)| format!("{first}-{last}")),
        1 => (name(), 1..=5).prop_map(|(name, nth)| format!("{name}#{nth}")),
        1 => (0..=7).prop_map(|day| format!("{day}L")),
        1 => name().prop_map(|name| format!("{name}L")),
    ]
    .boxed()
}

/// Days of the week, of which there are some in any few days.
fn weekdays() -> BoxedStrategy<String> {
    prop_oneof![
        2 => select(&["SUN", "SAT,SUN", "FRI-MON", "5-7", "0", "7"][..]).prop_map(str::to_owned),
        1 => list(weekday_item(), 3),
    ]
    .boxed()
}

fn years_item() -> BoxedStrategy<String> {
    prop_oneof![
        3 => (2000_u32..2100).prop_map(|year| year.to_string()),
        2 => (1970..2100, 0..99).prop_map(|(year, more)| format!("{year}-{}", year + more)),
        1 => (1970..2100, 0..99, 1..229)
            .prop_map(|(year, more, step)| format!("{year}-{}/{step}", year + more)),
        1 => (1970..2100, 1..20).prop_map(|(year, step)| format!("{year}/{step}")),
        1 => (1..9).prop_map(|step| format!("*/{step}")),
    ]
    .boxed()
}

/// Mostly none.
fn year() -> BoxedStrategy<String> {
    prop_oneof![
        4 => Just(String::new()),
        2 => Just("*".to_owned()),
        1 => Just("1970-2199".to_owned()),
        1 => Just("*/2".to_owned()),
        1 => list(years_item(), 2),
    ]
    .boxed()
}
