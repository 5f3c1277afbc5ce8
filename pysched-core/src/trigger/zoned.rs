//! [`Zoned`]: a cron expression or a calendar, in a time zone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::calendar::Calendar;
use super::civil::Local;
use super::cron::{Cron, CronError};
use super::dst::{self, Dst, Pattern as _, Rule};
use super::zone::{UnknownZone, Zone};
use crate::error::Error;

/// A pattern of local times, where they are told, and what becomes of those that come twice or never.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Zoned {
    pub(super) times: Times,
    pub(super) place: Place,
    pub(super) policy: Dst,
}

/// A pattern of local times.
#[derive(Debug, Clone)]
pub(super) enum Times {
    Constant(&'static Cron),
    Cron(Arc<Cron>),
    Calendar(Arc<Calendar>),
}

/// Whose clocks count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Utc,
    In(&'static Zone),

    /// A zone that has not been looked up yet, as a constant cannot.
    Named(&'static str),

    /// Where no time ever comes: of a calendar that is not one, or whose zone is not known.
    Nowhere,
}

impl PartialEq for Times {
    fn eq(&self, other: &Self) -> bool {
        match (self.calendar(), other.calendar()) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self.as_cron() == other.as_cron(),
            _ => false,
        }
    }
}

impl Times {
    pub(super) fn as_cron(&self) -> Option<&Cron> {
        match self {
            Self::Constant(cron) => Some(cron),
            Self::Cron(cron) => Some(cron),
            Self::Calendar(_) => None,
        }
    }

    pub(super) fn calendar(&self) -> Option<&Calendar> {
        if let Self::Calendar(calendar) = self { Some(calendar) } else { None }
    }
}

impl Zoned {
    pub(super) fn cron(expression: &str) -> Result<Self, CronError> {
        let cron = Arc::new(Cron::new(expression)?);
        Ok(Self { times: Times::Cron(cron), place: Place::Utc, policy: Dst::Vixie })
    }

    pub(super) const fn constant(cron: &'static Cron, time_zone: Option<&'static str>) -> Self {
        let place = match time_zone {
            Some(name) => Place::Named(name),
            None => Place::Utc,
        };
        Self { times: Times::Constant(cron), place, policy: Dst::Vixie }
    }

    pub(super) fn calendar(calendar: Calendar) -> Self {
        // What is wrong stays in the calendar, and is said when a task is added.
        let place = match (calendar.check(), calendar.zone()) {
            (Err(_), _) => Place::Nowhere,
            (Ok(()), None) => Place::Utc,
            (Ok(()), Some(name)) => Place::named(name).unwrap_or(Place::Nowhere),
        };
        Self { times: Times::Calendar(Arc::new(calendar)), place, policy: Dst::Vixie }
    }

    pub(super) fn in_zone(self, name: &str) -> Result<Self, UnknownZone> {
        Ok(Self { place: Place::named(name)?, ..self })
    }

    pub(super) fn dst(self, policy: Dst) -> Self {
        Self { policy, ..self }
    }

    /// Looks up the zone, if that has not been done, and says what there is not.
    pub(super) fn validate(&mut self) -> Result<(), Error> {
        if let Place::Named(name) = self.place {
            self.place = Place::named(name)?;
        }
        self.times.calendar().map_or(Ok(()), Calendar::check)
    }

    /// What two cron expressions do not have in common, if that keeps them apart for ever.
    pub(super) fn apart(&self, other: &Self) -> Option<&'static str> {
        // Where a policy moves runs, they may meet away from the times that they name.
        let comparable = self.place == other.place && self.policy == other.policy;
        let moves = matches!(self.policy, Dst::Vixie | Dst::Shift) && self.place != Place::Utc;
        if !comparable || moves {
            return None;
        }
        self.times.as_cron()?.apart(other.times.as_cron()?)
    }

    /// The name of the zone.
    pub(super) fn zone_name(&self) -> &str {
        match self.place {
            Place::Nowhere => self.times.calendar().and_then(Calendar::zone).unwrap_or("UTC"),
            _ => self.place.name(),
        }
    }

    /// Whether it says how often rather than when.
    pub(super) fn repeats(&self) -> bool {
        self.times.as_cron().is_some_and(Cron::repeats)
    }

