//! pysched agrees with the model: forwards, backwards, from far away, and in what it refuses.

use std::ops::Range;
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use pysched::{Dst, Trigger};

use super::expression::Expression;
use super::model::Watched;
use super::random::{
    POLICIES, anywhere, around_change, around_odd_seconds, cases, change, nightly,
    nightly_in_seconds, policy, rare_days,
};
use super::{second, time};

const DAY: i64 = 86_400;

/// The trigger of an expression, unless no day is like that.
fn trigger(expression: &str, zone: &str, policy: Dst) -> Option<Trigger> {
    match Trigger::cron_in(expression, zone) {
        Ok(trigger) => Some(trigger.dst(policy)),
        Err(error) => {
            assert!(error.to_string().contains("no such day ever comes"), "{error}");
            None
        }
    }
}

/// The runs in a span, one after the other.
fn upcoming(trigger: &Trigger, span: &Range<i64>) -> Vec<i64> {
    let runs = trigger.upcoming(time(span.start - 1)).map(second);
    runs.take_while(|run| *run < span.end).collect()
}

/// The same, one before the other.
fn previous(trigger: &Trigger, span: &Range<i64>) -> Vec<i64> {
    let before = |at: i64| trigger.previous(time(at)).map(second).filter(|run| *run >= span.start);
    std::iter::successors(before(span.end), |run| before(*run)).collect()
}

