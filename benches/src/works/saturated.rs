//! How fast is a long queue worked off, and in which order?

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{
    Case, Entrant, Load, Metric, Outcome, Work, count, left_out, millions_a_second, pending, runs,
    started,
};
use crate::contenders::{
    Channel, Contender, DelayQueue, DelayTimer, PATIENCE, Prioritise, Pysched, Ready,
    ScheduledThreadPool, Smol, Tokio, TokioCronScheduler, Unordered,
};
use crate::measure::{Counter, Random, wait_for};
use crate::sample::Sample;

/// Priorities are drawn from this many, so that there are equal ones, and first come is told from
/// first served.
const PRIORITIES: u64 = 1000;

/// After the last task was added, until it has surely become due and is queued.
const REST: Duration = Duration::from_millis(300);

pub(super) const WORK: Work = Work {
    name: "saturated",
    question: "How fast is a queue of 100,000 tasks worked off, and by priority?",
    metrics: &[
        Metric::charted("rate", "million tasks a second").more(),
        Metric::aside("misplaced", "out of order"),
    ],
    cases: &[
        Case { name: "2 workers", tasks: 100_000, threads: 2 },
        Case { name: "1 worker, its order noted", tasks: 100_000, threads: 1 },
    ],
    entrants: &ENTRANTS,
};

const NO_PRIORITIES: &str = "has no priorities; works the queue off as it comes";

const ENTRANTS: [Entrant; 9] = [
    runs::<Pysched>(sample::<Pysched>),
    runs::<Unordered<Tokio>>(sample::<Unordered<Tokio>>).note(NO_PRIORITIES),
    runs::<Unordered<DelayQueue>>(sample::<Unordered<DelayQueue>>).note(NO_PRIORITIES),
    runs::<Unordered<Smol>>(sample::<Unordered<Smol>>).note(NO_PRIORITIES),
    runs::<Unordered<ScheduledThreadPool>>(sample::<Unordered<ScheduledThreadPool>>)
        .note(NO_PRIORITIES),
    left_out(TokioCronScheduler::NAME, pending::POLLS),
    left_out(DelayTimer::NAME, pending::WHOLE_SECONDS),
    runs::<Channel>(sample::<Channel>).note("a crossbeam channel; no priorities"),
    runs::<Ready>(sample::<Ready>).note("a mutex, a condition variable and a binary heap"),
];

static RAN: Counter = Counter::new();

/// How many workers stand at the gate.
static HELD: Counter = Counter::new();

/// Whether it is open.
static GATE: Mutex<bool> = Mutex::new(false);
static OPENED: Condvar = Condvar::new();

fn stand_at_the_gate() {
    HELD.count();
    let gate = GATE.lock().unwrap_or_else(PoisonError::into_inner);
    // What the lock holds is of no interest any more: it is open.
    drop(OPENED.wait_while(gate, |open| !*open));
}

/// In which order tasks have started.
struct Order {
    next: AtomicUsize,
    started: Vec<AtomicUsize>,
}

impl Order {
    fn of(tasks: usize) -> &'static Self {
        let started = (0..tasks).map(|_| AtomicUsize::new(usize::MAX)).collect();
        Box::leak(Box::new(Self { next: AtomicUsize::new(0), started }))
    }

    fn note(&self, index: usize) {
        let place = self.next.fetch_add(1, Ordering::AcqRel);
        self.started[place].store(index, Ordering::Release);
    }

    /// How many tasks did not start at the place that their priority and then their order of adding
    /// give them.
    fn misplaced(&self, priorities: &[i32]) -> usize {
        let mut expected: Vec<usize> = (0..priorities.len()).collect();
        expected.sort_by_key(|index| priorities[*index]); // stable
        let pairs = expected.iter().zip(&self.started);
        pairs.filter(|(expected, started)| started.load(Ordering::Acquire) != **expected).count()
    }
}

fn sample<C: Prioritise>(load: &Load) -> Outcome {
    let contender = started::<C>(load.threads);
    let _context = contender.context();
    let gates = if C::SERIAL { 1 } else { load.threads };
    for held in 1..=gates {
        contender.submit(i32::MIN, stand_at_the_gate);
        // One by one: a worker of tokio that takes two at once keeps both.
        wait_for(&HELD, held, PATIENCE)?;
    }

    let mut random = Random::new(1);
    let mut priority = || i32::try_from(random.below(PRIORITIES)).unwrap_or(i32::MAX);
    let priorities: Vec<i32> = (0..load.tasks).map(|_| priority()).collect();
    // With several workers, who was first is decided before it can be noted.
    let order = (load.threads == 1).then(|| Order::of(load.tasks));
    for (index, priority) in priorities.iter().enumerate() {
        let captured = (order, index);
        contender.submit(*priority, move || {
            let (order, index) = black_box(captured);
            if let Some(order) = order {
                order.note(index);
            }
            RAN.count();
        });
    }
    thread::sleep(REST);

    let begun = Instant::now();
    *GATE.lock().unwrap_or_else(PoisonError::into_inner) = true;
    OPENED.notify_all();
    let end = wait_for(&RAN, load.tasks, PATIENCE)?;
    let rate = millions_a_second(load.tasks, end.duration_since(begun));
    let sample = Sample::default().with("rate", rate);
    Ok(match order {
        Some(order) if C::BY_PRIORITY => {
            sample.with("misplaced", count(order.misplaced(&priorities)))
        }
        _ => sample,
    })
}
