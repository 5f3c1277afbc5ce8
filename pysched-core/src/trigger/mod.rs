//! Triggers: when a task runs. Pure logic that takes the time as an argument.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod.rs` | [`Trigger`] and its constructors |
//! | `schedule/` | a trigger put to work in a scheduler |
//! | `jitter.rs` | the random delay of each run |
//! | `search.rs` | the next run and the one before, of every kind |
//! | `combine.rs` | the same for `any`, `all` and `except` |
//! | `text/` | triggers written as text, and read again |
//! | `serialise.rs` | triggers serialised as this text |
//! | `validate.rs` | what has to be right before a trigger is put to work |
//! | `describe.rs` | triggers in plain English |
//! | `cron/` | cron expressions: read, stepped, described |
//! | `calendar.rs` | every so many days, weeks, months or years |
//! | `zoned.rs` | a pattern of local times in a time zone |
//! | `dst.rs` | what becomes of local times that come twice or never |
//! | `zone.rs` | the offsets of a time zone |
//! | `civil.rs` | dates and days as numbers |
//! | `words.rs` | lists, ranges and numbers in plain English |

#[cfg(feature = "cron")]
mod calendar;
mod civil;
mod combine;
#[cfg(feature = "cron")]
mod cron;
mod describe;
#[cfg(feature = "cron")]
mod dst;
mod jitter;
mod schedule;
mod search;
#[cfg(feature = "serde")]
mod serialise;
mod text;
mod validate;
mod words;
#[cfg(feature = "cron")]
mod zone;
#[cfg(feature = "cron")]
mod zoned;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[cfg(feature = "cron")]
pub use self::calendar::{Calendar, MonthEnd};
#[cfg(feature = "cron")]
pub use self::cron::{Cron, CronError};
#[cfg(feature = "cron")]
pub use self::dst::Dst;
pub(crate) use self::schedule::{Bounds, Due, Firing, Missed, Schedule};
pub(crate) use self::text::Stamp;
#[cfg(feature = "cron")]
use self::zoned::Zoned;
use crate::Interval;
use crate::error::Error;
use crate::time::Moment;

/// When a task runs: once, every so often, at given times, by the calendar, or a combination of these.
///
/// Intervals are measured on the monotonic clock, from the moment of adding; setting the wall clock
/// does not disturb them. Everything else, and every combination, follows the wall clock.
///
/// ```
/// use std::time::Duration;
/// use pysched::{Scheduler, Trigger};
///
/// let sched = Scheduler::new();
/// sched.delay(Trigger::once(5), 0, || "after 5 seconds")?;
/// sched.delay(Trigger::recur(0.25), 0, || "four times a second")?;
/// sched.delay(Trigger::recur_after(Duration::from_secs(60)), 0, || "a minute after the last")?;
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// # As text
///
/// A trigger is displayed as it is written in code, and read again from that, with
/// [`FromStr`](std::str::FromStr): from a file of settings, say. With the feature `serde` it is
/// serialised as this text.
///
/// ```
/// use pysched::Trigger;
///
/// let trigger: Trigger = r#"any(recur("1h"), at("2030-01-01T00:00:00Z"))"#.parse()?;
/// assert_eq!(trigger.to_string().parse::<Trigger>()?, trigger);
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    kind: Kind,
    limits: Option<Box<Limits>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Once(Interval),
    Recur(Interval),
    RecurAfter(Interval),
    At(SystemTime),

    /// In order, and each once.
    AtEach(Arc<[SystemTime]>),
    #[cfg(feature = "cron")]
    Zoned(Zoned),
    Any(Arc<[Trigger]>),
    All(Arc<[Trigger]>),

    /// The runs of the first without those of the second.
    Except(Arc<[Trigger; 2]>),
}

/// What narrows a trigger of any kind.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Limits {
    starting: Option<SystemTime>,
    until: Option<SystemTime>,
    jitter: Option<Duration>,
}

