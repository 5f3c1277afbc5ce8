//! Whether a scheduler has come to rest, for those who drive it by hand.

use super::engine::Engine;
use super::shard::Shard;
use super::slot::Slot;
use crate::trigger::Schedule;

impl Engine {
    /// Whether nothing is to come but runs of series without an end: no other run, no other attempt and no
    /// timeout.
    pub(super) fn is_idle(&self) -> bool {
        self.shards.iter().all(|place| place.shard.lock().is_idle())
    }
}

impl Shard {
    fn is_idle(&self) -> bool {
        let is_finite =
            |slot: &Slot| slot.is_armed() && slot.schedule().is_none_or(Schedule::has_end);
        !self.has_deadlines()
            && (self.paused || !self.slots.iter().any(|(_, slot)| is_finite(slot)))
    }
}