    /// The first run after `after`; none at all if the zone is not known.
    #[inline]
    pub(super) fn next(&self, after: SystemTime) -> Option<SystemTime> {
        // Whole seconds: the first one after.
        let from = second(after).checked_add(1)?;
        let found = match self.place.zone()? {
            None => match &self.times {
                Times::Constant(cron) => cron.next(Local(from)),
                Times::Cron(cron) => cron.next(Local(from)),
                Times::Calendar(calendar) => calendar.next(Local(from)),
            }
            .map(|local| local.0),
            Some(zone) => match &self.times {
                Times::Constant(cron) => dst::next(*cron, zone, self.rule(), from),
                Times::Cron(cron) => dst::next(&**cron, zone, self.rule(), from),
                Times::Calendar(calendar) => dst::next(&**calendar, zone, self.rule(), from),
            },
        };
        time(found?)
    }

    /// The last run before `before`.
    pub(super) fn previous(&self, before: SystemTime) -> Option<SystemTime> {
        let is_whole = time(second(before)) == Some(before);
        let to = if is_whole { second(before).checked_sub(1)? } else { second(before) };
        let found = match self.place.zone()? {
            None => match &self.times {
                Times::Constant(cron) => cron.previous(Local(to)),
                Times::Cron(cron) => cron.previous(Local(to)),
                Times::Calendar(calendar) => calendar.previous(Local(to)),
            }
            .map(|local| local.0),
            Some(zone) => match &self.times {
                Times::Constant(cron) => dst::previous(*cron, zone, self.rule(), to),
                Times::Cron(cron) => dst::previous(&**cron, zone, self.rule(), to),
                Times::Calendar(calendar) => dst::previous(&**calendar, zone, self.rule(), to),
            },
        };
        time(found?)
    }

    fn rule(&self) -> Rule {
        Rule::of(self.policy, self.repeats())
    }
}

/// By name, whether the zone has been looked up or not.
impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.name().eq_ignore_ascii_case(other.name())
    }
}

impl Place {
    fn named(name: &str) -> Result<Self, UnknownZone> {
        // Known without a table of its changes.
        if name.eq_ignore_ascii_case("UTC") {
            Ok(Self::Utc)
        } else {
            Zone::named(name).map(Self::In)
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::In(zone) => zone.name(),
            Self::Named(name) => name,
            Self::Nowhere => "nowhere",
        }
    }

    /// The zone, if it is another than UTC; nothing at all if it is not known.
    #[expect(clippy::option_option, reason = "`None` is for `?`, and `Some(None)` for UTC")]
    #[inline]
    fn zone(self) -> Option<Option<&'static Zone>> {
        match self {
            Self::Utc => Some(None),
            Self::In(zone) => Some(Some(zone)),
            Self::Named(name) => Self::named(name).ok()?.zone(),
            Self::Nowhere => None,
        }
    }
}

/// Beyond everything that is looked for, either way.
const FAR: i64 = 1 << 42;

/// The whole seconds from the epoch to a time, rounded down.
#[inline]
fn second(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(FAR).min(FAR),
        Err(before) => {
            let before = before.duration();
            let up = u64::from(before.subsec_nanos() > 0);
            -i64::try_from(before.as_secs().saturating_add(up)).unwrap_or(FAR).min(FAR)
        }
    }
}

/// The time so many seconds from the epoch, if this system can tell it.
#[inline]
fn time(second: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(second.unsigned_abs());
    if second >= 0 {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use crate::trigger::{Calendar, Trigger};

    #[test]
    fn what_cannot_be_added_never_runs() {
        let from = SystemTime::UNIX_EPOCH;
        let monday = Calendar::since(2026, 1, 5).at(9, 30, 0);
        assert!(Trigger::calendar(monday.clone()).upcoming(from).next().is_some());
        for calendar in [
            monday.clone().time_zone("Europe/Roma"),
            monday.clone().at(24, 0, 0),
            monday.every_days(0),
            Calendar::since(2026, 2, 30),
        ] {
            let trigger = Trigger::calendar(calendar);
            assert_eq!(trigger.upcoming(from).next(), None, "{trigger}");
            assert_eq!(trigger.previous(SystemTime::now()), None, "{trigger}");
        }
    }

    #[test]
    fn an_unknown_zone_is_called_by_its_name() {
        let calendar = Calendar::since(2026, 1, 5).time_zone("Europe/Roma");
        assert!(Trigger::calendar(calendar).describe().ends_with("Europe/Roma"));
    }

    #[cfg(feature = "cron")]
    #[test]
    fn utc_is_utc_however_it_is_given() {
        let utc = Trigger::cron("0 9 * * *").unwrap();
        assert_eq!(Trigger::cron_in("0 9 * * *", "utc").unwrap(), utc);
        assert_eq!(utc.to_string(), r#"cron("0 9 * * *")"#);
    }
}
