//! Intervals: everything that can be written as one, and what is said of those that no clock can
//! wait for.

use std::time::Duration;

use pysched::{Error, InlineExecutor, Interval, ManualClock, Scheduler, Task, Trigger};
use pysched_tests::faults::within;
use pysched_tests::{PATIENCE, by_hand};

type MakeTrigger = fn(Interval) -> Trigger;

/// Everything that makes a trigger of an interval.
const TRIGGERS: [(&str, MakeTrigger); 3] = [
    ("once", |interval| Trigger::once(interval)),
    ("recur", |interval| Trigger::recur(interval)),
    ("recur_after", |interval| Trigger::recur_after(interval)),
];

fn text(interval: &str) -> Interval {
    interval.parse().unwrap()
}

/// The intervals that mean so many seconds, in all the ways to write them.
fn written() -> Vec<(Interval, Duration)> {
    vec![
        (Interval::from(3_i32), Duration::from_secs(3)),
        (Interval::from(3_u32), Duration::from_secs(3)),
        (Interval::from(3_i64), Duration::from_secs(3)),
        (Interval::from(3_u64), Duration::from_secs(3)),
        (Interval::from(3_usize), Duration::from_secs(3)),
        (Interval::from(3.0), Duration::from_secs(3)),
        (Interval::from(0.25), Duration::from_millis(250)),
        (Interval::from(0.1), Duration::from_millis(100)),
        (Interval::from(1e-9), Duration::from_nanos(1)),
        (Interval::from(Duration::from_nanos(1)), Duration::from_nanos(1)),
        (Interval::from(Duration::new(3, 5)), Duration::new(3, 5)),
        (text("1h 30m"), Duration::from_mins(90)),
        (text("1.5 hours"), Duration::from_mins(90)),
        (text("250ms"), Duration::from_millis(250)),
        (text("2d"), Duration::from_hours(48)),
        (Interval::from(200.0 * 365.0 * 86_400.0), Duration::from_hours(200 * 365 * 24)),
        (Interval::MAX, Duration::from_nanos(i64::MAX.unsigned_abs())),
    ]
}

#[test]
fn a_task_runs_after_its_interval_and_not_a_nanosecond_before() {
    within(PATIENCE, || {
        for (interval, span) in written() {
            for (name, trigger) in TRIGGERS {
                let clock = ManualClock::new();
                let sched =
                    Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).build();
                sched.start().unwrap();
                let handle = sched.delay(trigger(interval), 0, || ()).unwrap();
                let future = handle.future();
                clock.advance(span - Duration::from_nanos(1));
                assert!(!future.done(), "{name} {interval}: early");
                clock.advance(Duration::from_nanos(1));
                assert!(future.done(), "{name} {interval}: late");
            }
        }
    });
}

#[test]
fn triggers_take_them_without_ceremony() {
    let triggers = [
        Trigger::recur(90),
        Trigger::recur(90_u32),
        Trigger::recur(90_i64),
        Trigger::recur(90_u64),
        Trigger::recur(90_usize),
        Trigger::recur(90.0),
        Trigger::recur(Duration::from_secs(90)),
        Trigger::recur(text("1m 30s")),
    ];
    assert!(triggers.iter().all(|trigger| *trigger == triggers[0]), "{triggers:?}");
}

