//! How many futures that are due at once can be run a second, on a tokio runtime?

use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio::task::yield_now;

use super::{Case, Entrant, Load, Metric, Outcome, WORKERS, Work, millions_a_second, started};
use crate::contenders::{Contender as _, PATIENCE, PyschedTokio, runtime};
use crate::measure::{Counter, sleep_until, wait_for};
use crate::sample::Sample;

/// Adding takes less than this, beside the time for each task.
const LEAD: Duration = Duration::from_millis(200);
const LEAD_A_TASK: Duration = Duration::from_micros(3);

/// The case whose futures have to wait once.
const WAITING: &str = "100,000 that yield once";

/// The names of those that only spawn.
pub(crate) const OUTSIDE: &str = "tokio::spawn, from outside";
pub(crate) const INSIDE: &str = "tokio::spawn, from a task";

pub(super) const WORK: Work = Work {
    name: "futures",
    question: "How many futures that are due at once can be run a second, on a tokio runtime?",
    metrics: &[Metric::charted("rate", "million futures a second").more()],
    cases: &[
        Case { name: "100,000 that are ready", tasks: 100_000, threads: WORKERS },
        Case { name: WAITING, tasks: 100_000, threads: WORKERS },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 3] = [
    Entrant::running(PyschedTokio::NAME, scheduled),
    Entrant::running(OUTSIDE, from_outside)
        .note("spawned at once, and waited for: no timer, no record"),
    Entrant::running(INSIDE, from_a_task).note("the same, by a task of the runtime"),
];

/// How many have run.
static RAN: Counter = Counter::new();

/// What each of them does.
async fn body(captured: (u64, u64), waits: bool) {
    if waits {
        yield_now().await;
    }
    black_box(captured);
    RAN.count();
}

fn captured(index: usize) -> (u64, u64) {
    (index as u64, !(index as u64))
}

fn scheduled(load: &Load) -> Outcome {
    let contender = started::<PyschedTokio>(load.threads);
    let waits = load.case == WAITING;
    let start = Instant::now() + LEAD + LEAD_A_TASK * u32::try_from(load.tasks)?;
    for index in 0..load.tasks {
        let delay = start.saturating_duration_since(Instant::now());
        contender.add_future(delay, move || body(captured(index), waits));
    }
    if Instant::now() > start {
        return Err("adding took so long that tasks became due meanwhile".into());
    }
    finish(start, load.tasks)
}

fn from_outside(load: &Load) -> Outcome {
    let runtime = runtime(load.threads);
    let waits = load.case == WAITING;
    let start = Instant::now() + LEAD;
    sleep_until(start);
    for index in 0..load.tasks {
        drop(runtime.spawn(body(captured(index), waits)));
    }
    finish(start, load.tasks)
}

fn from_a_task(load: &Load) -> Outcome {
    let runtime = runtime(load.threads);
    let (waits, tasks) = (load.case == WAITING, load.tasks);
    let start = Instant::now() + LEAD;
    sleep_until(start);
    drop(runtime.spawn(async move {
        for index in 0..tasks {
            drop(tokio::spawn(body(captured(index), waits)));
        }
    }));
    finish(start, tasks)
}

fn finish(start: Instant, tasks: usize) -> Outcome {
    sleep_until(start);
    let end = wait_for(&RAN, tasks, PATIENCE)?;
    Ok(Sample::default().with("rate", millions_a_second(tasks, end.duration_since(start))))
}
