//! What does it cost to add a one-shot task?

use std::time::Instant;

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, nanoseconds, pending, runs, started,
};
use crate::contenders::{
    DelayQueue, DelayTimer, Heap, Once, Pysched, PyschedTask, ScheduledThreadPool, Smol, Tokio,
    TokioCronScheduler,
};
use crate::sample::Sample;

pub(super) const WORK: Work = Work {
    name: "add",
    question: "What does it cost to add a one-shot task?",
    metrics: &[
        Metric::charted("added_ns", "ns an add, until registered"),
        Metric::aside("returned_ns", "ns until the call returns"),
    ],
    cases: &[
        Case { name: "100,000 pending", tasks: 100_000, threads: 1 },
        Case { name: "1,000,000 pending", tasks: 1_000_000, threads: 1 },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 9] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<PyschedTask>(sample::<PyschedTask>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    runs::<TokioCronScheduler>(sample::<TokioCronScheduler>).divided(100),
    runs::<DelayTimer>(sample::<DelayTimer>)
        .divided(100)
        .note("until the call returns; what follows cannot be observed"),
    runs::<Heap>(sample::<Heap>).note("a mutex and a binary heap of boxed closures"),
];

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(WORKERS);
    let begun = Instant::now();
    pending::add(contender, load.tasks, 1);
    let returned = begun.elapsed();
    contender.settle(load.tasks)?;
    let added = begun.elapsed();
    Ok(Sample::default()
        .with("added_ns", nanoseconds(added, load.tasks))
        .with("returned_ns", nanoseconds(returned, load.tasks)))
}
