//! How many executions a second can be run in virtual time?

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{Case, Entrant, Load, Metric, Outcome, Work, count, left_out, millions_a_second};
use crate::contenders::{
    Contender, DelayQueue, DelayTimer, Moments, Plan, PyschedSimulation, ScheduledThreadPool, Smol,
    TokioCronScheduler, TokioPaused, VirtualTime,
};
use crate::measure::Counter;
use crate::sample::Sample;

const YEAR: &str = "100 tasks, each hour of a year";

pub(super) const WORK: Work = Work {
    name: "simulation",
    question: "How many executions a second can be run in virtual time?",
    metrics: &[
        Metric::charted("rate", "million executions a second").more(),
        Metric::aside("elapsed_s", "s"),
        Metric::aside("off", "too many or too few"),
    ],
    cases: &[
        Case { name: YEAR, tasks: 100 * 365 * 24, threads: 1 },
        Case { name: "one task, each second", tasks: 1_000_000, threads: 1 },
    ],
    entrants: &ENTRANTS,
};

const NO_VIRTUAL_TIME: &str = "has no virtual time";

const ENTRANTS: [Entrant; 8] = [
    entrant::<PyschedSimulation>().note("with a trace of all that happens"),
    entrant::<TokioPaused>().note("a paused clock, and an `interval` for each task; no trace"),
    left_out(Smol::NAME, NO_VIRTUAL_TIME),
    left_out(DelayQueue::NAME, "as tokio, on whose clock it is"),
    left_out(ScheduledThreadPool::NAME, NO_VIRTUAL_TIME),
    left_out(TokioCronScheduler::NAME, NO_VIRTUAL_TIME),
    left_out(DelayTimer::NAME, NO_VIRTUAL_TIME),
    entrant::<Moments>().note("a heap of moments, and a closure for each"),
];

const fn entrant<V: VirtualTime>() -> Entrant {
    Entrant::running(V::NAME, sample::<V>)
}

static RAN: Counter = Counter::new();

fn sample<V: VirtualTime>(load: &Load) -> Outcome {
    let (tasks, interval) = match load.case {
        YEAR => (100, Duration::from_hours(1)),
        _ => (1, Duration::from_secs(1)),
    };
    let runs = u32::try_from(load.tasks)? / tasks;
    let captured = (load.tasks, interval);
    let begun = Instant::now();
    V::simulate(Plan { tasks, interval, runs }, move || {
        black_box(captured);
        RAN.count();
    });
    let elapsed = begun.elapsed();
    let ran = RAN.total();
    Ok(Sample::default()
        .with("rate", millions_a_second(ran, elapsed))
        .with("elapsed_s", elapsed.as_secs_f64())
        .with("off", count(ran.abs_diff(usize::try_from(tasks * runs)?))))
}
