//! How long does a function take that runs in another process, from the call to its result?

use std::time::Instant;

use super::{Case, Entrant, Load, Metric, Outcome, Work, microseconds, pool};
use crate::contenders::{Pipes, Processes, Procspawn, PyschedProcesses, Python};
use crate::measure::Spread;
use crate::sample::Sample;

/// Tasks before the ones that are measured.
const WARM_UP: usize = 500;

pub(super) const WORK: Work = Work {
    name: "process_round_trip",
    question: "How long does a task in another process take, there and back?",
    metrics: &[Metric::charted("p50_us", "µs, p50"), Metric::charted("p99_us", "µs, p99")],
    cases: &[Case { name: "5000 tasks, one at a time", tasks: 5000, threads: 1 }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 4] = [
    pool::<PyschedProcesses>(sample::<PyschedProcesses>),
    pool::<Procspawn>(sample::<Procspawn>),
    Entrant::running(Python::NAME, python),
    pool::<Pipes>(sample::<Pipes>).note("8 bytes through a pipe, and back through another"),
];

fn sample<P: Processes>(load: &Load) -> Outcome {
    let mut pool = P::start(load.threads)?;
    for number in 0..WARM_UP as u64 {
        pool.round_trip(number)?;
    }
    let mut times = Vec::with_capacity(load.tasks);
    for number in 0..load.tasks as u64 {
        let begun = Instant::now();
        pool.round_trip(number)?;
        times.push(microseconds(begun.elapsed()));
    }
    pool.end()?;

    let spread = Spread::of(times);
    Ok(Sample::default()
        .with("p50_us", spread.percentile(50))
        .with("p99_us", spread.percentile(99)))
}

fn python(load: &Load) -> Outcome {
    Python::sample(WORK.name, load.threads, WARM_UP, load.tasks)
}
