//! [`Special`]: `L`, `LW`, `15W`, `FRIL` and `MON#2`, as they are read.

use super::fault::{Fault, Wrong};
use super::field::Field;
use super::parse::{Span, is, read_number, read_value};

/// What the day fields have besides values: days that are not the same in every month.
#[derive(Clone, Copy)]
pub(super) struct Special {
    pub(super) from_end: u32,
    pub(super) nearest_weekday: u32,
    pub(super) last_weekday: bool,
    pub(super) nth: [u8; 5],
    pub(super) last: u8,
}

impl Special {
    pub(super) const fn none() -> Self {
        Self { from_end: 0, nearest_weekday: 0, last_weekday: false, nth: [0; 5], last: 0 }
    }

    /// Reads `L`, `L-n`, `LW` or `nW`; says whether it was one of them.
    pub(super) const fn read_day_of_month(
        &mut self,
        bytes: &[u8],
        item: Span,
    ) -> Result<bool, Fault> {
        if item.start == item.end {
            return Ok(false);
        }
        if is(bytes, item, b"LW") {
            self.last_weekday = true;
            return Ok(true);
        }
        if bytes[item.start].eq_ignore_ascii_case(&b'L') {
            let wrong = Fault { wrong: Wrong::Value(Field::DayOfMonth), span: item };
            let mut back = 0;
            if item.end - item.start > 1 {
                if bytes[item.start + 1] != b'-' {
                    return Err(wrong);
                }
                back = match read_number(bytes, item, item.start + 2) {
                    Some((back, end)) if end == item.end && back <= 30 => back,
                    _ => return Err(wrong),
                };
            }
            self.from_end |= 1 << back;
            return Ok(true);
        }
        if let Some((day, end)) = read_number(bytes, item, item.start)
            && end + 1 == item.end
            && bytes[end].eq_ignore_ascii_case(&b'W')
        {
            if day < 1 || day > 31 {
                return Err(Fault { wrong: Wrong::Value(Field::DayOfMonth), span: item });
            }
            self.nearest_weekday |= 1 << day;
            return Ok(true);
        }
        Ok(false)
    }

    /// Reads a day of the week with `L` or `#n`; says whether it was one of them.
    pub(super) const fn read_day_of_week(
        &mut self,
        bytes: &[u8],
        item: Span,
    ) -> Result<bool, Fault> {
        let field = Field::DayOfWeek;
        if is(bytes, item, b"L") {
            return Err(Fault { wrong: Wrong::LoneLast, span: item });
        }
        let Ok((value, at)) = read_value(bytes, item, item.start, field) else { return Ok(false) };
        let weekday = 1 << (value % 7);
        if at + 1 == item.end && bytes[at].eq_ignore_ascii_case(&b'L') {
            self.last |= weekday;
            return Ok(true);
        }
        if at < item.end && bytes[at] == b'#' {
            return match read_number(bytes, item, at + 1) {
                Some((nth @ 1..=5, end)) if end == item.end => {
                    self.nth[nth as usize - 1] |= weekday;
                    Ok(true)
                }
                _ => Err(Fault { wrong: Wrong::Numbered, span: item }),
            };
        }
        Ok(false)
    }
}
