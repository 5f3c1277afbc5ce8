//! What a subscriber of `tracing` is told.

use std::fmt::Debug;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, SystemTime};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Metadata, Subscriber};

use super::{Bus, Event, EventKind, PATIENCE};
use crate::execution::{Details, Progress, Reason, Subject};
use crate::task::block_on;
use crate::{Executor, InlineExecutor, Job, ManualClock, Rejected, Scheduler, Task, TaskId};

/// A subscriber that passes all it is told on as lines.
struct Lines {
    sender: Sender<String>,
    spans: AtomicU64,
}

/// The fields of an event or a span, the message first.
#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            let _ = write!(self.others, " {}={value:?}", field.name());
        }
    }
}

impl Lines {
    fn tell(&self, line: String) {
        self.sender.send(line).unwrap();
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "pysched"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let metadata = span.metadata();
        self.tell(format!("{} span {}:{}", metadata.level(), metadata.name(), fields.others));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.tell(format!("{} {}:{}", event.metadata().level(), fields.message, fields.others));
    }

    fn enter(&self, _: &Id) {
        self.tell("enter".to_owned());
    }

    fn exit(&self, _: &Id) {
        self.tell("exit".to_owned());
    }
}

fn lines() -> (Lines, Receiver<String>) {
    let (sender, lines) = mpsc::channel();
    (Lines { sender, spans: AtomicU64::new(0) }, lines)
}

fn second(count: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(count)
}

fn task() -> TaskId {
    "00c0ffee42000000000000010000002a".parse().unwrap()
}

fn subject(name: Option<&str>, due: SystemTime, attempt: u32) -> Subject {
    Subject { attempt, ..Subject::new(name.map(str::to_owned), due, Details::new()) }
}

/// The lines of these events, which all happen to a task, without what is the same in all.
fn told(kinds: impl IntoIterator<Item = EventKind>) -> Vec<String> {
    let (subscriber, lines) = lines();
    let bus = Bus::new();
    tracing::subscriber::with_default(subscriber, || bus.observe());
    for kind in kinds {
        let name = Some("report".to_owned());
        bus.publish(Event { at: second(1), task: Some(task()), name, kind });
    }
    bus.close();
    drop(bus);
    let same = format!(" at=1970-01-01T00:00:01Z task={} name=\"report\"", task());
    lines.iter().map(|line| line.replacen(&same, "", 1)).collect()
}

#[test]
fn each_event_has_its_level_and_its_fields() {
    let (due, error) = (second(0), "no connection".to_owned());
    let (reason, took) = (Reason::Overlap, Duration::from_millis(1500));
    let told = told([
        EventKind::Added,
        EventKind::Fired { due },
        EventKind::Started { due, attempt: 1, late: took },
        EventKind::Progressed { due, progress: Progress { done: 3, total: 4 } },
        EventKind::TimedOut { due, attempt: 1, limit: took },
        EventKind::Retried { due, attempt: 1, error: error.clone(), pause: took },
        EventKind::Succeeded { due, attempt: 2, took },
        EventKind::Failed { due, attempt: 2, took: Some(took), error: error.clone() },
        EventKind::Failed { due, attempt: 2, took: None, error: error.clone() },
        EventKind::WorkerDied { due, attempt: 2, error },
        EventKind::Skipped { due, reason, count: 1 },
        EventKind::Missed { due, reason, count: 2 },
        EventKind::Cancelled { due, reason: Reason::ShutDown, count: 1 },
        EventKind::Rescheduled,
        EventKind::Finished,
    ]);
    let due = "due=1970-01-01T00:00:00Z";
    let overlap = "reason=an earlier execution was still running";
    assert_eq!(
        told,
        [
            "DEBUG task added:".to_owned(),
            format!("DEBUG run fired: {due}"),
            format!("DEBUG run started: {due} attempt=1 late=1.5"),
            format!("DEBUG run progressed: {due} done=3 total=4"),
            format!("ERROR run timed out: {due} attempt=1 limit=1.5"),
            format!("WARN run is tried again: {due} attempt=1 error=\"no connection\" pause=1.5"),
            format!("DEBUG run succeeded: {due} attempt=2 took=1.5"),
            format!("ERROR run failed: {due} attempt=2 took=1.5 error=\"no connection\""),
            format!("ERROR run failed: {due} attempt=2 error=\"no connection\""),
            format!("ERROR worker died: {due} attempt=2 error=\"no connection\""),
            format!("WARN run skipped: {due} {overlap} count=1"),
            format!("WARN run missed: {due} {overlap} count=2"),
            format!("DEBUG run cancelled: {due} reason=the scheduler was shut down count=1"),
            "DEBUG task rescheduled:".to_owned(),
            "DEBUG task finished:".to_owned(),
        ]
    );
}