impl Trigger {
    const fn of(kind: Kind) -> Self {
        Self { kind, limits: None }
    }

    /// One run, `delay` after the task is added.
    ///
    /// ```
    /// # use pysched::Trigger;
    /// let in_five_seconds = Trigger::once(5);
    /// let at_once = Trigger::once(0);
    /// ```
    #[must_use]
    pub fn once(delay: impl Into<Interval>) -> Self {
        Self::of(Kind::Once(delay.into()))
    }

    /// A run every `interval`: the k-th is due at exactly *start + k × interval*, however long each
    /// takes. Nothing drifts.
    ///
    /// If a run is due while the previous one has not returned, it is
    /// [`Skipped`](crate::Status::Skipped). If several could not start in time, also for want of a
    /// worker, the newest runs and the others are [`Missed`](crate::Status::Missed).
    ///
    /// ```
    /// # use pysched::{Interval, Trigger};
    /// let every_three_seconds = Trigger::recur(3);
    /// let every_ninety_minutes = Trigger::recur("1h 30m".parse::<Interval>()?);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn recur(interval: impl Into<Interval>) -> Self {
        Self::of(Kind::Recur(interval.into()))
    }

    /// A run `interval` after the previous one has ended ("fixed delay"). Runs never overlap.
    ///
    /// It cannot be part of a combination, since nobody knows its runs beforehand.
    ///
    /// ```
    /// # use pysched::Trigger;
    /// let a_second_of_rest_between_two_runs = Trigger::recur_after(1);
    /// ```
    #[must_use]
    pub fn recur_after(interval: impl Into<Interval>) -> Self {
        Self::of(Kind::RecurAfter(interval.into()))
    }

    /// One run when the wall clock shows `time`; at once if it already shows a later one.
    ///
    /// Follows the wall clock, wherever that is set: it never runs before the clock shows `time`, even
    /// if that is set back meanwhile, and runs at once if the clock is set forward past it, or jumps
    /// as the computer resumes from a suspend. On Linux the scheduler is woken for that; where the
    /// system does not tell, it looks every 10 seconds while such tasks wait. Corrections of up to a
    /// tenth of a second do not count as setting; a task may be late by that much.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// # use pysched::Trigger;
    /// let tomorrow = Trigger::at(SystemTime::now() + Duration::from_secs(86_400));
    /// ```
    #[must_use]
    pub fn at(time: SystemTime) -> Self {
        Self::of(Kind::At(time))
    }

    /// A run at each of these times, in any order. Those that are past when the task is added are left
    /// out.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// # use pysched::Trigger;
    /// let now = SystemTime::now();
    /// let minutes = [1, 2, 5, 10].map(|minutes| now + Duration::from_secs(60 * minutes));
    /// let trigger = Trigger::at_each(minutes);
    /// assert_eq!(trigger.upcoming(now).count(), 4);
    /// ```
    #[must_use]
    pub fn at_each(times: impl IntoIterator<Item = SystemTime>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        times.dedup();
        Self::of(Kind::AtEach(times.into()))
    }

    /// Runs whenever one of `triggers` would, once if several would at the same time.
    ///
    /// In a combination, intervals count from the time on the wall clock when the task is added, and
    /// follow that clock. Combinations may be nested up to 128 deep.
    ///
    /// ```
    /// use pysched::Trigger;
    ///
    /// let noon_and_weekend_evenings =
    ///     Trigger::any([Trigger::cron("0 12 * * *")?, Trigger::cron("0 20 * * SAT,SUN")?]);
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    #[must_use]
    pub fn any(triggers: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Kind::Any(triggers.into_iter().collect()))
    }

    /// Runs only when all of `triggers` would, at the very same time.
    ///
    /// If they never coincide, the task is refused with [`Error::NeverRuns`].
    /// That takes a proof or, where there is none, a search that is given up after a million times. A
    /// combination with such a part is refused, too.
    ///
    /// ```
    /// use pysched::Trigger;
    ///
    /// // Every third hour, but only in the months of winter.
    /// let trigger = Trigger::all([
    ///     Trigger::cron("0 */3 * * *")?,
    ///     Trigger::cron("* * * DEC-FEB *")?,
    /// ]);
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    #[must_use]
    pub fn all(triggers: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Kind::All(triggers.into_iter().collect()))
    }

    /// Leaves out the runs that `excluded` would have, too.
    ///
    /// ```
    /// use pysched::Trigger;
    ///
    /// // A run at 9:00 every day, but not at Christmas.
    /// let trigger = Trigger::cron("0 9 * * *")?.except(Trigger::cron("* * 25,26 12 *")?);
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    #[must_use]
    pub fn except(self, excluded: Self) -> Self {
        Self::of(Kind::Except(Arc::new([self, excluded])))
    }

    /// Lets it begin at `at`, as [`Task::starting`](crate::Task::starting) does; of two such times the
    /// later one counts.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// # use pysched::Trigger;
    /// let new_year = SystemTime::UNIX_EPOCH + Duration::from_secs(1_893_456_000); // 2030
    /// let hourly = Trigger::recur(3600).starting(new_year);
    /// assert_eq!(hourly.upcoming(SystemTime::UNIX_EPOCH).next(), Some(new_year));
    /// ```
    #[must_use]
    pub fn starting(mut self, at: SystemTime) -> Self {
        let limits = self.limits.get_or_insert_default();
        limits.starting = limits.starting.max(Some(at));
        self
    }

    /// Lets it end at `end`, as [`Task::until`](crate::Task::until) does; of two such times the earlier
    /// one counts.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// # use pysched::Trigger;
    /// let now = SystemTime::now();
    /// let trigger = Trigger::recur(60).until(now + Duration::from_secs(150));
    /// assert_eq!(trigger.upcoming(now).count(), 2);
    /// ```
    #[must_use]
    pub fn until(mut self, end: SystemTime) -> Self {
        let limits = self.limits.get_or_insert_default();
        limits.until = Some(limits.until.map_or(end, |until| until.min(end)));
        self
    }

    /// Delays each run by a random time of up to `max`, so that what many programs do at the full hour
    /// does not all happen at once.
    ///
    /// A run is never delayed to the time of the next, and its delay does not move the next one.
    /// [`upcoming`](Self::upcoming) gives the times without it. Only the jitter of a trigger as a
    /// whole counts, not that of a part of a combination.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use pysched::Trigger;
    /// let trigger = Trigger::recur(3600).jitter(Duration::from_secs(300));
    /// ```
    #[must_use]
    pub fn jitter(mut self, max: Duration) -> Self {
        self.limits.get_or_insert_default().jitter = Some(max);
        self
    }

    /// The runs after `after`, as far as they can be told: those of intervals as if a task were added
    /// at that time and its runs took no time.
    ///
    /// An endless trigger gives endlessly many. An interval of 0, and a constant or a calendar in a time
    /// zone that this system does not know, give none; the error that says why comes with the add. If
    /// the parts of a combination do not come together in a million times, the runs end there.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::Trigger;
    ///
    /// let after = SystemTime::UNIX_EPOCH;
    /// let quarters = Trigger::cron("*/15 * * * *")?.upcoming(after).take(2).collect::<Vec<_>>();
    /// assert_eq!(quarters, [900, 1800].map(|seconds| after + Duration::from_secs(seconds)));
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    pub fn upcoming(&self, after: SystemTime) -> impl Iterator<Item = SystemTime> {
        let mut last = Some(after);
        std::iter::from_fn(move || {
            last = self.next_run(last?, after);
            last
        })
    }

    /// The last run before `before`; `None` if there is none, as for intervals that do not say when
    /// they start, and in a time zone that this system does not know.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::Trigger;
    ///
    /// let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    /// let quarters = Trigger::cron("*/15 * * * *")?;
    /// assert_eq!(quarters.previous(time(1800)), Some(time(900)));
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    #[must_use]
    pub fn previous(&self, before: SystemTime) -> Option<SystemTime> {
        self.previous_run(before, None)
    }

    /// The nanoseconds after which it runs, and when that is, if it is one run after a delay.
    pub(crate) fn after(&self, now: Moment) -> Option<(u64, Due)> {
        let Self { kind: Kind::Once(delay), limits: None } = self else { return None };
        let nanos = delay.nanos()?;
        let moment = Moment::from_nanos(now.nanos().saturating_add(nanos));
        (moment < Moment::NEVER).then_some((nanos, Due::interval(moment)))
    }

    /// The delay of a trigger that is nothing but that.
    pub(crate) fn delay(&self) -> Option<Result<Duration, Error>> {
        let Self { kind: Kind::Once(delay), limits: None } = self else { return None };
        Some(delay.duration())
    }

    /// Whether its runs are sure to come to an end, by its kind or by an end that it was given.
    pub(crate) fn has_end(&self) -> bool {
        let by_kind = match &self.kind {
            Kind::Once(_) | Kind::At(_) | Kind::AtEach(_) => true,
            Kind::Recur(_) | Kind::RecurAfter(_) => false,
            #[cfg(feature = "cron")]
            Kind::Zoned(_) => false,
            Kind::Any(triggers) => triggers.iter().all(Self::has_end),
            Kind::All(triggers) => triggers.iter().any(Self::has_end),
            Kind::Except(triggers) => triggers[0].has_end(),
        };
        by_kind || self.limits().until.is_some()
    }

    /// Whether it waits for a time on the wall clock.
    pub(crate) fn names_a_time(&self) -> bool {
        let limited = |limits: &Limits| limits.starting.is_some() || limits.until.is_some();
        !self.is_interval() || self.limits.as_deref().is_some_and(limited)
    }

    fn is_interval(&self) -> bool {
        matches!(self.kind, Kind::Once(_) | Kind::Recur(_) | Kind::RecurAfter(_))
    }

    /// Whether its runs are times on the wall clock, of which each is found from the one before.
    pub(crate) fn is_calendar(&self) -> bool {
        !self.is_interval() && !matches!(self.kind, Kind::At(_))
    }
}

