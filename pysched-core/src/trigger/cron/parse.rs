//! The parser of cron expressions: a `const fn`, so that one and the same serves the literals that the
//! compiler checks and the texts met at run time.
//!
//! ```text
//! expression = shorthand | [second] minute hour day-of-month month day-of-week [year]
//! shorthand  = "@yearly" | "@annually" | "@monthly" | "@weekly" | "@daily" | "@midnight" | "@hourly"
//! field      = item { "," item }
//! item       = "*" [ "/" step ] | value [ "-" value ] [ "/" step ]
//!            | "?"                                  (either day field, alone)
//!            | "L" | "L-" n | "LW" | n "W"          (day of the month)
//!            | weekday "L" | weekday "#" n          (day of the week)
//! ```
//!
//! A day-of-week field may begin with `+`. Letters are of any case.

use super::days::{Days, EVERY_DAY, EVERY_WEEKDAY};
use super::fault::{Fault, Wrong};
use super::field::{FIRST_YEAR, Field};
use super::special::Special;
use super::{EVERY_MONTH, Fields};

/// Hands an error on, as `?` cannot in a `const fn` yet.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(fault) => return Err(fault),
        }
    };
}

/// Where a piece of the expression begins, and before which byte it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The values of a field: bit n stands for its n-th value.
#[derive(Clone, Copy)]
struct Values {
    bits: [u64; 4],

    /// Whether it begins with `*` or is `?`: what Vixie cron takes for unrestricted.
    star: bool,

    /// Whether it says how often, rather than when: `*`, `*/15`, `5/15`, or every value.
    repeats: bool,
}

const MOST_FIELDS: usize = 7;

/// Reads an expression.
pub(super) const fn parse(text: &str) -> Result<Fields, Fault> {
    let bytes = text.as_bytes();
    let (spans, fields) = attempt!(split(bytes));
    if bytes[spans[0].start] == b'@' {
        return shorthand(bytes, spans[0], fields);
    }
    if fields < 5 || fields > MOST_FIELDS {
        // Points at the first that is too many, or at the last one, after which some are missing.
        let index = if fields > MOST_FIELDS { MOST_FIELDS } else { fields - 1 };
        return Err(Fault { wrong: Wrong::FieldCount(fields), span: spans[index] });
    }
    read_fields(bytes, &spans, fields)
}

/// Finds the fields; of more than there can be, the first that is too many.
const fn split(bytes: &[u8]) -> Result<([Span; MOST_FIELDS + 1], usize), Fault> {
    let mut spans = [Span { start: 0, end: 0 }; MOST_FIELDS + 1];
    let mut fields = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii_whitespace() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && !bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        if fields <= MOST_FIELDS {
            spans[fields] = Span { start, end: at };
        }
        fields += 1;
    }
    if fields == 0 {
        return Err(Fault { wrong: Wrong::Empty, span: Span { start: 0, end: bytes.len() } });
    }
    Ok((spans, fields))
}

const fn shorthand(bytes: &[u8], span: Span, fields: usize) -> Result<Fields, Fault> {
    const ALL: [(&[u8], &str); 7] = [
        (b"@yearly", "0 0 1 1 *"),
        (b"@annually", "0 0 1 1 *"),
        (b"@monthly", "0 0 1 * *"),
        (b"@weekly", "0 0 * * 0"),
        (b"@daily", "0 0 * * *"),
        (b"@midnight", "0 0 * * *"),
        (b"@hourly", "0 * * * *"),
    ];
    if fields == 1 {
        let mut index = 0;
        while index < ALL.len() {
            let (name, expression) = ALL[index];
            if is(bytes, span, name) {
                return parse(expression);
            }
            index += 1;
        }
    }
    let wrong = if is(bytes, span, b"@every") || is(bytes, span, b"@reboot") {
        Wrong::NotACalendar
    } else {
        Wrong::Shorthand
    };
    Err(Fault { wrong, span })
}

/// Whether a piece is this text, in any case.
pub(super) const fn is(bytes: &[u8], span: Span, text: &[u8]) -> bool {
    if span.end - span.start != text.len() {
        return false;
    }
    let mut index = 0;
    while index < text.len() {
        if !bytes[span.start + index].eq_ignore_ascii_case(&text[index]) {
            return false;
        }
        index += 1;
    }
    true
}

