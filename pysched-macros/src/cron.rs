//! `cron!`: a cron expression as a constant trigger.

use proc_macro2::{Span, TokenStream};
use syn::{Error, Expr, ExprLit, Lit, LitStr, Result};

use crate::attribute::{Options, Written, split, ungrouped};
use crate::constants;
use crate::errors::Errors;
use crate::expand::private;

/// Expands `cron!(arguments)`, or says everything that is wrong with it.
pub(crate) fn expand(arguments: TokenStream) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let mut expression = None;
    let mut options = Options::default();
    for (index, written) in split(arguments)?.into_iter().enumerate() {
        match written {
            Written::Positional(argument) if index == 0 => {
                expression = Some(read(&ungrouped(argument)));
            }
            Written::Positional(argument) => errors.point_at(
                argument,
                "expected an option after the expression, as in `tz = \"Europe/Rome\"`",
            ),
            Written::Option(key, value) => {
                errors.take(options.set(&key, value, |known| matches!(known, "tz" | "crate")));
            }
        }
    }
    let expression = errors.take(expression.unwrap_or_else(|| {
        let message = "expected a cron expression, as in `cron!(\"0 9 * * MON-FRI\")`";
        Err(Error::new(Span::call_site(), message))
    }));
    let expression = errors.finish(expression)?;
    let private = private(options.crate_path.as_ref());
    Ok(constants::calendar(&private, &expression, options.time_zone.as_ref()))
}

/// The errors, where an expression has to stand.
pub(crate) fn explain(error: &Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote::quote!({ #errors })
}

fn read(argument: &Expr) -> Result<LitStr> {
    if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = argument {
        return Ok(text.clone());
    }
    let message = "expected a cron expression as a text, such as `\"0 9 * * MON-FRI\"`; \
                   `Trigger::cron` reads one while the program runs";
    Err(Error::new_spanned(argument, message))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn complaints(arguments: TokenStream) -> Vec<String> {
        match expand(arguments) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn the_expansion_is_an_expression() {
        for arguments in [
            quote!("@daily"),
            quote!("@daily",),
            quote!("@daily", tz = "Europe/Rome"),
            quote!("@daily", tz = "Europe/Rome", crate = renamed,),
        ] {
            let expansion = expand(arguments).unwrap_or_else(|error| panic!("{error}"));
            assert!(syn::parse2::<Expr>(expansion).is_ok());
        }
    }

    #[test]
    fn the_errors_are_an_expression() {
        let Err(error) = expand(quote!(5, tz = "")) else { panic!("accepted") };
        assert!(syn::parse2::<Expr>(explain(&error)).is_ok());
    }

    #[test]
    fn every_mistake_is_reported() {
        assert_eq!(complaints(quote!()).len(), 1);
        assert_eq!(complaints(quote!(tz = "Europe/Rome")).len(), 1);
        assert_eq!(complaints(quote!("@daily", "Europe/Rome")).len(), 1);
        assert_eq!(complaints(quote!(5, tz = "", dst = skip, tz = "a", 7)).len(), 5);
    }
}
