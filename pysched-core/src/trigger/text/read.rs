//! [`FromStr`] of [`Trigger`]: a reader that goes through the text once, without going back.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use super::{Stamp, stamp};
use crate::Interval;
use crate::error::Error;
#[cfg(feature = "cron")]
use crate::trigger::Kind;
use crate::trigger::Trigger;
use crate::trigger::validate::{DEEPEST, too_deep};
use crate::trigger::words::listed;

/// Reads a trigger as it is written in code, and as it is [displayed](Trigger#impl-Display-for-Trigger).
///
/// | written | as the method |
/// | --- | --- |
/// | `once("5s")` | [`once`](Trigger::once); the text is that of an [`Interval`] |
/// | `recur("1h 30m")` | [`recur`](Trigger::recur) |
/// | `recur_after("250ms")` | [`recur_after`](Trigger::recur_after) |
/// | `at("2026-03-29T01:30:00Z")` | [`at`](Trigger::at); the time is RFC 3339, or `@` and the seconds from the beginning of 1970 |
/// | `at_each("2026-03-29T01:30:00Z", …)` | [`at_each`](Trigger::at_each) |
/// | `cron("0 9 * * MON-FRI")` | `cron` |
/// | `cron("0 9 * * *", tz = "Europe/Rome", dst = shift)` | `cron_in`, and `dst` with `vixie`, `skip`, `literal` or `shift` |
/// | `calendar("2026-01-05", every = "2 weeks", at = "09:30:00", month_end = skip, tz = "Europe/Rome", dst = literal)` | `calendar`, with whatever of it is not a default |
/// | `any(…, …)`, `all(…, …)` | [`any`](Trigger::any) and [`all`](Trigger::all) |
/// | `.except(…)` | [`except`](Trigger::except) |
/// | `.starting("2026-03-29T01:30:00Z")` | [`starting`](Trigger::starting) |
/// | `.until("2026-03-29T01:30:00Z")` | [`until`](Trigger::until) |
/// | `.jitter("30s")` | [`jitter`](Trigger::jitter) |
///
/// White space is free. In the quotes, `\"` and `\\` stand for `"` and `\`.
///
/// What is read has been checked as if a task were added with it. Otherwise the error says at which
/// column, in characters from 1, what was found and what was expected.
///
/// ```
/// use pysched::Trigger;
///
/// let text = r#"
///     any(
///         cron("0 9 * * MON-FRI", tz = "Europe/Rome"),
///         recur("1h").starting("2026-01-01T00:00:00+01:00"),
///     ).except(cron("* * 25,26 12 *", tz = "Europe/Rome"))
/// "#;
/// let trigger: Trigger = text.parse()?;
///
/// let error = r#"recur("1h").untill("2030-01-01T00:00:00Z")"#.parse::<Trigger>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "invalid trigger: at column 13, found `untill`: expected `except`, `starting`, `until` or \
///      `jitter`",
/// );
/// # Ok::<(), pysched::Error>(())
/// ```
impl FromStr for Trigger {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut reader = Reader { text, at: 0 };
        let (trigger, _) = reader.trigger(DEEPEST)?;
        reader.skip_space();
        if reader.at < text.len() {
            return Err(reader.unexpected("`.`, or the end"));
        }
        trigger.validated()
    }
}

const KINDS: [&str; 9] =
    ["once", "recur", "recur_after", "at", "at_each", "cron", "calendar", "any", "all"];
const SUFFIXES: [&str; 4] = ["except", "starting", "until", "jitter"];

pub(super) struct Reader<'a> {
    text: &'a str,

    /// Before which byte it is: the first of a character.
    at: usize,
}

/// A text in quotes.
pub(super) struct Quote {
    /// Without its quotes and escapes.
    pub(super) text: String,

    /// Its first byte, the quote.
    at: usize,
}

/// The named arguments of a call.
#[cfg(feature = "cron")]
pub(super) struct Options {
    names: &'static [&'static str],
    seen: Vec<&'static str>,
}

#[cfg(feature = "cron")]
impl Options {
    pub(super) fn new(names: &'static [&'static str]) -> Self {
        Self { names, seen: Vec::new() }
    }
}

