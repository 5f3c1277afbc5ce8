//! How soon does a task start that is due at once, if nothing else is to be done?

use std::thread;
use std::time::{Duration, Instant};

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, left_out, pending, runs, started,
};
use crate::contenders::{
    Contender, DelayQueue, DelayTimer, Handover, Once, Pysched, ScheduledThreadPool, Smol, Tokio,
    TokioCronScheduler,
};
use crate::measure::{Random, Spread, Starts};
use crate::sample::Sample;

/// Tasks before the ones that are measured: by then every thread has been started.
const WARM_UP: usize = 100;

/// Between two tasks: long enough for all threads to fall asleep, and never in step with anything.
const PAUSE: std::ops::Range<Duration> = Duration::from_micros(200)..Duration::from_millis(1);

/// What has not started so long after it was added is lost.
const GRACE: Duration = Duration::from_secs(1);

pub(super) const WORK: Work = Work {
    name: "zero_delay",
    question: "How soon does a task start that is due at once?",
    metrics: &[Metric::charted("p50_us", "µs, p50"), Metric::charted("p99_us", "µs, p99")],
    cases: &[Case { name: "2000 tasks, one at a time", tasks: 2000, threads: WORKERS }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    left_out(TokioCronScheduler::NAME, pending::POLLS),
    left_out(DelayTimer::NAME, pending::WHOLE_SECONDS),
    runs::<Handover>(sample::<Handover>).note("a closure for a thread on a condition variable"),
];

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(load.threads);
    let _context = contender.context();
    let mut random = Random::new(1);
    let tasks = WARM_UP + load.tasks;
    let starts = Starts::of(tasks);
    let mut added = Vec::with_capacity(tasks);
    for index in 0..tasks {
        thread::sleep(random.between(PAUSE));
        added.push(Instant::now());
        contender.add(Duration::ZERO, move || starts.note(index));
    }
    thread::sleep(PAUSE.end);
    let begun = Instant::now();
    while starts.noted() < tasks {
        if begun.elapsed() > GRACE {
            return Err(format!("{} of {tasks} have not started", tasks - starts.noted()).into());
        }
        thread::sleep(PAUSE.end);
    }

    let spread = Spread::of(starts.lateness(&added).into_iter().skip(WARM_UP));
    Ok(Sample::default()
        .with("p50_us", spread.percentile(50))
        .with("p99_us", spread.percentile(99)))
}