/// Calendars.
#[cfg(feature = "cron")]
impl Trigger {
    /// The runs of a cron expression, in UTC.
    ///
    /// | fields | in this order |
    /// | --- | --- |
    /// | 5 | minute, hour, day of the month, month, day of the week |
    /// | 6 | second, and the five |
    /// | 7 | second, the five, and year |
    ///
    /// | field | values | names |
    /// | --- | --- | --- |
    /// | second, minute | 0 to 59 | |
    /// | hour | 0 to 23 | |
    /// | day of the month | 1 to 31 | |
    /// | month | 1 to 12 | `JAN` to `DEC` |
    /// | day of the week | 0 to 7; 0 and 7 are Sunday | `SUN` to `SAT` |
    /// | year | 1970 to 2199 | |
    ///
    /// | written | means |
    /// | --- | --- |
    /// | `*` | all values |
    /// | `1,15,30` | each of these |
    /// | `9-17` | from 9 to 17 |
    /// | `22-2`, `FRI-MON` | a range that goes on at the beginning |
    /// | `*/15`, `10-40/10`, `5/20` | every so many of a range; the last from 5 on |
    /// | `?` | all days; for either field of a day |
    /// | `L`, `L-3` | the last day of the month, the third before it |
    /// | `15W`, `LW` | the weekday nearest to the 15th, the last weekday of the month |
    /// | `FRIL`, `5L` | the last Friday of the month |
    /// | `MON#2` | the second Monday of the month |
    /// | `+MON` | see below |
    /// | `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly` | in place of all fields |
    ///
    /// Letters are of any case.
    ///
    /// If neither field of a day begins with `*` or is `?`, a day has to match only one of them, as in
    /// Vixie cron: `0 0 13 * FRI` is every 13th and every Friday. With a leading `+`, it has to match
    /// both: `0 0 13 * +FRI` is Friday the 13th.
    ///
    /// # Errors
    ///
    /// If `expression` is none; the error says where and why. An expression that no day matches, such
    /// as `0 0 30 2 *`, is an error, too.
    ///
    /// One that is known when the program is compiled had better be read by the compiler, which then
    /// reports the error: in the attribute, `#[task(SCHED, cron, "0 9 * * MON-FRI")]`, or in the macro
    /// `cron!("0 9 * * MON-FRI")`, which makes a constant.
    ///
    /// ```
    /// use pysched::Trigger;
    ///
    /// let weekdays = Trigger::cron("0 9 * * MON-FRI")?;
    /// assert_eq!(weekdays.describe(), "at 09:00, Monday through Friday, UTC");
    ///
    /// let error = Trigger::cron("0 9 30 2 *").unwrap_err();
    /// assert!(error.to_string().contains("no such day ever comes"));
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    pub fn cron(expression: &str) -> Result<Self, CronError> {
        Ok(Self::of(Kind::Zoned(Zoned::cron(expression)?)))
    }

