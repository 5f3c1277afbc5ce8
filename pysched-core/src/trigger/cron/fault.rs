//! [`CronError`]: what is wrong with a cron expression, where, and what is allowed there.
//!
//! The sentence is put together by a `const fn`, so that the compiler shows the same one at a literal
//! as the program does at run time.

use std::fmt;

use super::field::Field;
use super::parse::Span;
use crate::error::Error;

/// What is wrong with an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) wrong: Wrong,

    /// The offending piece.
    pub(super) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// There is nothing.
    Empty,

    /// There are so many fields.
    FieldCount(usize),

    /// What begins with `@`, and is not known.
    Shorthand,

    /// `@every` and `@reboot`, which other schedulers know.
    NotACalendar,

    /// Nothing where a value should be.
    Missing(Field),

    /// What is no value of the field.
    Value(Field),

    /// A step that is no number, 0, or longer than the field.
    Step(Field),

    /// A `?` outside of the day fields, or beside other values.
    QuestionMark(Field),

    /// `L` alone as the day of the week.
    LoneLast,

    /// A day of the week with a `#` and no number from 1 to 5.
    Numbered,

    /// A range of years that goes backwards.
    YearRange,

    /// No day is like that.
    Impossible,
}

/// Why a text is not a cron expression, or a time zone is not known.
///
/// Displayed as one sentence, which names the field, the column, what was found and what is allowed,
/// and the expression with carets below what is wrong:
///
/// ```
/// use pysched::Trigger;
///
/// let error = Trigger::cron("0 25 * * *").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "invalid cron expression: in the hour, at column 3, found `25`: expected 0 to 23\n\
///      \x20   0 25 * * *\n\
///      \x20     ^^",
/// );
/// assert_eq!((error.field(), error.column()), (Some("hour"), Some(3)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronError(Reason);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    Expression { text: Box<str>, fault: Fault },
    Zone(crate::trigger::zone::UnknownZone),
}

impl CronError {
    pub(super) fn new(text: &str, fault: Fault) -> Self {
        Self(Reason::Expression { text: text.into(), fault })
    }

    /// The name of the field that is wrong, such as "day of the month"; `None` if it is the
    /// expression as a whole or the time zone.
    ///
    /// ```
    /// # use pysched::Trigger;
    /// assert_eq!(Trigger::cron("61 * * * *").unwrap_err().field(), Some("minute"));
    /// assert_eq!(Trigger::cron("").unwrap_err().field(), None);
    /// ```
    #[must_use]
    pub fn field(&self) -> Option<&'static str> {
        match &self.0 {
            Reason::Expression { fault, .. } => fault.wrong.field().map(Field::name),
            Reason::Zone(_) => None,
        }
    }

    /// Where in the expression it is wrong, in characters from 1; `None` if it is the time zone.
    ///
    /// ```
    /// # use pysched::Trigger;
    /// assert_eq!(Trigger::cron("0 9 * * MON-FRY").unwrap_err().column(), Some(9));
    /// ```
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        match &self.0 {
            Reason::Expression { text, fault } => Some(column(text.as_bytes(), fault.span.start)),
            Reason::Zone(_) => None,
        }
    }
}

impl From<crate::trigger::zone::UnknownZone> for CronError {
    fn from(unknown: crate::trigger::zone::UnknownZone) -> Self {
        Self(Reason::Zone(unknown))
    }
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Reason::Zone(unknown) => unknown.fmt(f),
            Reason::Expression { text, fault } => {
                f.write_str(Message::of(text, *fault).as_str())?;
                let before = column(text.as_bytes(), fault.span.start) - 1;
                let end = column(text.as_bytes(), fault.span.end) - 1;
                let carets = "^".repeat((end - before).max(1));
                // As one line, whatever white space there is.
                let line: String =
                    text.chars().map(|it| if it.is_whitespace() { ' ' } else { it }).collect();
                write!(f, "\n    {line}\n    {:before$}{carets}", "")
            }
        }
    }
}

impl std::error::Error for CronError {}

/// So that `?` hands it on where an [`Error`] is returned.
///
/// ```
/// use pysched::{Error, Trigger};
///
/// let opening = |text: &str| Ok::<_, Error>(Trigger::cron(text)?);
/// assert!(matches!(opening("0 25 * * *"), Err(Error::InvalidTrigger(_))));
/// ```
impl From<CronError> for Error {
    fn from(error: CronError) -> Self {
        match error.0 {
            Reason::Zone(unknown) => unknown.into(),
            Reason::Expression { .. } => Self::InvalidTrigger(error.to_string()),
        }
    }
}

impl Wrong {
    const fn field(self) -> Option<Field> {
        match self {
            Self::Missing(field)
            | Self::Value(field)
            | Self::Step(field)
            | Self::QuestionMark(field) => Some(field),
            Self::LoneLast | Self::Numbered => Some(Field::DayOfWeek),
            Self::YearRange => Some(Field::Year),
            Self::Impossible => Some(Field::DayOfMonth),
            Self::Empty | Self::FieldCount(_) | Self::Shorthand | Self::NotACalendar => None,
        }
    }
}

