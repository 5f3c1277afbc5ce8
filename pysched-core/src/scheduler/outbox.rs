//! [`Outbox`]: what a change under the lock of a shard leaves to be done without it.

use std::sync::Arc;

use super::bonds::Signal;
use super::engine::Engine;
use super::shard::Shard;
use crate::TaskId;
use crate::execution::{Details, Stop, Token};
#[cfg(all(feature = "process", unix))]
use crate::portable::Parcel;
use crate::task::{AnyRecord, Rules};
use crate::unwind::{catch, drop_each, drop_quietly};

/// What a change under the lock of a shard leaves to be done without it: what takes other locks, or runs
/// code of users. Most changes leave nothing here; what nearly every one leaves is a
/// [`Leftover`](super::ending::Leftover).
#[derive(Default)]
pub(super) struct Outbox {
    /// Of executions that are to end.
    pub(super) tokens: Vec<Token>,

    /// Of futures that are to end, and have been told.
    pub(super) stops: Vec<Arc<Stop>>,

    /// Executions that are to be ended by the executor of a lane, if that can.
    pub(super) interrupts: Vec<(u32, TaskId, u64)>,

    /// Records to flush.
    pub(super) touched: Vec<Arc<dyn AnyRecord>>,

    /// Names that are free again, and whose they were.
    pub(super) names: Vec<(String, TaskId)>,

    /// What tasks that follow others are to be told.
    pub(super) signals: Vec<Signal>,

    /// Tasks for which a limit may have room now.
    pub(super) admitted: Vec<TaskId>,

    /// What may hold callbacks of users.
    pub(super) details: Vec<Arc<Details>>,

    /// What may hold the last reference to a predicate of a user.
    pub(super) rules: Vec<Arc<Rules>>,

    /// What may hold the last reference to arguments of a user.
    #[cfg(all(feature = "process", unix))]
    pub(super) parcels: Vec<Arc<Parcel>>,
}

impl Engine {
    /// Does what was left to be done. Runs code of users.
    #[cold]
    pub(super) fn post(&self, outbox: Outbox) {
        // Who is told may shut the scheduler down, and is inside of it then.
        let _inside = self.enter();
        let mut outboxes = vec![outbox];
        while let Some(outbox) = outboxes.pop() {
            let Outbox {
                tokens,
                stops,
                interrupts,
                touched,
                names,
                signals,
                admitted,
                details,
                rules,
                #[cfg(all(feature = "process", unix))]
                parcels,
            } = outbox;
            for record in touched {
                record.flush();
                let _ = drop_quietly(record);
            }
            for (name, task) in names {
                self.names.forget(&name, task);
            }
            for token in tokens {
                token.cancel();
                let _ = drop_quietly(token);
            }
            for stop in stops {
                stop.wake();
            }
            for (lane, task, run) in interrupts {
                let runs = || self.is_running(task, run);
                let executor = &self.lanes[lane as usize].executor;
                let _ = catch(|| executor.interrupt((task, run), &runs));
            }
            // One after the other and not within each other, however long the chain of tasks is.
            let now = self.clock.now();
            for signal in signals {
                let mut is_here = false;
                let receive = |shard: &mut Shard| is_here = shard.receive(signal, now);
                outboxes.extend(self.edit(signal.to, receive).map(|it| *it));
                if !is_here {
                    let untie = |shard: &mut Shard| shard.untie(signal.from, signal.to);
                    outboxes.extend(self.edit(signal.from, untie).map(|it| *it));
                }
            }
            for task in admitted {
                outboxes.extend(self.edit(task, |shard| shard.nudge_task(task)).map(|it| *it));
            }
            drop_each(details);
            drop_each(rules);
            #[cfg(all(feature = "process", unix))]
            drop_each(parcels);
        }
    }
}
