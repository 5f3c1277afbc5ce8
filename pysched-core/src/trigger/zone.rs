//! [`Zone`]: the offsets of a time zone from UTC, laid out for looking up.
//!
//! The data is jiff's. A zone is read once, the first time that it is named, and kept: every segment
//! of constant offset up to the year 2500, in a row. Clocks of all zones follow fixed rules from 2100
//! on at the latest (Morocco's are tabulated up to 2087), and the calendar repeats itself every 400
//! years, to the day of the week; so the segments of 2100 to 2500 stand for all that come later.

use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::civil::{DAY, Date};
use crate::error::Error;

/// A time zone.
pub(super) struct Zone {
    name: Box<str>,

    /// When each segment begins, in seconds since the epoch. The first is as early as can be.
    starts: Box<[i64]>,
    offsets: Box<[Offsets]>,

    /// From which segment on the row repeats itself; its length if it does not.
    cycle: usize,

    /// For each [`BUCKET`] since the epoch, the segment at its beginning.
    buckets: Box<[u16]>,
}

/// The offsets at the beginning of a segment, in seconds east of UTC.
#[derive(Debug, Clone, Copy)]
struct Offsets {
    here: i32,
    before: i32,
    seen: i32,
}

/// A span of time in which the offset does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// Its first second since the epoch.
    pub(super) start: i64,

    /// The first second after it.
    pub(super) end: i64,

    /// Local time minus UTC.
    pub(super) offset: i32,

    /// The offset just before; the same in the first segment.
    pub(super) before: i32,

    /// The offset with which local time at the start would be the latest that was shown before.
    pub(super) seen: i32,
}

/// Before everything, with room for adding offsets.
const ALWAYS: i64 = i64::MIN / 4;

/// From when on the offsets repeat themselves, and after how many seconds.
const CYCLE_FROM: i64 = Date::new(2100, 1, 1).days() as i64 * DAY;
const CYCLE: i64 = 146_097 * DAY;

/// How much time one step of the index covers: 97 days, in which there are seldom two changes.
const BUCKET: u32 = 23;

static ZONES: LazyLock<Mutex<HashMap<String, &'static Zone>>> = LazyLock::new(Mutex::default);

