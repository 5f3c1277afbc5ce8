//! Each row of the table in `docs/cron.md`, pinned: how croner 4 and pysched differ.

use std::str::FromStr as _;

use croner::Cron;
use jiff::Timestamp;
use pysched::Trigger;

use super::oracle::{runs_of_croner, runs_of_pysched};

/// A row of the table: an expression, a zone, and the runs of croner and of pysched after a time; none
/// if one of them refuses the expression.
fn differs(
    (expression, zone): (&str, &str),
    after: &str,
    croner: Option<&[&str]>,
    pysched: Option<&[&str]>,
) {
    let after = after.parse::<Timestamp>().unwrap().as_second();
    let written = |run: i64| Timestamp::from_second(run).unwrap().to_string();
    let found = Cron::from_str(expression).ok().map(|cron| {
        let runs = runs_of_croner(&cron, zone, after, false);
        runs.into_iter().map(written).collect::<Vec<_>>()
    });
    assert_begins_with(expression, "croner", found, croner);
    let found = Trigger::cron_in(expression, zone).ok().map(|trigger| {
        let runs = runs_of_pysched(&trigger, after, false);
        runs.into_iter().map(written).collect::<Vec<_>>()
    });
    assert_begins_with(expression, "pysched", found, pysched);
}

fn assert_begins_with(
    expression: &str,
    whose: &str,
    found: Option<Vec<String>>,
    expected: Option<&[&str]>,
) {
    let found = found.map(|mut runs| {
        let expected = expected.map_or(0, <[_]>::len);
        // None at all has to be none at all.
        runs.truncate(expected.max(1));
        runs
    });
    let expected = expected.map(|runs| runs.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(found, expected, "{whose}, `{expression}`");
}

const JUNE: &str = "2026-06-01T00:00:00Z";

#[test]
fn what_croner_refuses() {
    for (expression, runs) in [
        ("5/20 * * * *", ["2026-06-01T00:05:00Z", "2026-06-01T00:25:00Z"]),
        ("0 22-2 * * *", ["2026-06-01T01:00:00Z", "2026-06-01T02:00:00Z"]),
        ("0 0 * * FRI-MON", ["2026-06-05T00:00:00Z", "2026-06-06T00:00:00Z"]),
        ("0 0 L-3 * *", ["2026-06-27T00:00:00Z", "2026-07-28T00:00:00Z"]),
        ("@midnight", ["2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z"]),
    ] {
        differs((expression, "UTC"), JUNE, None, Some(&runs));
    }
}

#[test]
fn what_pysched_refuses() {
    for (expression, runs) in [
        ("1,,2 0 * * *", &["2026-06-01T00:01:00Z", "2026-06-01T00:02:00Z"][..]),
        ("*/90 * * * *", &["2026-06-01T01:00:00Z", "2026-06-01T02:00:00Z"]),
        ("0 0 ?/2 * *", &["2026-06-03T00:00:00Z", "2026-06-05T00:00:00Z"]),
        // From Monday to Tuesday of the second week that they are in.
        ("0 0 * * MON-TUE#2", &["2026-06-08T00:00:00Z", "2026-06-09T00:00:00Z"]),
        ("0 0 * * 5#L", &["2026-06-26T00:00:00Z", "2026-07-31T00:00:00Z"]),
        ("0 0 0 1 1 * 2300", &["2300-01-01T00:00:00Z"]),
        ("0 0 30 2 *", &[]),
        ("0 0 * * L", &[]),
    ] {
        differs((expression, "UTC"), JUNE, Some(runs), None);
    }
}

#[test]
fn what_is_read_differently() {
    // Odd days that are Mondays, or either.
    differs(
        ("0 0 */2 * MON", "UTC"),
        JUNE,
        Some(&["2026-06-03T00:00:00Z", "2026-06-05T00:00:00Z"]),
        Some(&["2026-06-15T00:00:00Z", "2026-06-29T00:00:00Z"]),
    );
    // The last of May is a Sunday.
    differs(
        ("0 0 L,LW * *", "UTC"),
        "2026-05-01T00:00:00Z",
        Some(&["2026-05-29T00:00:00Z", "2026-06-30T00:00:00Z"]),
        Some(&["2026-05-29T00:00:00Z", "2026-05-31T00:00:00Z"]),
    );
    differs(
        ("0 0 * * SUN-SUN", "UTC"),
        JUNE,
        Some(&["2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z"]),
        Some(&["2026-06-07T00:00:00Z", "2026-06-14T00:00:00Z"]),
    );
    differs(
        ("0 0 0 1 1 * */2", "UTC"),
        JUNE,
        Some(&["2027-01-01T00:00:00Z", "2029-01-01T00:00:00Z"]),
        Some(&["2028-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]),
    );
}

#[test]
fn what_a_change_of_the_clock_does() {
    // Two fixed times: once in either night; or an interval, that is not there, or there twice.
    let half_hours = ("0,30 2 * * *", "Europe/Rome");
    differs(
        half_hours,
        "2026-03-29T00:00:00Z",
        Some(&["2026-03-30T00:00:00Z"]),
        Some(&["2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]),
    );
    differs(
        half_hours,
        "2026-10-24T23:00:00Z",
        Some(&["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z"]),
        Some(&["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:00:00Z"]),
    );
    // 23:00 on Saturday becomes 00:00 on Sunday.
    differs(
        ("30 23 * * SAT", "America/Nuuk"),
        "2026-03-28T12:00:00Z",
        Some(&["2026-04-05T00:30:00Z"]),
        Some(&["2026-03-29T01:00:00Z", "2026-04-05T00:30:00Z"]),
    );
    // There was no 2011-12-30.
    differs(
        ("30 2 * * *", "Pacific/Apia"),
        "2011-12-30T00:00:00Z",
        Some(&[]),
        Some(&["2011-12-30T10:00:00Z", "2011-12-30T12:30:00Z"]),
    );
}
