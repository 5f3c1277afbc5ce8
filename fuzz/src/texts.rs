//! Texts that people write: [`interval`], [`identifier`] and [`trigger`].

use std::time::{Duration, Instant, SystemTime};

use pysched::{Error, Interval, TaskId, Trigger};

/// What reading a text should not come near: a search for its runs may take some tens of milliseconds for
/// each of its parts.
const LONG: Duration = Duration::from_secs(5);

/// Reads any text as an interval: what is accepted is read again as it is written, and what is refused is
/// refused with that text. Says whether it is accepted.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn interval(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match text.parse::<Interval>() {
        Ok(interval) => {
            let shown = interval.to_string();
            assert_eq!(shown.parse::<Interval>().ok(), Some(interval), "{text:?} as {shown:?}");
            let spaced = format!(" {text}\t");
            assert_eq!(spaced.parse::<Interval>().ok(), Some(interval), "{spaced:?}");
            true
        }
        Err(error) => {
            assert!(matches!(error, Error::InvalidInterval(_)), "{error:?}");
            assert!(error.to_string().contains(&format!("{text:?}")), "{text:?}: {error}");
            false
        }
    }
}

/// Reads any text as the id of a task. Says whether it is accepted.
///
/// # Panics
///
/// If it is not written as it was read, or refused without being named.
#[must_use]
pub fn identifier(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match text.parse::<TaskId>() {
        Ok(id) => {
            assert_eq!(id.to_string(), text.to_ascii_lowercase());
            true
        }
        Err(error) => {
            assert!(error.to_string().contains(&format!("{text:?}")), "{text:?}: {error}");
            false
        }
    }
}

/// Reads any text as a trigger, with calendars, time zones, dates and all: what is accepted is read again as
/// it is written, by itself and in JSON, has runs, and finds them soon; what is refused is refused at a
/// place that is in the text. Says whether it is accepted.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn trigger(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let began = Instant::now();
    let accepted = match text.parse::<Trigger>() {
        Ok(trigger) => {
            let shown = trigger.to_string();
            let read: Trigger = shown.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert_eq!(read, trigger, "{shown} is read as another trigger");
            let json = serde_json::to_string(&trigger).expect("a text can be written");
            let read: Trigger = serde_json::from_str(&json).expect("what was written can be read");
            assert_eq!(read, trigger, "{json} is read as another trigger");
            assert!(!trigger.describe().is_empty());
            let runs: Vec<_> = trigger.upcoming(SystemTime::UNIX_EPOCH).take(3).collect();
            assert!(runs.is_sorted_by(|a, b| a < b), "{shown}: {runs:?}");
            true
        }
        Err(error) => {
            check(text, &error);
            false
        }
    };
    let took = began.elapsed();
    assert!(took < LONG, "{text:?} took {took:?}");
    accepted
}

/// The error names a place in the text, or what the text says is impossible, which has none.
fn check(text: &str, error: &Error) {
    let message = error.to_string();
    assert!(!message.is_empty());
    let Some((_, rest)) = message.split_once("at column ") else { return };
    let digits = rest.split(|it: char| !it.is_ascii_digit()).next().unwrap_or_default();
    let column: usize = digits.parse().expect("a column is a number");
    // Just after the text, if something is missing at its end.
    assert!((1..=text.chars().count() + 1).contains(&column), "{text:?}: {message}");
}