/// Compares pysched with the model in a span, under every policy.
fn compare(expression: &str, zone: &str, span: &Range<i64>) {
    let time_zone = TimeZone::get(zone).unwrap();
    let watched = Watched::new(Expression::read(expression), &time_zone, span.clone());
    for policy in POLICIES {
        let Some(trigger) = trigger(expression, zone, policy) else { return };
        let expected = watched.runs(policy);
        let case = format!("`{expression}` in {zone} from {}, {policy:?}", span.start);
        assert_eq!(upcoming(&trigger, span), expected, "after, {case}");
        let mut backwards = previous(&trigger, span);
        backwards.reverse();
        assert_eq!(backwards, expected, "before, {case}");
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn around_changes_of_the_clock(
        expression in nightly(),
        (zone, span) in around_change(30),
    ) {
        compare(&expression, zone, &span);
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn at_any_time(expression in nightly(), (zone, span) in anywhere(50)) {
        compare(&expression, zone, &span);
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn to_the_second(
        expression in nightly_in_seconds(),
        (zone, span) in prop_oneof![4 => around_change(3), 1 => around_odd_seconds(3)],
    ) {
        compare(&expression, zone, &span);
    }
}

/// The next Sunday was found before the second 02:30 of this one, and the one before was, likewise.
#[test]
fn weekly_runs_in_a_fold_that_begins_at_once() {
    // 2007-12-09 07:00 UTC, when 03:00 became 02:30.
    let change = 1_197_183_600;
    compare("* 2 * * SUN", "America/Caracas", &(change - 1..change + 1));
    compare("* 2 * * SUN", "America/Caracas", &(change - 1..change + 1800));
    compare("59 2 * * SUN", "America/Caracas", &(change - 120..change + 600));
}

/// The runs of one date per year at which clocks are changed, found from far away.
fn compare_from_afar(expression: &str, zone: &str, at: i64, (before, after): (i64, i64)) {
    let time_zone = TimeZone::get(zone).unwrap();
    let span = at - 2 * DAY..at + 2 * DAY;
    for clock in [at - 1, at] {
        let shown = time_zone.to_datetime(Timestamp::from_second(clock).unwrap());
        let (year, month, day) = (shown.year(), shown.month(), shown.day());
        // Such a day comes once.
        let whole = format!("0 {expression} {day} {month} * {year}");
        let watched = Watched::new(Expression::read(&whole), &time_zone, span.clone());
        for policy in POLICIES {
            let trigger = trigger(&whole, zone, policy).unwrap();
            let expected = watched.runs(policy);
            let case = format!("`{whole}` in {zone}, {policy:?}");
            let found = trigger.upcoming(time(span.start - before)).map(second);
            assert_eq!(found.collect::<Vec<_>>(), expected, "after, {case}");
            let mut found = previous(&trigger, &(i64::MIN / 4..span.end + after));
            found.reverse();
            assert_eq!(found, expected, "before, {case}");
        }
    }
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn from_far_away(
        expression in select_times(),
        (zone, at) in change(),
        far in (0..20_000 * DAY, 0..20_000 * DAY),
    ) {
        compare_from_afar(&expression, zone, at, far);
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn either_way_and_back(
        expression in prop_oneof![nightly(), nightly_in_seconds()],
        (zone, span) in prop_oneof![around_change(20), anywhere(1)],
        policy in policy(),
        nanos in 0..2_u32,
    ) {
        let Some(trigger) = trigger(&expression, zone, policy) else { return Ok(()) };
        // Also between two seconds.
        let x = time(span.start) + Duration::from_nanos(nanos.into());
        if let Some(next) = trigger.upcoming(x).next() {
            prop_assert!(next > x);
            prop_assert!(trigger.previous(next).is_none_or(|previous| previous <= x));
            let just_after = next + Duration::from_nanos(1);
            prop_assert_eq!(trigger.previous(just_after), Some(next));
        }
        if let Some(previous) = trigger.previous(x) {
            prop_assert!(previous < x);
            prop_assert!(trigger.upcoming(previous).next().is_none_or(|next| next >= x));
            let just_before = previous - Duration::from_nanos(1);
            prop_assert_eq!(trigger.upcoming(just_before).next(), Some(previous));
        }
    }
}

/// The minute and the hour.
fn select_times() -> impl Strategy<Value = String> {
    nightly().prop_map(|expression| expression.split(' ').take(2).collect::<Vec<_>>().join(" "))
}

/// The second at which a day begins, in UTC.
fn midnight(date: Date) -> i64 {
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).unwrap().as_second()
}

/// The days from one year to another that an expression means.
fn days_meant(expression: &Expression, years: Range<i16>) -> Vec<Date> {
    let first = date(years.start, 1, 1);
    let days = first.series(1.day()).take_while(|day| day.year() < years.end);
    days.filter(|day| expression.matches_day(*day)).collect()
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn days_of_years(expression in rare_days(), year in 1970_i16..2100) {
        let model = Expression::read(&expression);
        let Some(trigger) = trigger(&expression, "UTC", Dst::Vixie) else {
            // In 28 years without a turn of the century, each kind of year comes.
            let years = if expression.ends_with('*') { 2000..2028 } else { 1970..2200 };
            prop_assert_eq!(days_meant(&model, years), [], "{} was refused", expression);
            return Ok(());
        };
        let days = days_meant(&model, year..year + 9);
        let expected: Vec<_> = days.into_iter().map(|day| midnight(day) + 2 * 3600 + 1800).collect();
        let span = midnight(date(year, 1, 1))..midnight(date(year + 9, 1, 1));
        prop_assert_eq!(&upcoming(&trigger, &span), &expected, "after, {}", expression);
        let mut backwards = previous(&trigger, &span);
        backwards.reverse();
        prop_assert_eq!(&backwards, &expected, "before, {}", expression);
    }
}

/// The tests above are worth little if the random cases seldom have a run that a change moves or doubles.
#[test]
fn many_cases_are_hit_by_a_change() {
    const CASES: usize = 400;
    let mut runner = TestRunner::deterministic();
    let cases = (nightly(), around_change(30));
    let (mut gaps, mut folds, mut fixed) = (0, 0, 0);
    for _ in 0..CASES {
        let (expression, (zone, span)) = cases.new_tree(&mut runner).unwrap().current();
        let expression = Expression::read(&expression);
        let repeats = expression.repeats;
        let watched = Watched::new(expression, &TimeZone::get(zone).unwrap(), span);
        gaps += usize::from(watched.hit_gap());
        folds += usize::from(watched.hit_fold());
        fixed += usize::from(!repeats && (watched.hit_gap() || watched.hit_fold()));
    }
    let least = CASES / 10;
    assert!(gaps > least && folds > least && fixed > least, "{gaps}, {folds}, {fixed} of {CASES}");
}
