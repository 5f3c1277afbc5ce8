//! Records of executions, which a task is given when first somebody wants to know of one.

use std::sync::Arc;

use super::shard::Shard;
use super::slot::Standing;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::Reason;
use crate::task::{AnyRecord, Body, edit};

impl Shard {
    /// The record of a task. If it has none yet, it is given one: of its own function if that is
    /// still here, otherwise by `make`.
    pub(super) fn record(
        &mut self,
        task: TaskId,
        make: &mut dyn FnMut() -> Arc<dyn AnyRecord>,
    ) -> Option<Arc<dyn AnyRecord>> {
        let index = self.held_index(task)?;
        Some(self.record_at(index, make))
    }

    fn record_at(
        &mut self,
        index: usize,
        make: &mut dyn FnMut() -> Arc<dyn AnyRecord>,
    ) -> Arc<dyn AnyRecord> {
        if let Some(record) = self.slot(index).record() {
            return Arc::clone(record);
        }
        let task = self.id(index);
        let (history, timeline) = (self.history, self.timeline);
        let slot = self.slot_mut(index);
        let record = match slot.body.take() {
            Some(body) => body.into_record(task, history),
            None => make(),
        };
        let due = slot.due().wall_on(timeline);
        match slot.standing {
            Standing::Armed | Standing::Unarmed => {}
            Standing::Queued => {
                record.launch(due);
                slot.standing = Standing::Unarmed;
            }
            Standing::Running => {
                let run = record.adopt(due, slot.started().map(|at| timeline.wall_at(at)));
                if let Some(details) = slot.more_mut().details.take() {
                    edit(&*record, |ledger| ledger.attach(run, details));
                }
                slot.standing = Standing::Unarmed;
            }
            // With a result, it would have been given a record then.
            Standing::Over(why) => {
                let at = timeline.wall_at(slot.since);
                let reason = why.map_or(Reason::TaskCancelled, Reason::from);
                record.withdraw(Some(due), true, at, reason);
            }
        }
        slot.more_mut().record = Some(Arc::clone(&record));
        record
    }

    /// The record of a task that has begun nothing yet, which knows its function.
    pub(super) fn record_own(&mut self, index: usize) -> Option<Arc<dyn AnyRecord>> {
        self.slot(index).body.as_ref()?;
        let (task, history) = (self.id(index), self.history);
        let gone = || Body::new(|| Err::<(), _>(TaskError::Cancelled)).into_record(task, history);
        Some(self.record_at(index, &mut || gone()))
    }

    /// Gives a series its record. Its handles have that, and need not be counted.
    pub(super) fn record_series(&mut self, index: usize) -> Option<Arc<dyn AnyRecord>> {
        let (task, history) = (self.id(index), self.history);
        let slot = self.slot_mut(index);
        slot.held = 0;
        let record = slot.body.take()?.into_record(task, history);
        slot.more_mut().record = Some(Arc::clone(&record));
        Some(record)
    }
}
