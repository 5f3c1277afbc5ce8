//! What does a scheduler cost that has nothing to do?

use std::thread;
use std::time::Duration;

use super::{Case, Entrant, Load, Metric, Outcome, WORKERS, Work, count, runs, started};
use crate::contenders::{
    DelayQueue, DelayTimer, Handover, Once, Pysched, ScheduledThreadPool, Smol, Tokio,
    TokioCronScheduler,
};
use crate::measure::OtherThreads;
use crate::sample::Sample;

const WATCHED: Duration = Duration::from_secs(10);

/// What was started has to come to rest first.
const REST: Duration = Duration::from_millis(500);

const HOUR: Duration = Duration::from_hours(1);

pub(super) const WORK: Work = Work {
    name: "idle",
    question: "What does a scheduler cost that has nothing to do for 10 s?",
    metrics: &[
        Metric::charted("cpu_ms", "CPU ms"),
        Metric::charted("switches", "context switches"),
    ],
    cases: &[
        Case { name: "no task", tasks: 0, threads: WORKERS },
        Case { name: "one task, due in an hour", tasks: 1, threads: WORKERS },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    runs::<TokioCronScheduler>(sample::<TokioCronScheduler>),
    runs::<DelayTimer>(sample::<DelayTimer>),
    runs::<Handover>(sample::<Handover>).note("a thread on a condition variable"),
];

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(load.threads);
    let _context = contender.context();
    for _ in 0..load.tasks {
        contender.add(HOUR, || ());
    }
    contender.settle(load.tasks)?;
    thread::sleep(REST);
    let before = OtherThreads::now()?;
    thread::sleep(load.time(WATCHED));
    let after = OtherThreads::now()?;
    let switches = usize::try_from(after.switches - before.switches)?;
    Ok(Sample::default()
        .with("cpu_ms", 1e3 * after.time.saturating_sub(before.time).as_secs_f64())
        .with("switches", count(switches)))
}
