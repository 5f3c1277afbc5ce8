//! [`Interval`]: a span of time as people write it.

mod parse;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use self::parse::{MAX_NANOS, ParseError, ParseErrorKind, Unit};
use crate::error::Error;

/// A span of time: how long until a task runs, or from one run to the next.
///
/// Whatever takes an interval takes `impl Into<Interval>`, so it is rarely written out: a number
/// is in seconds, and a [`Duration`] is itself.
///
/// ```
/// use std::time::Duration;
/// use pysched::Interval;
///
/// assert_eq!(Interval::from(90), Interval::from(Duration::from_secs(90)));
/// assert_eq!(Interval::from(0.1), Interval::from(Duration::from_millis(100)));
/// ```
///
/// # As text
///
/// An interval is read from numbers with units, and shown in the same way:
///
/// ```
/// use pysched::Interval;
///
/// let interval: Interval = "1h 30m".parse()?;
/// assert_eq!(interval, Interval::from(5400));
/// assert_eq!("1.5 hours".parse::<Interval>()?, interval);
/// assert_eq!(Interval::from(0.25).to_string(), "250ms");
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// | unit | names |
/// | --- | --- |
/// | nanosecond | `ns`, `nanosecond(s)` |
/// | microsecond | `us`, `µs`, `microsecond(s)` |
/// | millisecond | `ms`, `millisecond(s)` |
/// | second | `s`, `sec(s)`, `second(s)` |
/// | minute | `m`, `min(s)`, `minute(s)` |
/// | hour | `h`, `hr(s)`, `hour(s)` |
/// | day, of 24 hours | `d`, `day(s)` |
/// | week, of 7 days | `w`, `week(s)` |
///
/// Units come in any order, each at most once; white space is free; any number may have decimals.
/// A number without a unit is refused, and so are months and years, which have no fixed length.
///
/// # Values that cannot be waited for
///
/// A conversion cannot fail, so an interval also carries what nobody can wait for: negative
/// numbers, NaN, infinities, and spans longer than [`Interval::MAX`]. They are refused when a task
/// with such an interval is added, by [`Error::InvalidInterval`], which names the value as it was
/// given. A recurring trigger also refuses zero.
///
/// ```
/// use std::time::Duration;
/// use pysched::Interval;
///
/// let error = Duration::try_from(Interval::from(-3)).unwrap_err();
/// assert!(error.to_string().contains("-3s is negative"));
/// ```
///
/// Numbers with a fraction are rounded to the nearest nanosecond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval(Given);

/// What an interval was made of.
#[derive(Debug, Clone, Copy)]
enum Given {
    /// A span, perhaps longer than [`Interval::MAX`].
    Span(Duration),

    /// Seconds above zero that are too few to make a nanosecond: a zero that nobody wrote.
    Sliver(f64),

    /// Whole seconds below zero.
    Negative(i64),

    /// Seconds that no [`Duration`] can hold: negative, NaN, infinite, or far too many.
    Unrepresentable(f64),
}

/// A sliver equals the zero that it is rounded to, and as which it is displayed.
impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Negative(one), Self::Negative(other)) => one == other,
            (Self::Unrepresentable(one), Self::Unrepresentable(other)) => one == other,
            (one, other) => match (one.span(), other.span()) {
                (Some(one), Some(other)) => one == other,
                _ => false,
            },
        }
    }
}

impl Given {
    const fn span(self) -> Option<Duration> {
        match self {
            Self::Span(span) => Some(span),
            Self::Sliver(_) => Some(Duration::ZERO),
            Self::Negative(_) | Self::Unrepresentable(_) => None,
        }
    }
}

impl Interval {
    /// The longest interval that can be waited for: `i64::MAX` nanoseconds, about 292 years.
    ///
    /// Moments are counted in unsigned nanoseconds, so this much fits twice: a clock that has run
    /// for 292 years can still wait for another 292.
    ///
    /// ```
    /// use pysched::Interval;
    ///
    /// assert_eq!(Interval::MAX.to_string(), "106751d 23h 47m 16s 854ms 775us 807ns");
    /// ```
    pub const MAX: Self = Self(Given::Span(Duration::from_nanos(MAX_NANOS)));

