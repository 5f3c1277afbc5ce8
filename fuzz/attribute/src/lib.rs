//! The source of pysched-macros, which as a crate of macros runs only inside of the compiler, as a library:
//! the same files, and what its `lib.rs` does with them.

#[path = "../../../pysched-macros/src/attribute/mod.rs"]
mod attribute;
#[path = "../../../pysched-macros/src/calls.rs"]
mod calls;
#[path = "../../../pysched-macros/src/constants.rs"]
mod constants;
#[path = "../../../pysched-macros/src/cron.rs"]
mod cron;
#[path = "../../../pysched-macros/src/document.rs"]
mod document;
#[path = "../../../pysched-macros/src/errors.rs"]
mod errors;
#[path = "../../../pysched-macros/src/expand.rs"]
mod expand;
#[path = "../../../pysched-macros/src/fallback.rs"]
mod fallback;
#[path = "../../../pysched-macros/src/function.rs"]
mod function;
#[path = "../../../pysched-macros/src/inherited.rs"]
mod inherited;
#[path = "../../../pysched-macros/src/output.rs"]
mod output;
#[path = "../../../pysched-macros/src/parameters.rs"]
mod parameters;
#[path = "../../../pysched-macros/src/shown.rs"]
mod shown;
#[path = "../../../pysched-macros/src/signature.rs"]
mod signature;

use proc_macro2::TokenStream;

/// What `#[task(arguments)]` makes of an item.
#[must_use]
pub fn task(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    expand::expand(arguments.clone(), item.clone())
        .unwrap_or_else(|error| fallback::emit(arguments, item, &error))
}

/// What `cron!(arguments)` becomes.
#[must_use]
pub fn cron(arguments: TokenStream) -> TokenStream {
    self::cron::expand(arguments).unwrap_or_else(|error| self::cron::explain(&error))
}
