//! What does it cost to read a cron expression?

use std::hint::black_box;
use std::time::Instant;

use super::cron::{cases, reader};
use super::{Load, Metric, Outcome, Work, nanoseconds};
use crate::contenders::{CronCrate, Croner, Cronexpr, JiffCron, PyschedCron, Reader, Saffron};
use crate::measure::Spread;
use crate::sample::Sample;

/// How many times an expression is read between two looks at the clock.
const AT_ONCE: usize = 1000;

const ZONE: &str = "UTC";

pub(super) const WORK: Work = Work {
    name: "cron_parse",
    question: "What does it cost to read a cron expression when the program runs?",
    metrics: &[Metric::charted("read_ns", "ns an expression")],
    cases: &cases(100_000),
    entrants: &[
        reader::<PyschedCron>(sample::<PyschedCron>).note("an error says at which place"),
        reader::<Croner>(sample::<Croner>).note("an error says no place"),
        reader::<CronCrate>(sample::<CronCrate>).note("an error says no place"),
        reader::<Cronexpr>(sample::<Cronexpr>).note("an error says at which place"),
        reader::<JiffCron>(sample::<JiffCron>).note("an error says no place"),
        reader::<Saffron>(sample::<Saffron>).note("an error says no place"),
    ],
};

fn sample<R: Reader>(load: &Load) -> Outcome {
    let text = R::text(load.case, ZONE);
    // Sets up what is there once for all expressions, and fails on one that it refuses.
    R::read(&text, ZONE)?;
    let pass = |_| {
        let begun = Instant::now();
        for _ in 0..AT_ONCE {
            let _ = black_box(R::read(black_box(&text), ZONE));
        }
        nanoseconds(begun.elapsed(), AT_ONCE)
    };
    let spread = Spread::of((0..load.tasks.div_ceil(AT_ONCE)).map(pass));
    Ok(Sample::default().with("read_ns", spread.percentile(50)))
}
