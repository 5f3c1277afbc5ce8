//! What can be the value of an option: a text, one of a few words, a whole number.

use std::fmt::Display;
use std::str::FromStr;

use proc_macro2::Span;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result};

use super::name_of;
use crate::shown::{listed, shown};

/// A text that says something.
pub(super) fn text(value: &Expr, what: &str, example: &str) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().trim().is_empty() => {
            Err(Error::new_spanned(text, format!("expected {what}: this text is empty")))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(Error::new_spanned(other, format!("expected {example}"))),
    }
}

/// A whole number of the type `ty`, which holds `most`.
pub(super) fn whole<N: FromStr + Display + Copy>(
    value: &Expr,
    ty: &str,
    most: N,
    expected: &str,
) -> Result<N> {
    let Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) = value else {
        return Err(Error::new_spanned(value, format!("expected {expected}")));
    };
    if !number.suffix().is_empty() && number.suffix() != ty {
        let message = format!(
            "`{}` is no `{ty}`: expected a number without a suffix, such as `{}`",
            shown(number),
            number.base10_digits(),
        );
        return Err(Error::new_spanned(number, message));
    }
    number.base10_digits().parse().map_err(|_| {
        let message = format!("`{}` is too large: expected at most {most}", shown(number));
        Error::new_spanned(number, message)
    })
}

/// The words that an option takes, each of which stands for a variant of one enum.
pub(super) struct Words {
    /// What one of them is.
    pub(super) what: &'static str,

    /// Each as it is written, and the variant.
    pub(super) known: &'static [(&'static str, &'static str)],

    /// What else may stand there, for the reader of the option to look at.
    pub(super) or: Option<&'static str>,
}

impl Words {
    /// The variant of a word, which may be a string.
    pub(super) fn read(&self, value: &Expr) -> Result<Ident> {
        let what = self.what;
        let Some(written) = name_of(value) else {
            return Err(Error::new_spanned(value, format!("expected one of {}", self.expected())));
        };
        let known = self.known.iter().find(|(known, _)| *known == written);
        known.map(|(_, variant)| Ident::new(variant, Span::call_site())).ok_or_else(|| {
            let message =
                format!("unknown {what} `{written}`: expected one of {}", self.expected());
            Error::new_spanned(value, message)
        })
    }

    fn expected(&self) -> String {
        let words = self.known.iter().map(|(known, _)| *known).chain(self.or);
        listed(words.map(|word| format!("`{word}`")), "or")
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;
    use syn::parse_quote;

    use super::*;

    fn complaint<T>(read: Result<T>) -> String {
        match read {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_whole_number_is_written_in_any_base() {
        for (written, number) in
            [(quote!(3), 3), (quote!(1_000), 1000), (quote!(0x10), 16), (quote!(5_u32), 5)]
        {
            assert_eq!(whole(&parse_quote!(#written), "u32", u32::MAX, "").unwrap_or(0), number);
        }
    }

    #[test]
    fn a_number_of_another_type_is_refused() {
        let read = |value| complaint(whole(&value, "u32", u32::MAX, "a number"));
        assert!(read(parse_quote!(4_294_967_296)).contains("at most 4294967295"));
        assert!(read(parse_quote!(3_i64)).contains("such as `3`"));
        for value in [parse_quote!(-1), parse_quote!(1.5), parse_quote!("3"), parse_quote!(THREE)] {
            assert_eq!(read(value), "expected a number");
        }
    }

    #[test]
    fn an_unknown_word_brings_up_the_known_ones() {
        let mut words = Words { what: "size", known: &[("s", "Small"), ("l", "Large")], or: None };
        assert_eq!(
            words.read(&parse_quote!(l)).map_or_else(|_| String::new(), |it| it.to_string()),
            "Large"
        );
        assert_eq!(
            complaint(words.read(&parse_quote!(m))),
            "unknown size `m`: expected one of `s` or `l`"
        );
        words.or = Some("exactly(3)");
        assert_eq!(
            complaint(words.read(&parse_quote!(3))),
            "expected one of `s`, `l` or `exactly(3)`"
        );
    }
}
