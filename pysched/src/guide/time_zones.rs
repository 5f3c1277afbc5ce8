//! Time zones and DST: what a calendar does in the nights when clocks are changed, and when the clock
//! of the computer is.
//!
//! A calendar, [`Trigger::cron_in`] or [`Trigger::calendar`], names times that clocks on the wall show
//! at some place. In most places these are changed twice a year, and then there are times that the
//! clocks never show, and times that they show twice. What becomes of a run at such a time is for a
//! policy to say, [`Dst`], that you choose by [`Trigger::dst`].
//!
//! | policy | `30 2 * * *` in a night without 02:30 | in a night with two | `*/15 * * * *` |
//! | --- | --- | --- | --- |
//! | [`Dst::Vixie`], unless set | at 03:00, right after the gap | once, the first time | every 15 minutes of real time |
//! | [`Dst::Skip`] | not at all | once, the first time | pauses for the second hour |
//! | [`Dst::Literal`] | not at all | twice | every 15 minutes of real time |
//! | [`Dst::Shift`] | at 03:30, as far after 02:00 as ever | once, the first time | pauses for the second hour |
//!
//! So a job that has to run once every night, whatever happens, wants `Vixie` or `Shift`, and one that
//! must run at no other time than the one it names, `Skip`. Side by side, in Rome:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use pysched::{Dst, Trigger};
//!
//! let time = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
//! // In the night to 2026-03-29 clocks go from 02:00 to 03:00, in that to 2026-10-25 from 03:00 back
//! // to 02:00: both at 01:00 UTC.
//! let (spring, autumn) = (time(1_774_746_000), time(1_792_890_000));
//!
//! // The runs from one hour before to two hours after, in minutes from the change.
//! let runs = |expression, policy, change: SystemTime| -> Vec<i64> {
//!     let hour = Duration::from_secs(3600);
//!     let trigger = Trigger::cron_in(expression, "Europe/Rome").unwrap().dst(policy);
//!     let runs = trigger.until(change + 2 * hour).upcoming(change - hour - Duration::from_nanos(1))
//!         .map(|run| run.duration_since(change - hour).unwrap().as_secs() as i64 / 60 - 60)
//!         .collect();
//!     runs
//! };
//!
//! assert_eq!(runs("30 2 * * *", Dst::Vixie, spring), [0]); // 03:00
//! assert!(runs("30 2 * * *", Dst::Skip, spring).is_empty());
//! assert!(runs("30 2 * * *", Dst::Literal, spring).is_empty());
//! assert_eq!(runs("30 2 * * *", Dst::Shift, spring), [30]); // 03:30
//!
//! assert_eq!(runs("30 2 * * *", Dst::Vixie, autumn), [-30]); // the first 02:30
//! assert_eq!(runs("30 2 * * *", Dst::Skip, autumn), [-30]);
//! assert_eq!(runs("30 2 * * *", Dst::Literal, autumn), [-30, 30]); // both
//! assert_eq!(runs("30 2 * * *", Dst::Shift, autumn), [-30]);
//!
//! // What runs at intervals keeps running through the hour that comes twice, or pauses in it.
//! assert_eq!(runs("*/30 * * * *", Dst::Vixie, autumn), [-60, -30, 0, 30, 60, 90, 120]);
//! assert_eq!(runs("*/30 * * * *", Dst::Skip, autumn), [-60, -30, 60, 90, 120]);
//! ```
//!
//! Under `Vixie` it depends on the expression whether it is of intervals: it is if its seconds, minutes
//! or hours have a `*` or an open step such as `5/15`, or name every value. `0 8-18 * * *` is of fixed
//! times, and `*/15 2 * * *` is of intervals: in a night without the hour from 2 to 3 it does not run,
//! and in one that has it twice it runs eight times.
//!
//! # Zones that do it differently
//!
//! Nothing is known here of hours, or of nights: only the instants are, at which the offset of a zone
//! changes. So Lord Howe's half hours are right, midnights that do not exist (in Santiago, Beirut,
//! Cairo), Apia's missing 30 December 2011, Troll's two hours and Dublin's winter time, whose clocks
//! are said to be "set back" by law. The zones are those of the system's time zone database, by their
//! IANA names, in any case. An unknown one is an error that suggests the nearest:
//!
//! ```
//! use pysched::Trigger;
//!
//! let error = Trigger::cron_in("0 9 * * *", "Europe/Roma").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "unknown time zone `Europe/Roma`: expected an IANA name such as `Europe/Rome` or `UTC`; \
//!      did you mean `Europe/Rome`?",
//! );
//! ```
//!
//! A zone is read once in the life of a process. A trigger keeps the zone's name and not its rules, also
//! as text: so after an update of the database, a restart is what it takes for new rules to apply.
//!
//! # When the clock is set
//!
//! Calendars, [`Trigger::at`] and all combinations follow the wall clock; the intervals of
//! [`Trigger::once`] and [`Trigger::recur`] do not notice that it was set. Whether an administrator sets
//! it, NTP corrects it or the machine wakes up from a suspension, it is the same to a scheduler: what
//! the clock now shows counts.
//!
//! | the clock goes | what happens |
//! | --- | --- |
//! | forward | runs that it has passed were missed: the newest starts, the others are recorded as [`Missed`](crate::Status::Missed) |
//! | back by up to three hours | a run at a fixed time that has taken place is not repeated; intervals such as `*/15` go on from the new time |
//! | further back | the old time was wrong: all calendars begin anew from the new one |
//!
//! The three hours are those of Vixie cron. A single [`Trigger::at`] never runs twice. On Linux the
//! scheduler learns of a clock that is set at once, without looking at it from time to time; on other
//! systems it looks every ten seconds while a task waits for the wall clock.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use pysched::{InlineExecutor, ManualClock, Scheduler, Status, Trigger};
//!
//! let midnight = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_478_400);
//! let hours = |hours: u64| Duration::from_secs(3600 * hours);
//! let clock = ManualClock::new();
//! clock.set_wall(midnight);
//! let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
//! sched.start()?;
//!
//! let hourly = sched.delay(Trigger::cron("0 * * * *")?, 0, || ())?;
//! clock.set_wall(midnight + hours(3)); // the computer was asleep
//! let fates: Vec<Status> = sched.results(&hourly).iter().map(|run| run.status).collect();
//! assert_eq!(fates, [Status::Missed, Status::Missed, Status::Succeeded]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Trigger::cron_in`]: crate::Trigger::cron_in
//! [`Trigger::calendar`]: crate::Trigger::calendar
//! [`Trigger::dst`]: crate::Trigger::dst
//! [`Trigger::at`]: crate::Trigger::at
//! [`Trigger::once`]: crate::Trigger::once
//! [`Trigger::recur`]: crate::Trigger::recur
//! [`Dst`]: crate::Dst
//! [`Dst::Vixie`]: crate::Dst::Vixie
//! [`Dst::Skip`]: crate::Dst::Skip
//! [`Dst::Literal`]: crate::Dst::Literal
//! [`Dst::Shift`]: crate::Dst::Shift