#[expect(clippy::cast_possible_truncation, reason = "values are bits 0 to 59, 23, 31 and 12")]
const fn read_fields(
    bytes: &[u8],
    spans: &[Span; MOST_FIELDS + 1],
    count: usize,
) -> Result<Fields, Fault> {
    let mut special = Special::none();
    // What the second and the year are if they are not written.
    let mut values = [Values { bits: [1, 0, 0, 0], star: true, repeats: false }; MOST_FIELDS];
    let mut both = false;
    let mut index = 0;
    while index < count {
        let field = Field::at(index, count);
        let mut span = spans[index];
        if matches!(field, Field::DayOfWeek) && bytes[span.start] == b'+' {
            both = true;
            span.start += 1;
        }
        attempt!(read_field(bytes, span, field, &mut values[field as usize], &mut special));
        index += 1;
    }
    let [second, minute, hour, of_month, month, of_week, year] = values;
    let days = Days {
        of_month: (of_month.bits[0] << 1) as u32 & EVERY_DAY,
        from_end: special.from_end,
        nearest_weekday: special.nearest_weekday,
        last_weekday: special.last_weekday,
        of_week: of_week.bits[0] as u8 & EVERY_WEEKDAY,
        nth: special.nth,
        last: special.last,
        either: !of_month.star && !of_week.star && !both,
    };
    let months = (month.bits[0] << 1) as u16;
    let any_year = count < MOST_FIELDS || is_every(&year, Field::Year);
    let of_every_week = match days.only_of_week() {
        Some(of_week) if months == EVERY_MONTH && any_year => of_week,
        _ => 0,
    };
    let fields = Fields {
        seconds: second.bits[0],
        minutes: minute.bits[0],
        hours: hour.bits[0] as u32,
        days,
        months,
        years: if any_year { None } else { Some(year.bits) },
        of_every_week,
        repeats: second.repeats || minute.repeats || hour.repeats,
    };
    if !fields.is_possible() {
        // From the day of the month on: together they name no day.
        let first = if count == 5 { 2 } else { 3 };
        let span = Span { start: spans[first].start, end: spans[count - 1].end };
        return Err(Fault { wrong: Wrong::Impossible, span });
    }
    Ok(fields)
}

/// Reads a field into `values`, and what of it is no value into `special`.
const fn read_field(
    bytes: &[u8],
    span: Span,
    field: Field,
    values: &mut Values,
    special: &mut Special,
) -> Result<(), Fault> {
    let is_day = matches!(field, Field::DayOfMonth | Field::DayOfWeek);
    if is(bytes, span, b"*") || is_day && is(bytes, span, b"?") {
        *values = Values { bits: EVERY[field as usize], star: true, repeats: true };
        return Ok(());
    }
    if let Some((value, end)) = read_number(bytes, span, span.start)
        && end == span.end
        && field.low() <= value
        && value <= field.high()
        && !matches!(field, Field::Year)
    {
        // One number, as most fields are: the rest of this function would come to the same.
        *values =
            Values { bits: [1 << (value - field.low()), 0, 0, 0], star: false, repeats: false };
        return Ok(());
    }
    let star = span.start < span.end && bytes[span.start] == b'*';
    *values = Values { bits: [0; 4], star, repeats: false };
    let mut start = span.start;
    loop {
        let mut end = start;
        while end < span.end && bytes[end] != b',' {
            end += 1;
        }
        let item = Span { start, end };
        let is_special = match field {
            Field::DayOfMonth => attempt!(special.read_day_of_month(bytes, item)),
            Field::DayOfWeek => attempt!(special.read_day_of_week(bytes, item)),
            _ => false,
        };
        if !is_special {
            attempt!(read_item(bytes, item, field, values));
        }
        if end == span.end {
            break;
        }
        start = end + 1;
    }
    values.repeats |= is_every(values, field);
    Ok(())
}

/// Whether these are all values of a field, however they were written.
const fn is_every(values: &Values, field: Field) -> bool {
    let (bits, every) = (&values.bits, &EVERY[field as usize]);
    bits[0] == every[0] && bits[1] == every[1] && bits[2] == every[2] && bits[3] == every[3]
}

