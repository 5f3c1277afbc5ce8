//! Changes of the clock that were worked out by hand, from the rules that each country has set down and
//! the tz database quotes.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use pysched::{Dst, Trigger};

use super::random::POLICIES;
use super::{second, time};

const HALF_HOUR: i64 = 1800;
const HOUR: i64 = 3600;

/// What happens every year, from one on.
struct Rule {
    zone: &'static str,
    years: RangeInclusive<i16>,

    /// The day, by the law.
    day: fn(i16) -> Date,

    /// When clocks are changed: hours from midnight UTC of that day.
    hour: f64,

    /// Offsets from UTC before and after, in hours.
    offsets: [f64; 2],
}

/// The first such day of the week that is not before a day of the month.
fn first(year: i16, month: i8, weekday: Weekday, from: i8) -> Date {
    let from = date(year, month, from);
    let days =
        [0, 1, 2, 3, 4, 5, 6].map(|ahead| from.with().day(from.day() + ahead).build().unwrap());
    days.into_iter().find(|day| day.weekday() == weekday).unwrap()
}

fn last(year: i16, month: i8, weekday: Weekday) -> Date {
    let length = date(year, month, 1).days_in_month();
    first(year, month, weekday, length - 6)
}

fn last_sunday_of_march(year: i16) -> Date {
    last(year, 3, Weekday::Sunday)
}

fn last_sunday_of_october(year: i16) -> Date {
    last(year, 10, Weekday::Sunday)
}

fn first_sunday_of_april(year: i16) -> Date {
    first(year, 4, Weekday::Sunday, 1)
}

fn rules() -> Vec<Rule> {
    let rule = |zone, years, day, hour, offsets| Rule { zone, years, day, hour, offsets };
    vec![
        // Directive 2000/84/EC: the last Sundays of March and October, at 01:00 UTC, as before it.
        rule("Europe/Rome", 2000..=2099, last_sunday_of_march, 1.0, [1.0, 2.0]),
        rule("Europe/Rome", 2000..=2099, last_sunday_of_october, 1.0, [2.0, 1.0]),
        // The same; by Irish law it is winter time that differs from the standard.
        rule("Europe/Dublin", 2000..=2099, last_sunday_of_march, 1.0, [0.0, 1.0]),
        rule("Europe/Dublin", 2000..=2099, last_sunday_of_october, 1.0, [1.0, 0.0]),
        // The station keeps UTC in winter and Norwegian time in summer.
        rule("Antarctica/Troll", 2006..=2099, last_sunday_of_march, 1.0, [0.0, 2.0]),
        rule("Antarctica/Troll", 2006..=2099, last_sunday_of_october, 1.0, [2.0, 0.0]),
        // New South Wales, from 2008: from the first Sunday of October to that of April, at 02:00.
        // Lord Howe is half an hour ahead of it, and moves by half an hour.
        rule(
            "Australia/Lord_Howe",
            2008..=2099,
            |year| first(year, 10, Weekday::Sunday, 1),
            2.0 - 10.5,
            [10.5, 11.0],
        ),
        rule("Australia/Lord_Howe", 2008..=2099, first_sunday_of_april, 2.0 - 11.0, [11.0, 10.5]),
        // Before 2008: the last Sunday of October; in 2000 earlier, for the Olympic Games.
        rule("Australia/Lord_Howe", 2001..=2007, last_sunday_of_october, 2.0 - 10.5, [10.5, 11.0]),
        // Chile: at 24:00 of the first Saturdays of September and April, 04:00 and 03:00 UTC.
        rule(
            "America/Santiago",
            2023..=2099,
            |year| first(year, 9, Weekday::Sunday, 2),
            4.0,
            [-4.0, -3.0],
        ),
        rule(
            "America/Santiago",
            2020..=2099,
            |year| first(year, 4, Weekday::Sunday, 2),
            3.0,
            [-3.0, -4.0],
        ),
        // Lebanon: at 00:00 of the last Sundays of March and October.
        rule("Asia/Beirut", 2000..=2099, last_sunday_of_march, -2.0, [2.0, 3.0]),
        rule("Asia/Beirut", 2000..=2099, last_sunday_of_october, -3.0, [3.0, 2.0]),
        // Egypt, law 24 of 2023: from the last Friday of April, 00:00, to the end of the last Thursday of
        // October.
        rule("Africa/Cairo", 2023..=2099, |year| last(year, 4, Weekday::Friday), -2.0, [2.0, 3.0]),
        rule(
            "Africa/Cairo",
            2023..=2099,
            |year| last(year, 10, Weekday::Thursday),
            24.0 - 3.0,
            [3.0, 2.0],
        ),
        // Samoa: the last Sunday of September, 03:00, to the first of April, 04:00; ended in 2021.
        rule(
            "Pacific/Apia",
            2012..=2020,
            |year| last(year, 9, Weekday::Sunday),
            3.0 - 13.0,
            [13.0, 14.0],
        ),
        rule("Pacific/Apia", 2012..=2021, first_sunday_of_april, 4.0 - 14.0, [14.0, 13.0]),
        // Energy Policy Act of 2005: the second Sunday of March and the first of November, at 02:00.
        rule(
            "America/New_York",
            2007..=2099,
            |year| first(year, 3, Weekday::Sunday, 8),
            2.0 + 5.0,
            [-5.0, -4.0],
        ),
        rule(
            "America/New_York",
            2007..=2099,
            |year| first(year, 11, Weekday::Sunday, 1),
            2.0 + 4.0,
            [-4.0, -5.0],
        ),
    ]
}

