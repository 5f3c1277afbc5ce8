//! What a recorder of `metrics` is told.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

use super::super::metrics::listener;
use super::{Event, EventKind};
use crate::TaskId;
use crate::execution::Reason;

/// A recorder that knows the latest value of each metric, and the sum of a histogram.
#[derive(Default)]
struct Sheet {
    values: Arc<Mutex<BTreeMap<String, f64>>>,
    described: Mutex<Vec<String>>,
}

struct Cell {
    name: String,
    values: Arc<Mutex<BTreeMap<String, f64>>>,
}

impl Cell {
    fn add(&self, value: f64) {
        *self.values.lock().unwrap().entry(self.name.clone()).or_default() += value;
    }
}

impl CounterFn for Cell {
    #[expect(clippy::cast_precision_loss, reason = "tests do not count that far")]
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }

    fn absolute(&self, _: u64) {
        unreachable!("counters are only incremented");
    }
}

impl GaugeFn for Cell {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, _: f64) {
        unreachable!("there may be other schedulers");
    }
}

impl HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Sheet {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let labels: Vec<_> =
            key.labels().map(|it| format!("{}={}", it.key(), it.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::new(Cell { name, values: Arc::clone(&self.values) })
    }

    fn describe(&self, name: &KeyName) {
        self.described.lock().unwrap().push(name.as_str().to_owned());
    }

    /// All values, and forgets them.
    fn take(&self) -> Vec<(String, f64)> {
        std::mem::take(&mut *self.values.lock().unwrap()).into_iter().collect()
    }
}

impl Recorder for Sheet {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}

/// An event of the first or the second task, of which only the first has a name.
fn of_task(number: usize, kind: EventKind) -> Event {
    let task: TaskId = format!("{number:032x}").parse().unwrap();
    let name = (number == 1).then(|| "report".to_owned());
    Event { at: SystemTime::UNIX_EPOCH, task: Some(task), name, kind }
}

fn of_scheduler(kind: EventKind) -> Event {
    Event::of_scheduler(SystemTime::UNIX_EPOCH, kind)
}

fn assert_values(sheet: &Sheet, expected: &[(&str, f64)]) {
    let values = sheet.take();
    let values: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(values, expected);
}

#[test]
fn events_are_counted_and_measured() {
    let (sheet, due) = (Sheet::default(), SystemTime::UNIX_EPOCH);
    let (half, error) = (Duration::from_millis(500), "no connection".to_owned());
    let reason = Reason::Overlap;
    metrics::with_local_recorder(&sheet, || {
        let listener = listener(Arc::default());
        listener(&of_scheduler(EventKind::SchedulerStarted));
        assert_eq!(sheet.described.lock().unwrap().len(), 8);
        assert_values(&sheet, &[]);

        listener(&of_task(1, EventKind::Started { due, attempt: 1, late: half }));
        listener(&of_task(2, EventKind::Started { due, attempt: 1, late: half }));
        assert_values(
            &sheet,
            &[
                ("pysched_executions_running{}", 2.0),
                ("pysched_lateness_seconds{task=report}", 0.5),
                ("pysched_lateness_seconds{task=}", 0.5),
            ],
        );

        listener(&of_task(1, EventKind::TimedOut { due, attempt: 1, limit: half }));
        let retried = EventKind::Retried { due, attempt: 1, error: error.clone(), pause: half };
        listener(&of_task(1, retried));
        listener(&of_task(1, EventKind::Started { due, attempt: 2, late: half }));
        listener(&of_task(1, EventKind::Succeeded { due, attempt: 2, took: half }));
        listener(&of_task(2, EventKind::Failed { due, attempt: 1, took: None, error }));
        assert_values(
            &sheet,
            &[
                ("pysched_duration_seconds{task=report}", 0.5),
                ("pysched_executions_running{}", -2.0),
                ("pysched_executions_total{task=,status=failed}", 1.0),
                ("pysched_executions_total{task=report,status=succeeded}", 1.0),
                ("pysched_retries_total{task=report}", 1.0),
                ("pysched_timeouts_total{task=report}", 1.0),
            ],
        );

        listener(&of_task(1, EventKind::Skipped { due, reason, count: 1 }));
        listener(&of_task(1, EventKind::Missed { due, reason, count: 3 }));
        listener(&of_task(1, EventKind::Cancelled { due, reason, count: 1 }));
        assert_values(
            &sheet,
            &[
                ("pysched_executions_total{task=report,status=cancelled}", 1.0),
                ("pysched_executions_total{task=report,status=missed}", 3.0),
                ("pysched_executions_total{task=report,status=skipped}", 1.0),
            ],
        );
    });
}

#[test]
fn a_lag_leaves_the_gauges_right() {
    let (sheet, due) = (Sheet::default(), SystemTime::UNIX_EPOCH);
    let tasks = Arc::new(AtomicI64::new(0));
    metrics::with_local_recorder(&sheet, || {
        let listener = listener(Arc::clone(&tasks));
        tasks.store(1, Ordering::Relaxed);
        listener(&of_task(1, EventKind::Started { due, attempt: 1, late: Duration::ZERO }));
        sheet.take();
        tasks.store(5, Ordering::Relaxed);
        listener(&of_scheduler(EventKind::Lagged { missed: 9 }));
        assert_values(
            &sheet,
            &[
                ("pysched_events_dropped_total{}", 9.0),
                ("pysched_executions_running{}", -1.0),
                ("pysched_tasks{}", 4.0),
            ],
        );
        // What was running may end after all.
        listener(&of_task(1, EventKind::Succeeded { due, attempt: 1, took: Duration::ZERO }));
        sheet.take();
        listener(&of_task(2, EventKind::Started { due, attempt: 2, late: Duration::ZERO }));
        sheet.take();
        drop(listener);
        assert_values(&sheet, &[("pysched_executions_running{}", -1.0), ("pysched_tasks{}", -5.0)]);
    });
}

#[test]
fn the_bus_counts_tasks_from_the_first_one_on() {
    let bus = super::Bus::new();
    assert!(bus.is_listening());
    bus.publish(of_task(1, EventKind::Added));
    bus.publish(of_task(2, EventKind::Added));
    bus.publish(of_task(1, EventKind::Finished));
    assert_eq!(bus.tasks.load(Ordering::Relaxed), 1);
}
