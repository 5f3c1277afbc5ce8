//! Combinations of triggers: any of them, all of them, one without another.
//!
//! `all` and `except` take candidates from one part and look whether the others have them, which may
//! go on and on where few do, or none. So a search looks at a limited number of candidates and then
//! gives up; but it knows up to which time there is no run, from where another search can go on.

use std::time::SystemTime;

use super::search::TICK;
use super::{Kind, Trigger};

/// How many candidates a search looks at: some tens of milliseconds.
const MOST: u32 = 1_000_000;

/// How many a search looks at in the thread of a scheduler, where others wait: half a millisecond.
const FEW: u32 = 10_000;

/// How many each part of an `any` may look at, even if the search as a whole may not. With one at
/// least, a search that goes on where another gave up comes further than that.
const LEAST: u32 = 1;

/// One search for a run, however many parts it goes through.
#[derive(Debug)]
pub(super) struct Search {
    /// From when intervals count that have no start of their own.
    pub(super) anchor: Option<SystemTime>,

    /// How many more candidates are looked at.
    left: u32,

    /// If the latest part that found nothing has given up: the last time of which it knew, in the
    /// direction of the search, that there is no run up to it.
    frontier: Option<SystemTime>,

    /// Whether any part has given up.
    gave_up: bool,
}

impl Search {
    pub(super) fn new(anchor: Option<SystemTime>) -> Self {
        Self { anchor, left: MOST, frontier: None, gave_up: false }
    }

    /// A search in the thread of a scheduler.
    pub(super) fn brief(anchor: SystemTime) -> Self {
        Self { left: FEW, ..Self::new(Some(anchor)) }
    }

    /// Whether a part has ended for want of patience, and may have a run yet.
    pub(super) fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Up to which time there is no run, if the search has found none and given up.
    pub(super) fn frontier(&self) -> Option<SystemTime> {
        self.frontier
    }

    /// Says that what lies beyond the frontier does not count.
    pub(super) fn end(&mut self) {
        self.frontier = None;
    }

    /// Takes one candidate more, unless there were too many; then `frontier` is how far it came.
    fn take(&mut self, frontier: Option<SystemTime>) -> Option<()> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return Some(());
        }
        self.gave_up = true;
        self.frontier = frontier;
        None
    }

    /// Lets each part of an `any` search, within its share of what is left, and chooses among what
    /// they find. A part that has given up is in doubt only beyond its frontier.
    fn nearest(
        &mut self,
        parts: &[Trigger],
        mut find: impl FnMut(&Trigger, &mut Self) -> Option<SystemTime>,
        is_nearer: impl Fn(SystemTime, SystemTime) -> bool,
    ) -> Option<SystemTime> {
        let nearer = |one: Option<SystemTime>, other: Option<SystemTime>| match (one, other) {
            (Some(one), Some(other)) => Some(if is_nearer(other, one) { other } else { one }),
            (one, other) => one.or(other),
        };
        let (mut nearest, mut frontier) = (None, None);
        for (part, others) in parts.iter().zip((1..=parts.len()).rev()) {
            let left = self.left;
            let share = (left / u32::try_from(others).unwrap_or(u32::MAX)).max(LEAST);
            self.left = share;
            match find(part, self) {
                None => frontier = nearer(frontier, self.frontier.take()),
                found => nearest = nearer(nearest, found),
            }
            let used = share - self.left;
            self.left = left.saturating_sub(used);
        }
        if let Some(frontier) = frontier
            && nearest.is_none_or(|nearest| is_nearer(frontier, nearest))
        {
            self.frontier = Some(frontier);
            return None;
        }
        nearest
    }

    pub(super) fn next_of_any(
        &mut self,
        parts: &[Trigger],
        after: SystemTime,
    ) -> Option<SystemTime> {
        let find = |part: &Trigger, search: &mut Self| part.next_in(after, search);
        self.nearest(parts, find, |one, other| one < other)
    }

    pub(super) fn previous_of_any(
        &mut self,
        parts: &[Trigger],
        before: SystemTime,
    ) -> Option<SystemTime> {
        let find = |part: &Trigger, search: &mut Self| part.previous_in(before, search);
        self.nearest(parts, find, |one, other| one > other)
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
            let before = candidate.checked_sub(TICK);
            let next = part.next_in(before?, self)?;
            if next == candidate {
                agreed += 1;
            } else {
                (candidate, agreed) = (next, 1);
                self.take(next.checked_sub(TICK))?;
            }
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
            let previous = part.previous_in(candidate.checked_add(TICK)?, self)?;
            if previous == candidate {
                agreed += 1;
            } else {
                (candidate, agreed) = (previous, 1);
                self.take(previous.checked_add(TICK))?;
            }
        }
        None
    }

    pub(super) fn next_except(
        &mut self,
        [of, excluded]: &[Trigger; 2],
        after: SystemTime,
    ) -> Option<SystemTime> {
        let mut candidate = of.next_in(after, self)?;
        while excluded.runs_at(candidate, self.anchor) {
            self.take(Some(candidate))?;
            candidate = of.next_in(candidate, self)?;
        }
        Some(candidate)
    }

    pub(super) fn previous_except(
        &mut self,
        [of, excluded]: &[Trigger; 2],
        before: SystemTime,
    ) -> Option<SystemTime> {
        let mut candidate = of.previous_in(before, self)?;
        while excluded.runs_at(candidate, self.anchor) {
            self.take(Some(candidate))?;
            candidate = of.previous_in(candidate, self)?;
        }
        Some(candidate)
    }
}

