//! Calendars: what cron expressions mean, when they run next, what happens to them in the night when
//! clocks are changed, and one that really runs.
//!
//! Run it with `cargo run --example calendar`. It takes about three seconds.

use std::error::Error;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use pysched::{Calendar, Dst, Scheduler, Trigger, cron};

const ZONE: &str = "Europe/Rome";

/// Read by the compiler: a mistake in it would be a compile error.
const OPENING: Trigger = cron!("30 9 * * MON-FRI", tz = "Europe/Rome");

/// Local time in Rome, as an instant.
fn rome(local: DateTime) -> Result<SystemTime, jiff::Error> {
    local.in_tz(ZONE)?.timestamp().try_into()
}

/// An instant, as clocks in Rome show it.
fn shown(time: SystemTime) -> Result<String, jiff::Error> {
    let local = Timestamp::try_from(time)?.to_zoned_datetime(TimeZone::get(ZONE)?);
    Ok(local.strftime("%a %Y-%m-%d %H:%M:%S %Z").to_string())
}

fn print_next(trigger: &Trigger, after: SystemTime, count: usize) -> Result<(), Box<dyn Error>> {
    println!("{}", trigger.describe());
    for time in trigger.upcoming(after).take(count) {
        println!("    {}", shown(time)?);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "The next runs after Friday 2026-03-27, 12:00, in Rome. On Sunday clocks go forward.\n"
    );
    let friday = rome(date(2026, 3, 27).at(12, 0, 0, 0))?;
    print_next(&OPENING, friday, 2)?;
    for expression in ["0 22-2/2 * * FRI-MON", "0 12 LW * ?", "0 0 13 * +FRI", "@hourly"] {
        print_next(&Trigger::cron_in(expression, ZONE)?, friday, 3)?;
    }
    let every_other_monday = Calendar::since(2026, 1, 5).every_weeks(2).at(8, 0, 0);
    print_next(&Trigger::calendar(every_other_monday.time_zone(ZONE)), friday, 2)?;
    let but_not_at_easter = OPENING.except(Trigger::cron_in("* * 6 4 ?", ZONE)?);
    print_next(&but_not_at_easter, rome(date(2026, 4, 3).at(12, 0, 0, 0))?, 1)?;

    println!("\nAt 02:30, which does not exist on 2026-03-29, and comes twice on 2026-10-25:\n");
    let nights = [date(2026, 3, 28), date(2026, 10, 24)];
    for policy in [Dst::Vixie, Dst::Skip, Dst::Literal, Dst::Shift] {
        println!("{policy:?}");
        let nightly = Trigger::cron_in("30 2 * * *", ZONE)?.dst(policy);
        for night in nights {
            let evening = rome(night.at(20, 0, 0, 0))?;
            let next_evening = evening + Duration::from_secs(24 * 3600);
            let runs: Result<Vec<_>, _> =
                nightly.clone().until(next_evening).upcoming(evening).map(shown).collect();
            let runs = runs?;
            println!("    {}", if runs.is_empty() { "no run".to_owned() } else { runs.join(", ") });
        }
    }

    println!("\nEvery second, in real time:\n");
    let sched = Scheduler::new();
    sched.start()?;
    let ticking = sched.delay(cron!("* * * * * *"), 0, SystemTime::now)?;
    for _ in 0..3 {
        let run = ticking.wait();
        let started = run.wait().map_err(ToString::to_string)?;
        let due = run.execution().due;
        println!("    due at {}, {:?} late", shown(due)?, started.duration_since(due)?);
    }
    sched.shutdown(true);
    Ok(())
}
