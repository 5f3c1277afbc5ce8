//! [`Starts`]: when the bodies of tasks began.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A moment for each of a number of tasks, to be noted by whatever thread runs it.
#[derive(Debug)]
pub(crate) struct Starts {
    origin: Instant,

    /// Nanoseconds since `origin`; 0 is not yet.
    moments: Vec<AtomicU64>,
}

impl Starts {
    /// Makes room for `tasks` moments, for the rest of the process: so a body holds a plain
    /// reference, and counts none.
    pub(crate) fn of(tasks: usize) -> &'static Self {
        // Not `u64::default`: zeroed pages would be brought in by the first note, at its cost.
        let moments: Vec<_> = (0..tasks).map(|_| AtomicU64::new(1)).collect();
        for moment in &moments {
            moment.store(0, Ordering::Relaxed);
        }
        Box::leak(Box::new(Self { origin: Instant::now(), moments }))
    }

    /// Notes that the body of task `index` begins now, unless it has before.
    pub(crate) fn note(&self, index: usize) {
        let now = u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        // Whether it had been noted before is of no interest: the first note stands.
        let _ = self.moments[index].compare_exchange(0, now, Ordering::Release, Ordering::Relaxed);
    }

    /// When the body of task `index` began, if it has.
    fn moment(&self, index: usize) -> Option<Instant> {
        match self.moments[index].load(Ordering::Acquire) {
            0 => None,
            nanoseconds => Some(self.origin + Duration::from_nanos(nanoseconds)),
        }
    }

    /// How many bodies have begun.
    pub(crate) fn noted(&self) -> usize {
        self.moments.iter().filter(|moment| moment.load(Ordering::Acquire) != 0).count()
    }

    /// How many microseconds after its due moment each body began, less than 0 if before; the
    /// tasks that did not run are not among them.
    pub(crate) fn lateness(&self, due: &[Instant]) -> Vec<f64> {
        let starts = due.iter().enumerate();
        starts.filter_map(|(index, due)| Some(microseconds(*due, self.moment(index)?))).collect()
    }
}

/// Microseconds from one moment to another, less than 0 if that is earlier.
fn microseconds(from: Instant, to: Instant) -> f64 {
    let late = to.saturating_duration_since(from).as_secs_f64();
    let early = from.saturating_duration_since(to).as_secs_f64();
    (late - early) * 1e6
}
