//! [`attribute`]: what users write for the compiler.

use proc_macro2::TokenStream;
use pysched_fuzz_attribute::{cron, task};

/// Functions to annotate.
const ITEMS: [&str; 4] = [
    "fn now(a: u8, b: String) -> Result<u8, String> { Ok(a) }",
    "pub async fn later<'a>(a: &'a str) {}",
    "fn odd(self, (a, b): (u8, u8), ..) -> impl Sized",
    "struct None;",
];

/// Takes any tokens as the arguments of the attribute and of `cron!`: what comes of them is Rust, be it only
/// the errors. Says whether there were none.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn attribute(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let Ok(arguments) = text.parse::<TokenStream>() else { return false };
    let constant = cron(arguments.clone());
    assert!(syn::parse2::<syn::Expr>(constant.clone()).is_ok(), "cron!({text}): {constant}");
    let mut accepted = !constant.to_string().contains("compile_error");
    for item in ITEMS {
        let item: TokenStream = item.parse().expect("it is made of tokens");
        let expanded = task(&arguments, &item);
        let shown = expanded.to_string();
        let refused = shown.contains("compile_error");
        // A function without a body is no item, and is given back as it was.
        let is_item =
            syn::parse2::<syn::Item>(item).is_ok_and(|item| matches!(item, syn::Item::Fn(_)));
        let is_rust = syn::parse2::<syn::File>(expanded).is_ok();
        assert!(is_rust || (refused && !is_item), "#[task({text})]: {shown}");
        accepted |= !refused;
    }
    accepted
}