    /// Reads a literal at compile time; what is not an interval is a compile error.
    ///
    /// # Panics
    ///
    /// If `text` is not an interval: at compile time where the result is a constant.
    #[track_caller]
    pub(crate) const fn literal(text: &'static str) -> Self {
        match parse::parse(text) {
            Ok(nanos) => Self(Given::Span(Duration::from_nanos(nanos))),
            Err(error) => panic!("{}", error.kind.message()),
        }
    }

    /// Whether it is a span of nothing, which a series cannot step by.
    pub(crate) const fn is_zero(self) -> bool {
        match self.0 {
            Given::Span(span) => span.is_zero(),
            Given::Sliver(_) => true,
            Given::Negative(_) | Given::Unrepresentable(_) => false,
        }
    }

    /// The span, if it is one at all.
    pub(crate) const fn span(self) -> Option<Duration> {
        self.0.span()
    }

    /// The nanoseconds of a span, if it was given as one that can be waited for.
    pub(crate) fn nanos(self) -> Option<u64> {
        let Given::Span(span) = self.0 else { return None };
        let nanos = span.as_secs().checked_mul(1_000_000_000)?;
        let nanos = nanos.checked_add(u64::from(span.subsec_nanos()))?;
        (nanos <= MAX_NANOS).then_some(nanos)
    }

    /// The span, from zero to [`Interval::MAX`].
    pub(crate) fn duration(self) -> Result<Duration, Error> {
        match self.0 {
            Given::Span(span) if span.as_nanos() <= u128::from(MAX_NANOS) => Ok(span),
            Given::Sliver(_) => Ok(Duration::ZERO),
            Given::Negative(_) => Err(self.refused("is negative")),
            Given::Unrepresentable(seconds) if seconds.is_nan() => {
                Err(self.refused("is not a number"))
            }
            Given::Unrepresentable(seconds) if seconds < 0.0 => Err(self.refused("is negative")),
            Given::Span(_) | Given::Unrepresentable(_) => Err(self.refused("is too long")),
        }
    }

    /// The span, which has to be longer than zero: the only one a series can step by.
    pub(crate) fn positive(self) -> Result<Duration, Error> {
        let span = self.duration()?;
        if !span.is_zero() {
            return Ok(span);
        }
        Err(Error::InvalidInterval(match self.0 {
            Given::Sliver(seconds) => format!(
                "{seconds:?}s rounds to 0 nanoseconds, and a task cannot recur every 0s; give at \
                 least 1ns"
            ),
            _ => "a task cannot recur every 0s: expected more than zero; use Trigger::once to run \
                  it a single time"
                .to_owned(),
        }))
    }

    fn refused(self, problem: &str) -> Error {
        Error::InvalidInterval(format!(
            "{self} {problem}: expected between 0s and 292 years; give a number of seconds or a \
             Duration in that range"
        ))
    }
}

/// Whole seconds.
impl From<i32> for Interval {
    fn from(seconds: i32) -> Self {
        Self::from(i64::from(seconds))
    }
}

/// Whole seconds.
impl From<u32> for Interval {
    fn from(seconds: u32) -> Self {
        Self::from(u64::from(seconds))
    }
}

/// Whole seconds.
impl From<i64> for Interval {
    fn from(seconds: i64) -> Self {
        u64::try_from(seconds).map_or(Self(Given::Negative(seconds)), Self::from)
    }
}

/// Whole seconds.
impl From<u64> for Interval {
    fn from(seconds: u64) -> Self {
        Self::from(Duration::from_secs(seconds))
    }
}

/// Whole seconds.
impl From<usize> for Interval {
    fn from(seconds: usize) -> Self {
        Self::from(u64::try_from(seconds).unwrap_or(u64::MAX))
    }
}

/// Seconds, rounded to the nearest nanosecond.
impl From<f64> for Interval {
    fn from(seconds: f64) -> Self {
        Self(match Duration::try_from_secs_f64(seconds) {
            Ok(Duration::ZERO) if seconds > 0.0 => Given::Sliver(seconds),
            Ok(span) => Given::Span(span),
            Err(_) => Given::Unrepresentable(seconds),
        })
    }
}

impl From<Duration> for Interval {
    fn from(span: Duration) -> Self {
        Self(Given::Span(span))
    }
}

/// Fails with [`Error::InvalidInterval`] where the interval is not between zero and
/// [`Interval::MAX`].
impl TryFrom<Interval> for Duration {
    type Error = Error;