/// The bits of every value, field by field.
const EVERY: [[u64; 4]; MOST_FIELDS] = {
    let mut every = [[0; 4]; MOST_FIELDS];
    let mut index = 0;
    while index < MOST_FIELDS {
        let field = Field::at(index, MOST_FIELDS);
        let mut value = 0;
        while value <= field.high() - field.low() {
            every[index][(value / u64::BITS) as usize] |= 1 << (value % u64::BITS);
            value += 1;
        }
        index += 1;
    }
    every
};

/// Reads `*`, a value or a range, with its step.
const fn read_item(
    bytes: &[u8],
    item: Span,
    field: Field,
    values: &mut Values,
) -> Result<(), Fault> {
    let not_a_value = Fault { wrong: Wrong::Value(field), span: item };
    let (low, high) = (field.low(), field.high());
    let (mut first, mut last, mut at, mut open);
    if item.start < item.end && bytes[item.start] == b'*' {
        (first, last, at, open) = (low, high, item.start + 1, true);
    } else {
        (first, at) = attempt!(read_value(bytes, item, item.start, field));
        (last, open) = (first, false);
        if at < item.end && bytes[at] == b'-' {
            (last, at) = attempt!(read_value(bytes, item, at + 1, field));
        } else if at < item.end && bytes[at] == b'/' {
            // Sunday as 7 is 0, where the rest of the week follows.
            first = if first > high { low } else { first };
            (last, open) = (high, true);
        }
    }
    let mut step = 1;
    if at < item.end && bytes[at] == b'/' {
        let number = Span { start: at + 1, end: item.end };
        step = match read_number(bytes, number, number.start) {
            Some((step, end)) if end == item.end => step,
            _ => return Err(Fault { wrong: Wrong::Step(field), span: item }),
        };
        if step == 0 || step > field.longest_step() {
            return Err(Fault { wrong: Wrong::Step(field), span: number });
        }
    } else if at < item.end {
        return Err(not_a_value);
    }
    values.repeats |= open;

    let span = high - low + 1;
    if first > last {
        if !field.wraps() {
            return Err(Fault { wrong: Wrong::YearRange, span: item });
        }
        // Sunday as the beginning of a range is 0.
        first -= low;
        last = last - low + span;
        if first == span {
            (first, last) = (0, last - span);
        }
    } else {
        (first, last) = (first - low, last - low);
    }
    // A range goes past the end once at most: no division is needed to find the value's bit.
    if span <= u64::BITS {
        let mut bits = 0;
        while first <= last {
            bits |= 1 << (if first < span { first } else { first - span });
            first += step;
        }
        values.bits[0] |= bits;
    } else {
        while first <= last {
            values.bits[(first / u64::BITS) as usize] |= 1 << (first % u64::BITS);
            first += step;
        }
    }
    Ok(())
}

/// Reads a number or a name at `at`; also gives where it ends.
pub(super) const fn read_value(
    bytes: &[u8],
    item: Span,
    at: usize,
    field: Field,
) -> Result<(u32, usize), Fault> {
    if let Some((value, end)) = read_number(bytes, item, at) {
        if value < field.low() || value > field.highest_written() {
            return Err(Fault { wrong: Wrong::Value(field), span: Span { start: at, end } });
        }
        return Ok((value, end));
    }
    if at + 3 <= item.end
        && let Some(value) = field.named([bytes[at], bytes[at + 1], bytes[at + 2]])
    {
        return Ok((value, at + 3));
    }
    let wrong = if item.start == item.end {
        Wrong::Missing(field)
    } else if is(bytes, item, b"?") {
        Wrong::QuestionMark(field)
    } else {
        Wrong::Value(field)
    };
    Err(Fault { wrong, span: item })
}

/// Reads digits at `at`; also gives where they end. What no field allows stays so, however long.
pub(super) const fn read_number(bytes: &[u8], item: Span, at: usize) -> Option<(u32, usize)> {
    let mut end = at;
    let mut number: u32 = 0;
    while end < item.end && bytes[end].is_ascii_digit() {
        number = number.saturating_mul(10).saturating_add((bytes[end] - b'0') as u32);
        end += 1;
    }
    if end > at { Some((number, end)) } else { None }
}

/// The bit of a year among those that may be written.
pub(super) const fn year_bit(year: i32) -> Option<u32> {
    let first = FIRST_YEAR.cast_signed();
    if year < first || year >= first + 256 { None } else { Some((year - first).cast_unsigned()) }
}
