//! Texts as constant items, every token of them spanned to the text: the compiler evaluates them even
//! if nobody calls what they stand in, and points at the text if it cannot be read.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

/// The interval of a text, by the function of the core that reads it.
pub(crate) fn interval(private: &TokenStream, read: &str, text: &LitStr) -> TokenStream {
    let span = at(text);
    let private = respanned(private.clone(), span);
    let read = Ident::new(read, span);
    quote_spanned! {span=> {
        const __PYSCHED_INTERVAL: #private::Interval = #private::#read(#text);
        __PYSCHED_INTERVAL
    }}
}

/// The trigger of a cron expression, in UTC unless there is a time zone. It is a constant itself.
pub(crate) fn calendar(
    private: &TokenStream,
    expression: &LitStr,
    time_zone: Option<&LitStr>,
) -> TokenStream {
    let span = at(expression);
    let path = respanned(private.clone(), span);
    let cron = quote_spanned! {span=> {
        const __PYSCHED_CRON: &#path::Cron = &#path::Cron::literal(#expression);
        __PYSCHED_CRON
    }};
    let time_zone = match time_zone {
        Some(name) => quote!(#private::Some(#name)),
        None => quote!(#private::None),
    };
    quote!(#private::calendar(#cron, #time_zone))
}

/// The place of a text, known to the compiler as this macro's.
fn at(text: &LitStr) -> Span {
    Span::mixed_site().located_at(text.span())
}

/// The same tokens, of the same meaning, at another place.
fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(token.span().located_at(span));
            token
        })
        .collect()
}