impl Trigger {
    /// Whether it has a run at this very time, which takes no search.
    fn runs_at(&self, time: SystemTime, anchor: Option<SystemTime>) -> bool {
        let limits = self.limits();
        let is_within = limits.starting.is_none_or(|starting| starting <= time)
            && limits.until.is_none_or(|until| time <= until);
        is_within
            && match &self.kind {
                Kind::Any(parts) => parts.iter().any(|part| part.runs_at(time, anchor)),
                Kind::All(parts) => parts.iter().all(|part| part.runs_at(time, anchor)),
                Kind::Except(parts) => {
                    parts[0].runs_at(time, anchor) && !parts[1].runs_at(time, anchor)
                }
                _ => time.checked_sub(TICK).is_some_and(|before| {
                    self.next_in(before, &mut Search::new(anchor)) == Some(time)
                }),
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

    /// At every even second, and at every odd one.
    fn even_and_odd() -> [Trigger; 2] {
        [0, 1].map(|first| Trigger::recur(2).starting(START + Duration::from_secs(first)))
    }

    fn search() -> Search {
        Search::brief(START)
    }

    /// What one search after the other finds, each of which looks at no more than `left` candidates.
    fn in_small_steps(trigger: &Trigger, left: u32) -> Vec<SystemTime> {
        let (mut found, mut from) = (Vec::new(), START);
        loop {
            let mut search = Search { left, ..Search::new(Some(START)) };
            let next = trigger.next_in(from, &mut search);
            found.extend(next);
            let Some(known) = next.or(search.frontier()) else { return found };
            assert!(known > from, "{trigger} goes on at {known:?} after {from:?}");
            from = known;
        }
    }

    /// The same backwards, from the last to the first.
    fn back_in_small_steps(trigger: &Trigger, left: u32) -> Vec<SystemTime> {
        let (mut found, mut to) = (Vec::new(), minute(2 * MINUTES));
        loop {
            let mut search = Search { left, ..Search::new(Some(START)) };
            let previous = trigger.previous_in(to, &mut search);
            found.extend(previous);
            let Some(known) = previous.or(search.frontier()) else { return found };
            assert!(known < to, "{trigger} goes on at {known:?} before {to:?}");
            to = known;
        }
    }

    proptest! {
        #[test]
        fn searches_that_give_up_lose_nothing((trigger, times) in combined(), left in 0..4_u32) {
            let mut expected: Vec<_> = times.iter().copied().map(minute).collect();
            prop_assert_eq!(in_small_steps(&trigger, left), expected.clone());
            expected.reverse();
            prop_assert_eq!(back_in_small_steps(&trigger, left), expected);
        }
    }

    #[test]
    fn a_search_without_end_is_given_up_and_can_go_on() {
        let [even, odd] = even_and_odd();
        let late = START + Duration::from_secs(50_001);
        let at_last = Trigger::any([even.clone(), Trigger::at(late)]);
        let any_odd = Trigger::any([odd.clone(), Trigger::at(START)]);
        let without_end = even.clone().except(even.clone().until(late));
        for (trigger, run) in [
            (Trigger::all([at_last, any_odd]), late),
            (without_end, START + Duration::from_secs(50_002)),
        ] {
            let (mut from, mut rounds) = (START, 0);
            let found = loop {
                let mut search = search();
                let found = trigger.next_in(from, &mut search);
                match search.frontier() {
                    Some(frontier) => {
                        assert!(found.is_none() && search.gave_up());
                        assert!(from < frontier && frontier < run);
                        from = frontier;
                    }
                    None => break found,
                }
                rounds += 1;
            };
            assert_eq!(found, Some(run));
            assert!((2..10).contains(&rounds), "{rounds}");
        }
        let mut search = search();
        let back = START + Duration::from_secs(1_000_000);
        assert_eq!(Trigger::all([even, odd]).previous_in(back, &mut search), None);
        assert!(search.gave_up() && search.frontier() < Some(back));
    }

    #[test]
    fn what_gave_up_is_in_doubt_only_beyond_where_it_came() {
        let second = |number| START + Duration::from_secs(number);
        let never = || Trigger::all(even_and_odd());
        // Whichever comes first, the other parts have their share.
        for soon in [[never(), Trigger::at(second(99))], [Trigger::at(second(99)), never()]] {
            let mut search = search();
            let soon = Trigger::any(soon);
            assert_eq!(soon.next_in(START, &mut search), Some(second(99)));
            assert!(search.gave_up() && search.frontier().is_none());
            let mut search = self::search();
            assert_eq!(soon.next_in(second(99), &mut search), None);
            assert!(search.frontier() > Some(second(1_000)));
        }
        let mut search = search();
        let far = Trigger::any([never(), Trigger::at(second(1_000_000))]);
        assert_eq!(far.next_in(START, &mut search), None);
        assert!(search.frontier() < Some(second(1_000_000)));
        // It is over before there is any doubt.
        let mut search = self::search();
        assert_eq!(never().until(second(100)).next_in(START, &mut search), None);
        assert_eq!(search.frontier(), None);
    }

    #[test]
    fn what_is_excluded_needs_no_search() {
        let [even, odd] = even_and_odd();
        let mut search = search();
        let never = Trigger::all([even.clone(), odd]);
        let first = START + Duration::from_secs(2);
        assert_eq!(even.except(never).next_in(START, &mut search), Some(first));
        assert!(!search.gave_up());
    }
}
