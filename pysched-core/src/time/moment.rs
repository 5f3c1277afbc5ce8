//! Points in time, as plain numbers: pure arithmetic that never reads a clock.

use std::time::{Duration, SystemTime};

/// A point on a clock's monotonic scale: nanoseconds since the clock's own origin.
///
/// 64 bits reach 584 years beyond the origin. Arithmetic saturates at the far end, which
/// [`Moment::NEVER`] names: nothing is ever due then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Beyond every deadline.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The last moment that comes.
    pub(crate) const LAST: Self = Self(u64::MAX - 1);

    /// The moment `since_origin` after the clock's origin.
    pub(crate) fn from_origin(since_origin: Duration) -> Self {
        let seconds = since_origin.as_secs().checked_mul(1_000_000_000);
        let nanos = u64::from(since_origin.subsec_nanos());
        Self(seconds.and_then(|seconds| seconds.checked_add(nanos)).unwrap_or(u64::MAX))
    }

    pub(crate) fn from_nanos(since_origin: u64) -> Self {
        Self(since_origin)
    }

    pub(crate) fn nanos(self) -> u64 {
        self.0
    }

    /// A wall-clock time as a number, for putting in order what comes from different clocks: on this
    /// one scale the origin is the epoch, and what is before it is there.
    pub(crate) fn of_wall(time: SystemTime) -> Self {
        time.duration_since(SystemTime::UNIX_EPOCH).map_or(Self::default(), Self::from_origin)
    }

    /// [`of_wall`](Self::of_wall), if [`on_wall`](Self::on_wall) gives the same time again: it does
    /// from 1970 to 2554.
    pub(crate) fn exactly_of_wall(time: SystemTime) -> Option<Self> {
        let since_epoch = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(Self::from_origin(since_epoch)).filter(|&moment| moment != Self::NEVER)
    }

    /// The time that a number on that scale stands for.
    pub(crate) fn on_wall(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(self.0)
    }

    /// How far the clock's origin lies behind.
    pub(crate) fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// Nanoseconds from `earlier` to here, 0 if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(Self::from_origin(duration).0))
    }
}

/// Where the wall clock stands against the monotonic one: its reading at moment zero.
///
/// Moments are turned into `SystemTime` through this one value, so that the due times of a
/// series differ by exactly its interval, whatever noise two readings of two clocks carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeline {
    epoch: SystemTime,

    /// The same on the scale of [`Moment::of_wall`].
    offset: Moment,

    /// Whether it is the same exactly.
    is_exact: bool,
}

impl Timeline {
    /// The timeline on which `moment` and `wall` are one instant.
    pub(crate) fn through(moment: Moment, wall: SystemTime) -> Self {
        let epoch = wall.checked_sub(moment.since_origin()).unwrap_or(SystemTime::UNIX_EPOCH);
        let is_exact = Moment::exactly_of_wall(epoch).is_some();
        Self { epoch, offset: Moment::of_wall(epoch), is_exact }
    }

    #[inline]
    pub(crate) fn wall_at(self, moment: Moment) -> SystemTime {
        self.epoch.checked_add(moment.since_origin()).unwrap_or(self.epoch)
    }

    /// [`wall_at`](Self::wall_at) on the scale of [`Moment::of_wall`].
    pub(crate) fn number_at(self, moment: Moment) -> Moment {
        Moment(self.offset.0.saturating_add(moment.0))
    }

    /// [`number_at`](Self::number_at), if that stands for [`wall_at`](Self::wall_at) exactly.
    pub(crate) fn exact_number_at(self, moment: Moment) -> Option<Moment> {
        let number = self.number_at(moment);
        (self.is_exact && number != Moment::NEVER).then_some(number)
    }

    /// The moment at which the wall clock shows `wall`; the origin if that is behind it.
    pub(crate) fn moment_at(self, wall: SystemTime) -> Moment {
        wall.duration_since(self.epoch).map_or(Moment::default(), Moment::from_origin)
    }

    /// How far the wall clock has moved against this timeline.
    pub(crate) fn deviation(self, moment: Moment, wall: SystemTime) -> Duration {
        let expected = self.wall_at(moment);
        wall.duration_since(expected).unwrap_or_else(|behind| behind.duration())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_never() {
        let late = Moment::from_origin(Duration::MAX);
        assert_eq!(late, Moment::NEVER);
        assert_eq!(late.saturating_add(Duration::from_secs(1)), Moment::NEVER);
    }

    #[test]
    fn a_timeline_maps_both_ways_exactly() {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789);
        let moment = Moment::from_origin(Duration::from_nanos(987_654_321));
        let line = Timeline::through(moment, wall);
        assert_eq!(line.wall_at(moment), wall);
        assert_eq!(line.moment_at(wall), moment);
        assert_eq!(line.number_at(moment), Moment::of_wall(wall));
        assert_eq!(line.number_at(moment).on_wall(), wall);
        let later = moment.saturating_add(Duration::from_nanos(1));
        assert_eq!(line.wall_at(later), wall + Duration::from_nanos(1));
        assert_eq!(line.deviation(later, wall), Duration::from_nanos(1));
        assert_eq!(line.deviation(moment, wall + Duration::from_secs(2)), Duration::from_secs(2));
    }

    #[test]
    fn a_number_is_exact_or_there_is_none() {
        let epoch = SystemTime::UNIX_EPOCH;
        let second = Duration::from_secs(1);
        let moment = Moment::from_origin(second);
        for wall in [epoch, epoch + second, epoch + 50 * second, epoch - Duration::from_nanos(1)] {
            let line = Timeline::through(moment, wall);
            // The timeline begins a second before.
            let expected = (wall >= epoch + second).then(|| Moment::of_wall(wall));
            assert_eq!(line.exact_number_at(moment), expected);
            assert_eq!(expected.map(Moment::on_wall), expected.map(|_| line.wall_at(moment)));
            assert_eq!(line.exact_number_at(Moment::NEVER), None);
        }
        assert_eq!(Moment::exactly_of_wall(epoch - second), None);
        assert_eq!(Moment::exactly_of_wall(epoch + second), Some(moment));
        assert_eq!(Moment::exactly_of_wall(Moment::LAST.on_wall()), Some(Moment::LAST));
        assert_eq!(Moment::exactly_of_wall(Moment::NEVER.on_wall() + second), None);
    }
}
