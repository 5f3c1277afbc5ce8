//! The runs of an expression in a time zone, under each policy as it is described in words: every
//! minute is looked at, or every second if there may be a run in each.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use pysched::Dst;

use super::expression::Expression;

/// What clocks show while they are watched.
pub struct Watched {
    expression: Expression,

    /// The instants whose local time matches, and whether that was not shown before.
    matches: Vec<(i64, bool)>,

    /// Matches in gaps: the first instant after the gap, and the instant at which clocks that were not
    /// changed would show the match.
    missed: Vec<(i64, i64)>,
    span: Range<i64>,
}

/// As long as local times may come again, or be moved: in Apia in 2011, by a day.
const LEAD: i64 = 25 * 3600;

impl Watched {
    /// Watches clocks for a span of seconds since the epoch, after a lead.
    pub fn new(expression: Expression, zone: &TimeZone, span: Range<i64>) -> Self {
        let from = (span.start - LEAD).div_euclid(60) * 60;
        let offset =
            |at: i64| i64::from(zone.to_offset(Timestamp::from_second(at).unwrap()).seconds());
        // Whether all that happens is at full minutes.
        let changes = zone.following(Timestamp::from_second(from).unwrap());
        let in_minutes = offset(from) % 60 == 0
            && changes.take_while(|change| change.timestamp().as_second() < span.end).all(
                |change| {
                    change.offset().seconds() % 60 == 0 && change.timestamp().as_second() % 60 == 0
                },
            );
        let step = if in_minutes && expression.is_in_minutes() { 60 } else { 1 };

        let mut shown = HashSet::new();
        let mut before = offset(from);
        let (mut matches, mut missed) = (Vec::new(), Vec::new());
        let mut at = from;
        while at < span.end {
            let here = offset(at);
            let mut gap = at + before;
            while gap < at + here {
                if expression.matches(civil(gap)) {
                    missed.push((at, gap - before));
                }
                gap += step;
            }
            let local = at + here;
            let is_first = shown.insert(local);
            if expression.matches(civil(local)) {
                matches.push((at, is_first));
            }
            before = here;
            at += step;
        }
        Self { expression, matches, missed, span }
    }

    /// Whether a match was in a gap.
    pub fn hit_gap(&self) -> bool {
        self.missed.iter().any(|(after, _)| self.span.contains(after))
    }

    /// Whether a match came twice.
    pub fn hit_fold(&self) -> bool {
        self.matches.iter().any(|(at, is_first)| !is_first && self.span.contains(at))
    }

    /// The runs in the span, under a policy.
    pub fn runs(&self, policy: Dst) -> Vec<i64> {
        let both = self.matches.iter().map(|(at, _)| *at);
        let first = self.matches.iter().filter(|(_, is_first)| *is_first).map(|(at, _)| *at);
        let right_after = self.missed.iter().map(|(after, _)| *after);
        let later = self.missed.iter().map(|(_, unchanged)| *unchanged);
        let runs: BTreeSet<i64> = match policy {
            Dst::Literal => both.collect(),
            Dst::Skip => first.collect(),
            Dst::Shift => first.chain(later).collect(),
            Dst::Vixie if self.expression.repeats => both.collect(),
            Dst::Vixie => first.chain(right_after).collect(),
            other => panic!("no such policy here: {other:?}"),
        };
        runs.into_iter().filter(|run| self.span.contains(run)).collect()
    }
}

/// What a clock shows so many seconds after it has shown the beginning of 1970.
fn civil(local: i64) -> DateTime {
    Offset::UTC.to_datetime(Timestamp::from_second(local).unwrap())
}
