//! What does it cost to find the next time that a cron expression names?

use std::hint::black_box;
use std::time::Instant;

use super::cron::{cases, different, reader, seconds};
use super::{Case, Entrant, Load, Metric, Outcome, Work, count, left_out, nanoseconds};
use crate::contenders::{
    CronCrate, Croner, Cronexpr, Finder, JiffCron, PyschedCron, Reader, Rome, Saffron, Time, Utc,
    Zone,
};
use crate::measure::Spread;
use crate::sample::Sample;

pub(super) const UTC: Work = Work {
    name: "cron_next_utc",
    question: "What does it cost to find the next time that a cron expression names, in UTC?",
    metrics: &METRICS,
    cases: &CASES,
    entrants: &[
        reader::<PyschedCron>(sample::<Utc, PyschedCron>),
        reader::<Croner>(sample::<Utc, Croner>),
        reader::<CronCrate>(sample::<Utc, CronCrate>),
        reader::<Cronexpr>(sample::<Utc, Cronexpr>),
        reader::<JiffCron>(sample::<Utc, JiffCron>),
        reader::<Saffron>(sample::<Utc, Saffron>).note("not maintained since 2021"),
    ],
};

pub(super) const ROME: Work = Work {
    name: "cron_next_rome",
    question: "What does it cost to find the next time that a cron expression names, in Rome?",
    metrics: &METRICS,
    cases: &CASES,
    entrants: &ROMANS,
};

const METRICS: [Metric; 2] = [
    Metric::charted("next_ns", "ns a search"),
    Metric::aside("different", "of 4096 times other than pysched's"),
];

const CASES: [Case; 3] = cases(200_000);

const ROMANS: [Entrant; 6] = [
    reader::<PyschedCron>(sample::<Rome, PyschedCron>),
    reader::<Croner>(sample::<Rome, Croner>),
    reader::<CronCrate>(sample::<Rome, CronCrate>),
    reader::<Cronexpr>(sample::<Rome, Cronexpr>),
    reader::<JiffCron>(sample::<Rome, JiffCron>),
    left_out(Saffron::NAME, "knows no time zones"),
];

/// The median of several passes over the same times.
fn sample<Z: Zone, F: Finder<Z>>(load: &Load) -> Outcome
where
    PyschedCron: Finder<Z>,
{
    let finder = F::read(&F::text(load.case, Z::NAME), Z::NAME)?;
    let own = PyschedCron::read(load.case, Z::NAME)?;
    let times: Vec<F::Time> = seconds().map(F::Time::from_second).collect();
    let passes = load.tasks.div_ceil(times.len());
    let pass = |_| {
        let begun = Instant::now();
        for time in &times {
            black_box(finder.next(black_box(time)));
        }
        nanoseconds(begun.elapsed(), times.len())
    };
    let spread = Spread::of((0..passes).map(pass));
    Ok(Sample::default()
        .with("next_ns", spread.percentile(50))
        .with("different", count(different::<Z, _, _>(&finder, &own))))
}
