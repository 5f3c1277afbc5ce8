//! Combinations of triggers: any of them, all of them, one without another.
//!
//! `all` and `except` take candidates from one part and look whether the others have them, which may
//! go on and on where few do, or none. So a search looks at no more than [`MOST`] candidates, which
//! takes some tens of milliseconds, and then gives up.

use std::time::SystemTime;

use super::Trigger;
use super::search::TICK;

/// How many candidates one search looks at.
const MOST: u32 = 1_000_000;

/// One search for a run, however many parts it goes through.
#[derive(Debug)]
pub(super) struct Search {
    /// From when intervals count that have no start of their own.
    pub(super) anchor: Option<SystemTime>,

    /// How many more candidates are looked at.
    left: u32,
}

impl Search {
    pub(super) fn new(anchor: Option<SystemTime>) -> Self {
        Self { anchor, left: MOST }
    }

    /// Whether it has ended for want of patience, and there may be a run yet.
    pub(super) fn gave_up(&self) -> bool {
        self.left == 0
    }

    /// Takes one candidate more, unless there were too many.
    fn take(&mut self) -> Option<()> {
        self.left = self.left.saturating_sub(1);
        (self.left > 0).then_some(())
    }

    pub(super) fn next_of_any(
        &mut self,
        parts: &[Trigger],
        after: SystemTime,
    ) -> Option<SystemTime> {
        parts.iter().filter_map(|part| part.next_in(after, self)).min()
    }

    pub(super) fn previous_of_any(
        &mut self,
        parts: &[Trigger],
        before: SystemTime,
    ) -> Option<SystemTime> {
        parts.iter().filter_map(|part| part.previous_in(before, self)).max()
    }

    /// Goes from part to part, each time to that one's first run which is not before the candidate,
    /// until all have had the same.
    pub(super) fn next_of_all(
        &mut self,
        parts: &[Trigger],
        after: SystemTime,
    ) -> Option<SystemTime> {
        let mut candidate = parts.first()?.next_in(after, self)?;
        let mut agreed = 1;
        for part in parts.iter().cycle().skip(1) {
            if agreed == parts.len() {
                return Some(candidate);
            }
            self.take()?;
            let next = part.next_in(candidate.checked_sub(TICK)?, self)?;
            agreed = if next == candidate { agreed + 1 } else { 1 };
            candidate = next;
        }
        None
    }

    pub(super) fn previous_of_all(
        &mut self,
        parts: &[Trigger],
        before: SystemTime,
    ) -> Option<SystemTime> {
        let mut candidate = parts.first()?.previous_in(before, self)?;
        let mut agreed = 1;
        for part in parts.iter().cycle().skip(1) {
            if agreed == parts.len() {
                return Some(candidate);
            }
            self.take()?;
            let previous = part.previous_in(candidate.checked_add(TICK)?, self)?;
            agreed = if previous == candidate { agreed + 1 } else { 1 };
            candidate = previous;
        }
        None
    }

    pub(super) fn next_except(
        &mut self,
        [of, excluded]: &[Trigger; 2],
        after: SystemTime,
    ) -> Option<SystemTime> {
        let mut candidate = of.next_in(after, self)?;
        loop {
            let hole = excluded.next_in(candidate.checked_sub(TICK)?, self);
            if hole != Some(candidate) {
                return Some(candidate);
            }
            self.take()?;
            candidate = of.next_in(candidate, self)?;
        }
    }

    pub(super) fn previous_except(
        &mut self,
        [of, excluded]: &[Trigger; 2],
        before: SystemTime,
    ) -> Option<SystemTime> {
        let mut candidate = of.previous_in(before, self)?;
        loop {
            let hole = excluded.previous_in(candidate.checked_add(TICK)?, self);
            if hole != Some(candidate) {
                return Some(candidate);
            }
            self.take()?;
            candidate = of.previous_in(candidate, self)?;
        }
    }
}
