//! [`Dst`]: what becomes of a run whose local time a zone shows twice, or never; and the search for the
//! instants at which a zone shows the local times of a pattern.
//!
//! A zone is a row of segments, in each of which local time is the instant plus a constant offset. At
//! the beginning of a segment local time may jump forward, over a *gap*, or back, over a *fold*, which
//! is then shown a second time:
//!
//! ```text
//!          gap                            fold
//! local    01:59 | 03:00                  02:59 | 02:00 … 02:59
//! ```
//!
//! The search takes the segments one by one. A pattern is asked once for its first match, and again only
//! where local time goes back behind what it was asked for: so a match years ahead costs one search
//! of the pattern, and a glance at the segments around it.

use super::civil::Local;
use super::zone::{Segment, Zone};

/// What to do about runs at local times that a zone shows twice or never, when its clocks are changed.
///
/// | policy | a run in the hour that does not exist | a run in the hour that comes twice |
/// | --- | --- | --- |
/// | [`Vixie`](Self::Vixie), of fixed times | right after it | the first time |
/// | [`Vixie`](Self::Vixie), of intervals such as `*/15` | none, as the hour has not passed | both times, as both have passed |
/// | [`Skip`](Self::Skip) | none | the first time |
/// | [`Literal`](Self::Literal) | none | both times |
/// | [`Shift`](Self::Shift) | later by the length of the gap | the first time |
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use pysched::{Dst, Trigger};
///
/// // In the night to 2026-03-29, clocks in Rome go from 02:00 to 03:00, which is 01:00 UTC.
/// let one_o_clock = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_746_000);
/// let first = |policy| {
///     let nightly = Trigger::cron_in("30 2 * * *", "Europe/Rome").unwrap().dst(policy);
///     let first = nightly.upcoming(one_o_clock - Duration::from_secs(1)).next().unwrap();
///     first.duration_since(one_o_clock).unwrap().as_secs() / 60
/// };
/// assert_eq!(first(Dst::Vixie), 0); // at 03:00
/// assert_eq!(first(Dst::Shift), 30); // at 03:30
/// assert_eq!(first(Dst::Skip), 23 * 60 + 30); // at 02:30 on the next day
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Dst {
    /// As Vixie cron does it: runs at fixed times take place once in any night, in a gap right after
    /// it; what runs at intervals keeps to real time.
    ///
    /// A cron expression is of intervals if its seconds, minutes or hours have a `*` or an open step
    /// such as `5/15`, or name all values; otherwise it is of fixed times.
    ///
    /// Rule: `cron(8)` of ISC cron 4.1, "Daylight Saving Time and other time changes".
    #[default]
    Vixie,

    /// A run in a gap does not take place; a run in a fold takes place the first time.
    Skip,

    /// A run takes place whenever a clock on the wall shows its time: never in a gap, twice in a fold.
    Literal,

    /// A run in a gap takes place later by the length of the gap, at what a clock would show that was
    /// not changed; a run in a fold takes place the first time.
    Shift,
}

/// What to do with a match in a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InGap {
    Nothing,
    RightAfter,
    Shifted,
}

/// A policy as it applies to one pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    in_gap: InGap,
    fold_twice: bool,
}

impl Rule {
    /// `repeats`: whether the pattern says how often, rather than when.
    pub(super) fn of(policy: Dst, repeats: bool) -> Self {
        let (in_gap, fold_twice) = match policy {
            Dst::Vixie if repeats => (InGap::Nothing, true),
            Dst::Vixie => (InGap::RightAfter, false),
            Dst::Skip => (InGap::Nothing, false),
            Dst::Literal => (InGap::Nothing, true),
            Dst::Shift => (InGap::Shifted, false),
        };
        Self { in_gap, fold_twice }
    }

    /// The first local time of a segment that counts.
    fn beginning(self, segment: &Segment) -> i64 {
        let offset =
            if self.fold_twice { segment.offset } else { segment.offset.max(segment.seen) };
        segment.start + i64::from(offset)
    }
}

/// A set of local times.
pub(super) trait Pattern {
    /// The first that is not before `from`.
    fn next(&self, from: Local) -> Option<Local>;

    /// The last that is not after `to`.
    fn previous(&self, to: Local) -> Option<Local>;
}

/// No two offsets of a zone differ by as much: they are less than 26 hours each.
const REACH: i64 = 3 * 86_400;

/// The first match from somewhere on, kept for as long as it answers the question.
struct Ahead<'a, P> {
    pattern: &'a P,
    from: i64,
    found: Option<i64>,
}

impl<P: Pattern> Ahead<'_, P> {
    #[inline]
    fn first(&mut self, from: i64) -> Option<i64> {
        if from < self.from || self.found.is_some_and(|found| found < from) {
            self.from = from;
            self.found = self.pattern.next(Local(from)).map(|local| local.0);
        }
        self.found
    }
}

