//! [`Tracer`]: events and executions, recorded by a subscriber of the `tracing` crate.
//!
//! `docs/observability.md` has the table of events, levels and fields.
//!
//! A subscriber that holds for one thread only would not be seen by the threads of a scheduler. So the one
//! of the thread that starts the scheduler is taken along, to where listeners are called and where tasks
//! run.

use std::time::Duration;

use tracing::dispatcher::{self, DefaultGuard, Dispatch};
use tracing::field::display;
use tracing::span::{self, Span};
use tracing::subscriber::NoSubscriber;

use super::subscription::Listener;
use super::{Event, EventKind};
use crate::TaskId;
use crate::execution::Subject;
use crate::trigger::Stamp;
use crate::unwind::{catch, drop_quietly};

/// The target of all that is recorded.
const TARGET: &str = "pysched";

/// Where events and executions are recorded.
pub(super) struct Tracer {
    /// `None` while it is dropped: a subscriber is code of a user, and may panic.
    dispatch: Option<Dispatch>,
}

/// The span of an execution, and the subscriber that it is recorded by.
#[derive(Debug)]
pub(super) struct Recorded {
    /// `None` while it is dropped, as below.
    span: Option<Span>,
    dispatch: Option<Dispatch>,
}

/// A span that has been entered, by the subscriber that is that of this thread meanwhile. Left in this
/// order.
#[derive(Debug)]
struct Scope<'a> {
    _span: span::Entered<'a>,
    _default: DefaultGuard,
}

/// A span that has been entered. A subscriber that panics when it is left has done with it.
#[derive(Debug)]
pub(super) struct Entered<'a>(Option<Scope<'a>>);

impl Recorded {
    /// Enters it, on this thread. A subscriber that panics here is not entered; the panic hook has
    /// reported it.
    pub(super) fn enter(&self) -> Option<Entered<'_>> {
        let (span, dispatch) = self.span.as_ref().zip(self.dispatch.as_ref())?;
        let scope = catch(|| {
            let guard = dispatcher::set_default(dispatch);
            Scope { _span: span.enter(), _default: guard }
        });
        scope.ok().map(|scope| Entered(Some(scope)))
    }
}

impl Drop for Recorded {
    fn drop(&mut self) {
        let _ = drop_quietly(self.span.take());
        let _ = drop_quietly(self.dispatch.take());
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let _ = drop_quietly(self.0.take());
    }
}

impl Tracer {
    /// Records where this thread does, if anywhere.
    pub(super) fn of_this_thread() -> Option<Self> {
        let dispatch = catch(|| dispatcher::get_default(Dispatch::clone)).ok()?;
        let records = catch(|| !dispatch.is::<NoSubscriber>()).unwrap_or(false);
        records.then_some(Self { dispatch: Some(dispatch) })
    }

    pub(super) fn listener(&self) -> Listener {
        let dispatch = self.dispatch.clone().unwrap_or_default();
        Box::new(move |event| dispatcher::with_default(&dispatch, || tell(event)))
    }

    /// Makes the span of an execution.
    pub(super) fn span(&self, task: TaskId, subject: &Subject) -> Option<Recorded> {
        let dispatch = self.dispatch.as_ref()?;
        let Subject { name, attempt, due, .. } = subject;
        let span = catch(|| {
            let _default = dispatcher::set_default(dispatch);
            let (name, due) = (name.as_deref(), display(Stamp(*due)));
            tracing::info_span!(
                target: TARGET, "execution", task = %task, name, due, attempt
            )
        });
        // A subscriber that panics here gets no span; the panic hook has reported it.
        let span = span.ok()?;
        Some(Recorded { span: Some(span), dispatch: Some(dispatch.clone()) })
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let _ = drop_quietly(self.dispatch.take());
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// Records an event.
fn tell(event: &Event) {
    let at = display(Stamp(event.at));
    let task = event.task.map(display);
    let name = event.name.as_deref();
    /// With the fields that all have, those of this kind, and a message.
    macro_rules! record {
        ($level:ident, { $($field:tt)* }, $message:literal) => {
            tracing::event!(
                target: TARGET, tracing::Level::$level, { at, task, name, $($field)* }, $message
            )
        };
    }
    match &event.kind {
        EventKind::Added => record!(DEBUG, {}, "task added"),
        EventKind::Fired { due } => record!(DEBUG, { due = %Stamp(*due) }, "run fired"),
        EventKind::Started { due, attempt, late } => {
            record!(DEBUG, { due = %Stamp(*due), attempt, late = seconds(*late) }, "run started");
        }
        EventKind::Progressed { due, progress } => {
            let (done, total) = (progress.done, progress.total);
            record!(DEBUG, { due = %Stamp(*due), done, total }, "run progressed");
        }
        EventKind::Retried { due, attempt, error, pause } => {
            let pause = seconds(*pause);
            record!(WARN, { due = %Stamp(*due), attempt, error, pause }, "run is tried again");
        }
        EventKind::Succeeded { due, attempt, took } => {
            record!(DEBUG, { due = %Stamp(*due), attempt, took = seconds(*took) }, "run succeeded");
        }
        EventKind::Failed { due, attempt, took, error } => {
            let took = took.map(seconds);
            record!(ERROR, { due = %Stamp(*due), attempt, took, error }, "run failed");
        }
        EventKind::TimedOut { due, attempt, limit } => {
            record!(ERROR, { due = %Stamp(*due), attempt, limit = seconds(*limit) }, "run timed out");
        }
        EventKind::WorkerDied { due, attempt, error } => {
            record!(ERROR, { due = %Stamp(*due), attempt, error }, "worker died");
        }
        EventKind::Skipped { due, reason, count } => {
            record!(WARN, { due = %Stamp(*due), %reason, count }, "run skipped");
        }
        EventKind::Missed { due, reason, count } => {
            record!(WARN, { due = %Stamp(*due), %reason, count }, "run missed");
        }
        EventKind::Cancelled { due, reason, count } => {
            record!(DEBUG, { due = %Stamp(*due), %reason, count }, "run cancelled");
        }
        EventKind::Paused => record!(DEBUG, {}, "task paused"),
        EventKind::Resumed => record!(DEBUG, {}, "task resumed"),
        EventKind::Rescheduled => record!(DEBUG, {}, "task rescheduled"),
        EventKind::Finished => record!(DEBUG, {}, "task finished"),
        EventKind::ClockStepped { from, to } => {
            record!(WARN, { from = %Stamp(*from), to = %Stamp(*to) }, "wall clock was set");
        }
        EventKind::SchedulerStarted => record!(INFO, {}, "scheduler started"),
        EventKind::SchedulerPaused => record!(INFO, {}, "scheduler paused"),
        EventKind::SchedulerResumed => record!(INFO, {}, "scheduler resumed"),
        EventKind::ShutDown => record!(INFO, {}, "scheduler shuts down"),
        EventKind::Lagged { missed } => record!(WARN, { missed }, "events missed"),
    }
}
