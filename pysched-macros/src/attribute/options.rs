//! [`Options`]: the arguments of the form `key = value`.
//!
//! A new option is a field, a row in [`KNOWN`], and its line in the expansion.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result};

use super::{Written, split, ungrouped};

/// The options that were given.
#[derive(Default)]
pub(crate) struct Options {
    /// The stable name, in place of the function's path.
    pub(crate) name: Option<LitStr>,

    /// The named executor that runs the task.
    pub(crate) executor: Option<LitStr>,

    /// Where the expansion finds this crate, if it is not called `pysched`.
    pub(crate) crate_path: Option<Path>,

    /// Every key so far with its value, to say which came first.
    given: Vec<(Ident, Expr)>,
}

/// How an option takes its value.
type Set = fn(&mut Options, &Expr) -> Result<()>;

/// Every option, in the order in which the documentation lists them.
const KNOWN: [(&str, Set); 3] = [
    ("name", |options, value| {
        options.name = Some(text(value)?);
        Ok(())
    }),
    ("executor", |options, value| {
        options.executor = Some(text(value)?);
        Ok(())
    }),
    ("crate", |options, value| {
        options.crate_path = Some(path(value)?);
        Ok(())
    }),
];

impl Options {
    /// Takes one option.
    pub(super) fn set(&mut self, key: &Ident, value: Expr) -> Result<()> {
        let value = ungrouped(value);
        let Some((_, set)) = KNOWN.iter().find(|(known, _)| key == known) else {
            let known: Vec<_> = KNOWN.iter().map(|(known, _)| format!("`{known}`")).collect();
            let message = format!("unknown option `{key}`: expected one of {}", known.join(", "));
            return Err(Error::new_spanned(key, message));
        };
        if let Some((_, first)) = self.given.iter().find(|(given, _)| given == key) {
            let first = first.to_token_stream();
            let message = format!("the option `{key}` is given twice: the first is `{first}`");
            return Err(Error::new_spanned(key, message));
        }
        self.given.push((key.clone(), value.clone()));
        set(self, &value)
    }
}

/// The path of `crate = path`, if the arguments can be read so far. For the expansion that stands
/// in where they are wrong elsewhere.
pub(crate) fn crate_path(arguments: &TokenStream) -> Option<Path> {
    split(arguments.clone()).ok()?.into_iter().find_map(|written| match written {
        Written::Option(key, value) if key == "crate" => path(&value).ok(),
        _ => None,
    })
}

/// A text that says something.
fn text(value: &Expr) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().trim().is_empty() => {
            Err(Error::new_spanned(text, "expected a name: this text is empty"))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(Error::new_spanned(other, "expected a text, such as `\"nightly\"`")),
    }
}

/// A path to this crate.
fn path(value: &Expr) -> Result<Path> {
    match value {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone()),
        other => {
            let message = "expected the path of this crate, as in `crate = renamed`";
            Err(Error::new_spanned(other, message))
        }
    }
}
