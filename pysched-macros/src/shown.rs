//! Source text to show to people.

use quote::ToTokens;

/// The tokens as they are usually written; the compiler puts a space between every two.
pub(crate) fn shown(tokens: impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (spaced, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" ;", ";"),
        (" . ", "."),
        ("& ", "&"),
        ("- ", "-"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// As in "a, b or c".
pub(crate) fn listed(parts: impl Iterator<Item = String>, last: &str) -> String {
    let parts = parts.collect::<Vec<_>>();
    match &*parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn types_look_as_in_source() {
        assert_eq!(shown(quote!(Vec<std::io::Result<u8>>)), "Vec<std::io::Result<u8>>");
        assert_eq!(shown(quote!(&'static str)), "&'static str");
        assert_eq!(shown(quote!((u8, [u8; 2]))), "(u8, [u8; 2])");
        assert_eq!(
            shown(quote!(impl Iterator<Item = u8> + Send)),
            "impl Iterator<Item = u8> + Send"
        );
        assert_eq!(shown(quote!(app::SCHED)), "app::SCHED");
        assert_eq!(shown(quote!(-3)), "-3");
        assert_eq!(shown(quote!(fn(u8) -> u8)), "fn (u8) -> u8");
    }

    #[test]
    fn a_list_ends_with_a_word() {
        let letters = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(letters.clone().into_iter(), "or"), "a, b or c");
        assert_eq!(listed(letters.clone().into_iter().take(2), "and"), "a and b");
        assert_eq!(listed(letters.clone().into_iter().take(1), "and"), "a");
        assert_eq!(listed(letters.into_iter().take(0), "and"), "");
    }
}