#[test]
fn the_subscriber_of_the_thread_that_starts_is_taken_along() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let (subscriber, lines) = lines();
    tracing::subscriber::with_default(subscriber, || sched.start().unwrap());
    sched.shutdown(true);
    let line = || lines.recv_timeout(PATIENCE).unwrap();
    assert!(line().starts_with("INFO scheduler started: at="));
    assert!(line().starts_with("INFO scheduler shuts down: at="));
}

#[test]
fn where_nothing_records_nobody_listens() {
    let bus = Bus::new();
    let none = format!("{bus:?}");
    bus.observe();
    let _ = bus.span(task(), || unreachable!("nobody wants to know"));
    if cfg!(not(feature = "metrics")) {
        assert_eq!(format!("{bus:?}"), none);
    }
}

#[test]
fn an_execution_is_a_span_on_whatever_thread_it_runs() {
    let (subscriber, lines) = lines();
    let bus = Bus::new();
    tracing::subscriber::with_default(subscriber, || bus.observe());
    let run = || {
        let span = bus.span(task(), || Some(subject(Some("report"), second(60), 2)));
        for step in ["first", "second"] {
            let _entered = span.enter();
            tracing::info!(target: "pysched", "{step} poll");
        }
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap());
    tracing::info!(target: "pysched", "outside");
    bus.close();
    drop(bus);
    let due = "due=1970-01-01T00:01:00Z";
    assert_eq!(
        lines.iter().collect::<Vec<_>>(),
        [
            &format!("INFO span execution: task={} name=\"report\" {due} attempt=2", task()),
            "enter",
            "INFO first poll:",
            "exit",
            "enter",
            "INFO second poll:",
            "exit"
        ]
    );
}

#[test]
fn the_span_of_a_future_is_closed_before_its_scheduler_is_over() {
    /// Takes its time to close a span.
    struct Slow(Arc<AtomicBool>);
    impl Subscriber for Slow {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.is_span()
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &tracing::Event<'_>) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}

        fn try_close(&self, _: Id) -> bool {
            std::thread::sleep(Duration::from_millis(20));
            self.0.store(true, Ordering::SeqCst);
            true
        }
    }

    /// Polls on a thread of its own.
    struct Polls;
    impl Executor for Polls {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            std::thread::spawn(|| block_on(job.into_future()));
            Ok(())
        }

        fn shutdown(&self, _: bool) {}
    }

    let is_closed = Arc::new(AtomicBool::new(false));
    let sched = Scheduler::builder().executor(Polls).build();
    let subscriber = Slow(Arc::clone(&is_closed));
    tracing::subscriber::with_default(subscriber, || sched.start().unwrap());
    sched.add(Task::future(|| async {})).unwrap();
    sched.shutdown(true);
    assert!(is_closed.load(Ordering::SeqCst));
}

#[test]
fn a_subscriber_that_panics_harms_no_execution() {
    struct Broken;
    impl Subscriber for Broken {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let is_second = format!("{:?}", span.values()).contains("attempt: 2");
            assert!(!is_second, "this subscriber panics on purpose");
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, _: &tracing::Event<'_>) {
            panic!("this subscriber panics on purpose");
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {
            panic!("this subscriber panics on purpose");
        }
    }

    impl Drop for Broken {
        fn drop(&mut self) {
            panic!("this subscriber panics on purpose");
        }
    }

    let bus = Bus::new();
    let dispatch = tracing::Dispatch::new(Broken);
    tracing::dispatcher::with_default(&dispatch, || bus.observe());
    for attempt in 1..=2 {
        let span = bus.span(task(), || Some(subject(None, second(0), attempt)));
        drop(span.enter());
    }
    let unwinding = crate::unwind::catch(|| {
        let span = bus.span(task(), || Some(subject(None, second(0), 1)));
        let _entered = span.enter();
        panic!("this task panics on purpose");
    });
    assert_eq!(unwinding.unwrap_err(), "this task panics on purpose");
    bus.publish(super::event(0));
    let _ = crate::unwind::drop_quietly(dispatch);
    drop(bus);
}
