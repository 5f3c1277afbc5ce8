//! pysched agrees with croner 4, another implementation, but for what `docs/cron.md` lists. Each
//! difference is a predicate here, which keeps random cases away from it, and a test that pins it.

use std::str::FromStr as _;

use croner::{Cron, JobType};
use jiff_02::tz::TimeZone;
use jiff_02::{Timestamp, Zoned};
use proptest::prelude::*;
use pysched::{Dst, Trigger};

use super::random::{
    around_change, around_odd_seconds, cases, nightly, nightly_in_seconds, rare_days,
};
use super::{second, time};

/// How many runs are compared, either way.
const RUNS: usize = 4;

fn zoned(zone: &str, at: i64) -> Zoned {
    Timestamp::from_second(at).unwrap().to_zoned(TimeZone::get(zone).unwrap())
}

/// What croner finds after an instant, or before.
pub fn runs_of_croner(cron: &Cron, zone: &str, at: i64, backwards: bool) -> Vec<i64> {
    let mut last = zoned(zone, at);
    let next = || {
        let found = if backwards {
            cron.find_previous_occurrence(&last, false)
        } else {
            cron.find_next_occurrence(&last, false)
        };
        last = found.ok()?;
        Some(last.timestamp().as_second())
    };
    std::iter::from_fn(next).take(RUNS).collect()
}

/// What pysched finds.
pub fn runs_of_pysched(trigger: &Trigger, at: i64, backwards: bool) -> Vec<i64> {
    let mut last = time(at);
    let next = || {
        last = if backwards { trigger.previous(last)? } else { trigger.upcoming(last).next()? };
        Some(second(last))
    };
    std::iter::from_fn(next).take(RUNS).collect()
}

fn fields(expression: &str) -> Vec<&str> {
    let mut fields: Vec<_> = expression.split_whitespace().collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    fields
}

/// The items of all fields.
fn items(expression: &str) -> impl Iterator<Item = &str> {
    expression.split([' ', ',', '+']).filter(|item| !item.is_empty())
}

/// `5/20`, from 5 on: croner wants `5-59/20`.
fn has_open_step(expression: &str) -> bool {
    items(expression).any(|item| item.contains('/') && !item.contains(['-', '*']))
}

/// `L-3`, the third day before the last.
fn counts_from_the_end(expression: &str) -> bool {
    items(expression).any(|item| item.to_uppercase().starts_with("L-"))
}

/// `22-2`, which goes on at the beginning.
fn has_wrapping_range(expression: &str) -> bool {
    const ORDER: [&str; 19] = [
        "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
        "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    let place = |value: &str| match ORDER.iter().position(|name| *name == value) {
        Some(place) => place,
        None => value.parse().unwrap(),
    };
    items(&expression.to_uppercase()).any(|item| {
        let range = item.split('/').next().and_then(|range| range.split_once('-'));
        let range = range.filter(|(first, _)| *first != "L");
        range.is_some_and(|(first, last)| {
            // croner takes this Sunday for 7.
            let last_place = if last == "SUN" { 7 } else { place(last) };
            place(first) > last_place
        })
    })
}

/// `0,30 2 * * *`: for croner, only what names a single time of the day is of fixed times.
fn is_interval_for_croner(cron: &Cron) -> bool {
    cron.determine_job_type() == JobType::IntervalWildcard
}

/// `*/2` for one of the days beside a restriction of the other: croner takes only a `*` alone for one.
fn has_star_with_step_for_a_day(expression: &str) -> bool {
    let fields = fields(expression);
    let (day, weekday) = (fields[3], fields[5]);
    [day, weekday].iter().any(|field| field.starts_with("*/") || field.starts_with("*,"))
}

/// `L,LW`: croner forgets about the `L`.
fn has_last_day_and_last_weekday(expression: &str) -> bool {
    let of = |text: &str| items(expression).any(|item| item.eq_ignore_ascii_case(text));
    of("L") && of("LW")
}

/// croner looks no further than two hours for the end of a gap.
fn has_a_long_gap(zone: &str) -> bool {
    ["Pacific/Apia", "Antarctica/Casey"].contains(&zone)
}

/// After a gap, croner asks again whether the day matches, and there is a new one.
fn has_a_gap_up_to_midnight(zone: &str) -> bool {
    zone == "America/Nuuk"
}

/// `SUN-SUN`: croner takes the second one for 7, and the range for the whole week.
fn has_range_from_sunday_to_sunday(expression: &str) -> bool {
    expression.to_uppercase().contains("SUN-SUN")
}

/// `*/2` for the year: croner counts from the year 1, pysched from 1970.
fn steps_from_the_first_year(expression: &str) -> bool {
    fields(expression).get(6).is_some_and(|year| year.split(',').any(|item| item.starts_with("*/")))
}

/// Compares the runs after an instant, and before it.
fn compare(expression: &str, zone: &str, at: i64) {
    let Ok(trigger) = Trigger::cron_in(expression, zone) else { return };
    let Ok(cron) = Cron::from_str(expression) else {
        let is_known = has_open_step(expression)
            || counts_from_the_end(expression)
            || has_wrapping_range(expression);
        assert!(is_known, "croner refuses `{expression}`");
        return;
    };
    if has_star_with_step_for_a_day(expression)
        || has_last_day_and_last_weekday(expression)
        || has_range_from_sunday_to_sunday(expression)
        || steps_from_the_first_year(expression)
        || has_a_long_gap(zone)
        || has_a_gap_up_to_midnight(zone)
    {
        return;
    }
    // In croner intervals take place whenever a clock shows them.
    let policy = if is_interval_for_croner(&cron) { Dst::Literal } else { Dst::Vixie };
    let trigger = trigger.dst(policy);
    for backwards in [false, true] {
        let croner = runs_of_croner(&cron, zone, at, backwards);
        let pysched = runs_of_pysched(&trigger, at, backwards);
        let way = if backwards { "before" } else { "after" };
        assert_eq!(pysched, croner, "`{expression}` in {zone}, {way} {at}");
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn around_changes_of_the_clock(
        expression in nightly(),
        (zone, span) in around_change(30),
    ) {
        compare(&expression, zone, span.start);
    }

    #[test]
    fn to_the_second(
        expression in nightly_in_seconds(),
        (zone, span) in prop_oneof![4 => around_change(5), 1 => around_odd_seconds(5)],
    ) {
        compare(&expression, zone, span.start);
    }

    #[test]
    fn days(expression in rare_days(), (zone, span) in around_change(30)) {
        compare(&expression, zone, span.start);
    }
}
