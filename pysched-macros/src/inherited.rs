//! [`Inherited`]: the attributes of the function that hold for what is generated as well.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Result, Token};

/// Attributes to repeat.
#[derive(Default)]
pub(crate) struct Inherited {
    /// On the enum and its implementation: conditions, allowed lints, `#[doc(hidden)]`.
    pub(crate) on_items: Vec<TokenStream>,

    /// On the generated functions: `#[deprecated]`.
    pub(crate) on_functions: Vec<TokenStream>,
}

impl From<&[Attribute]> for Inherited {
    fn from(attributes: &[Attribute]) -> Self {
        let mut inherited = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("cfg_attr") {
                // What cannot be read, the compiler refuses on the function itself.
                let _ = inherited.add_conditional(attribute);
            } else {
                inherited.add(&attribute.meta, |meta| quote!(#[#meta]));
            }
        }
        inherited
    }
}

impl Inherited {
    /// Adds what one attribute says to where it belongs, in the form that `write` gives it.
    fn add(&mut self, meta: &Meta, write: impl Fn(TokenStream) -> TokenStream) {
        let path = meta.path();
        if path.is_ident("cfg") || path.is_ident("allow") || is_doc_hidden(meta) {
            self.on_items.push(write(meta.to_token_stream()));
        } else if path.is_ident("expect") {
            // The expectation is met, or not, on the function.
            let lints = meta.require_list().map(|list| list.tokens.clone()).unwrap_or_default();
            self.on_items.push(write(quote!(allow(#lints))));
        } else if path.is_ident("deprecated") {
            self.on_functions.push(write(meta.to_token_stream()));
        }
    }

    /// Adds what `#[cfg_attr(condition, attributes..)]` says, each under its condition.
    fn add_conditional(&mut self, attribute: &Attribute) -> Result<()> {
        let (condition, metas) = attribute.parse_args_with(conditional)?;
        for meta in metas {
            self.add(&meta, |meta| quote!(#[cfg_attr(#condition, #meta)]));
        }
        Ok(())
    }
}

fn is_doc_hidden(meta: &Meta) -> bool {
    let Meta::List(list) = meta else { return false };
    list.path.is_ident("doc") && list.tokens.to_string() == "hidden"
}

/// Splits the arguments of `#[cfg_attr(..)]` after the condition.
fn conditional(input: ParseStream<'_>) -> Result<(TokenStream, Punctuated<Meta, Token![,]>)> {
    let mut condition = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        condition.extend([input.parse::<TokenTree>()?]);
    }
    if !input.is_empty() {
        input.parse::<Token![,]>()?;
    }
    let metas = Punctuated::parse_terminated.parse2(input.parse()?)?;
    Ok((condition, metas))
}
