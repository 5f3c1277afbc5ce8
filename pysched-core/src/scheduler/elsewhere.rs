//! Executions that run in another process: claimed here, concluded with what comes back.

use std::sync::Arc;

use super::ending::Begun;
use super::engine::Engine;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{About, Absent, Listener, Owner as _, Ticket};
use crate::portable::{Outcome, Parcel};

/// An execution of which another process calls the function.
struct Elsewhere {
    engine: Arc<Engine>,
    ticket: Ticket,

    /// `None` once it has been concluded.
    begun: Option<Begun>,
    parcel: Option<Arc<Parcel>>,
    about: About,
}

/// Claims the execution of a ticket; `None` if it was cancelled, and then the job is over.
pub(super) fn begin(engine: Arc<Engine>, ticket: Ticket) -> Option<Box<dyn Absent>> {
    let _inside = engine.enter();
    let now = engine.clock.now();
    let (parcel, begun, due) = engine.change(ticket.task, |shard| {
        let index = shard.index(ticket.task);
        let parcel = index.and_then(|index| shard.slot(index).parcel().cloned());
        let begun = shard.begin(&ticket, true, now);
        // Only what has begun is still there for certain.
        let index = index.filter(|_| begun.is_some());
        let due = index.and_then(|index| shard.due_of(index, ticket.run));
        (parcel, begun, due.unwrap_or_else(|| shard.timeline.wall_at(now)))
    });
    let Some(begun) = begun else {
        engine.left(&ticket);
        return None;
    };
    let attempt = match &begun {
        Begun::Recorded(_, Some(attempt)) => attempt.number,
        Begun::Light(_) | Begun::Recorded(_, None) => 1,
    };
    let about = About { task: ticket.task, attempt, due };
    Some(Box::new(Elsewhere { engine, ticket, begun: Some(begun), parcel, about }))
}

impl Elsewhere {
    fn end(&mut self, outcome: Outcome) {
        let Some(mut begun) = self.begun.take() else { return };
        let Self { engine, ticket, parcel, .. } = self;
        let _inside = engine.enter();
        let attempt = begun.take_attempt();
        let conclusion = engine.conclusion(ticket, attempt);
        begun.conclude(outcome, &conclusion);
        conclusion.clear();
        // With the last arguments of a task goes code of users, which a shutdown waits for.
        *parcel = None;
        engine.left(ticket);
    }
}

impl Absent for Elsewhere {
    fn identity(&self) -> (TaskId, u64) {
        (self.ticket.task, self.ticket.run)
    }

    fn about(&self) -> About {
        self.about
    }

    fn listener(&self) -> Listener {
        let (engine, (task, run)) = (Arc::clone(&self.engine), self.identity());
        Box::new(move |progress| {
            let _inside = engine.enter();
            if let Some(subject) = engine.subject(task, run) {
                subject.details.set_progress(progress);
            }
            engine.progressed(task, run, progress);
        })
    }

    fn parcel(&self) -> Option<&Arc<Parcel>> {
        self.parcel.as_ref()
    }

    fn conclude(mut self: Box<Self>, outcome: Outcome) {
        self.end(outcome);
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let lost = "the executor dropped the execution while it ran".to_owned();
        self.end(Err(TaskError::WorkerDied(lost)));
    }
}
