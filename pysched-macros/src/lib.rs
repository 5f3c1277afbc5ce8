//! The `#[task]` attribute of the `pysched` crate.

mod attribute;
mod document;
mod errors;
mod expand;
mod fallback;
mod function;
mod inherited;
mod output;
mod shown;
mod signature;

use proc_macro2::TokenStream;

/// Makes a function a task.
#[proc_macro_attribute]
pub fn task(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand_or_explain(&arguments.into(), &item.into()).into()
}

/// The attribute without the compiler's types, which exist only inside of the compiler.
fn expand_or_explain(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    expand::expand(arguments.clone(), item.clone())
        .unwrap_or_else(|error| fallback::emit(arguments, item, &error))
}
