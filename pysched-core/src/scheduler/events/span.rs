//! [`Spans`]: a span of `tracing` around each execution; nothing at all without that feature.

use super::subscription::Listener;
#[cfg(feature = "tracing")]
use crate::TaskId;
#[cfg(feature = "tracing")]
use crate::execution::Subject;

/// What the spans of a scheduler's executions need.
pub(super) struct Spans {
    /// Where they are recorded, since the scheduler was started; none if nothing was to record then.
    #[cfg(feature = "tracing")]
    tracer: std::sync::OnceLock<super::tracing::Tracer>,
}

/// The span of an execution, if it is recorded.
#[cfg(feature = "tracing")]
#[derive(Debug)]
pub(in crate::scheduler) struct Span {
    recorded: Option<super::tracing::Recorded>,
}

/// A span that has been entered on this thread. Dropping it leaves it.
#[cfg(feature = "tracing")]
#[derive(Debug)]
#[must_use = "dropping it leaves the span"]
pub(in crate::scheduler) struct Entered<'a> {
    _entered: Option<super::tracing::Entered<'a>>,
}

#[cfg(feature = "tracing")]
impl Span {
    /// Enters it on this thread.
    pub(in crate::scheduler) fn enter(&self) -> Entered<'_> {
        Entered { _entered: self.recorded.as_ref().and_then(super::tracing::Recorded::enter) }
    }

    /// Is done with it, as when it is dropped.
    pub(in crate::scheduler) fn close(&mut self) {
        self.recorded = None;
    }
}

impl Spans {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(feature = "tracing")]
            tracer: std::sync::OnceLock::new(),
        }
    }

    /// Records where the calling thread does, from now on; the listener that tells of events there. `None`
    /// if that is nowhere.
    #[cfg(feature = "tracing")]
    pub(super) fn capture(&self) -> Option<Listener> {
        let tracer = super::tracing::Tracer::of_this_thread()?;
        let listener = tracer.listener();
        self.tracer.set(tracer).ok().map(|()| listener)
    }

    #[cfg(not(feature = "tracing"))]
    #[expect(clippy::unused_self, reason = "as with the feature")]
    pub(super) fn capture(&self) -> Option<Listener> {
        None
    }

    #[cfg(feature = "tracing")]
    pub(super) fn of(&self, task: TaskId, subject: impl FnOnce() -> Option<Subject>) -> Span {
        Span { recorded: self.tracer.get().and_then(|it| it.span(task, &subject()?)) }
    }
}