/// What no clock can wait for, and what the error has to say of it.
fn unwaitable() -> Vec<(Interval, [&'static str; 2])> {
    vec![
        (Interval::from(-3), ["-3s", "negative"]),
        (Interval::from(-3_i64), ["-3s", "negative"]),
        (Interval::from(i64::MIN), ["-9223372036854775808s", "negative"]),
        (Interval::from(-0.5), ["-0.5s", "negative"]),
        (Interval::from(-1e-300), ["-1e-300s", "negative"]),
        (Interval::from(f64::NAN), ["NaN", "not a number"]),
        (Interval::from(-f64::NAN), ["NaN", "not a number"]),
        (Interval::from(f64::INFINITY), ["inf", "too long"]),
        (Interval::from(f64::NEG_INFINITY), ["-inf", "negative"]),
        (Interval::from(1e300), ["1e300s", "too long"]),
        (Interval::from(f64::MAX), ["1.7976931348623157e308s", "too long"]),
        (Interval::from(u64::MAX), ["18446744073709551615s", "too long"]),
        (Interval::from(usize::MAX), ["18446744073709551615s", "too long"]),
        (Interval::from(Duration::MAX), ["18446744073709551615.999999999s", "too long"]),
        (Interval::from(Duration::from_nanos(1 << 63)), ["9223372036.854775808s", "too long"]),
    ]
}

/// Checks that neither `add` nor `delay` takes a trigger, and gives what they say.
#[track_caller]
fn refusal(trigger: &Trigger) -> String {
    let sched = Scheduler::builder().executor(InlineExecutor).build();
    let errors = [
        sched.delay(trigger.clone(), 0, || ()).err(),
        sched.add(Task::new(|| ()).trigger(trigger.clone())).err(),
    ];
    let [delayed, added] = errors.map(|error| match error {
        Some(error @ Error::InvalidInterval(_)) => error.to_string(),
        other => panic!("{trigger:?}: expected an invalid interval, got {other:?}"),
    });
    assert_eq!(delayed, added);
    assert!(sched.tasks().is_empty());
    added
}

#[test]
fn what_cannot_be_waited_for_is_refused_by_its_value() {
    for (interval, words) in unwaitable() {
        for (name, trigger) in TRIGGERS {
            let error = refusal(&trigger(interval));
            assert!(error.starts_with("invalid interval: "), "{error}");
            for word in words {
                assert!(error.contains(word), "{name}: expected {word:?} in {error:?}");
            }
        }
        assert!(matches!(Duration::try_from(interval), Err(Error::InvalidInterval(_))));
    }
}

#[test]
fn zero_is_for_once_only() {
    let zeros = [
        Interval::from(0),
        Interval::from(0_u64),
        Interval::from(0.0),
        Interval::from(-0.0),
        Interval::from(Duration::ZERO),
        text("0s"),
    ];
    for zero in zeros {
        for trigger in [Trigger::recur(zero), Trigger::recur_after(zero)] {
            let error = refusal(&trigger);
            assert!(error.contains("0s") && error.contains("Trigger::once"), "{error}");
        }
        let (sched, clock) = by_hand();
        let future = sched.delay(Trigger::once(zero), 0, || ()).unwrap().future();
        clock.advance(Duration::ZERO);
        assert!(future.done(), "at once");
    }
}

#[test]
fn what_rounds_to_zero_is_quoted_as_it_was_written() {
    let sliver = Interval::from(1e-10);
    for trigger in [Trigger::recur(sliver), Trigger::recur_after(sliver)] {
        let error = refusal(&trigger);
        assert!(error.contains("1e-10s") && error.contains("at least 1ns"), "{error}");
    }
    let sched = Scheduler::builder().executor(InlineExecutor).build();
    assert!(sched.delay(Trigger::once(sliver), 0, || ()).is_ok());
}

#[test]
fn text_that_is_no_interval_is_refused_by_its_piece() {
    let texts = [
        ("", "\"\""),
        ("5", "5s"),
        ("1h 30x", "\"x\" in \"1h 30x\""),
        ("-3s", "-"),
        ("1h 1h", "1h"),
        ("a while", "a while"),
        ("1 month", "month"),
        ("300000000000000000000d", "300000000000000000000d"),
        ("NaN s", "NaN"),
        ("inf", "inf"),
        ("1e3s", "1e3s"),
    ];
    for (text, quoted) in texts {
        let error = text.parse::<Interval>().unwrap_err();
        assert!(matches!(error, Error::InvalidInterval(_)), "{text:?}");
        assert!(error.to_string().contains(quoted), "{text:?}: {error}");
    }
}
