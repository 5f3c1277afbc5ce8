//! The works: one file each, with one question, the contenders that can answer it, and why the
//! others cannot.

mod add;
mod add_threads;
mod cancel;
mod cron;
mod cron_decade;
mod cron_next;
mod cron_parse;
mod fire;
mod futures;
mod idle;
mod lateness;
mod memory;
mod pending;
mod process_cold_start;
mod process_replace;
mod process_round_trip;
mod process_throughput;
mod recurring;
mod saturated;
mod simulation;
mod zero_delay;

pub(crate) use futures::{INSIDE, OUTSIDE};

use std::error::Error;
use std::time::Duration;

use crate::contenders::{Contender, Processes};
use crate::sample::Sample;

/// All works, in the order of the report.
pub(crate) const WORKS: &[&Work] = &[
    &add::WORK,
    &add_threads::WORK,
    &cancel::WORK,
    &fire::WORK,
    &futures::WORK,
    &lateness::WORK,
    &recurring::WORK,
    &zero_delay::WORK,
    &memory::WORK,
    &idle::WORK,
    &saturated::WORK,
    &simulation::WORK,
    &process_round_trip::WORK,
    &process_throughput::WORK,
    &process_cold_start::WORK,
    &process_replace::WORK,
    &cron_next::UTC,
    &cron_next::ROME,
    &cron_parse::WORK,
    &cron_decade::WORK,
];

/// How many threads or processes run tasks, in every contender that has a choice.
const WORKERS: usize = 2;

/// Something to do, and to be measured at.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) name: &'static str,

    /// What one wants to know; the title of its table and chart.
    pub(crate) question: &'static str,

    /// What is measured; the first is what the chart and the table are about.
    pub(crate) metrics: &'static [Metric],

    pub(crate) cases: &'static [Case],
    pub(crate) entrants: &'static [Entrant],
}

/// One figure of a sample.
#[derive(Debug)]
pub(crate) struct Metric {
    /// Under which name samples have it.
    pub(crate) key: &'static str,

    /// What it is, with its unit.
    pub(crate) title: &'static str,

    /// Whether the chart shows it.
    pub(crate) charted: bool,

    /// Whether more of it is better, and not less.
    pub(crate) more: bool,
}

/// The same work in another size.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) tasks: usize,

    /// How many threads, or processes, do what the question is about.
    pub(crate) threads: usize,
}

/// A contender in a work.
#[derive(Debug)]
pub(crate) struct Entrant {
    pub(crate) contender: &'static str,
    pub(crate) part: Part,

    /// What a reader of the row has to know; may be empty.
    pub(crate) note: &'static str,
}

/// How a contender takes part.
#[derive(Debug)]
pub(crate) enum Part {
    Runs {
        sample: fn(&Load) -> Outcome,

        /// The size of a case is divided by this, where it would take forever.
        divisor: usize,

        /// Cases with more tasks are left out.
        most: usize,
    },

    /// It does not, for this reason.
    LeftOut(&'static str),
}

/// What one sample has to do.
#[derive(Debug)]
pub(crate) struct Load {
    /// What the case is called; in the works of cron, the expression.
    pub(crate) case: &'static str,
    pub(crate) tasks: usize,
    pub(crate) threads: usize,

    /// Whether this is only to see that it runs.
    pub(crate) quick: bool,
}

/// What comes of a sample.
pub(crate) type Outcome = Result<Sample, Box<dyn Error>>;

const fn runs<C: Contender>(sample: fn(&Load) -> Outcome) -> Entrant {
    Entrant::running(C::NAME, sample)
}

/// One that runs its tasks in processes.
const fn pool<P: Processes>(sample: fn(&Load) -> Outcome) -> Entrant {
    Entrant::running(P::NAME, sample)
}

const fn left_out(contender: &'static str, reason: &'static str) -> Entrant {
    Entrant { contender, part: Part::LeftOut(reason), note: "" }
}

impl Metric {
    const fn charted(key: &'static str, title: &'static str) -> Self {
        Self { key, title, charted: true, more: false }
    }

    /// One that is told beside.
    const fn aside(key: &'static str, title: &'static str) -> Self {
        Self { key, title, charted: false, more: false }
    }

    const fn more(self) -> Self {
        Self { more: true, ..self }
    }
}

impl Entrant {
    const fn running(contender: &'static str, sample: fn(&Load) -> Outcome) -> Self {
        let part = Part::Runs { sample, divisor: 1, most: usize::MAX };
        Self { contender, part, note: "" }
    }

    /// The same with another `note`.
    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The same with a `divisor`-th of the tasks.
    const fn divided(self, divisor: usize) -> Self {
        match self.part {
            Part::Runs { sample, most, .. } => {
                Self { part: Part::Runs { sample, divisor, most }, ..self }
            }
            Part::LeftOut(_) => self,
        }
    }

    /// The same, left out of the cases with more than `most` tasks.
    const fn at_most(self, most: usize) -> Self {
        match self.part {
            Part::Runs { sample, divisor, .. } => {
                Self { part: Part::Runs { sample, divisor, most }, ..self }
            }
            Part::LeftOut(_) => self,
        }
    }
}

impl Load {
    /// What a case asks of a contender with this divisor; in a quick run, a fiftieth of it.
    pub(crate) fn of(case: &Case, divisor: usize, quick: bool) -> Self {
        let tasks = case.tasks / divisor / if quick { 50 } else { 1 };
        let tasks = tasks.max(case.tasks.min(1));
        Self { case: case.name, tasks, threads: case.threads, quick }
    }

    /// How long something is watched; in a quick run, a twentieth of `usual`.
    fn time(&self, usual: Duration) -> Duration {
        if self.quick { usual / 20 } else { usual }
    }
}

/// Starts a contender for the rest of the process: what it takes to end it, and to drop a million
/// pending tasks, is not asked.
fn started<C: Contender>(workers: usize) -> &'static C {
    Box::leak(Box::new(C::start(workers)))
}

/// A count as a figure.
#[expect(clippy::cast_precision_loss, reason = "counts of tasks and bytes are far below 2^53")]
fn count(count: usize) -> f64 {
    count as f64
}

/// Nanoseconds for each of `tasks`.
fn nanoseconds(time: Duration, tasks: usize) -> f64 {
    time.as_secs_f64() * 1e9 / count(tasks)
}

/// Bytes for each of `tasks` that memory has grown by.
fn bytes(before: usize, after: usize, tasks: usize) -> f64 {
    (count(after) - count(before)) / count(tasks)
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn millions_a_second(tasks: usize, time: Duration) -> f64 {
    count(tasks) / time.as_secs_f64() / 1e6
}