/// The grammar.
impl Reader<'_> {
    /// Reads a trigger of at most `room` levels; also says of how many.
    fn trigger(&mut self, room: usize) -> Result<(Trigger, usize), Error> {
        let (mut trigger, mut levels) = self.kind(room)?;
        while self.takes('.') {
            let start = self.at;
            let suffix = self.choose(&SUFFIXES)?;
            self.expect('(')?;
            trigger = match suffix {
                "except" if levels >= room => return Err(self.too_deep(start)),
                "except" => {
                    let (excluded, others) = self.trigger(room - 1)?;
                    levels = 1 + levels.max(others);
                    trigger.except(excluded)
                }
                "starting" => trigger.starting(self.time()?),
                "until" => trigger.until(self.time()?),
                _ => trigger.jitter(self.jitter()?),
            };
            self.close()?;
        }
        Ok((trigger, levels))
    }

    /// Reads a trigger up to its first suffix.
    fn kind(&mut self, room: usize) -> Result<(Trigger, usize), Error> {
        self.skip_space();
        let start = self.at;
        if room == 0 {
            return Err(self.too_deep(start));
        }
        let kind = self.choose(&KINDS)?;
        self.expect('(')?;
        let mut levels = 1;
        let trigger = match kind {
            "once" => Trigger::once(self.interval(Interval::duration)?),
            "recur" => Trigger::recur(self.interval(Interval::positive)?),
            "recur_after" => Trigger::recur_after(self.interval(Interval::positive)?),
            "at" => Trigger::at(self.time()?),
            "at_each" => {
                let mut times = vec![self.time()?];
                while self.continues() {
                    times.push(self.time()?);
                }
                Trigger::at_each(times)
            }
            "any" | "all" => {
                let (parts, deepest) = self.parts(room - 1)?;
                levels += deepest;
                if kind == "any" { Trigger::any(parts) } else { Trigger::all(parts) }
            }
            #[cfg(feature = "cron")]
            "cron" => Trigger::of(Kind::Zoned(self.cron()?)),
            #[cfg(feature = "cron")]
            _ => Trigger::of(Kind::Zoned(self.calendar()?)),
            #[cfg(not(feature = "cron"))]
            _ => {
                let missing = format!("`{kind}` needs the feature `cron`, which is switched off");
                return Err(self.error(start, missing));
            }
        };
        self.close()?;
        Ok((trigger, levels))
    }

    /// Reads the parts of a combination; also says how many levels the deepest has.
    fn parts(&mut self, room: usize) -> Result<(Vec<Trigger>, usize), Error> {
        let (first, mut deepest) = self.trigger(room)?;
        let mut parts = vec![first];
        while self.continues() {
            let (part, levels) = self.trigger(room)?;
            deepest = deepest.max(levels);
            parts.push(part);
        }
        Ok((parts, deepest))
    }

    fn interval(
        &mut self,
        check: fn(Interval) -> Result<Duration, Error>,
    ) -> Result<Interval, Error> {
        let quote = self.string("an interval such as `\"1h 30m\"`")?;
        let interval = quote.text.parse::<Interval>();
        let checked = interval.and_then(|interval| check(interval).map(|_| interval));
        checked.map_err(|why| self.wrong(&quote, why))
    }

    /// Reads an interval, which may be longer than can be waited for.
    fn jitter(&mut self) -> Result<Duration, Error> {
        let quote = self.string("an interval such as `\"30s\"`")?;
        let long = quote.text.strip_suffix('s').and_then(stamp::seconds);
        let interval = || quote.text.parse::<Interval>()?.duration();
        long.map_or_else(interval, Ok).map_err(|why| self.wrong(&quote, why))
    }

    fn time(&mut self) -> Result<SystemTime, Error> {
        let quote = self.string("a time such as `\"2026-03-29T01:30:00Z\"`")?;
        Stamp::read(&quote.text).map_err(|expected| self.not(&quote, &expected))
    }
}

