//! Texts as constant items, every token of them spanned to the text: the compiler evaluates them even
//! if nobody calls what they stand in, and points at the text if it cannot be read.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

/// The interval of a text, by the function of the core that reads it.
pub(crate) fn interval(private: &TokenStream, read: &str, text: &LitStr) -> TokenStream {
    let span = text.span();
    let private = respanned(private.clone(), span);
    let read = Ident::new(read, span);
    quote_spanned! {span=> {
        const __PYSCHED_INTERVAL: #private::Interval = #private::#read(#text);
        __PYSCHED_INTERVAL
    }}
}

/// The first and the longest of pauses that grow, in an array.
pub(crate) fn pauses(
    private: &TokenStream,
    span: Span,
    first: &TokenStream,
    longest: &TokenStream,
) -> TokenStream {
    let private = respanned(private.clone(), span);
    quote_spanned! {span=> {
        const __PYSCHED_PAUSES: [#private::Duration; 2] = #private::pauses(#first, #longest);
        __PYSCHED_PAUSES
    }}
}

/// The trigger of a cron expression, in UTC unless there is a time zone. It is a constant itself.
pub(crate) fn calendar(
    private: &TokenStream,
    expression: &LitStr,
    time_zone: Option<&LitStr>,
) -> TokenStream {
    let span = expression.span();
    let path = respanned(private.clone(), span);
    let cron = quote_spanned! {span=> {
        const __PYSCHED_CRON: &#path::Cron = &#path::Cron::literal(#expression);
        __PYSCHED_CRON
    }};
    let time_zone =
        time_zone.map_or_else(|| quote!(#private::None), |name| quote!(#private::Some(#name)));
    quote!(#private::calendar(#cron, #time_zone))
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
