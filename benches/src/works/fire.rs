//! How many tasks that are due together can be run a second?

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, left_out, millions_a_second, pending,
    runs, started,
};
use crate::contenders::{
    Body, Channel, Contender, DelayQueue, DelayTimer, Job, Once, PATIENCE, Pysched,
    ScheduledThreadPool, Smol, Tokio, TokioCronScheduler,
};
use crate::measure::{Counter, Random, sleep_until, wait_for};
use crate::sample::Sample;

/// All tasks are due within this.
const WINDOW: Duration = Duration::from_millis(10);

/// Adding takes less than this in every contender, beside the time for each task.
const LEAD: Duration = Duration::from_millis(200);
const LEAD_A_TASK: Duration = Duration::from_micros(3);

pub(super) const WORK: Work = Work {
    name: "fire",
    question: "How many tasks that are due within 10 ms can be run a second?",
    metrics: &[Metric::charted("rate", "million tasks a second").more()],
    cases: &[
        Case { name: "100,000 tasks", tasks: 100_000, threads: WORKERS },
        Case { name: "1,000,000 tasks", tasks: 1_000_000, threads: WORKERS },
    ],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>).note("runs them one by one, without a pool"),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    left_out(TokioCronScheduler::NAME, pending::POLLS),
    left_out(DelayTimer::NAME, pending::WHOLE_SECONDS),
    runs::<Channel>(floor).note("boxed closures, sorted before, through a crossbeam channel"),
];

/// How many have run.
static RAN: Counter = Counter::new();

/// The moment from which on tasks become due.
fn start(tasks: usize) -> Instant {
    let tasks = u32::try_from(tasks).unwrap_or(u32::MAX);
    Instant::now() + LEAD + LEAD_A_TASK * tasks
}

fn body(random: &mut Random, index: usize) -> impl Body {
    let captured = (random.next(), index as u64);
    move || {
        black_box(captured);
        RAN.count();
    }
}

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(load.threads);
    let _context = contender.context();
    let mut random = Random::new(1);
    let start = start(load.tasks);
    for index in 0..load.tasks {
        let due = start + random.between(Duration::ZERO..WINDOW);
        let delay = due.saturating_duration_since(Instant::now());
        contender.add(delay, body(&mut random, index));
    }
    contender.settle(load.tasks)?;
    if Instant::now() > start {
        return Err("adding took so long that tasks became due meanwhile".into());
    }
    finish(start, load.tasks)
}

/// The main thread hands over what is due, having slept until the next one.
fn floor(load: &Load) -> Outcome {
    let pool = Channel::start(load.threads);
    let mut random = Random::new(1);
    let start = start(load.tasks);
    let job = |index| -> (Instant, Job) {
        let due = start + random.between(Duration::ZERO..WINDOW);
        (due, Box::new(body(&mut random, index)))
    };
    let mut jobs: Vec<_> = (0..load.tasks).map(job).collect();
    jobs.sort_by_key(|(due, _)| *due);
    let mut now = Instant::now();
    for (due, job) in jobs {
        while now < due {
            sleep_until(due);
            now = Instant::now();
        }
        pool.send(job);
    }
    finish(start, load.tasks)
}

fn finish(start: Instant, tasks: usize) -> Outcome {
    sleep_until(start);
    let end = wait_for(&RAN, tasks, PATIENCE)?;
    Ok(Sample::default().with("rate", millions_a_second(tasks, end.duration_since(start))))
}
