//! [`cron_parse`]: reading any text.

use std::time::SystemTime;

use pysched::{CronError, Trigger};

/// Reads any text as a cron expression: what is accepted means the same in any case, with any white
/// space around and as it is written back, and what is refused is refused for something that is in the
/// text. Says whether it is accepted.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn cron_parse(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    match Trigger::cron(text) {
        Ok(trigger) => {
            let shown = trigger.to_string();
            assert!(!trigger.describe().is_empty());
            let read: Trigger = shown.parse().unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert_eq!(read, trigger, "{shown} is read as another trigger");
            let runs = runs(&trigger);
            assert!(!runs.is_empty(), "{shown} never runs");
            for same in [
                text.trim().to_owned(),
                format!("\t{text} "),
                text.to_ascii_lowercase(),
                text.to_ascii_uppercase(),
            ] {
                let again = Trigger::cron(&same);
                let again = again.unwrap_or_else(|error| panic!("{same:?} is refused: {error}"));
                assert_eq!(self::runs(&again), runs, "{same:?} has other runs than {text:?}");
            }
        }
        Err(error) => {
            check(text, &error);
            return false;
        }
    }
    true
}

/// The first runs.
fn runs(trigger: &Trigger) -> Vec<SystemTime> {
    trigger.upcoming(SystemTime::UNIX_EPOCH).take(3).collect()
}

fn check(text: &str, error: &CronError) {
    let column = error.column().expect("the place is in the text");
    let characters = text.chars().count();
    // Just after the text, if something is missing at its end.
    assert!((1..=characters + 1).contains(&column), "column {column} of {text:?}");
    let message = error.to_string();
    let lines: Vec<_> = message.lines().collect();
    let [sentence, shown, carets] = lines[..] else { panic!("not three lines: {message}") };
    assert!(sentence.starts_with("invalid cron expression: "), "{sentence}");
    assert_eq!(shown.chars().count(), characters + 4, "{message}");
    assert_eq!(carets.find('^'), Some(column + 3), "{message}");
}
