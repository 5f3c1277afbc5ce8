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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    /// How many minutes are looked at.
    const MINUTES: u64 = 500;

    fn minute(number: u64) -> SystemTime {
        START + Duration::from_secs(60 * number)
    }

    /// A trigger, and the minutes at which it runs.
    type Modelled = (Trigger, BTreeSet<u64>);

    /// Intervals with a start and single times: what runs when is obvious.
    fn simple() -> impl Strategy<Value = Modelled> {
        let interval = (1..40_u64, 1..40_u64, 40..MINUTES).prop_map(|(step, first, end)| {
            let trigger = Trigger::recur(Duration::from_secs(60 * step));
            let times = (first..=end).step_by(usize::try_from(step).unwrap()).collect();
            (trigger.starting(minute(first)).until(minute(end)), times)
        });
        let times = prop::collection::btree_set(1..MINUTES, 1..20)
            .prop_map(|times| (Trigger::at_each(times.iter().copied().map(minute)), times));
        let time = (1..MINUTES).prop_map(|time| (Trigger::at(minute(time)), [time].into()));
        prop_oneof![4 => interval, 2 => times, 1 => time]
    }

    fn combined() -> impl Strategy<Value = Modelled> {
        simple().prop_recursive(3, 20, 3, |inner| {
            let parts = prop::collection::vec(inner.clone(), 1..4);
            let any = parts.clone().prop_map(|parts| {
                let (triggers, times): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
                (Trigger::any(triggers), times.into_iter().flatten().collect())
            });
            let all = parts.prop_map(|parts| {
                let (triggers, times): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
                let common = times.into_iter().reduce(|one, other| &one & &other);
                (Trigger::all(triggers), common.unwrap_or_default())
            });
            let except = (inner.clone(), inner.clone())
                .prop_map(|((of, times), (out, without))| (of.except(out), &times - &without));
            let limited = (inner, 1..MINUTES, 1..MINUTES).prop_map(|((trigger, times), a, b)| {
                let (first, last) = (a.min(b), a.max(b));
                // An interval would count from its start: it has one of its own already.
                let trigger = Trigger::any([trigger]).starting(minute(first)).until(minute(last));
                (trigger, times.range(first..=last).copied().collect())
            });
            prop_oneof![any, all, except, limited]
        })
    }

    proptest! {
        #[test]
        fn a_combination_is_that_of_its_sets((trigger, times) in combined()) {
            let expected: Vec<_> = times.iter().copied().map(minute).collect();
            prop_assert_eq!(trigger.upcoming(START).collect::<Vec<_>>(), expected.clone());
            let back = std::iter::successors(trigger.previous(minute(2 * MINUTES)), |time| {
                trigger.previous(*time)
            });
            let mut back: Vec<_> = back.collect();
            back.reverse();
            prop_assert_eq!(back, expected);
        }
    }

    #[test]
    fn a_search_without_end_is_given_up() {
        let odd = Trigger::recur(2).starting(START);
        let even = Trigger::recur(2).starting(START + Duration::from_secs(1));
        let mut search = Search::new(Some(START));
        assert_eq!(Trigger::all([odd.clone(), even]).next_in(START, &mut search), None);
        assert!(search.gave_up());
        let mut search = Search::new(Some(START));
        assert_eq!(odd.clone().except(odd).next_in(START, &mut search), None);
        assert!(search.gave_up());
    }
}