/// The last year that no newer database changes any more.
const SETTLED: i16 = 2025;

#[expect(clippy::cast_possible_truncation, reason = "quarters of an hour")]
fn seconds(hours: f64) -> i64 {
    (hours * 3600.0) as i64
}

/// The runs from an instant on, up to another, under a policy.
fn runs(expression: &str, zone: &str, policy: Dst, from: i64, to: i64) -> Vec<i64> {
    let trigger = Trigger::cron_in(expression, zone).unwrap().dst(policy);
    trigger.upcoming(time(from - 1)).map(second).take_while(|run| *run < to).collect()
}

/// The instants of a rule that the time zone database agrees to.
fn changes(rule: &Rule) -> Vec<i64> {
    let zone = TimeZone::get(rule.zone).unwrap();
    let offset = |at: i64| i64::from(zone.to_offset(Timestamp::from_second(at).unwrap()).seconds());
    let mut changes = Vec::new();
    for year in rule.years.clone() {
        let midnight = TimeZone::UTC.to_timestamp((rule.day)(year).at(0, 0, 0, 0)).unwrap();
        let at = midnight.as_second() + seconds(rule.hour);
        let agrees = [offset(at - 1), offset(at)] == rule.offsets.map(seconds);
        assert!(agrees || year > SETTLED, "{} in {year}", rule.zone);
        if agrees {
            changes.push(at);
        }
    }
    changes
}

#[test]
fn every_year_by_the_law() {
    for rule in rules() {
        let [before, after] = rule.offsets.map(seconds);
        let length = (after - before).abs();
        let half = length / 2;
        for at in changes(&rule) {
            // The middle of the gap, or of the fold, once on the wall and once in UTC.
            let wall = if after > before { at + before } else { at + after } + half;
            let (hour, minute) = (wall.rem_euclid(86_400) / HOUR, wall.rem_euclid(HOUR) / 60);
            let fixed = format!("{minute} {hour} * * *");
            for policy in POLICIES {
                let expected = match (after > before, policy) {
                    (true, Dst::Vixie) => vec![at],
                    (true, Dst::Shift) => vec![at + half],
                    (true, _) => vec![],
                    (false, Dst::Literal) => vec![at - half, at + half],
                    (false, _) => vec![at - half],
                };
                let found = runs(&fixed, rule.zone, policy, at - 4 * HOUR, at + 4 * HOUR);
                assert_eq!(found, expected, "`{fixed}` in {} at {at}, {policy:?}", rule.zone);

                // Every half an hour, as real time passes; or as clocks show it for the first time.
                let every = (at - 4 * HOUR..at + 4 * HOUR).step_by(1800);
                let repeats = matches!(policy, Dst::Vixie | Dst::Literal);
                let again = at..if after > before { at } else { at + length };
                let expected: Vec<_> =
                    every.filter(|run| repeats || !again.contains(run)).collect();
                let found = runs("*/30 * * * *", rule.zone, policy, at - 4 * HOUR, at + 4 * HOUR);
                assert_eq!(found, expected, "every half an hour in {} at {at}", rule.zone);
            }
        }
    }
}

