//! What does adding cost if several threads do it at once?

use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, left_out, nanoseconds, pending, runs,
    started,
};
use crate::contenders::{
    Contender, DelayQueue, DelayTimer, Heap, Once, Pysched, ScheduledThreadPool, Smol, Tokio,
    TokioCronScheduler,
};
use crate::sample::Sample;

pub(super) const WORK: Work = Work {
    name: "add_threads",
    question: "What does adding cost if several threads do it at once?",
    metrics: &[
        Metric::charted("added_ns", "ns of all threads' time, an add"),
        Metric::aside("returned_ns", "ns until the calls return"),
    ],
    cases: &[
        Case { name: "1,000,000 from 2 threads", tasks: 1_000_000, threads: 2 },
        Case { name: "1,000,000 from 4 threads", tasks: 1_000_000, threads: 4 },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    left_out(TokioCronScheduler::NAME, "all its adds go through one task; see add"),
    left_out(DelayTimer::NAME, "all its adds go through one channel; see add"),
    runs::<Heap>(sample::<Heap>).note("a mutex and a binary heap of boxed closures"),
];

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(WORKERS);
    let share = load.tasks / load.threads;
    let start = Barrier::new(load.threads + 1);
    let begun = thread::scope(|scope| {
        let start = &start;
        for seed in 0..load.threads {
            scope.spawn(move || {
                start.wait();
                pending::add(contender, share, seed as u64);
            });
        }
        start.wait();
        Instant::now()
    });
    let returned = begun.elapsed();
    let tasks = share * load.threads;
    contender.settle(tasks)?;
    let added = begun.elapsed();
    Ok(Sample::default()
        .with("added_ns", nanoseconds(added, tasks))
        .with("returned_ns", nanoseconds(returned, tasks)))
}
