//! What does it cost to cancel a pending task, and what is left of it?

use std::hint::black_box;
use std::time::Instant;

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, bytes, left_out, nanoseconds, pending,
    runs, started,
};
use crate::contenders::{
    Cancel, Contender, DelayQueue, DelayTimer, Heap, PATIENCE, Pysched, ScheduledThreadPool, Smol,
    Tokio, TokioCronScheduler,
};
use crate::measure::{Counter, Random, resident_at_rest, wait_for};
use crate::sample::Sample;

pub(super) const WORK: Work = Work {
    name: "cancel",
    question: "What does it cost to cancel a pending task, and what is left of it?",
    metrics: &[
        Metric::charted("cancelled_ns", "ns a cancel, until freed"),
        Metric::aside("returned_ns", "ns until the call returns"),
        Metric::charted("left_bytes", "bytes left a task"),
        Metric::aside("held_bytes", "bytes a task before"),
    ],
    cases: &[Case { name: "1,000,000 pending, in random order", tasks: 1_000_000, threads: 1 }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>).note("sets a flag, frees nothing"),
    left_out(TokioCronScheduler::NAME, "removes asynchronously; when, cannot be observed"),
    left_out(DelayTimer::NAME, "removes asynchronously; when, cannot be observed"),
    runs::<Heap>(sample::<Heap>).note("sets a flag, frees nothing"),
];

/// How many captured values have been dropped.
static DROPPED: Counter = Counter::new();

/// Takes no room in a closure, and tells when that is dropped.
#[derive(Clone)]
struct Witness;

impl Drop for Witness {
    fn drop(&mut self) {
        DROPPED.count();
    }
}

fn sample<C: Cancel>(load: &Load) -> Outcome {
    let contender = started::<C>(WORKERS);
    let _context = contender.context();
    let mut random = Random::new(1);
    // The room for the tickets is there, and in memory, before memory is read for the first time.
    let mut tickets: Vec<Option<C::Ticket>> = Vec::with_capacity(load.tasks);
    black_box(&mut tickets).resize_with(load.tasks, || None);
    let before = resident_at_rest()?;

    for (index, ticket) in tickets.iter_mut().enumerate() {
        let delay = pending::delay(&mut random);
        let (body, witness) = (pending::body(&mut random, index), Witness);
        let body = move || {
            let _ = &witness;
            body();
        };
        *ticket = Some(contender.add_with_ticket(delay, body));
    }
    contender.settle(load.tasks)?;
    let held = resident_at_rest()?;

    random.shuffle(&mut tickets);
    let begun = Instant::now();
    for ticket in tickets.iter_mut().filter_map(Option::take) {
        contender.cancel(ticket);
    }
    let returned = begun.elapsed();
    let cancelled = if C::FREES {
        wait_for(&DROPPED, load.tasks, PATIENCE)?.duration_since(begun)
    } else {
        returned
    };
    let left = resident_at_rest()?;
    Ok(Sample::default()
        .with("cancelled_ns", nanoseconds(cancelled, load.tasks))
        .with("returned_ns", nanoseconds(returned, load.tasks))
        .with("left_bytes", bytes(before, left, load.tasks))
        .with("held_bytes", bytes(before, held, load.tasks)))
}
