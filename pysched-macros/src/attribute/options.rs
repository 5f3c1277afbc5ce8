//! [`Options`]: the arguments of the form `key = value`.
//!
//! A new option is a field, a row in [`KNOWN`], and its line in the expansion.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Result};

use super::{Interval, Written, name_of, split, ungrouped};
use crate::errors::Errors;

/// The options that were given.
#[derive(Default)]
pub(crate) struct Options {
    /// The stable name, in place of the function's path.
    pub(crate) name: Option<LitStr>,

    /// The named executor that runs the task.
    pub(crate) executor: Option<LitStr>,

    /// The time zone of a cron expression, by its IANA name.
    pub(crate) time_zone: Option<LitStr>,

    /// The variant of `Dst` that says what becomes of hours that come twice or never.
    pub(crate) dst: Option<Ident>,

    /// How much later than its time a run may begin.
    pub(crate) jitter: Option<Interval>,

    /// Where the expansion finds this crate, if it is not called `pysched`.
    pub(crate) crate_path: Option<Path>,

    /// Every key so far with its value, to say which came first.
    given: Vec<(Ident, Expr)>,
}

/// How an option takes its value.
type Set = fn(&mut Options, &Expr) -> Result<()>;

const TIME_ZONE: &str = "tz";
const DST: &str = "dst";

/// What becomes of hours that come twice or never: as it is written, and as the core calls it.
const POLICIES: [(&str, &str); 4] =
    [("vixie", "Vixie"), ("skip", "Skip"), ("literal", "Literal"), ("shift", "Shift")];

/// Every option, in the order in which the documentation lists them.
const KNOWN: [(&str, Set); 6] = [
    ("name", |options, value| {
        options.name = Some(name(value)?);
        Ok(())
    }),
    ("executor", |options, value| {
        options.executor = Some(name(value)?);
        Ok(())
    }),
    (TIME_ZONE, |options, value| {
        options.time_zone = Some(time_zone(value)?);
        Ok(())
    }),
    (DST, |options, value| {
        options.dst = Some(policy(value)?);
        Ok(())
    }),
    ("jitter", |options, value| {
        options.jitter = Some(Interval::read(value.clone())?);
        Ok(())
    }),
    ("crate", |options, value| {
        options.crate_path = Some(path(value)?);
        Ok(())
    }),
];

impl Options {
    /// Takes one option, of those that `takes` is true of.
    pub(crate) fn set(&mut self, key: &Ident, value: Expr, takes: fn(&str) -> bool) -> Result<()> {
        let value = ungrouped(value);
        let known = KNOWN.iter().filter(|(known, _)| takes(known));
        let Some((_, set)) = known.clone().find(|(known, _)| key == known) else {
            let known = known.map(|(known, _)| format!("`{known}`")).collect::<Vec<_>>().join(", ");
            let message = format!("unknown option `{key}`: expected one of {known}");
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

    /// Refuses the options of cron expressions, for what is `written` in place of one.
    pub(super) fn refuse_calendar(&self, written: &str, errors: &mut Errors) {
        for (key, _) in self.given.iter().filter(|(key, _)| key == TIME_ZONE || key == DST) {
            let message = format!(
                "`{key}` is for cron expressions, and `{written}` is none: it counts seconds, which \
                 are the same everywhere; leave `{key}` out, or write an expression, as in \
                 `cron, \"0 9 * * *\"`"
            );
            errors.point_at(key, message);
        }
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

/// A name of the user's own.
fn name(value: &Expr) -> Result<LitStr> {
    text(value, "a name", "a text, such as `\"nightly\"`")
}

/// The name of a time zone. Whether there is one is for the machine to say that the program runs on.
fn time_zone(value: &Expr) -> Result<LitStr> {
    text(value, "the name of a time zone", "a time zone, such as `\"Europe/Rome\"`")
}

/// A text that says something.
fn text(value: &Expr, what: &str, example: &str) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().trim().is_empty() => {
            Err(Error::new_spanned(text, format!("expected {what}: this text is empty")))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(Error::new_spanned(other, format!("expected {example}"))),
    }
}

/// The variant of `Dst` that a policy is.
fn policy(value: &Expr) -> Result<Ident> {
    let expected = POLICIES.map(|(known, _)| format!("`{known}`"));
    let [first @ .., last] = &expected;
    let expected = format!("{} or {last}", first.join(", "));
    let Some(written) = name_of(value) else {
        return Err(Error::new_spanned(value, format!("expected a policy: {expected}")));
    };
    let known = POLICIES.iter().find(|(known, _)| *known == written);
    known.map(|(_, variant)| Ident::new(variant, Span::call_site())).ok_or_else(|| {
        Error::new_spanned(value, format!("unknown policy `{written}`: expected {expected}"))
    })
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
