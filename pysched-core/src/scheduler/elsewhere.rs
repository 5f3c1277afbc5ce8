//! Executions that run in another process: claimed here, concluded with what comes back.

use std::sync::Arc;

use super::ending::Begun;
use super::engine::Engine;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{Absent, Ticket};
use crate::portable::{Outcome, Parcel};

/// An execution of which another process calls the function.
struct Elsewhere {
    engine: Arc<Engine>,
    ticket: Ticket,

    /// `None` once it has been concluded.
    begun: Option<Begun>,
    parcel: Option<Arc<Parcel>>,
}

/// Claims the execution of a ticket; `None` if it was cancelled, and then the job is over.
pub(super) fn begin(engine: Arc<Engine>, ticket: Ticket) -> Option<Box<dyn Absent>> {
    let _inside = engine.enter();
    let now = engine.clock.now();
    let (parcel, begun) = {
        let mut shard = engine.place(ticket.task).shard.lock();
        let index = shard.index(ticket.task);
        let parcel = index.and_then(|index| shard.slot(index).parcel().cloned());
        (parcel, shard.begin(&ticket, true, now))
    };
    if begun.is_none() {
        engine.left(&ticket);
        return None;
    }
    Some(Box::new(Elsewhere { engine, ticket, begun, parcel }))
}

impl Elsewhere {
    fn end(&mut self, outcome: Outcome) {
        let Some(begun) = self.begun.take() else { return };
        let Self { engine, ticket, parcel, .. } = self;
        let _inside = engine.enter();
        begun.conclude(outcome, &engine.conclusion(ticket));
        // With the last arguments of a task goes code of users, which a shutdown waits for.
        *parcel = None;
        engine.left(ticket);
    }
}

impl Absent for Elsewhere {
    fn task(&self) -> TaskId {
        self.ticket.task
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
