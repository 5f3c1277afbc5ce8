//! Cron expressions in all the forms that they can have.

#![deny(warnings)]

use once_cell::sync::Lazy;
use pysched::{Error, Scheduler, Trigger, cron, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, cron, "0 9 * * MON-FRI", 1)]
fn five_fields() {}

#[task(SCHED, "cron", "30 0 9 * * MON#2")]
fn six_fields() {}

#[task(cron, r"0 0 9 1 JAN ? 2030-2040", -1, name = "seven")]
fn seven_fields() {}

#[task(SCHED, cron, "@daily", tz = "Europe/Rome", dst = shift, jitter = "5m")]
fn everything() {}

#[task(SCHED, cron, "@daily", jitter = 0.5, dst = "literal", tz = r#"Europe/Rome"#, crate = ::pysched)]
fn everything_as_texts() {}

#[task(SCHED, cron, "@daily", dst = vixie)]
fn without_a_zone() {}

#[task(SCHED, cron, 5, jitter = 1)]
fn delay() {}

#[task(SCHED, recur, "1h", 0, jitter = "1m")]
fn interval() {}

const NIGHTLY: Trigger = cron!("0 2 * * *", tz = "Europe/Rome");
static WEEKLY: Trigger = cron!("@weekly");
const BOTH: [Trigger; 2] = [NIGHTLY, cron!("@hourly", crate = pysched,)];

struct Office;

impl Office {
    const OPENS: Trigger = cron! { "0 9 * * MON-FRI" };

    const fn closes() -> Trigger {
        cron!["0 17 * * MON-FRI"]
    }
}

trait Opens {
    const AT: Trigger = cron!("0 8 * * *");
}

impl<T> Opens for Vec<T> {
    const AT: Trigger = cron!("0 10 * * *");
}

impl Opens for Office {}

macro_rules! declare {
    ($name:ident, $text:literal, $zone:literal, $policy:ident, $most:literal) => {
        #[task(SCHED, cron, $text, tz = $zone, dst = $policy, jitter = $most)]
        fn $name() -> Trigger {
            const TRIGGER: Trigger = cron!($text, tz = $zone);
            TRIGGER
        }
    };
}

declare!(through_a_macro, "0 9 * * *", "Europe/Rome", skip, "1s");

fn generic<T: Opens>() -> Trigger {
    Trigger::any([T::AT, cron!("@yearly")])
}

fn main() -> Result<(), Error> {
    five_fields::delay()?;
    six_fields::delay()?;
    SCHED.add(seven_fields::task())?;
    everything::delay()?;
    everything_as_texts::delay()?;
    without_a_zone::delay()?;
    delay::delay()?;
    interval::delay()?;
    through_a_macro::delay()?;
    for trigger in [
        NIGHTLY,
        WEEKLY.clone(),
        Office::OPENS,
        Office::closes(),
        Trigger::any(BOTH),
        generic::<Office>(),
        generic::<Vec<u8>>(),
        cron!("0 9 * * *").dst(pysched::Dst::Skip),
    ] {
        SCHED.delay(trigger, 0, || ())?;
    }
    Ok(())
}
