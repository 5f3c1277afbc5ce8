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
}
