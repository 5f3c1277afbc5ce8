//! What does it cost to add a one-shot task?

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{Case, Entrant, Load, Metric, Outcome, WORKERS, Work, per, runs};
use crate::contenders::{
    DelayQueue, Heap, Once, Pysched, PyschedTask, ScheduledThreadPool, Smol, Tokio,
};
use crate::measure::Random;
use crate::sample::Sample;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) const WORK: Work = Work {
    name: "add",
    question: "What does it cost to add a one-shot task?",
    metrics: &[
        Metric { key: "added_ns", title: "ns an add, until registered", charted: true },
        Metric { key: "returned_ns", title: "ns until the call returns", charted: false },
    ],
    cases: &[
        Case { name: "100,000 pending", tasks: 100_000, threads: 1 },
        Case { name: "1,000,000 pending", tasks: 1_000_000, threads: 1 },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 7] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<PyschedTask>(sample::<PyschedTask>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    runs::<Heap>(sample::<Heap>).note("a mutex and a binary heap of boxed closures"),
];

/// Adds tasks of 16 captured bytes, due in one to two hours.
pub(super) fn add(contender: &impl Once, tasks: usize, seed: u64) {
    let _context = contender.context();
    let mut random = Random::new(seed);
    for index in 0..tasks {
        let delay = random.between(HOUR..2 * HOUR);
        let captured = (random.next(), index as u64);
        contender.add(delay, move || {
            black_box(captured);
        });
    }
}

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = C::start(WORKERS);
    let begun = Instant::now();
    add(&contender, load.tasks, 1);
    let returned = begun.elapsed();
    contender.settle(load.tasks)?;
    let added = begun.elapsed();
    let nanoseconds = |time: Duration| per(time.as_secs_f64() * 1e9, load.tasks);
    Ok(Sample::new([("added_ns", nanoseconds(added)), ("returned_ns", nanoseconds(returned))]))
}