    fn try_from(interval: Interval) -> Result<Self, Error> {
        interval.duration()
    }
}

/// Fails with [`Error::InvalidInterval`], which quotes the piece that is at fault.
///
/// ```
/// use pysched::Interval;
///
/// let error = "1h 30x".parse::<Interval>().unwrap_err().to_string();
/// assert!(error.starts_with(r#"invalid interval: "x" in "1h 30x": unknown unit of time"#));
/// ```
impl FromStr for Interval {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match parse::parse(text) {
            Ok(nanos) => Ok(Self::from(Duration::from_nanos(nanos))),
            Err(error) => Err(Error::InvalidInterval(describe(text, error))),
        }
    }
}

/// The error with the piece that it blames, and the text around it.
fn describe(text: &str, error: ParseError) -> String {
    let message = error.kind.message();
    let piece = &text[error.start..error.end];
    if error.kind == ParseErrorKind::NoUnit {
        format!("{piece:?} in {text:?}: {message}; for seconds add an s: {piece}s")
    } else if piece == text {
        format!("{text:?}: {message}")
    } else {
        format!("{piece:?} in {text:?}: {message}")
    }
}

/// Shows days, hours and so on down to nanoseconds, without those that are zero. What can be
/// waited for is read back as the same span; what cannot is shown as it was given, as in `-3s`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Given::Span(Duration::ZERO) | Given::Sliver(_) => f.write_str("0s"),
            // Too long to be waited for: in seconds, as it was most likely given.
            Given::Span(span) if span.as_nanos() > u128::from(MAX_NANOS) => write!(f, "{span:?}"),
            Given::Span(span) => write_parts(span, f),
            Given::Negative(seconds) => write!(f, "{seconds}s"),
            // The `Debug` of a float is its shortest form, `1e300` and not 301 digits.
            Given::Unrepresentable(seconds) if seconds.is_finite() => write!(f, "{seconds:?}s"),
            Given::Unrepresentable(seconds) => write!(f, "{seconds:?} s"),
        }
    }
}