/// An expression, and its first two runs after a time, under `Vixie`, `Skip`, `Literal` and `Shift`.
fn check(zone: &str, expression: &str, after: &str, expected: [[&str; 2]; 4]) {
    for (policy, expected) in POLICIES.into_iter().zip(expected) {
        let trigger = Trigger::cron_in(expression, zone).unwrap().dst(policy);
        let after = after.parse::<Timestamp>().unwrap().as_second();
        let found = trigger.upcoming(time(after)).take(2).map(second);
        let found: Vec<_> =
            found.map(|run| Timestamp::from_second(run).unwrap().to_string()).collect();
        let expected = expected.map(|run| format!("{run}:00Z"));
        assert_eq!(found, expected, "`{expression}` in {zone}, {policy:?}");
    }
}

#[test]
fn gaps_by_hand() {
    // 02:00 +10:30 to 02:30 +11.
    let monday = "2026-10-04T15:15";
    check(
        "Australia/Lord_Howe",
        "15 2 * * *",
        "2026-10-03T12:00:00Z",
        [
            ["2026-10-03T15:30", monday],
            [monday, "2026-10-05T15:15"],
            [monday, "2026-10-05T15:15"],
            ["2026-10-03T15:45", monday],
        ],
    );
    // 00:00 -04 to 01:00 -03. Midnight itself is in the gap.
    let monday = "2026-09-07T03:00";
    check(
        "America/Santiago",
        "0 0 * * *",
        "2026-09-05T12:00:00Z",
        [
            ["2026-09-06T04:00", monday],
            [monday, "2026-09-08T03:00"],
            [monday, "2026-09-08T03:00"],
            ["2026-09-06T04:00", monday],
        ],
    );
    // 00:00 +02 to 01:00 +03.
    let next_sunday = "2026-04-04T21:30";
    check(
        "Asia/Beirut",
        "30 0 * * SUN",
        "2026-03-24T12:00:00Z",
        [
            ["2026-03-28T22:00", next_sunday],
            [next_sunday, "2026-04-11T21:30"],
            [next_sunday, "2026-04-11T21:30"],
            ["2026-03-28T22:30", next_sunday],
        ],
    );
    // 00:00 +02 to 01:00 +03, on a Friday.
    check(
        "Africa/Cairo",
        "59 0 * * FRI",
        "2026-04-23T12:00:00Z",
        [
            ["2026-04-23T22:00", "2026-04-30T21:59"],
            ["2026-04-30T21:59", "2026-05-07T21:59"],
            ["2026-04-30T21:59", "2026-05-07T21:59"],
            ["2026-04-23T22:59", "2026-04-30T21:59"],
        ],
    );
    // 01:00 +00 to 03:00 +02: two runs in one gap, and one right after it.
    check(
        "Antarctica/Troll",
        "30 1,2 * * *",
        "2026-03-28T12:00:00Z",
        [
            ["2026-03-29T01:00", "2026-03-29T23:30"],
            ["2026-03-29T23:30", "2026-03-30T00:30"],
            ["2026-03-29T23:30", "2026-03-30T00:30"],
            ["2026-03-29T01:30", "2026-03-29T02:30"],
        ],
    );
    // 01:00 +00 to 02:00 +01, where summer is the standard.
    check(
        "Europe/Dublin",
        "30 1 * * *",
        "2026-03-28T12:00:00Z",
        [
            ["2026-03-29T01:00", "2026-03-30T00:30"],
            ["2026-03-30T00:30", "2026-03-31T00:30"],
            ["2026-03-30T00:30", "2026-03-31T00:30"],
            ["2026-03-29T01:30", "2026-03-30T00:30"],
        ],
    );
}

