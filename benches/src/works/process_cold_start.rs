//! How soon does a pool that is not there yet have a first result?

use std::time::Instant;

use super::{Case, Entrant, Load, Metric, Outcome, Work, milliseconds, pool};
use crate::contenders::{Pipes, Processes, Procspawn, PyschedProcesses, Python};
use crate::measure::Spread;
use crate::sample::Sample;

/// Pools before the ones that are measured: by then the program's pages are in memory.
const WARM_UP: usize = 1;

pub(super) const WORK: Work = Work {
    name: "process_cold_start",
    question: "How long does it take from no pool of processes to a first result?",
    metrics: &[Metric::charted("p50_ms", "ms, p50")],
    cases: &[Case { name: "20 pools of 1 worker", tasks: 20, threads: 1 }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 4] = [
    pool::<PyschedProcesses>(sample::<PyschedProcesses>),
    pool::<Procspawn>(sample::<Procspawn>),
    Entrant::running(Python::NAME, python)
        .note("up to 3.13, it forks, and no program has to be started"),
    pool::<Pipes>(sample::<Pipes>).note("a process with two pipes"),
];

fn sample<P: Processes>(load: &Load) -> Outcome {
    let mut times = Vec::with_capacity(WARM_UP + load.tasks);
    for number in 0..(WARM_UP + load.tasks) as u64 {
        let begun = Instant::now();
        let mut pool = P::start(load.threads)?;
        pool.round_trip(number)?;
        times.push(milliseconds(begun.elapsed()));
        pool.end()?;
    }
    let spread = Spread::of(times.into_iter().skip(WARM_UP));
    Ok(Sample::default().with("p50_ms", spread.percentile(50)))
}

fn python(load: &Load) -> Outcome {
    Python::sample(WORK.name, load.threads, WARM_UP, load.tasks)
}
