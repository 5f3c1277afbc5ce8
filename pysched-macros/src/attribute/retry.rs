//! How often what has failed is tried again, after which pauses, and after which errors.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprPath, Result};

use super::{Interval, is_number, ungrouped, values};
use crate::errors::Errors;

/// The pauses between attempts.
pub(crate) enum Backoff {
    Fixed(Interval),
    Exponential { first: Interval, longest: Interval, span: Span },
}

impl Backoff {
    /// Reads one pause, or the first and the longest of those that grow.
    pub(super) fn read(value: &Expr) -> Result<Self> {
        let pause = |value: &Expr| Interval::read(ungrouped(value.clone()), "Task::retry");
        match value {
            Expr::Tuple(pauses) if pauses.elems.len() == 2 => {
                let mut errors = Errors::default();
                let [first, longest] = [0, 1].map(|index| errors.take(pause(&pauses.elems[index])));
                let (pauses, span) = (first.zip(longest), pauses.span());
                let growing = |(first, longest)| Self::Exponential { first, longest, span };
                errors.finish(pauses.map(growing))
            }
            Expr::Lit(_) => pause(value).map(Self::Fixed),
            number if is_number(number) => pause(value).map(Self::Fixed),
            other => {
                let message = "expected a pause, such as `\"10s\"`, or the first and the longest of \
                               pauses that are doubled each time, such as `(\"1s\", \"1m\")`; set \
                               computed ones with `Task::retry`";
                Err(Error::new_spanned(other, message))
            }
        }
    }
}

/// How many attempts there are after the first.
pub(super) fn times(value: &Expr) -> Result<u32> {
    let expected = "the number of attempts after the first, a whole number such as `3`; set a \
                    computed one with `Task::retry`";
    values::whole(value, "u32", u32::MAX, expected)
}

/// What says whether to try again.
pub(super) fn predicate(value: &Expr) -> Result<ExprPath> {
    match value {
        Expr::Path(path) => Ok(path.clone()),
        other => {
            let message = "expected the name of a function, `fn(&TaskError) -> bool`, which says \
                           whether to try again; set a closure with `Task::retry`";
            Err(Error::new_spanned(other, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn complaints<T>(read: Result<T>) -> Vec<String> {
        match read {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn one_pause_is_fixed_and_two_grow() {
        for value in [parse_quote!("10s"), parse_quote!(10), parse_quote!(0.5)] {
            assert!(matches!(Backoff::read(&value), Ok(Backoff::Fixed(_))));
        }
        for value in [parse_quote!(("1s", "1m")), parse_quote!((1, 60.0)), parse_quote!((0, "1m"))]
        {
            assert!(matches!(Backoff::read(&value), Ok(Backoff::Exponential { .. })));
        }
    }

    #[test]
    fn pauses_are_one_or_two() {
        for value in [
            parse_quote!(()),
            parse_quote!(("1s",)),
            parse_quote!(("1s", "2s", "4s")),
            parse_quote!(["1s", "1m"]),
            parse_quote!(PAUSE),
        ] {
            let found = complaints(Backoff::read(&value));
            assert!(found[0].contains("the first and the longest"), "{found:?}");
        }
    }

    #[test]
    fn each_pause_has_its_own_mistake() {
        let found = complaints(Backoff::read(&parse_quote!((-1, soon()))));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`-1`") && found[1].contains("`Task::retry`"), "{found:?}");
        assert_eq!(complaints(Backoff::read(&parse_quote!(-1))).len(), 1);
    }

    #[test]
    fn a_predicate_is_a_path() {
        for value in [parse_quote!(transient), parse_quote!(app::transient::<u8>)] {
            assert!(predicate(&value).is_ok());
        }
        for value in [parse_quote!(|_| true), parse_quote!(transient()), parse_quote!("transient")]
        {
            assert!(complaints(predicate(&value))[0].contains("fn(&TaskError) -> bool"));
        }
    }
}
