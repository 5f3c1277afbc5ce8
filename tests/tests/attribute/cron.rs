//! Cron expressions in the attribute, the options that go with them, and `cron!`.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use pysched::{Dst, Error, InlineExecutor, ManualClock, Scheduler, Task, Trigger, cron, task};

use super::{SCHED, info};

/// Friday, 2026-03-27, at 00:00 UTC; clocks in Rome go forward on Sunday.
fn friday() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_569_600)
}

/// The days and hours after [`friday`] at which a task is due, by UTC.
fn hours<T: Send + Sync + 'static>(task: Task<T>, count: usize) -> Vec<(u64, u64)> {
    let runs = info(task).trigger.upcoming(friday()).take(count).collect::<Vec<_>>();
    let hours = |run: SystemTime| run.duration_since(friday()).unwrap().as_secs() / 3600;
    runs.into_iter().map(|run| (hours(run) / 24, hours(run) % 24)).collect()
}

#[test]
fn a_text_after_cron_is_an_expression() {
    #[task(cron, "0 9 * * MON-FRI")]
    fn utc() {}
    #[task(cron, "0 9 * * MON-FRI", tz = "Europe/Rome")]
    fn rome() {}
    #[task(cron, "0 9 * * MON-FRI", tz = "europe/rome")]
    fn in_small_letters() {}

    assert_eq!(info(utc::task()).trigger, Trigger::cron("0 9 * * MON-FRI").unwrap());
    let rome_time = Trigger::cron_in("0 9 * * MON-FRI", "Europe/Rome").unwrap();
    assert_eq!(info(rome::task()).trigger, rome_time);
    assert_eq!(info(in_small_letters::task()).trigger.upcoming(friday()).next(), {
        rome_time.upcoming(friday()).next()
    });
    assert_eq!(hours(utc::task(), 2), [(0, 9), (3, 9)]);
    assert_eq!(hours(rome::task(), 2), [(0, 8), (3, 7)], "an hour earlier on Monday");
}

#[test]
fn a_calendar_is_followed_on_the_scheduler_of_the_attribute() {
    static CLOCK: LazyLock<ManualClock> = LazyLock::new(|| {
        let clock = ManualClock::new();
        clock.set_wall(friday());
        clock
    });
    static OFFICE: LazyLock<Scheduler> = LazyLock::new(|| {
        let sched = Scheduler::builder().clock(CLOCK.clone()).executor(InlineExecutor).build();
        sched.start().unwrap();
        sched
    });

    #[task(OFFICE, cron, "0 9 * * MON-FRI", 1, tz = "Europe/Rome", dst = skip)]
    fn open() -> &'static str {
        "good morning"
    }
    #[task(OFFICE, cron, "0 9 * * *", 1, tz = "Europe/Rome", dst = skip, jitter = "500ms")]
    fn open_at_leisure() {}

    let nine = friday() + Duration::from_secs(8 * 3600);
    let handle = open::delay().unwrap();
    assert_eq!(handle.next_run(), Some(nine));
    let info = OFFICE.task(&handle).unwrap();
    assert_eq!(info.priority, 1);
    assert_eq!(OFFICE.task(&OFFICE.add(open::task()).unwrap()).unwrap().trigger, info.trigger);

    let at_leisure = open_at_leisure::delay().unwrap();
    let due = at_leisure.next_run().unwrap();
    assert!((nine..=nine + Duration::from_millis(500)).contains(&due), "{due:?}");

    CLOCK.advance(Duration::from_secs(8 * 3600));
    assert_eq!(handle.wait().wait().unwrap(), &"good morning");
    let monday = friday() + Duration::from_secs((3 * 24 + 7) * 3600);
    assert_eq!(handle.next_run(), Some(monday));
}

#[test]
fn each_policy_is_the_one_of_its_name() {
    #[task(cron, "30 2 * * SUN", tz = "Europe/Rome")]
    fn unless_told_otherwise() {}
    #[task(cron, "30 2 * * SUN", tz = "Europe/Rome", dst = vixie)]
    fn vixie() {}
    #[task(cron, "30 2 * * SUN", tz = "Europe/Rome", dst = skip)]
    fn skip() {}
    #[task(cron, "30 2 * * SUN", tz = "Europe/Rome", dst = "literal")]
    fn literal() {}
    #[task(cron, "30 2 * * SUN", tz = "Europe/Rome", dst = shift)]
    fn shift() {}

    for (task, policy) in [
        (unless_told_otherwise::task(), Dst::Vixie),
        (vixie::task(), Dst::Vixie),
        (skip::task(), Dst::Skip),
        (literal::task(), Dst::Literal),
        (shift::task(), Dst::Shift),
    ] {
        let expected = Trigger::cron_in("30 2 * * SUN", "Europe/Rome").unwrap().dst(policy);
        assert_eq!(info(task).trigger, expected);
    }
}

#[test]
fn every_trigger_can_have_jitter() {
    #[task(once, 5, jitter = 2)]
    fn once() {}
    #[task(recur, "1h", jitter = "1m 30s")]
    fn recur() {}
    #[task(recur_after, 1, jitter = 0.25)]
    fn recur_after() {}
    #[task(cron, 5, jitter = "2s")]
    fn cron() {}
    #[task(cron, "@daily", jitter = 0)]
    fn daily() {}

    let seconds = Duration::from_secs_f64;
    assert_eq!(info(once::task()).trigger, Trigger::once(5).jitter(seconds(2.0)));
    assert_eq!(info(recur::task()).trigger, Trigger::recur(3600).jitter(seconds(90.0)));
    assert_eq!(info(recur_after::task()).trigger, Trigger::recur_after(1).jitter(seconds(0.25)));
    assert_eq!(info(cron::task()).trigger, Trigger::once(5).jitter(seconds(2.0)));
    let daily_at_once = Trigger::cron("@daily").unwrap().jitter(Duration::ZERO);
    assert_eq!(info(daily::task()).trigger, daily_at_once);
}

#[test]
fn an_unknown_time_zone_is_refused_by_delay() {
    const NIGHTLY: Trigger = cron!("0 2 * * *", tz = "Europe/Roma");

    #[task(SCHED, cron, "0 9 * * *", tz = "Europe/Roma")]
    fn open() {}

    for error in [
        open::delay().unwrap_err(),
        SCHED.add(open::task()).unwrap_err(),
        SCHED.delay(NIGHTLY, 0, || ()).unwrap_err(),
    ] {
        assert!(matches!(error, Error::UnknownTimeZone(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains("`Europe/Roma`") && text.contains("`Europe/Rome`"), "{text}");
    }
}

#[test]
fn a_constant_is_what_is_read_while_the_program_runs() {
    const NIGHTLY: Trigger = cron!("0 2 * * *", tz = "Europe/Rome");
    static WEEKLY: Trigger = cron!("@weekly");

    let rome = Trigger::cron_in("0 2 * * *", "Europe/Rome").unwrap();
    assert!(NIGHTLY.upcoming(friday()).take(9).eq(rome.upcoming(friday()).take(9)));
    assert_eq!(info(Task::new(|| ()).trigger(NIGHTLY)).trigger, rome);
    assert_eq!(WEEKLY, Trigger::cron("@weekly").unwrap());
    assert_eq!(
        cron!("0 9 * * *").dst(Dst::Skip),
        Trigger::cron("0 9 * * *").unwrap().dst(Dst::Skip)
    );
}
