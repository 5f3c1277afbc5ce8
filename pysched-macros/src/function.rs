//! [`Function`]: the item under the attribute, with its body left as it was written.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, FnArg, Ident, PatType, Result, Signature, Token, Visibility};

/// A function, read as far as its signature. The body may be half typed: it is never looked at.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,

    /// The signature and the body, as they were written.
    pub(crate) written: TokenStream,
}

impl Function {
    /// The function's name, as the generated items bear it: where the user wrote it, but known to
    /// the compiler as this macro's, so that lints about naming and documentation leave them alone.
    pub(crate) fn companion(&self) -> Ident {
        let mut ident = self.signature.ident.clone();
        ident.set_span(ident.span().resolved_at(Span::call_site()));
        ident
    }

    /// Whether what it returns has to be awaited.
    pub(crate) fn is_async(&self) -> bool {
        self.signature.asyncness.is_some()
    }

    /// The parameters, without a receiver.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &PatType> {
        self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(parameter),
            FnArg::Receiver(_) => None,
        })
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        if !is_function(input) {
            let found = input.call(Ident::parse_any)?;
            let message = format!("expected a function, `fn`, under `#[task]`; found `{found}`");
            return Err(Error::new_spanned(found, message));
        }
        let written = input.fork().parse()?;
        let signature = input.parse()?;
        match input.parse()? {
            Some(TokenTree::Group(_)) => {}
            end => {
                let message = "expected a body: a task is a function that can be called";
                return Err(Error::new_spanned(end, message));
            }
        }
        input.parse::<TokenStream>()?;
        Ok(Self { attributes, visibility, signature, written })
    }
}

/// Whether a function follows, after any of the words that may stand before `fn`.
fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while ahead.peek(Token![const]) || ahead.peek(Token![async]) || ahead.peek(Token![unsafe]) {
        if ahead.call(Ident::parse_any).is_err() {
            return false;
        }
    }
    if ahead.peek(Token![extern]) && ahead.parse::<syn::Abi>().is_err() {
        return false;
    }
    ahead.peek(Token![fn])
}