/// Which character of a text begins at a byte, from 1.
const fn column(bytes: &[u8], at: usize) -> usize {
    let mut column = 1;
    let mut index = 0;
    while index < at && index < bytes.len() {
        // Not a byte that continues a character.
        if bytes[index] & 0b1100_0000 != 0b1000_0000 {
            column += 1;
        }
        index += 1;
    }
    column
}

/// A sentence that a `const fn` can put together.
pub(super) struct Message {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl Message {
    /// Longer than every sentence, as what was found is cut off at [`Self::MOST_FOUND`].
    const CAPACITY: usize = 512;

    /// How many bytes of what was found are shown.
    const MOST_FOUND: usize = 40;

    /// The sentence about a fault.
    pub(super) const fn of(text: &str, fault: Fault) -> Self {
        let mut message = Self { bytes: [0; Self::CAPACITY], length: 0 };
        message.push("invalid cron expression: ");
        if let Some(field) = fault.wrong.field() {
            message.push("in the ");
            message.push(field.name());
            message.push(", ");
        }
        if !matches!(fault.wrong, Wrong::Empty) {
            message.push("at column ");
            message.push_number(column(text.as_bytes(), fault.span.start));
            message.push(", ");
        }
        message.push_reason(text.as_bytes(), fault);
        message
    }

    const fn push_reason(&mut self, bytes: &[u8], Fault { wrong, span }: Fault) {
        match wrong {
            Wrong::Empty => {
                self.push("there is none: expected 5 to 7 fields, as in `0 9 * * MON-FRI`");
            }
            Wrong::FieldCount(fields) => {
                self.push("found ");
                self.push_number(fields);
                self.push(if fields == 1 { " field" } else { " fields" });
                self.push(
                    ": expected 5 (minute, hour, day of the month, month, day of the week), 6 (a \
                     second first) or 7 (also a year last)",
                );
            }
            Wrong::Missing(field) => {
                self.push("a value is missing: expected ");
                self.push(field.allowed());
            }
            _ => {
                self.push("found `");
                self.push_found(bytes, span);
                self.push("`: ");
            }
        }
        match wrong {
            Wrong::Empty | Wrong::FieldCount(_) | Wrong::Missing(_) => {}
            Wrong::Shorthand => self.push(
                "expected @yearly, @annually, @monthly, @weekly, @daily, @midnight or @hourly, \
                 and nothing else",
            ),
            Wrong::NotACalendar => self.push(
                "this is no calendar; use Trigger::recur for every so often, and Trigger::once \
                 for once after the start",
            ),
            Wrong::Value(field) => {
                self.push("expected ");
                self.push(field.allowed());
            }
            Wrong::Step(field) => {
                self.push("expected a step from 1 to ");
                self.push_number(field.longest_step() as usize);
                self.push(", as in `*/2`");
            }
            Wrong::QuestionMark(field) => self.push(match field {
                Field::DayOfMonth | Field::DayOfWeek => "`?` stands alone; leave out the rest",
                _ => "`?` is for the day of the month or of the week; write `*`",
            }),
            Wrong::LoneLast => self.push(
                "which day this is differs from cron to cron; write SAT for every Saturday, or \
                 FRIL for the last Friday of the month",
            ),
            Wrong::Numbered => self.push("expected a number from 1 to 5, as in `MON#2`"),
            Wrong::YearRange => self.push("a range of years begins with the earlier one"),
            Wrong::Impossible => {
                self.push("no such day ever comes: expected days that these months and years have");
            }
        }
    }

    pub(super) const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            // Only whole characters are pushed.
            Err(_) => "invalid cron expression",
        }
    }

    const fn push(&mut self, text: &str) {
        self.push_bytes(text.as_bytes(), 0, text.len());
    }

    const fn push_bytes(&mut self, bytes: &[u8], from: usize, to: usize) {
        let mut at = from;
        while at < to && self.length < Self::CAPACITY {
            self.bytes[self.length] = bytes[at];
            self.length += 1;
            at += 1;
        }
    }

    /// What was found, on one line, and cut off between two characters if it is long.
    const fn push_found(&mut self, bytes: &[u8], span: Span) {
        let mut end = span.end;
        if end - span.start > Self::MOST_FOUND {
            end = span.start + Self::MOST_FOUND;
            while bytes[end] & 0b1100_0000 == 0b1000_0000 {
                end -= 1;
            }
        }
        let mut at = self.length;
        self.push_bytes(bytes, span.start, end);
        while at < self.length {
            // Fields may be apart by a line break, and what was found be several fields.
            if self.bytes[at].is_ascii_control() {
                self.bytes[at] = b' ';
            }
            at += 1;
        }
        if end < span.end {
            self.push("…");
        }
    }

    const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        self.push_bytes(b"0123456789", number % 10, number % 10 + 1);
    }
}