/// Words and signs.
impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Goes past a sign, if it comes next.
    fn takes(&mut self, sign: char) -> bool {
        self.skip_space();
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len_utf8() } else { 0 };
        is_there
    }

    fn expect(&mut self, sign: char) -> Result<(), Error> {
        if self.takes(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    /// Goes past the comma before a further argument.
    fn continues(&mut self) -> bool {
        let start = self.at;
        let continues = self.takes(',') && !self.takes(')');
        if !continues {
            self.at = start;
        }
        continues
    }

    /// Goes past the end of the arguments, and a comma before it.
    fn close(&mut self) -> Result<(), Error> {
        let expected = if self.takes(',') { "`)`" } else { "`,` or `)`" };
        if self.takes(')') { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The letters that come next, perhaps none.
    fn word(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(rest.len());
        &rest[..end]
    }

    /// Reads one of some words.
    pub(super) fn choose(&mut self, words: &[&'static str]) -> Result<&'static str, Error> {
        self.skip_space();
        let word = self.word();
        let Some(chosen) = words.iter().copied().find(|it| *it == word) else {
            let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            return Err(self.unexpected(&listed(&quoted, "or")));
        };
        self.at += word.len();
        Ok(chosen)
    }

    /// Reads the name of a further argument and its equals sign; of each only one.
    #[cfg(feature = "cron")]
    pub(super) fn option(
        &mut self,
        Options { names, seen }: &mut Options,
    ) -> Result<Option<&'static str>, Error> {
        if !self.continues() {
            return Ok(None);
        }
        self.skip_space();
        let start = self.at;
        let name = self.choose(names)?;
        if seen.contains(&name) {
            return Err(self.error(start, format!("`{name}` is given twice; leave out one")));
        }
        seen.push(name);
        self.expect('=')?;
        Ok(Some(name))
    }

    /// Reads a text in quotes, which is to be what is said.
    pub(super) fn string(&mut self, expected: &str) -> Result<Quote, Error> {
        self.skip_space();
        let at = self.at;
        if !self.takes('"') {
            return Err(self.unexpected(expected));
        }
        let mut text = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.at += index + 1;
                    return Ok(Quote { text, at });
                }
                '\\' => {
                    let Some((_, escaped @ ('"' | '\\'))) = characters.next() else {
                        self.at += index;
                        return Err(self.unexpected("`\\\"` or `\\\\`"));
                    };
                    text.push(escaped);
                }
                other => text.push(other),
            }
        }
        Err(self.error(at, "the text that begins here does not end: expected another `\"`"))
    }
}

/// What is wrong, and where.
impl Reader<'_> {
    fn column(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    pub(super) fn error(&self, at: usize, problem: impl fmt::Display) -> Error {
        Error::InvalidTrigger(format!("at column {}: {problem}", self.column(at)))
    }

    /// What comes next is not what was expected.
    fn unexpected(&self, expected: &str) -> Error {
        let word = self.word();
        let found = match self.rest().chars().next() {
            None => "the end".to_owned(),
            Some(sign) if word.is_empty() => format!("`{sign}`"),
            Some(_) => format!("`{}`", shortened(word)),
        };
        let column = self.column(self.at);
        Error::InvalidTrigger(format!("at column {column}, found {found}: expected {expected}"))
    }

    /// A text is not what is expected in these words.
    pub(super) fn not(&self, quote: &Quote, expected: &str) -> Error {
        let column = self.column(quote.at);
        let found = shortened(&quote.text);
        Error::InvalidTrigger(format!("at column {column}, found `{found}`: {expected}"))
    }

    /// A text cannot be, for a reason that names it.
    pub(super) fn wrong(&self, quote: &Quote, why: impl Into<Error>) -> Error {
        let column = self.column(quote.at);
        match why.into() {
            Error::UnknownTimeZone(what) => {
                Error::UnknownTimeZone(format!("at column {column}: {what}"))
            }
            Error::InvalidInterval(what) | Error::InvalidTrigger(what) => {
                self.error(quote.at, what)
            }
            other => other,
        }
    }

    fn too_deep(&self, at: usize) -> Error {
        self.error(at, too_deep())
    }
}

/// How many characters of what was found are shown.
const MOST_FOUND: usize = 40;

fn shortened(found: &str) -> String {
    match found.char_indices().nth(MOST_FOUND) {
        Some((end, _)) => format!("{}…", &found[..end]),
        None => found.to_owned(),
    }
}
