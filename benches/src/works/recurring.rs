//! What does it cost to keep many short series in time?

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{
    Case, Entrant, Load, Metric, Outcome, WORKERS, Work, count, left_out, pending, runs, started,
};
use crate::contenders::{
    Contender, DelayQueueSeries, DelayTimer, FLOOR, Pysched, Recur, ScheduledThreadPool, Smol,
    Tokio, TokioCronScheduler,
};
use crate::measure::{Counter, Spread, processor_time, sleep_until};
use crate::sample::Sample;

const INTERVAL: Duration = Duration::from_millis(100);
const WATCHED: Duration = Duration::from_secs(10);

/// A run that begins up to this long before it is due belongs to that moment, and is early;
/// otherwise a run belongs to the last moment before it.
const EARLY: Duration = Duration::from_millis(1);

pub(super) const WORK: Work = Work {
    name: "recurring",
    question: "What does it cost to run 10,000 tasks every 100 ms?",
    metrics: &[
        Metric::charted("cpu_s", "CPU s in 10 s"),
        Metric::aside("p50_us", "µs late, p50"),
        Metric::charted("p99_us", "µs late, p99"),
        Metric::aside("early", "early"),
        Metric::aside("ran", "% ran"),
        Metric::aside("drift_us", "drift, µs"),
    ],
    cases: &[Case { name: "10,000 tasks for 10 s", tasks: 10_000, threads: WORKERS }],
    entrants: &ENTRANTS,
};

const ENTRANTS: [Entrant; 8] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Tokio>(sample::<Tokio>),
    runs::<DelayQueueSeries>(sample::<DelayQueueSeries>)
        .note("puts each task back itself, an interval after it was due"),
    runs::<Smol>(sample::<Smol>),
    runs::<ScheduledThreadPool>(sample::<ScheduledThreadPool>),
    left_out(TokioCronScheduler::NAME, pending::POLLS),
    left_out(DelayTimer::NAME, pending::WHOLE_SECONDS),
    Entrant::running(FLOOR, floor).note("one thread that sleeps from one to the next, in a ring"),
];

/// How many runs have begun, also those beside the grid.
static RAN: Counter = Counter::new();

/// What became of each run of each task.
struct Grid {
    /// How many runs a task is watched for.
    runs: usize,

    /// A row for each task. How late, in nanoseconds and beginning at `EARLY` before it was due,
    /// plus 1; 0 if it has not run.
    cells: Vec<AtomicU32>,
}

impl Grid {
    fn of(tasks: usize, runs: usize) -> &'static Self {
        let cells: Vec<_> = (0..tasks * runs).map(|_| AtomicU32::new(1)).collect();
        // Written to, so that its pages are in memory before anything is measured.
        for cell in &cells {
            cell.store(0, Ordering::Relaxed);
        }
        Box::leak(Box::new(Self { runs, cells }))
    }

    /// Notes that task `index`, whose grid begins at `start`, runs now. Its k-th run is due at
    /// `start + k * INTERVAL`, k being 1 for the first.
    fn note(&self, index: usize, start: Instant) {
        RAN.count();
        let since = start.elapsed() + EARLY;
        let interval = INTERVAL.as_nanos();
        let (run, late) = (since.as_nanos() / interval, since.as_nanos() % interval);
        let run = usize::try_from(run).unwrap_or(usize::MAX);
        if (1..=self.runs).contains(&run) {
            let late = u32::try_from(late).expect("100 ms are less than 2^32 ns");
            self.cells[index * self.runs + run - 1].store(late + 1, Ordering::Release);
        }
    }

    /// How many microseconds late a run was, if it has been.
    fn late(cell: &AtomicU32) -> Option<f64> {
        let late = cell.load(Ordering::Acquire).checked_sub(1)?;
        Some((f64::from(late) - EARLY.as_secs_f64() * 1e9) / 1e3)
    }

    /// How much later the last run of each task was than the first.
    fn drifts(&self) -> impl Iterator<Item = f64> {
        self.cells.chunks(self.runs).filter_map(|row| {
            let (first, last) = (row.first()?, row.last()?);
            Some(Self::late(last)? - Self::late(first)?)
        })
    }
}

fn grid(load: &Load) -> &'static Grid {
    let runs = load.time(WATCHED).as_nanos() / INTERVAL.as_nanos();
    Grid::of(load.tasks, usize::try_from(runs).unwrap_or(usize::MAX))
}

/// Waits for the moment at which task `index` begins, and returns it. The tasks begin evenly spread
/// over one interval, which is how their phases come to be.
fn phase(begun: Instant, index: usize, tasks: usize) -> Instant {
    let (index, tasks) = (index as u128, tasks as u128);
    let offset = u64::try_from(INTERVAL.as_nanos() * index / tasks).unwrap_or(u64::MAX);
    let moment = begun + Duration::from_nanos(offset);
    loop {
        let now = Instant::now();
        if now >= moment {
            return now;
        }
        std::hint::spin_loop();
    }
}

fn sample<C: Recur>(load: &Load) -> Outcome {
    let contender = started::<C>(load.threads);
    let _context = contender.context();
    let grid = grid(load);
    let begun = Instant::now();
    for index in 0..load.tasks {
        let start = phase(begun, index, load.tasks);
        contender.recur(INTERVAL, move || grid.note(index, start));
    }
    watch(grid, load)
}

fn floor(load: &Load) -> Outcome {
    let grid = grid(load);
    let begun = Instant::now();
    let starts: Vec<_> = (0..load.tasks).map(|index| phase(begun, index, load.tasks)).collect();
    let ring = thread::spawn(move || {
        let mut due = Duration::ZERO;
        for _ in 0..grid.runs {
            due += INTERVAL;
            for (index, start) in starts.iter().enumerate() {
                while Instant::now() < *start + due {
                    sleep_until(*start + due);
                }
                grid.note(index, *start);
            }
        }
    });
    let outcome = watch(grid, load);
    ring.join().map_err(|_| "the ring panicked")?;
    outcome
}

/// Watches the tasks, without using the processor meanwhile.
fn watch(grid: &Grid, load: &Load) -> Outcome {
    let watched = load.time(WATCHED);
    let before = processor_time();
    thread::sleep(watched);
    let used = processor_time().saturating_sub(before);
    // The last runs are still to come, by a hair.
    thread::sleep(INTERVAL);

    let late: Vec<f64> = grid.cells.iter().filter_map(Grid::late).collect();
    if late.is_empty() {
        return Err("no task has run".into());
    }
    let early = late.iter().filter(|late| **late < 0.0).count();
    let ran = 100.0 * count(late.len()) / count(grid.cells.len());
    let spread = Spread::of(late);
    Ok(Sample::default()
        .with("cpu_s", used.as_secs_f64() * WATCHED.as_secs_f64() / watched.as_secs_f64())
        .with("p50_us", spread.percentile(50))
        .with("p99_us", spread.percentile(99))
        .with("early", count(early))
        .with("ran", ran)
        .with("drift_us", Spread::of(grid.drifts()).median()))
}
