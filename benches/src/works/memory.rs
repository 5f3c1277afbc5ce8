//! How much memory does a pending task take?

use std::time::Instant;

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, bytes, nanoseconds, pending, runs, started,
};
use crate::contenders::{
    DelayQueue, DelayTimer, Heap, Once, Pysched, ScheduledThreadPool, Smol, Tokio,
    TokioCronScheduler,
};
use crate::measure::{resident_at_peak, resident_at_rest};
use crate::sample::Sample;

const MILLION: usize = 1_000_000;

pub(super) const WORK: Work = Work {
    name: "memory",
    question: "How much memory does a pending one-shot of 16 captured bytes take?",
    metrics: &[
        Metric::charted("bytes", "resident bytes a task"),
        Metric::aside("peak_bytes", "at its peak"),
        Metric::aside("added_ns", "ns an add"),
    ],
    cases: &[
        Case { name: "1,000,000 pending", tasks: MILLION, threads: 1 },
        Case { name: "10,000,000 pending", tasks: 10 * MILLION, threads: 1 },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>).at_most(MILLION),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>).at_most(MILLION),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    runs::<TokioCronScheduler>(sample::<TokioCronScheduler>).divided(100).at_most(MILLION),
    runs::<DelayTimer>(sample::<DelayTimer>).divided(100).at_most(MILLION),
    runs::<Heap>(sample::<Heap>).note("a mutex and a binary heap of boxed closures"),
];

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(WORKERS);
    let before = resident_at_rest()?;
    let begun = Instant::now();
    pending::add(contender, load.tasks, 1);
    contender.settle(load.tasks)?;
    let added = begun.elapsed();
    let held = resident_at_rest()?;
    Ok(Sample::default()
        .with("bytes", bytes(before, held, load.tasks))
        .with("peak_bytes", bytes(before, resident_at_peak()?, load.tasks))
        .with("added_ns", nanoseconds(added, load.tasks)))
}
