//! [`Meter`]: events counted and measured, by a recorder of the `metrics` crate.
//!
//! `docs/observability.md` has the table of metrics.
//!
//! Counters and histograms are made of the events, and miss those that the listener has missed, which is
//! counted, too. A gauge that missed an event would be wrong for ever. So the number of live tasks comes
//! from the bus, which misses none, and those that run are forgotten when the listener has lagged.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use metrics::{Unit, counter, gauge, histogram};

use super::subscription::Listener;
use super::{Event, EventKind};
use crate::TaskId;
use crate::sync::Mutex;

const EXECUTIONS: &str = "pysched_executions_total";
const RETRIES: &str = "pysched_retries_total";
const TIMEOUTS: &str = "pysched_timeouts_total";
const DROPPED: &str = "pysched_events_dropped_total";
const TASKS: &str = "pysched_tasks";
const RUNNING: &str = "pysched_executions_running";
const LATENESS: &str = "pysched_lateness_seconds";
const DURATION: &str = "pysched_duration_seconds";

/// Listens to the events of a scheduler, and records them.
struct Meter {
    /// How many tasks are alive, as the bus counts them.
    tasks: Arc<AtomicI64>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The attempts that have been started and have not ended, by their task and nominal time.
    running: HashSet<(TaskId, SystemTime)>,

    /// What the gauges show of this scheduler. Those of others are added to them.
    shown: Shown,
}

#[derive(Debug, Default, Clone, Copy)]
struct Shown {
    tasks: i64,
    running: i64,
}

/// A listener that records all events; `tasks` is how many are alive.
pub(super) fn listener(tasks: Arc<AtomicI64>) -> Listener {
    let meter = Meter { tasks, state: Mutex::new(State::default()) };
    Box::new(move |event| meter.record(event))
}

impl Meter {
    fn record(&self, event: &Event) {
        let task = || event.name.clone().unwrap_or_default();
        let ended = |status: &'static str, count| {
            counter!(EXECUTIONS, "task" => task(), "status" => status).increment(count);
        };
        match &event.kind {
            EventKind::SchedulerStarted => describe(),
            EventKind::Started { attempt: 1, late, .. } => {
                histogram!(LATENESS, "task" => task()).record(*late);
            }
            EventKind::Retried { .. } => counter!(RETRIES, "task" => task()).increment(1),
            EventKind::TimedOut { .. } => counter!(TIMEOUTS, "task" => task()).increment(1),
            EventKind::Succeeded { took, .. } => {
                ended("succeeded", 1);
                took_time(task(), Some(*took));
            }
            EventKind::Failed { took, .. } => {
                ended("failed", 1);
                took_time(task(), *took);
            }
            EventKind::Cancelled { count, .. } => ended("cancelled", *count),
            EventKind::Skipped { count, .. } => ended("skipped", *count),
            EventKind::Missed { count, .. } => ended("missed", *count),
            EventKind::Lagged { missed } => counter!(DROPPED).increment(*missed),
            _ => {}
        }
        self.follow(event);
        self.show(self.tasks.load(Ordering::Relaxed));
    }

    /// Notes whether an attempt has begun or ended.
    fn follow(&self, event: &Event) {
        let mut state = self.state.lock();
        let Some(task) = event.task else {
            if matches!(event.kind, EventKind::Lagged { .. }) {
                // Some of them may have ended, which is not told again.
                state.running.clear();
            }
            return;
        };
        match event.kind {
            EventKind::Started { due, .. } => {
                state.running.insert((task, due));
            }
            EventKind::Retried { due, .. }
            | EventKind::TimedOut { due, .. }
            | EventKind::WorkerDied { due, .. }
            | EventKind::Succeeded { due, .. }
            | EventKind::Failed { due, .. }
            | EventKind::Cancelled { due, .. } => {
                state.running.remove(&(task, due));
            }
            _ => {}
        }
    }

    /// Has the gauges show what there is.
    fn show(&self, tasks: i64) {
        let (before, now) = {
            let mut state = self.state.lock();
            let running = i64::try_from(state.running.len()).unwrap_or(i64::MAX);
            let now = Shown { tasks, running };
            (std::mem::replace(&mut state.shown, now), now)
        };
        turn(TASKS, now.tasks - before.tasks);
        turn(RUNNING, now.running - before.running);
    }
}

/// What has been told of a scheduler that is over counts no more.
impl Drop for Meter {
    fn drop(&mut self) {
        self.state.lock().running.clear();
        self.show(0);
    }
}

/// Adds to a gauge, if there is something to add.
fn turn(name: &'static str, by: i64) {
    #[expect(clippy::cast_precision_loss, reason = "gauges are floating point numbers")]
    match by {
        0 => {}
        1.. => gauge!(name).increment(by as f64),
        _ => gauge!(name).decrement(by.unsigned_abs() as f64),
    }
}

fn took_time(task: String, took: Option<Duration>) {
    if let Some(took) = took {
        histogram!(DURATION, "task" => task).record(took);
    }
}

/// Says what the metrics mean. Not to be called with a lock, as recorders are code of users.
fn describe() {
    metrics::describe_counter!(EXECUTIONS, Unit::Count, "Runs that have come to their end");
    metrics::describe_counter!(RETRIES, Unit::Count, "Attempts that have failed and were repeated");
    metrics::describe_counter!(TIMEOUTS, Unit::Count, "Attempts that ran longer than their limit");
    metrics::describe_counter!(DROPPED, Unit::Count, "Events that these metrics have missed");
    metrics::describe_gauge!(TASKS, Unit::Count, "Tasks that are alive");
    metrics::describe_gauge!(RUNNING, Unit::Count, "Executions that are running");
    metrics::describe_histogram!(LATENESS, Unit::Seconds, "From the time of a run to its start");
    metrics::describe_histogram!(DURATION, Unit::Seconds, "How long the function took");
}
