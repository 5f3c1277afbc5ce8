//! [`Interval`]: a number of seconds or a text with units.

use std::fmt;
use std::time::Duration;

use syn::{Error, Expr, ExprLit, Lit, LitFloat, LitInt, LitStr, Result, UnOp};

use crate::shown::shown;

/// The longest interval that a clock can wait for: `i64::MAX` nanoseconds, 292 years.
const LONGEST: Duration = Duration::from_nanos(i64::MAX.unsigned_abs());

/// An interval, as far as the attribute can read it.
pub(crate) enum Interval {
    /// A number of seconds, checked, and as it was written.
    Seconds(Duration, Lit),

    /// A text such as `"1h 30m"`, which the core reads while the user's crate is compiled.
    Text(LitStr),
}

impl Interval {
    /// Reads an interval. One that the attribute cannot take is set with `setter`.
    pub(super) fn read(argument: Expr, setter: &str) -> Result<Self> {
        let lit = match argument {
            Expr::Unary(negated)
                if matches!(negated.op, UnOp::Neg(_)) && super::is_number(&negated.expr) =>
            {
                let message = format!(
                    "`{}` is negative: expected a number of seconds without a sign",
                    shown(&negated),
                );
                return Err(Error::new_spanned(negated, message));
            }
            Expr::Lit(ExprLit { lit, .. }) => lit,
            other => return Err(expected(&other, setter)),
        };
        let seconds = match &lit {
            Lit::Str(text) => return Ok(Self::Text(text.clone())),
            Lit::Int(number) => whole(number)?,
            Lit::Float(number) => fractional(number)?,
            other => return Err(expected(other, setter)),
        };
        let seconds = seconds.filter(|seconds| *seconds <= LONGEST).ok_or_else(|| {
            let message =
                format!("`{}` is too long: expected at most 292 years, in seconds", shown(&lit));
            Error::new_spanned(&lit, message)
        })?;
        Ok(Self::Seconds(seconds, lit))
    }

    /// Refuses the number 0, with a message about how it was written; of a text, the core finds it out.
    pub(super) fn refuse_zero(&self, message: impl FnOnce(&str) -> String) -> Result<()> {
        match self {
            Self::Seconds(seconds, lit) if seconds.is_zero() => {
                Err(Error::new_spanned(lit, message(&shown(lit))))
            }
            _ => Ok(()),
        }
    }
}

/// As it was written.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(_, lit) => f.write_str(&shown(lit)),
            Self::Text(text) => f.write_str(&shown(text)),
        }
    }
}

fn expected(found: &impl quote::ToTokens, setter: &str) -> Error {
    let message = format!(
        "expected an interval: a number of seconds, such as `3` or `0.25`, or a text with units, \
         such as `\"1h 30m\"`; set a computed one with `{setter}`"
    );
    Error::new_spanned(found, message)
}

/// `None` is more than can be counted.
fn whole(number: &LitInt) -> Result<Option<Duration>> {
    let numeric = ["", "i32", "u32", "i64", "u64", "usize", "f64"];
    refuse_unit(number, number.suffix(), number.base10_digits(), &numeric)?;
    Ok(number.base10_digits().parse().ok().map(Duration::from_secs))
}

/// `None` is more than can be counted.
fn fractional(number: &LitFloat) -> Result<Option<Duration>> {
    refuse_unit(number, number.suffix(), number.base10_digits(), &["", "f64"])?;
    let seconds = number.base10_digits().parse().ok();
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// Refuses `5s`, which is a number with an unknown suffix.
fn refuse_unit(
    number: &impl quote::ToTokens,
    suffix: &str,
    digits: &str,
    numeric: &[&str],
) -> Result<()> {
    if numeric.contains(&suffix) {
        return Ok(());
    }
    let message = format!(
        "a number is in seconds and has no unit; an interval with a unit is a text: \
         `\"{digits}{suffix}\"`"
    );
    Err(Error::new_spanned(number, message))
}
