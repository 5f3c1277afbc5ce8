//! Every trigger survives its text, and what is no trigger is told where and why.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;

use crate::trigger::validate::DEEPEST;
#[cfg(feature = "cron")]
use crate::trigger::{Calendar, Cron, Dst, MonthEnd};
use crate::{Error, Scheduler, Trigger};

fn read(text: &str) -> Result<Trigger, Error> {
    text.parse()
}

/// What is wrong with a text.
fn wrong(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

#[test]
fn what_is_written_is_shown() {
    for text in [
        r#"once("5s")"#,
        r#"recur("1h 30m")"#,
        r#"recur_after("250ms")"#,
        r#"at("2026-03-29T01:30:00Z")"#,
        r#"at_each("1969-12-31T23:59:59.999999999Z", "2026-03-29T01:30:00Z", "@253402300800.5")"#,
        r#"any(recur("1s"), all(once("1m"), recur("2m")), at("1970-01-01T00:00:00Z"))"#,
        r#"recur("1s").until("1970-01-01T00:00:00Z").except(once("1m"))"#,
        r#"recur("1s").except(once("1m")).until("1970-01-01T00:00:00Z")"#,
        r#"recur("1s").except(once("1m").except(once("1m")))"#,
        r#"recur("1s").except(once("1m")).except(once("1m"))"#,
        r#"once("0s").starting("@-99999999999").until("@999999999999").jitter("1m 30s")"#,
    ] {
        assert_eq!(read(text).unwrap().to_string(), text);
    }
}

#[test]
fn it_means_what_it_says() {
    let [past, soon] = [-5, 5].map(time);
    for (text, meant) in [
        (r#" once ( "5s" , ) "#, Trigger::once(5)),
        (r#"recur("90m")"#, Trigger::recur(5400)),
        (r#"at_each("@5", "@-5", "@5")"#, Trigger::at_each([past, soon])),
        (
            "any(recur(\"1s\"),\n\tat(\"@5\"),)",
            Trigger::any([Trigger::recur(1), Trigger::at(soon)]),
        ),
        (
            r#"recur("1s").until("@5").starting("@-5").except(at("@5")).jitter("2s")"#,
            Trigger::recur(1)
                .starting(past)
                .until(soon)
                .except(Trigger::at(soon))
                .jitter(Duration::from_secs(2)),
        ),
        (
            r#"recur("1s").starting("@5").starting("@-5").until("@-5").until("@5")"#,
            Trigger::recur(1).starting(soon).until(past),
        ),
    ] {
        assert_eq!(read(text).unwrap(), meant, "{text}");
    }
}

#[test]
fn what_cannot_be_added_is_shown_but_not_read() {
    for (trigger, text, named) in [
        (Trigger::recur(-3), r#"recur("-3s")"#, "at column 7: \"-\" in \"-3s\": "),
        (Trigger::recur(0), r#"recur("0s")"#, "at column 7: a task cannot recur every 0s"),
        (Trigger::any([]), "any()", "at column 5, found `)`: expected `once`, `recur`"),
        (Trigger::at_each([]), "at_each()", "at column 9, found `)`: expected a time"),
        (
            Trigger::any([Trigger::recur_after(1)]),
            r#"any(recur_after("1s"))"#,
            "`recur_after(\"1s\")` cannot be part of a combination",
        ),
    ] {
        assert_eq!(trigger.to_string(), text);
        let error = wrong(text);
        assert!(error.contains(named), "{text}: {error}");
        assert!(Scheduler::new().delay(trigger, 0, || ()).is_err());
    }
}

#[test]
fn errors_say_where_what_and_why() {
    for (text, error) in [
        (
            "",
            "at column 1, found the end: expected `once`, `recur`, `recur_after`, `at`, `at_each`, \
              `cron`, `calendar`, `any` or `all`",
        ),
        ("  rekur", "at column 3, found `rekur`: expected `once`"),
        ("recur", "at column 6, found the end: expected `(`"),
        ("recur(90)", "at column 7, found `90`: expected an interval such as `\"1h 30m\"`"),
        ("recur(\"1h\"", "at column 11, found the end: expected `,` or `)`"),
        ("recur(\"1h\", 5)", "at column 13, found `5`: expected `)`"),
        (
            "recur(\"1h)",
            "at column 7: the text that begins here does not end: expected another `\"`",
        ),
        (r#"recur("1\h")"#, r#"at column 9, found `\`: expected `\"` or `\\`"#),
        ("recur(\"1x\")", "at column 7: \"x\" in \"1x\": unknown unit of time"),
        ("recur(\"1h\") recur(\"1h\")", "at column 13, found `recur`: expected `.`, or the end"),
        ("recur(\"1h\").", "at column 13, found the end: expected `except`, `starting`, `until`"),
        ("recur(\"1h\").until(5)", "at column 19, found `5`: expected a time such as"),
        ("recur(\"1h\").jitter(\"\")", "at column 20: \"\": "),
        (
            "at(\"2026-02-30T00:00:00Z\")",
            "at column 4, found `2026-02-30T00:00:00Z`: there is no \
                                         date 2026-02-30",
        ),
        ("at(\"Ä\", é)", "at column 4, found `Ä`: expected a time such as `2026-03-29T01:30:00Z`"),
        ("any(at(\"@0\"), é)", "at column 15, found `é`: expected `once`"),
        ("any(at(\"@0\") at(\"@0\"))", "at column 14, found `at`: expected `,` or `)`"),
    ] {
        let found = wrong(text);
        assert!(found.starts_with(&format!("invalid trigger: {error}")), "{text}: {found}");
    }
    let long = wrong(&format!("at(\"{}\")", "0".repeat(1_000)));
    assert!(long.len() < 200, "{long}");
}

#[test]
fn nothing_is_too_deep_for_the_stack() {
    let deep = |levels| format!("{}recur(\"1s\"){}", "any(".repeat(levels), ")".repeat(levels));
    let trigger = read(&deep(DEEPEST - 1)).unwrap();
    assert_eq!(trigger.to_string(), deep(DEEPEST - 1));
    assert!(wrong(&deep(DEEPEST)).contains("at column 513: combinations are nested more than 128"));
    assert!(wrong(&"any(".repeat(100_000)).contains("more than 128 deep"));

    let excluding = |times| format!("recur(\"1s\"){}", ".except(at(\"@1\"))".repeat(times));
    assert!(read(&excluding(DEEPEST - 1)).is_ok());
    assert!(wrong(&excluding(100_000)).contains("put what is excluded into one `any`"));
    let within = format!("any({})", excluding(DEEPEST - 1));
    assert!(wrong(&within).contains("more than 128 deep"));

    // What cannot be read cannot be added.
    assert!(trigger.clone().validated().is_ok());
    assert!(Trigger::any([trigger]).validated().is_err());
}

#[cfg(feature = "cron")]
#[test]
fn calendars_are_shown_without_their_defaults() {
    let cron = Trigger::cron("0 9 * * *").unwrap();
    let rome = Trigger::cron_in(" 0  9 * *\tMON-FRI", "europe/rome").unwrap().dst(Dst::Shift);
    let calendar = Calendar::since(2026, 1, 5);
    let full = calendar.clone().every_weeks(2).at(9, 30, 0).month_end(MonthEnd::Skip);
    for (trigger, text) in [
        (cron.clone(), r#"cron("0 9 * * *")"#),
        (Trigger::cron_in("@daily", "UTC").unwrap(), r#"cron("@daily")"#),
        (rome.clone(), r#"cron("0 9 * * MON-FRI", tz = "Europe/Rome", dst = shift)"#),
        (Trigger::calendar(calendar.clone()), r#"calendar("2026-01-05")"#),
        (
            Trigger::calendar(calendar.every_years(1)).dst(Dst::Skip),
            r#"calendar("2026-01-05", every = "1 year", dst = skip)"#,
        ),
        (
            Trigger::calendar(full.time_zone("Europe/Rome")).dst(Dst::Literal),
            r#"calendar("2026-01-05", every = "2 weeks", at = "09:30:00", month_end = skip, tz = "Europe/Rome", dst = literal)"#,
        ),
        (
            Trigger::any([cron, rome]).dst(Dst::Skip),
            r#"any(cron("0 9 * * *", dst = skip), cron("0 9 * * MON-FRI", tz = "Europe/Rome", dst = skip))"#,
        ),
    ] {
        assert_eq!(trigger.to_string(), text);
        assert_eq!(read(text).unwrap(), trigger);
    }
}

#[cfg(feature = "cron")]
#[test]
fn constants_equal_what_is_read() {
    static CRON: Cron = Cron::literal("0 9  * * 1-5 ");
    let constant = Trigger::constant(&CRON, Some("europe/rome"));
    assert_eq!(constant, Trigger::cron_in("0 9 * * MON-FRI", "Europe/Rome").unwrap());
    assert_eq!(constant.to_string(), r#"cron("0 9 * * 1-5", tz = "europe/rome")"#);
    assert_eq!(read(&constant.to_string()).unwrap(), constant);
}

#[cfg(feature = "cron")]
#[test]
fn errors_of_calendars_say_where_what_and_why() {
    for (text, error) in [
        ("cron(0 9 * * *)", "at column 6, found `0`: expected a cron expression"),
        ("cron(\"0 9 * * *\", \"UTC\")", "at column 19, found `\"`: expected `tz` or `dst`"),
        ("cron(\"0 9 * * *\", dst)", "at column 22, found `)`: expected `=`"),
        (
            "cron(\"0 9 * * *\", dst = summer)",
            "at column 25, found `summer`: expected `vixie`, \
                                             `skip`, `literal` or `shift`",
        ),
        ("cron(\"0 9 * * *\", dst = skip, dst = skip)", "at column 31: `dst` is given twice"),
        ("calendar(\"5 January\")", "at column 10, found `5 January`: expected a date such as"),
        ("calendar(\"2026-01-05T\")", "at column 10, found `2026-01-05T`: expected a date such as"),
        ("calendar(\"2026-02-29\")", "at column 10: there is no date 2026-02-29"),
        ("calendar(\"2026-02-28\", at = \"24:00:00\")", "at column 29: there is no time 24:00:00"),
        (
            "calendar(\"2026-02-28\", at = \"9:30\")",
            "at column 29, found `9:30`: expected a time of",
        ),
        ("calendar(\"2026-02-28\", every = \"0 days\")", "at column 32: nothing is every 0 days"),
        (
            "calendar(\"2026-02-28\", every = \"day\")",
            "at column 32, found `day`: expected a number",
        ),
        (
            "calendar(\"2026-02-28\", every = \"+2 days\")",
            "at column 32, found `+2 days`: expected",
        ),
    ] {
        let found = wrong(text);
        assert!(found.starts_with(&format!("invalid trigger: {error}")), "{text}: {found}");
    }
    assert_eq!(
        wrong("any(cron(\"0 25 * * *\"))"),
        "invalid trigger: at column 10: invalid cron expression: in the hour, at column 3, found \
         `25`: expected 0 to 23\n    0 25 * * *\n      ^^"
    );
    for text in [r#"cron("@daily", tz = "Roma")"#, r#"calendar("2026-02-28", tz = "Roma")"#] {
        let error = read(text).unwrap_err();
        assert!(matches!(error, Error::UnknownTimeZone(_)), "{error:?}");
        let column = text.find("\"Roma").unwrap() + 1;
        let named = format!("at column {column}: unknown time zone `Roma`");
        assert!(error.to_string().starts_with(&named), "{error}");
    }
}

/// Triggers of one level.
fn leaf() -> BoxedStrategy<Trigger> {
    let plain = prop_oneof![
        span().prop_map(Trigger::once),
        prop_oneof![Just(0.0), Just(1e-12)].prop_map(Trigger::once),
        span().prop_map(Trigger::recur),
        instant().prop_map(Trigger::at),
        vec(instant(), 1..4).prop_map(Trigger::at_each),
    ];
    #[cfg(feature = "cron")]
    let plain = prop_oneof![plain, zoned()];
    plain.boxed()
}

#[cfg(feature = "cron")]
fn zoned() -> impl Strategy<Value = Trigger> {
    static WEEKDAYS: Cron = Cron::literal("0 9 * * MON-FRI");
    let cron = prop_oneof![
        Just("0 9 * * *"),
        Just("@daily"),
        Just("*/5  9-17 1,L * ?"),
        Just("30 0 22-2 LW jan,DEC-feb +FRI#3,5L 2027"),
    ];
    let zone = prop_oneof![Just("UTC"), Just("Europe/Rome"), Just("asia/tokyo"), Just("Etc/UTC")];
    let date = (1..=9999, 1..=12_u32, 1..=28_u32);
    let clock = (0..24_u32, 0..60_u32, 0..60_u32);
    let calendar = (date, clock, 1..5_u32, 0..4, any::<bool>(), proptest::option::of(zone.clone()));
    let calendar = calendar.prop_map(|(date, clock, every, unit, skips, zone)| {
        let calendar = Calendar::since(date.0, date.1, date.2).at(clock.0, clock.1, clock.2);
        let calendar = match unit {
            0 => calendar.every_days(every),
            1 => calendar.every_weeks(every),
            2 => calendar.every_months(every),
            _ => calendar.every_years(every),
        };
        let calendar = if skips { calendar.month_end(MonthEnd::Skip) } else { calendar };
        Trigger::calendar(match zone {
            Some(zone) => calendar.time_zone(zone),
            None => calendar,
        })
    });
    let policy =
        prop_oneof![Just(Dst::Vixie), Just(Dst::Skip), Just(Dst::Literal), Just(Dst::Shift)];
    let trigger = prop_oneof![
        cron.clone().prop_map(|cron| Trigger::cron(cron).unwrap()),
        (cron, zone.clone()).prop_map(|(cron, zone)| Trigger::cron_in(cron, zone).unwrap()),
        proptest::option::of(zone).prop_map(|zone| Trigger::constant(&WEEKDAYS, zone)),
        calendar,
    ];
    (trigger, policy).prop_map(|(trigger, policy)| trigger.dst(policy))
}

/// Spans of every magnitude.
fn span() -> impl Strategy<Value = Duration> {
    (1..=u64::MAX >> 1, 0..63_u32)
        .prop_map(|(nanos, shift)| Duration::from_nanos((nanos >> shift).max(1)))
}

fn instant() -> impl Strategy<Value = SystemTime> {
    let near = -100_000_000_000..300_000_000_000_i64;
    (near, prop_oneof![Just(0), 0..1_000_000_000_u64])
        .prop_map(|(second, nanos)| time(second) + Duration::from_nanos(nanos))
}

/// Limits at a trigger, each or none.
fn limited(trigger: impl Strategy<Value = Trigger>) -> impl Strategy<Value = Trigger> {
    use proptest::option::weighted;
    let long = prop_oneof![span(), Just(Duration::ZERO), Just(Duration::MAX)];
    (trigger, weighted(0.2, instant()), weighted(0.2, instant()), weighted(0.2, long)).prop_map(
        |(mut trigger, starting, until, jitter)| {
            if let Some(at) = starting {
                trigger = trigger.starting(at);
            }
            if let Some(end) = until {
                trigger = trigger.until(end);
            }
            if let Some(max) = jitter {
                trigger = trigger.jitter(max);
            }
            trigger
        },
    )
}

fn trigger() -> impl Strategy<Value = Trigger> {
    let nested = limited(leaf()).prop_recursive(3, 16, 3, |part| {
        limited(prop_oneof![
            vec(part.clone(), 1..4).prop_map(Trigger::any),
            vec(part.clone(), 1..4).prop_map(Trigger::all),
            (part.clone(), part).prop_map(|(of, excluded)| of.except(excluded)),
        ])
        .boxed()
    });
    prop_oneof![9 => nested, 1 => limited(span().prop_map(Trigger::recur_after))]
}

proptest! {
    #[test]
    fn every_trigger_that_can_be_added_survives_its_text(trigger in trigger()) {
        let text = trigger.to_string();
        match trigger.clone().validated() {
            Ok(_) => prop_assert_eq!(read(&text).unwrap(), trigger),
            Err(why) => prop_assert_eq!(read(&text).unwrap_err().to_string(), why.to_string()),
        }
    }

    #[test]
    fn no_text_is_too_strange(
        words in vec(prop_oneof![
            Just("any"), Just("once"), Just("cron"), Just("calendar"), Just("("), Just(")"),
            Just(","), Just("."), Just("except"), Just("="), Just("\""), Just("\\"), Just("ä"),
            Just("5s"), Just("tz"), Just(" "), Just("\"1s\""), Just("\"0 9 * * *\""),
        ], 0..20),
    ) {
        if let Ok(trigger) = read(&words.concat()) {
            prop_assert_eq!(read(&trigger.to_string()).unwrap(), trigger);
        }
    }
}