/// Writes a span that is not zero. Weeks are left out: `90d` says more than `12w 6d`.
fn write_parts(span: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let units = [
        (Unit::Day, "d"),
        (Unit::Hour, "h"),
        (Unit::Minute, "m"),
        (Unit::Second, "s"),
        (Unit::Millisecond, "ms"),
        (Unit::Microsecond, "us"),
        (Unit::Nanosecond, "ns"),
    ];
    let mut rest = span.as_nanos();
    let mut space = "";
    for (unit, name) in units {
        let nanos = u128::from(unit.nanos());
        if rest >= nanos {
            write!(f, "{space}{}{name}", rest / nanos)?;
            rest %= nanos;
            space = " ";
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(interval: impl Into<Interval>) -> String {
        interval.into().to_string()
    }

    fn refusal(outcome: Result<Duration, Error>) -> String {
        match outcome {
            Err(Error::InvalidInterval(what)) => what,
            other => panic!("expected InvalidInterval, got {other:?}"),
        }
    }

    #[test]
    fn numbers_are_seconds() {
        let three = Interval::from(Duration::from_secs(3));
        assert_eq!(Interval::from(3), three);
        assert_eq!(Interval::from(3_u32), three);
        assert_eq!(Interval::from(3_i64), three);
        assert_eq!(Interval::from(3_u64), three);
        assert_eq!(Interval::from(3_usize), three);
        assert_eq!(Interval::from(3.0), three);
        assert_eq!(Interval::from(-0.0), Interval::from(0));
    }

    #[test]
    fn intervals_are_equal_if_they_are_as_long() {
        assert_eq!(Interval::from(1e-12), Interval::from(0));
        assert_eq!(Interval::from(1e-12), Interval::from(1e-13));
        assert_ne!(Interval::from(1e-12), Interval::from(1e-9));
        assert_eq!(Interval::from(-3), Interval::from(-3));
        assert_ne!(Interval::from(-3), Interval::from(-3.5));
        assert_ne!(Interval::from(f64::NAN), Interval::from(f64::NAN));
    }

    #[test]
    fn floats_round_to_the_nearest_nanosecond() {
        let nanos = |seconds: f64| Interval::from(seconds).duration().unwrap().as_nanos();
        assert_eq!(nanos(0.1), 100_000_000);
        assert_eq!(nanos(0.3), 300_000_000);
        assert_eq!(nanos(1.000_000_000_6), 1_000_000_001);
        assert_eq!(nanos(1e-10), 0);
    }

    #[test]
    fn the_canonical_form() {
        assert_eq!(shown(0), "0s");
        assert_eq!(shown(1e-12), "0s");
        assert_eq!(shown(5400), "1h 30m");
        assert_eq!(shown(0.25), "250ms");
        assert_eq!(shown(1.5), "1s 500ms");
        assert_eq!(shown(7 * 24 * 3600), "7d");
        assert_eq!(shown(Duration::MAX), "18446744073709551615.999999999s");
        assert_eq!(shown(u64::MAX), "18446744073709551615s");
    }

    #[test]
    fn what_cannot_be_waited_for_is_shown_as_given() {
        assert_eq!(shown(-3), "-3s");
        assert_eq!(shown(i64::MIN), "-9223372036854775808s");
        assert_eq!(shown(-0.5), "-0.5s");
        assert_eq!(shown(1e300), "1e300s");
        assert_eq!(shown(f64::NAN), "NaN s");
        assert_eq!(shown(f64::INFINITY), "inf s");
        assert_eq!(shown(f64::NEG_INFINITY), "-inf s");
    }

    #[test]
    fn what_cannot_be_waited_for_is_refused() {
        let cases = [
            (Interval::from(-1), "-1s is negative: expected"),
            (Interval::from(-1e-12), "-1e-12s is negative"),
            (Interval::from(f64::NEG_INFINITY), "-inf s is negative"),
            (Interval::from(f64::NAN), "NaN s is not a number"),
            (Interval::from(f64::INFINITY), "inf s is too long"),
            (Interval::from(1e300), "1e300s is too long"),
            (Interval::from(1e18), "is too long"),
            (Interval::from(u64::MAX), "is too long"),
            (
                Interval::from(Duration::from_nanos(MAX_NANOS + 1)),
                "9223372036.854775808s is too long",
            ),
        ];
        for (interval, text) in cases {
            let what = refusal(interval.duration());
            assert!(what.contains(text), "{what}");
            assert_eq!(refusal(interval.positive()), what);
        }
        assert_eq!(Interval::MAX.positive().unwrap(), Duration::from_nanos(MAX_NANOS));
    }

    #[test]
    fn only_a_series_refuses_zero() {
        assert_eq!(Interval::from(0).duration().unwrap(), Duration::ZERO);
        assert!(refusal(Interval::from(0).positive()).contains("every 0s"));
        assert_eq!(Interval::from(1e-12).duration().unwrap(), Duration::ZERO);
        let what = refusal(Interval::from(1e-12).positive());
        assert!(what.starts_with("1e-12s rounds to 0 nanoseconds"), "{what}");
        assert_eq!(Interval::from(1e-9).positive().unwrap(), Duration::from_nanos(1));
    }

    #[test]
    fn a_bare_number_is_told_its_unit() {
        let what = refusal("90".parse::<Interval>().and_then(Interval::duration));
        assert!(what.ends_with("for seconds add an s: 90s"), "{what}");
    }

    #[test]
    #[should_panic(expected = "unknown unit of time; the units are ns, us, ms")]
    fn a_bad_literal_panics_with_the_reason() {
        let _ = Interval::literal("1x");
    }

    proptest! {
        #[test]
        fn every_valid_interval_survives_its_text(
            nanos in prop_oneof![0..=MAX_NANOS, (0..20_u32, 0..10_u64).prop_map(|(e, n)| {
                n.saturating_mul(10_u64.saturating_pow(e)).min(MAX_NANOS)
            })],
        ) {
            let interval = Interval::from(Duration::from_nanos(nanos));
            prop_assert_eq!(interval.to_string().parse::<Interval>().unwrap(), interval);
        }

        #[test]
        fn any_float_is_the_nearest_span_or_refused(bits in any::<u64>()) {
            let seconds = f64::from_bits(bits);
            match Interval::from(seconds).duration() {
                Ok(span) => {
                    let tolerance = 0.5e-9 + seconds * f64::EPSILON;
                    prop_assert!((span.as_secs_f64() - seconds).abs() <= tolerance);
                }
                Err(_) => prop_assert!(!(0.0..9.2e9).contains(&seconds)),
            }
        }
    }
}
