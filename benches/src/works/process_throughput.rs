//! How many functions can be run in other processes a second?

use std::collections::VecDeque;
use std::time::Instant;

use super::{Case, Entrant, Load, Metric, Outcome, WORKERS, Work, count, pool};
use crate::contenders::{Failure, Pipes, Processes, Procspawn, PyschedProcesses, Python};
use crate::sample::Sample;

/// Tasks before the ones that are measured: enough for all workers to be at it.
const WARM_UP: usize = 1000;

pub(super) const WORK: Work = Work {
    name: "process_throughput",
    question: "How many tasks can be run in other processes a second?",
    metrics: &[Metric::charted("rate", "tasks a second").more()],
    cases: &[Case {
        name: "100k tasks from one thread, 2 workers",
        tasks: 100_000,
        threads: WORKERS,
    }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 4] = [
    pool::<PyschedProcesses>(sample::<PyschedProcesses>),
    pool::<Procspawn>(sample::<Procspawn>)
        .note("64 tasks at a time, as each that waits holds open files"),
    Entrant::running(Python::NAME, python),
    pool::<Pipes>(sample::<Pipes>).note("8 bytes through pipes, 1024 numbers at a time"),
];

fn sample<P: Processes>(load: &Load) -> Outcome {
    let mut pool = P::start(load.threads)?;
    run(&mut pool, WARM_UP)?;
    let begun = Instant::now();
    run(&mut pool, load.tasks)?;
    let time = begun.elapsed();
    pool.end()?;
    Ok(Sample::default().with("rate", count(load.tasks) / time.as_secs_f64()))
}

/// Submits `tasks`, as many at a time as can be, and returns when all have run.
fn run<P: Processes>(pool: &mut P, tasks: usize) -> Result<(), Failure> {
    let mut pending = VecDeque::with_capacity(tasks.min(P::IN_FLIGHT));
    for number in 0..tasks as u64 {
        if pending.len() == P::IN_FLIGHT {
            expect_first(pool, &mut pending)?;
        }
        pending.push_back((number, pool.submit(number)?));
    }
    while !pending.is_empty() {
        expect_first(pool, &mut pending)?;
    }
    Ok(())
}

fn expect_first<P: Processes>(
    pool: &mut P,
    pending: &mut VecDeque<(u64, P::Answer)>,
) -> Result<(), Failure> {
    match pending.pop_front() {
        Some((number, answer)) => pool.expect(number, answer),
        None => Ok(()),
    }
}

fn python(load: &Load) -> Outcome {
    Python::sample(WORK.name, load.threads, WARM_UP, load.tasks)
}
