//! How soon is a worker replaced that has died?

use std::time::Instant;

use super::{Case, Entrant, Load, Metric, Outcome, Work, left_out, milliseconds, pool};
use crate::contenders::{Pipes, Processes, Procspawn, PyschedProcesses, Python};
use crate::measure::Spread;
use crate::sample::Sample;

pub(super) const WORK: Work = Work {
    name: "process_replace",
    question: "How long after the only worker has died is there another result?",
    metrics: &[Metric::charted("p50_ms", "ms, p50")],
    cases: &[Case { name: "20 times, 1 worker", tasks: 20, threads: 1 }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 4] = [
    pool::<PyschedProcesses>(sample::<PyschedProcesses>),
    pool::<Procspawn>(sample::<Procspawn>),
    left_out(Python::NAME, "not possible: a pool that has lost a worker takes no more tasks"),
    pool::<Pipes>(sample::<Pipes>).note("a process with two pipes"),
];

fn sample<P: Processes>(load: &Load) -> Outcome {
    let mut pool = P::start(load.threads)?;
    pool.round_trip(0)?;
    let mut times = Vec::with_capacity(load.tasks);
    for number in 0..load.tasks as u64 {
        pool.abort()?;
        let begun = Instant::now();
        pool.round_trip(number)?;
        times.push(milliseconds(begun.elapsed()));
    }
    pool.end()?;
    Ok(Sample::default().with("p50_ms", Spread::of(times).percentile(50)))
}
