//! Executions that are polled: claimed here, and concluded when their future is ready or is dropped.

use std::any::Any;
use std::sync::Arc;

use smallbox::smallbox;

use super::attempts::Attempt;
use super::engine::Engine;
#[cfg(feature = "tracing")]
use super::events::Span;
#[cfg(feature = "tracing")]
use crate::execution::Owner as _;
use crate::execution::{Inside, Run, Stop, Ticket};
use crate::task::{Delivery, Ending, Sink};
use crate::unwind::drop_quietly;

/// The end of an execution that is polled, as in [`Conclusion`](super::owner::Conclusion), but for those
/// who hold it. Dropping it is the last word.
struct PolledEnd {
    ticket: Ticket,

    /// Of a task with rules.
    attempt: Option<Box<Attempt>>,

    /// Entered at each poll, and closed at the end.
    #[cfg(feature = "tracing")]
    span: Span,
}

/// Claims the execution of a ticket; `None` if it was cancelled, and then the job is over.
pub(super) fn begin(engine: &Engine, ticket: Ticket) -> Option<Run> {
    let _inside = Inside::run(ticket.task, ticket.run);
    let Some(mut begun) = engine.begin(&ticket, true) else {
        engine.left(&ticket);
        return None;
    };
    let end = PolledEnd {
        attempt: begun.take_attempt(),
        #[cfg(feature = "tracing")]
        span: engine.bus.span(ticket.task, || engine.subject(ticket.task, ticket.run)),
        ticket,
    };
    match begun.polled(smallbox!(end)) {
        Ok(run) => Some(run),
        Err(end) => {
            debug_assert!(false, "only what is asynchronous is polled");
            drop(end);
            None
        }
    }
}

impl PolledEnd {
    fn engine(&self) -> &Engine {
        let owner: &dyn Any = self.ticket.owner();
        owner.downcast_ref().expect("the tickets of an engine are polled by it")
    }
}

impl Sink for PolledEnd {
    fn deliver(&self, delivery: &mut dyn Delivery) {
        self.engine().deliver(&self.ticket, self.attempt.as_deref(), delivery);
    }

    fn stop(&self) -> Arc<Stop> {
        self.engine().stop_of(&self.ticket)
    }

    fn is_told(&self) -> bool {
        self.engine().is_told(&self.ticket)
    }
}

impl Ending for PolledEnd {
    fn within(&self, f: &mut dyn FnMut()) {
        let _inside = Inside::run(self.ticket.task, self.ticket.run);
        if let Some(clock) = self.engine().clock.simulated()
            && let Some(limit) = self.attempt.as_ref().and_then(|attempt| attempt.limit())
        {
            clock.set_limit(limit);
        }
        #[cfg(feature = "tracing")]
        let _entered = self.span.enter();
        f();
    }
}

impl Drop for PolledEnd {
    fn drop(&mut self) {
        let _inside = Inside::run(self.ticket.task, self.ticket.run);
        if let Some(attempt) = self.attempt.take() {
            // The last reference to a predicate of a user may be in it.
            let _ = drop_quietly(attempt);
        }
        // Before the job counts as over: a subscriber is a user's, and may be asked for the span then.
        #[cfg(feature = "tracing")]
        self.span.close();
        self.engine().left(&self.ticket);
    }
}
