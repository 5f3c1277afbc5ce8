//! How long does it take to list the times of ten years?

use std::time::Instant;

use super::cron::reader;
use super::{Case, Load, Metric, Outcome, Work, count};
use crate::contenders::{
    CronCrate, Croner, Cronexpr, Finder, JiffCron, PyschedCron, Reader, Rome, Saffron, Time, Zone,
};
use crate::sample::Sample;

/// The last second of 2019.
const BEFORE: i64 = 1_577_836_799;

/// From 2020 to 2029, with three leap days.
const MINUTES: usize = (3650 + 3) * 24 * 60;

pub(super) const WORK: Work = Work {
    name: "cron_decade",
    question: "How long does it take to list the minutes of ten years, in Rome?",
    metrics: &[
        Metric::charted("listed_s", "s, scaled to ten years"),
        Metric::aside("off_s", "s that the last one is off"),
    ],
    cases: &[Case { name: "* * * * *", tasks: MINUTES, threads: 1 }],
    entrants: &[
        reader::<PyschedCron>(sample::<PyschedCron>),
        reader::<Croner>(sample::<Croner>),
        reader::<CronCrate>(sample::<CronCrate>),
        reader::<Cronexpr>(sample::<Cronexpr>),
        reader::<JiffCron>(sample::<JiffCron>),
        super::left_out(Saffron::NAME, "knows no time zones"),
    ],
};

/// Minutes last a minute, whatever the clock does meanwhile: that gives the last one away.
fn sample<F: Finder<Rome>>(load: &Load) -> Outcome {
    let finder = F::read(&F::text(load.case, Rome::NAME), Rome::NAME)?;
    let begun = Instant::now();
    let last = finder.upcoming(F::Time::from_second(BEFORE)).take(load.tasks).last();
    let listed = begun.elapsed();

    let last = last.map(|last| last.second()).ok_or("no time was found")?;
    let minutes = usize::try_from((last - BEFORE - 1) / 60)? + 1;
    let off = minutes.abs_diff(load.tasks) * 60;
    let scale = count(MINUTES) / count(load.tasks);
    Ok(Sample::default().with("listed_s", listed.as_secs_f64() * scale).with("off_s", count(off)))
}
