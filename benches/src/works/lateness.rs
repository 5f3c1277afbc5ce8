//! How late do tasks start, and what does it cost to be that punctual?

use std::thread;
use std::time::{Duration, Instant};

use rustix::thread::{clock_nanosleep_absolute, set_current_timer_slack};
use rustix::time::{ClockId, Timespec, clock_gettime};

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, count, left_out, pending, runs, started,
};
use crate::contenders::{
    Contender, DelayQueue, DelayTimer, FLOOR, Once, Pysched, PyschedTokio, ScheduledThreadPool,
    Smol, Tokio, TokioCronScheduler,
};
use crate::measure::{Random, Spread, Starts, processor_time, sleep_until};
use crate::sample::Sample;

/// From one task to the next.
const STEP: Duration = Duration::from_millis(1);

/// Adding takes less than this in every contender, beside the time for each task.
const LEAD: Duration = Duration::from_millis(200);
const LEAD_A_TASK: Duration = Duration::from_micros(200);

/// What has not started so long after the last task was due counts as lost.
const GRACE: Duration = Duration::from_secs(2);

pub(super) const WORK: Work = Work {
    name: "lateness",
    question: "How late do tasks start, 1000 of them a second?",
    metrics: &[
        Metric::charted("p50_us", "µs late, p50"),
        Metric::charted("p99_us", "µs late, p99"),
        Metric::aside("max_us", "max"),
        Metric::aside("early", "early"),
        Metric::aside("lost", "lost"),
        Metric::charted("cpu_ms", "CPU ms a second"),
    ],
    cases: &[Case { name: "5000 one-shots in 5 s", tasks: 5000, threads: WORKERS }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 9] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<PyschedTokio>(sample::<PyschedTokio>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueue>(sample::<DelayQueue>),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    runs::<TokioCronScheduler>(sample::<TokioCronScheduler>).note(pending::POLLS),
    left_out(DelayTimer::NAME, pending::WHOLE_SECONDS),
    Entrant::running(FLOOR, floor)
        .note("one thread in clock_nanosleep, at a timer slack of 1 ns; all others as by default"),
];

/// When each task is due: one a step, at a random place in it.
fn due_moments(tasks: usize) -> Vec<Instant> {
    let mut random = Random::new(1);
    let factor = u32::try_from(tasks).unwrap_or(u32::MAX);
    let mut step = Instant::now() + LEAD + LEAD_A_TASK * factor;
    let mut due = || {
        let due = step + random.between(Duration::ZERO..STEP);
        step += STEP;
        due
    };
    (0..tasks).map(|_| due()).collect()
}

fn sample<C: Once>(load: &Load) -> Outcome {
    let contender = started::<C>(load.threads);
    let _context = contender.context();
    let starts = Starts::of(load.tasks);
    let due = due_moments(load.tasks);
    for (index, due) in due.iter().enumerate() {
        let delay = due.saturating_duration_since(Instant::now());
        contender.add(delay, move || starts.note(index));
    }
    if due.first().is_some_and(|first| Instant::now() > *first) {
        return Err("adding took so long that tasks became due meanwhile".into());
    }
    watch(starts, &due)
}

fn floor(load: &Load) -> Outcome {
    let starts = Starts::of(load.tasks);
    let due = due_moments(load.tasks);
    let (zero, origin) = (Instant::now(), clock_gettime(ClockId::Monotonic));
    let origin = Duration::try_from(origin)?;
    let moments: Vec<Timespec> = due
        .iter()
        .map(|due| Timespec::try_from(origin + due.duration_since(zero)))
        .collect::<Result<_, _>>()?;
    let sleeper = thread::spawn(move || -> rustix::io::Result<()> {
        set_current_timer_slack(std::num::NonZero::new(1))?;
        for (index, moment) in moments.iter().enumerate() {
            clock_nanosleep_absolute(ClockId::Monotonic, moment)?;
            starts.note(index);
        }
        Ok(())
    });
    let outcome = watch(starts, &due);
    sleeper.join().map_err(|_| "the sleeper panicked")??;
    outcome
}

/// Watches all tasks start, without using the processor meanwhile.
fn watch(starts: &Starts, due: &[Instant]) -> Outcome {
    let (Some(first), Some(last)) = (due.first(), due.last()) else {
        return Err("no task".into());
    };
    sleep_until(*first);
    let (begun, before) = (Instant::now(), processor_time());
    sleep_until(*last + 2 * STEP);
    let (elapsed, used) = (begun.elapsed(), processor_time().saturating_sub(before));
    while starts.noted() < due.len() && last.elapsed() < GRACE {
        thread::sleep(STEP);
    }

    let late = starts.lateness(due);
    let early = late.iter().filter(|late| **late < 0.0).count();
    let missing = due.len() - late.len();
    let spread = Spread::of(late);
    Ok(Sample::default()
        .with("p50_us", spread.percentile(50))
        .with("p99_us", spread.percentile(99))
        .with("max_us", spread.max())
        .with("early", count(early))
        .with("lost", count(missing))
        .with("cpu_ms", 1e3 * used.as_secs_f64() / elapsed.as_secs_f64()))
}
