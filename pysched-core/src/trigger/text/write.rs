//! [`Display`](fmt::Display) of [`Trigger`]: as it is written in code, without what is a default.

use std::fmt::{self, Write as _};

use super::Stamp;
use crate::Interval;
use crate::trigger::{Kind, Limits, Trigger};

/// A text in quotes.
pub(super) struct Quoted<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Quoted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.to_string().chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        f.write_char('"')
    }
}

/// The values, separated by commas, of a call.
struct Call<'a, T>(&'a str, &'a [T]);

impl<T: fmt::Display> fmt::Display for Call<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, arguments) = self;
        write!(f, "{name}(")?;
        for (index, argument) in arguments.iter().enumerate() {
            write!(f, "{}{argument}", if index == 0 { "" } else { ", " })?;
        }
        f.write_char(')')
    }
}

/// Shows the trigger as it is written in code, in a form that is [read](Trigger#impl-FromStr-for-Trigger)
/// as the same trigger.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use pysched::{Dst, Trigger};
///
/// let nightly = Trigger::cron_in("30 2 * * *", "Europe/Rome")?.dst(Dst::Shift);
/// assert_eq!(nightly.to_string(), r#"cron("30 2 * * *", tz = "Europe/Rome", dst = shift)"#);
///
/// let hourly = Trigger::recur(3600).until(SystemTime::UNIX_EPOCH).jitter(Duration::from_secs(90));
/// assert_eq!(
///     hourly.to_string(),
///     r#"recur("1h").until("1970-01-01T00:00:00Z").jitter("1m 30s")"#,
/// );
/// # Ok::<(), pysched::CronError>(())
/// ```
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Once(delay) => write!(f, "once({})", Quoted(delay)),
            Kind::Recur(interval) => write!(f, "recur({})", Quoted(interval)),
            Kind::RecurAfter(interval) => write!(f, "recur_after({})", Quoted(interval)),
            Kind::At(time) => write!(f, "at({})", Quoted(Stamp(*time))),
            Kind::AtEach(times) => {
                let times: Vec<_> = times.iter().map(|time| Quoted(Stamp(*time))).collect();
                Call("at_each", &times).fmt(f)
            }
            #[cfg(feature = "cron")]
            Kind::Zoned(zoned) => zoned.fmt(f),
            Kind::Any(parts) => Call("any", parts).fmt(f),
            Kind::All(parts) => Call("all", parts).fmt(f),
            Kind::Except(parts) => write!(f, "{}.except({})", parts[0], parts[1]),
        }?;
        let Limits { starting, until, jitter } = self.limits();
        if let Some(starting) = starting {
            write!(f, ".starting({})", Quoted(Stamp(starting)))?;
        }
        if let Some(until) = until {
            write!(f, ".until({})", Quoted(Stamp(until)))?;
        }
        if let Some(max) = jitter {
            write!(f, ".jitter({})", Quoted(Interval::from(max)))?;
        }
        Ok(())
    }
}