/// The last match up to somewhere, kept likewise.
struct Behind<'a, P> {
    pattern: &'a P,
    to: i64,
    found: Option<i64>,
}

impl<P: Pattern> Behind<'_, P> {
    #[inline]
    fn last(&mut self, to: i64) -> Option<i64> {
        if to > self.to || self.found.is_some_and(|found| found > to) {
            self.to = to;
            self.found = self.pattern.previous(Local(to)).map(|local| local.0);
        }
        self.found
    }
}

/// The first instant not before `from` at which there is a run. Instants are seconds since the epoch.
pub(super) fn next<P: Pattern>(pattern: &P, zone: &Zone, rule: Rule, from: i64) -> Option<i64> {
    let mut ahead = Ahead { pattern, from: i64::MAX, found: None };
    let (mut index, mut segment) = zone.segment_at(from);
    let mut at = from;
    loop {
        let offset = i64::from(segment.offset);
        // The gap first, as its local times are the earlier ones.
        let moved =
            if rule.moves(&segment) { rule.first_moved(&mut ahead, &segment, at) } else { None };
        let found = ahead.first((at + offset).max(rule.beginning(&segment)));
        let plain = found.map(|local| local - offset).filter(|instant| *instant < segment.end);
        match (moved, plain) {
            (Some(moved), Some(plain)) => return Some(moved.min(plain)),
            (None, None) => {}
            (some, none) => return some.or(none),
        }
        // What was found is the first one only among the local times that were asked for: as long as
        // clocks may go back behind these, no segment is left out.
        at = match found {
            _ if segment.end.saturating_sub(REACH) < ahead.from => segment.end,
            Some(found) => segment.end.max(found - REACH),
            None => return None,
        };
        (index, segment) = if at > segment.end {
            zone.segment_at(at)
        } else {
            (index + 1, zone.segment(index + 1))
        };
    }
}

/// The last instant not after `to` at which there is a run.
pub(super) fn previous<P: Pattern>(pattern: &P, zone: &Zone, rule: Rule, to: i64) -> Option<i64> {
    let mut behind = Behind { pattern, to: i64::MIN, found: None };
    let (mut index, mut segment) = zone.segment_at(to);
    let mut at = to;
    loop {
        let offset = i64::from(segment.offset);
        let found = behind.last(at + offset);
        let plain = found.filter(|local| *local >= rule.beginning(&segment));
        let plain = plain.map(|local| local - offset);
        let moved =
            if rule.moves(&segment) { rule.last_moved(&mut behind, &segment, at) } else { None };
        if let Some(instant) = plain.max(moved) {
            return Some(instant);
        }
        if index == 0 {
            return None;
        }
        at = match found {
            _ if segment.start.saturating_add(REACH) > behind.to => segment.start - 1,
            Some(found) => (segment.start - 1).min(found + REACH),
            None => return None,
        };
        (index, segment) = if at < segment.start - 1 {
            zone.segment_at(at)
        } else {
            (index - 1, zone.segment(index - 1))
        };
    }
}

impl Rule {
    /// Whether matches in the gap before a segment are moved into it.
    fn moves(self, segment: &Segment) -> bool {
        segment.offset > segment.before && self.in_gap != InGap::Nothing
    }

    /// The first run at or after `at` whose local time is in the gap before a segment.
    fn first_moved<P: Pattern>(
        self,
        ahead: &mut Ahead<'_, P>,
        segment: &Segment,
        at: i64,
    ) -> Option<i64> {
        let before = i64::from(segment.before);
        let end = segment.start + i64::from(segment.offset);
        match self.in_gap {
            InGap::Nothing => None,
            InGap::RightAfter if at > segment.start => None,
            InGap::RightAfter => {
                ahead.first(segment.start + before).filter(|found| *found < end)?;
                Some(segment.start)
            }
            InGap::Shifted if at + before >= end => None,
            InGap::Shifted => {
                let found = ahead.first(at + before).filter(|found| *found < end)?;
                Some(found - before)
            }
        }
    }

    /// The last run at or before `at` whose local time is in the gap before a segment.
    fn last_moved<P: Pattern>(
        self,
        behind: &mut Behind<'_, P>,
        segment: &Segment,
        at: i64,
    ) -> Option<i64> {
        let before = i64::from(segment.before);
        let (first, end) = (segment.start + before, segment.start + i64::from(segment.offset));
        let last = if self.in_gap == InGap::Shifted { (at + before).min(end - 1) } else { end - 1 };
        let found = behind.last(last).filter(|found| *found >= first)?;
        match self.in_gap {
            InGap::Nothing => None,
            InGap::RightAfter => Some(segment.start),
            InGap::Shifted => Some(found - before),
        }
    }
}
