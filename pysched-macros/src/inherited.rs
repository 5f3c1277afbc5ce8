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
            // What is generated uses the function, and is no more deprecated for it.
            self.on_items.push(write(quote!(allow(deprecated))));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn inherited(attributes: TokenStream) -> (Vec<String>, Vec<String>) {
        let attributes = Attribute::parse_outer.parse2(attributes).unwrap();
        let Inherited { on_items, on_functions } = Inherited::from(&attributes[..]);
        let texts = |tokens: Vec<TokenStream>| tokens.iter().map(ToString::to_string).collect();
        (texts(on_items), texts(on_functions))
    }

    #[test]
    fn conditions_and_allowed_lints_are_repeated() {
        let attributes = quote! {
            #[doc = "text"] #[doc(hidden)] #[inline] #[must_use] #[test]
            #[cfg(unix)] #[allow(lint)] #[expect(other)]
        };
        let expected = [
            quote!(#[doc(hidden)]),
            quote!(#[cfg(unix)]),
            quote!(#[allow(lint)]),
            quote!(#[allow(other)]),
        ];
        assert_eq!(inherited(attributes).0, expected.map(|it| it.to_string()));
    }

    #[test]
    fn conditional_attributes_are_repeated_as_far_as_they_concern() {
        let attributes = quote! {
            #[cfg_attr(any(a, b = "c"), cfg(d), inline, deprecated(note = "e, f"))]
            #[cfg_attr(true)]
        };
        let (on_items, on_functions) = inherited(attributes);
        let expected = [
            quote!(#[cfg_attr(any(a, b = "c"), cfg(d))]),
            quote!(#[cfg_attr(any(a, b = "c"), allow(deprecated))]),
        ];
        assert_eq!(on_items, expected.map(|it| it.to_string()));
        let expected = [quote!(#[cfg_attr(any(a, b = "c"), deprecated(note = "e, f"))])];
        assert_eq!(on_functions, expected.map(|it| it.to_string()));
    }
}
