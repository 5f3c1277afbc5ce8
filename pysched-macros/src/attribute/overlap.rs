//! [`Overlap`]: a policy, or how many executions may run at once.

use syn::{Error, Expr, ExprLit, Ident, Lit, Result};

use super::values::{self, Words};
use super::{name_of, ungrouped};

/// What to do with a run that is due while the one before still runs.
pub(crate) enum Overlap {
    /// A variant of `Overlap`.
    Policy(Ident),

    /// So many may run at once. Above 0.
    Allow(usize),
}

const OVERLAP: Words = Words {
    what: "overlap policy",
    known: &[
        ("skip", "Skip"),
        ("buffer_one", "BufferOne"),
        ("buffer_all", "BufferAll"),
        ("allow_all", "AllowAll"),
        ("cancel_other", "CancelOther"),
    ],
    or: Some("allow(3)"),
};

impl Overlap {
    /// Reads a policy: a word, a call of `allow`, or either as a string.
    pub(super) fn read(value: &Expr) -> Result<Self> {
        if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = value
            && let Ok(call @ Expr::Call(_)) = text.parse()
        {
            return Self::read(&call);
        }
        let call = match value {
            Expr::Call(call) if name_of(&call.func).as_deref() == Some("allow") => call,
            other if name_of(other).as_deref() == Some("allow") => {
                return Err(Error::new_spanned(other, format!("expected {HOW_MANY}")));
            }
            other => return OVERLAP.read(other).map(Self::Policy),
        };
        let mut arguments = call.args.iter();
        let (Some(argument), None) = (arguments.next(), arguments.next()) else {
            return Err(Error::new_spanned(call, format!("expected {HOW_MANY}")));
        };
        let argument = ungrouped(argument.clone());
        match values::whole(&argument, "usize", usize::MAX, HOW_MANY)? {
            0 => {
                let message = "a task of which 0 executions may run never runs: expected at least \
                               1, as in `allow(3)`";
                Err(Error::new_spanned(argument, message))
            }
            most => Ok(Self::Allow(most)),
        }
    }
}

const HOW_MANY: &str = "how many executions may run at once, as in `allow(3)`; set a computed \
                        number with `Task::overlap`";

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn read(value: &Expr) -> String {
        match Overlap::read(value) {
            Ok(Overlap::Policy(policy)) => policy.to_string(),
            Ok(Overlap::Allow(most)) => format!("Allow({most})"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_policy_is_a_word_or_a_text() {
        for (word, variant) in OVERLAP.known {
            let bare = Ident::new(word, proc_macro2::Span::call_site());
            assert_eq!(read(&parse_quote!(#bare)), *variant);
            assert_eq!(read(&parse_quote!(#word)), *variant);
        }
        assert_eq!(read(&parse_quote!(allow(3))), "Allow(3)");
        assert_eq!(read(&parse_quote!("allow(0x10)")), "Allow(16)");
    }

    #[test]
    fn an_unknown_policy_brings_up_the_known_ones() {
        for value in [parse_quote!(wait), parse_quote!("wait")] {
            assert_eq!(
                read(&value),
                "unknown overlap policy `wait`: expected one of `skip`, `buffer_one`, \
                 `buffer_all`, `allow_all`, `cancel_other` or `allow(3)`"
            );
        }
        for value in [parse_quote!(true), parse_quote!(wait(3)), parse_quote!(Overlap::Skip)] {
            assert!(read(&value).starts_with("expected one of `skip`"));
        }
    }

    #[test]
    fn it_is_said_how_many_may_run() {
        for value in [
            parse_quote!(allow),
            parse_quote!("allow"),
            parse_quote!(allow()),
            parse_quote!(allow(1, 2)),
            parse_quote!(allow(-1)),
            parse_quote!(allow(MOST)),
            parse_quote!("allow(two)"),
        ] {
            assert_eq!(read(&value), format!("expected {HOW_MANY}"));
        }
        assert!(read(&parse_quote!(allow(0))).contains("expected at least 1"));
        assert!(read(&parse_quote!("allow(0)")).contains("expected at least 1"));
    }
}
