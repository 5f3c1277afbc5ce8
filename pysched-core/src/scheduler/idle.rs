//! Whether a scheduler has come to rest, for those who drive it by hand.

use super::engine::Engine;
use super::shard::Shard;
use super::slot::Slot;
use crate::trigger::Schedule;

impl Engine {
    /// Whether nothing is to come but runs of series without an end: no other run, no other attempt and no
    /// timeout. `witness` is what was found that is to come, and is looked at first the next time, or each look
    /// would pass over all the series that are in front of it.
    pub(super) fn is_idle(&self, witness: &mut usize) -> bool {
        self.shards.iter().all(|place| place.shard.lock().is_idle(witness))
    }
}

impl Shard {
    fn is_idle(&self, witness: &mut usize) -> bool {
        if self.has_deadlines() {
            return false;
        }
        if self.paused {
            return true;
        }
        if self.slots.get(*witness).is_some_and(Slot::is_to_come) {
            return false;
        }
        let found = self.slots.iter_around(*witness).find(|(_, slot)| slot.is_to_come());
        if let Some((index, _)) = found {
            *witness = index;
        }
        found.is_none()
    }
}

impl Slot {
    /// Whether a run is to come, and not one of a series without an end.
    fn is_to_come(&self) -> bool {
        self.is_armed() && self.schedule().is_none_or(Schedule::has_end)
    }
}