    /// The runs of a [cron expression](Self::cron) in a time zone, given by its IANA name.
    ///
    /// What happens when clocks are changed is for [`dst`](Self::dst) to say.
    ///
    /// # Errors
    ///
    /// If `expression` is none, or `time_zone` is not known to this system; the nearest names are
    /// suggested.
    ///
    /// ```
    /// use pysched::Trigger;
    ///
    /// let opening = Trigger::cron_in("0 9 * * MON-FRI", "Europe/Rome")?;
    /// let error = Trigger::cron_in("0 9 * * MON-FRI", "Europe/Roma").unwrap_err();
    /// assert!(error.to_string().contains("did you mean `Europe/Rome`"));
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    pub fn cron_in(expression: &str, time_zone: &str) -> Result<Self, CronError> {
        Ok(Self::of(Kind::Zoned(Zoned::cron(expression)?.in_zone(time_zone)?)))
    }

    /// A run every so many days, weeks, months or years, at a time of the day.
    ///
    /// ```
    /// use pysched::{Calendar, Trigger};
    ///
    /// let every_other_monday = Calendar::since(2026, 1, 5).every_weeks(2).at(9, 30, 0);
    /// let trigger = Trigger::calendar(every_other_monday.time_zone("Europe/Rome"));
    /// ```
    #[must_use]
    pub fn calendar(calendar: Calendar) -> Self {
        Self::of(Kind::Zoned(Zoned::calendar(calendar)))
    }