impl Zone {
    /// The zone of an IANA name, in any case.
    pub(super) fn named(name: &str) -> Result<&'static Self, UnknownZone> {
        let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = zones.get(name) {
            return Ok(zone);
        }
        let database = jiff::tz::db();
        let found = database.get(name).ok().filter(|found| !found.is_unknown());
        let Some(found) = found else { return Err(UnknownZone::new(name, database)) };
        let canonical = found.iana_name().unwrap_or(name);
        // Never freed: there are no more of them than names, and triggers may refer to them for ever.
        let zone = match zones.get(canonical) {
            Some(zone) => zone,
            None => &*Box::leak(Box::new(Self::read(canonical, &found))),
        };
        zones.insert(canonical.to_owned(), zone);
        Ok(zone)
    }

    /// Lays out what jiff knows of a zone.
    fn read(name: &str, zone: &TimeZone) -> Self {
        let first = zone.to_offset(Timestamp::MIN).seconds();
        let mut starts = vec![ALWAYS];
        let mut offsets = vec![Offsets { here: first, before: first, seen: first }];
        let (mut before, mut seen, mut cycle) = (first, i64::MIN, None);
        for change in zone.following(Timestamp::MIN) {
            let (start, here) = (change.timestamp().as_second(), change.offset().seconds());
            if here == before {
                continue;
            }
            if start >= CYCLE_FROM {
                let (index, first) = *cycle.get_or_insert((starts.len(), start));
                debug_assert!(index > 0);
                if start >= first + CYCLE {
                    break;
                }
            }
            seen = seen.max(start + i64::from(before));
            let seen = i32::try_from(seen - start).unwrap_or(before);
            starts.push(start);
            offsets.push(Offsets { here, before, seen });
            before = here;
        }
        let cycle = cycle.map_or(starts.len(), |(index, _)| index);
        let mut zone = Self {
            name: name.into(),
            starts: starts.into(),
            offsets: offsets.into(),
            cycle,
            buckets: Box::default(),
        };
        let buckets = 0..=(CYCLE_FROM + CYCLE) >> BUCKET;
        zone.buckets = buckets
            .map(|bucket| u16::try_from(zone.search(bucket << BUCKET)).unwrap_or(u16::MAX))
            .collect();
        zone
    }

    /// The name, as the database spells it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Which segment of the row a time is in.
    fn search(&self, instant: i64) -> usize {
        self.starts.partition_point(|start| *start <= instant).saturating_sub(1)
    }

    /// The segment that an instant is in, and its number.
    #[inline]
    pub(super) fn segment_at(&self, instant: i64) -> (usize, Segment) {
        let (mut instant, mut turns) = (instant, 0);
        if let Some(first) = self.starts.get(self.cycle)
            && instant >= first + CYCLE
        {
            turns = (instant - first) / CYCLE;
            instant -= turns * CYCLE;
        }
        let bucket = usize::try_from(instant >> BUCKET).ok();
        let mut index = match bucket.and_then(|bucket| self.buckets.get(bucket)) {
            Some(index) => usize::from(*index),
            None => self.search(instant),
        };
        while self.starts.get(index + 1).is_some_and(|start| *start <= instant) {
            index += 1;
        }
        let turns = usize::try_from(turns).unwrap_or(0);
        let number = index + turns * (self.starts.len() - self.cycle);
        (number, self.segment(number))
    }

    /// The segment of a number.
    #[inline]
    pub(super) fn segment(&self, number: usize) -> Segment {
        let (index, start) = self.place(number);
        let Offsets { here, before, seen } = self.offsets[index];
        let is_last = self.cycle == self.starts.len() && index + 1 == self.starts.len();
        let end = if is_last { i64::MAX } else { self.place(number + 1).1 };
        Segment { start, end, offset: here, before, seen }
    }

    /// Where in the row the segment of a number is, and when it begins.
    #[inline]
    fn place(&self, number: usize) -> (usize, i64) {
        if let Some(start) = self.starts.get(number) {
            return (number, *start);
        }
        let (length, beyond) = (self.starts.len() - self.cycle, number - self.cycle);
        let index = self.cycle + beyond % length;
        let turns = i64::try_from(beyond / length).unwrap_or(i64::MAX / CYCLE);
        (index, self.starts[index] + turns * CYCLE)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Zone").field(&self.name).finish()
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A name that no time zone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnknownZone {
    name: Box<str>,

    /// The names that it may have been meant to be, the nearest first.
    nearest: Vec<String>,

    /// Whether there is any time zone at all.
    has_database: bool,
}

/// How many names are suggested.
const SUGGESTIONS: usize = 3;

/// How similar a name has to be, of at most 1, to be suggested, and how far behind the best one it may
/// be.
const SIMILAR: f64 = 0.75;
const BEHIND: f64 = 0.05;

impl UnknownZone {
    fn new(name: &str, database: &TimeZoneDatabase) -> Self {
        let mut known: Vec<_> = database
            .available()
            .map(|known| (similarity(name, known.as_str()), known.as_str().to_owned()))
            .filter(|(similarity, _)| *similarity >= SIMILAR)
            .collect();
        // Of equally similar ones, the shorter is mostly the one that is not outdated.
        known.sort_by(|(one, a), (two, b)| {
            two.total_cmp(one).then(a.len().cmp(&b.len())).then(a.cmp(b))
        });
        let best = known.first().map_or(0.0, |(similarity, _)| *similarity);
        known.retain(|(similarity, _)| *similarity >= best - BEHIND);
        known.truncate(SUGGESTIONS);
        let nearest = known.into_iter().map(|(_, known)| known).collect();
        let has_database = database.available().next().is_some();
        Self { name: name.into(), nearest, has_database }
    }
}

/// How similar a name is to a known one or to the place that this ends with, from 0 to 1.
fn similarity(name: &str, known: &str) -> f64 {
    let (name, known) = (name.to_ascii_lowercase().replace(' ', "_"), known.to_ascii_lowercase());
    let whole = strsim::normalized_damerau_levenshtein(&name, &known);
    let place = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    // The place alone says a little less than all of it.
    whole.max(0.95 * strsim::normalized_damerau_levenshtein(&place(&name), &place(&known)))
}

impl From<UnknownZone> for Error {
    fn from(unknown: UnknownZone) -> Self {
        Self::UnknownTimeZone(unknown.to_string())
    }
}

impl fmt::Display for UnknownZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone `{}`: ", self.name)?;
        if !self.has_database {
            return f.write_str(
                "this system has no time zone database; install it (mostly as `tzdata`), or \
                 enable the feature `bundled-time-zones`",
            );
        }
        f.write_str("expected an IANA name such as `Europe/Rome` or `UTC`")?;
        for (index, name) in self.nearest.iter().enumerate() {
            let before = match index {
                0 => "; did you mean ",
                _ if index + 1 == self.nearest.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}`{name}`")?;
        }
        f.write_str(if self.nearest.is_empty() { "" } else { "?" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_agree_with_jiff_for_ever() {
        for name in ["Europe/Rome", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tokyo", "UTC"]
        {
            let zone = Zone::named(name).unwrap();
            let truth = TimeZone::get(name).unwrap();
            // Some prime number of seconds, so that it comes by every time of the day and the year.
            let mut at = Timestamp::MIN.as_second();
            while at < Timestamp::MAX.as_second() {
                let expected = truth.to_offset(Timestamp::from_second(at).unwrap()).seconds();
                let (number, segment) = zone.segment_at(at);
                assert!(segment.start <= at && at < segment.end, "{name} at {at}: {segment:?}");
                assert_eq!(segment.offset, expected, "{name} at {at}");
                assert_eq!(zone.segment(number), segment);
                at += 4_999_999;
            }
        }
    }

    #[test]
    fn every_zone_changes_when_jiff_says_so() {
        let until = Timestamp::from_second(CYCLE_FROM + 10 * 366 * DAY).unwrap();
        for name in jiff::tz::db().available() {
            let truth = TimeZone::get(name.as_str()).unwrap();
            let zone = Zone::read(name.as_str(), &truth);
            let changes = truth.following(Timestamp::MIN).map(|change| change.timestamp());
            for change in changes.take_while(|change| *change < until) {
                let at = change.as_second();
                for second in [at - 1, at] {
                    let expected = truth.to_offset(Timestamp::from_second(second).unwrap());
                    let (_, segment) = zone.segment_at(second);
                    assert_eq!(segment.offset, expected.seconds(), "{name:?} at {second}");
                }
            }
        }
    }

    #[test]
    fn segments_follow_each_other() {
        let zone = Zone::named("America/Santiago").unwrap();
        for number in 0..5_000 {
            let (here, next) = (zone.segment(number), zone.segment(number + 1));
            assert_eq!(here.end, next.start);
            assert_eq!(here.offset, next.before);
            assert_eq!(zone.segment_at(here.end - 1), (number, here));
            assert_eq!(zone.segment_at(next.start), (number + 1, next));
        }
    }

    #[test]
    fn a_restart_brings_the_rules_of_a_changed_database() {
        let in_july = |rules| {
            let zone = Zone::read("Europe/Rome", &TimeZone::posix(rules).unwrap());
            let july = Date::new(2030, 7, 1).days();
            zone.segment_at(i64::from(july) * DAY).1.offset
        };
        assert_eq!(in_july("CET-1CEST,M3.5.0,M10.5.0/3"), 7200);
        assert_eq!(in_july("CET-1"), 3600);
    }

    #[test]
    fn names_are_of_any_case_and_mistakes_find_their_neighbours() {
        let rome = Zone::named("europe/rome").unwrap();
        assert_eq!(rome.name(), "Europe/Rome");
        assert!(std::ptr::eq(rome, Zone::named("Europe/Rome").unwrap()));
        for (wrong, meant) in [
            ("Europe/Roma", "Europe/Rome"),
            ("Rome", "Europe/Rome"),
            ("America/New York", "America/New_York"),
            ("Europe/Zürich", "Europe/Zurich"),
        ] {
            let error = Zone::named(wrong).unwrap_err();
            assert_eq!(error.nearest.first().map(String::as_str), Some(meant), "{error}");
        }
        let hopeless = Zone::named("xyzzy").unwrap_err().to_string();
        assert_eq!(
            hopeless,
            "unknown time zone `xyzzy`: expected an IANA name such as `Europe/Rome` or `UTC`"
        );
    }
}