#[test]
fn folds_by_hand() {
    let folds = [
        // 02:00 +11 to 01:30 +10:30.
        (
            ("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T12:00:00Z"),
            ["2026-04-04T14:45", "2026-04-04T15:15", "2026-04-05T15:15"],
        ),
        // 24:00 -03 to 23:00 -04, on Saturday.
        (
            ("America/Santiago", "30 23 * * *", "2026-04-04T12:00:00Z"),
            ["2026-04-05T02:30", "2026-04-05T03:30", "2026-04-06T03:30"],
        ),
        // 24:00 +03 to 23:00 +02, on Saturday.
        (
            ("Asia/Beirut", "30 23 * * SAT", "2026-10-20T12:00:00Z"),
            ["2026-10-24T20:30", "2026-10-24T21:30", "2026-10-31T21:30"],
        ),
        // 24:00 +03 to 23:00 +02, on Thursday.
        (
            ("Africa/Cairo", "30 23 * * *", "2026-10-29T12:00:00Z"),
            ["2026-10-29T20:30", "2026-10-29T21:30", "2026-10-30T21:30"],
        ),
        // 03:00 +02 to 01:00 +00.
        (
            ("Antarctica/Troll", "30 2 * * *", "2026-10-24T12:00:00Z"),
            ["2026-10-25T00:30", "2026-10-25T02:30", "2026-10-26T02:30"],
        ),
        // 02:00 +01 to 01:00 +00.
        (
            ("Europe/Dublin", "30 1 * * *", "2026-10-24T12:00:00Z"),
            ["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-26T01:30"],
        ),
    ];
    for ((zone, expression, after), [first, second, next]) in folds {
        check(
            zone,
            expression,
            after,
            [[first, next], [first, next], [first, second], [first, next]],
        );
    }
}

/// Morocco leaves its standard time, +01, for Ramadan: from the last Sunday before it to the first one
/// that is two days after it, at 03:00 and 02:00. Ramadan of 2024 was from 12 March to 9 April.
#[test]
fn summer_time_ends_for_ramadan() {
    check(
        "Africa/Casablanca",
        "30 2 * * *",
        "2024-03-09T12:00:00Z",
        [
            ["2024-03-10T01:30", "2024-03-11T02:30"],
            ["2024-03-10T01:30", "2024-03-11T02:30"],
            ["2024-03-10T01:30", "2024-03-10T02:30"],
            ["2024-03-10T01:30", "2024-03-11T02:30"],
        ],
    );
    check(
        "Africa/Casablanca",
        "30 2 * * *",
        "2024-04-13T12:00:00Z",
        [
            ["2024-04-14T02:00", "2024-04-15T01:30"],
            ["2024-04-15T01:30", "2024-04-16T01:30"],
            ["2024-04-15T01:30", "2024-04-16T01:30"],
            ["2024-04-14T02:30", "2024-04-15T01:30"],
        ],
    );
}

/// Samoa went over the date line at the end of 2011-12-29, -10, to the beginning of the 31st, +14.
#[test]
fn a_day_that_was_left_out() {
    let last_day = "2011-12-30T12:30";
    let new_year = "2011-12-31T12:30";
    check(
        "Pacific/Apia",
        "30 2 * * *",
        "2011-12-29T12:30:00Z",
        [
            ["2011-12-30T10:00", last_day],
            [last_day, new_year],
            [last_day, new_year],
            // What is moved by a day coincides with the run of that day.
            [last_day, new_year],
        ],
    );
    let change = "2011-12-30T10:00:00Z".parse::<Timestamp>().unwrap().as_second();
    for policy in POLICIES {
        let (from, to) = (change - 4 * HOUR, change + 4 * HOUR);
        let found = runs("*/30 * * * *", "Pacific/Apia", policy, from, to);
        assert!(found.into_iter().eq((from..to).step_by(1800)), "{policy:?}");
        let dates =
            runs("30 2 30 12 * ", "Pacific/Apia", policy, change - 9 * HOUR, change + 90 * HOUR);
        let expected = match policy {
            Dst::Vixie => vec![change],
            Dst::Shift => vec![change + 5 * HALF_HOUR],
            _ => vec![],
        };
        assert_eq!(dates, expected, "{policy:?}");
    }
}

#[test]
fn where_clocks_are_never_changed() {
    // 02:30 +05:30.
    check(
        "Asia/Kolkata",
        "30 2 * * *",
        "2026-03-28T20:59:59Z",
        [["2026-03-28T21:00", "2026-03-29T21:00"]; 4],
    );
    for policy in POLICIES {
        let start = "2099-12-30T00:00:00Z".parse::<Timestamp>().unwrap().as_second();
        let found = runs("*/30 * * * *", "Asia/Kolkata", policy, start, start + 24 * HOUR);
        assert!(found.into_iter().eq((start..start + 24 * HOUR).step_by(1800)));
    }
}