    /// Sets what becomes of runs in the hours that come twice or never when clocks are changed,
    /// [`Dst::Vixie`] unless set. In a combination, for all parts; what is not in a time zone is left
    /// as it is.
    ///
    /// ```
    /// use pysched::{Dst, Trigger};
    ///
    /// let trigger = Trigger::cron_in("30 2 * * *", "Europe/Rome")?.dst(Dst::Shift);
    /// # Ok::<(), pysched::CronError>(())
    /// ```
    #[must_use]
    pub fn dst(self, policy: Dst) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.clone().dst(policy)).collect();
        let kind = match self.kind {
            Kind::Zoned(zoned) => Kind::Zoned(zoned.dst(policy)),
            Kind::Any(parts) => Kind::Any(each(&parts)),
            Kind::All(parts) => Kind::All(each(&parts)),
            Kind::Except(parts) => {
                let [of, excluded] = &*parts;
                Kind::Except(Arc::new([of.clone().dst(policy), excluded.clone().dst(policy)]))
            }
            other => other,
        };
        Self { kind, ..self }
    }

    /// A trigger of a constant expression, in a time zone that is looked up when it is used.
    pub(crate) const fn constant(cron: &'static Cron, time_zone: Option<&'static str>) -> Self {
        Self::of(Kind::Zoned(Zoned::constant(cron, time_zone)))
    }
}
