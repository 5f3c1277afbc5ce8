//! [`Options`]: the arguments of the form `key = value`.
//!
//! A new option is a field, a row in [`KNOWN`], and its line in the expansion.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Error, Expr, Ident, LitStr, Path, Result};

use super::values::{self, Words};
use super::{Backoff, Interval, Overlap, Rules, Written, retry, rules, split, ungrouped};
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

    /// What becomes of its runs.
    pub(crate) rules: Rules,

    /// Where the expansion finds this crate, if it is not called `pysched`.
    pub(crate) crate_path: Option<Path>,

    /// Every key so far with its value, to say which came first.
    given: Vec<(Ident, Expr)>,
}

/// How an option takes its value.
type Set = fn(&mut Options, &Expr) -> Result<()>;

const TIME_ZONE: &str = "tz";
const DST: &str = "dst";
const RETRY: &str = "retry";
const BACKOFF: &str = "backoff";
const RETRY_IF: &str = "retry_if";

/// Every option, in the order in which the documentation lists them.
const KNOWN: [(&str, Set); 17] = [
    ("name", |options, value| put(&mut options.name, name(value))),
    ("executor", |options, value| put(&mut options.executor, name(value))),
    (TIME_ZONE, |options, value| put(&mut options.time_zone, time_zone(value))),
    (DST, |options, value| put(&mut options.dst, DST_POLICY.read(value))),
    ("jitter", |options, value| {
        put(&mut options.jitter, Interval::read(value.clone(), "Task::jitter"))
    }),
    ("overlap", |options, value| put(&mut options.rules.overlap, Overlap::read(value))),
    ("misfire", |options, value| put(&mut options.rules.misfire, rules::misfire(value))),
    ("grace", |options, value| put(&mut options.rules.grace, rules::grace(value))),
    (RETRY, |options, value| put(&mut options.rules.retry, retry::times(value))),
    (BACKOFF, |options, value| put(&mut options.rules.backoff, Backoff::read(value))),
    (RETRY_IF, |options, value| put(&mut options.rules.retry_if, retry::predicate(value))),
    ("timeout", |options, value| put(&mut options.rules.timeout, rules::timeout(value))),
    ("times", |options, value| put(&mut options.rules.times, rules::times(value))),
    ("tag", |options, value| {
        options.rules.tags.push(rules::tag(value)?);
        Ok(())
    }),
    ("tags", |options, value| {
        options.rules.tags.extend(rules::tags(value)?);
        Ok(())
    }),
    ("conflict", |options, value| put(&mut options.rules.conflict, rules::conflict(value))),
    ("crate", |options, value| put(&mut options.crate_path, path(value))),
];

/// What becomes of hours that come twice or never.
const DST_POLICY: Words = Words {
    what: "policy",
    known: &[("vixie", "Vixie"), ("skip", "Skip"), ("literal", "Literal"), ("shift", "Shift")],
    or: None,
};

fn put<T>(place: &mut Option<T>, value: Result<T>) -> Result<()> {
    *place = Some(value?);
    Ok(())
}

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

    /// Refuses what says how to try again, where nothing is tried again.
    pub(super) fn refuse_idle(&self, errors: &mut Errors) {
        // A `retry` that could not be read has its own error.
        if self.given.iter().any(|(key, _)| key == RETRY) {
            return;
        }
        for (key, _) in self.given.iter().filter(|(key, _)| key == BACKOFF || key == RETRY_IF) {
            let message = format!(
                "`{key}` is about further attempts, and without `retry` there is none: expected \
                 `retry` beside it, as in `retry = 3`"
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
    values::text(value, "a name", "a text, such as `\"nightly\"`")
}

/// The name of a time zone. Whether there is one is for the machine to say that the program runs on.
fn time_zone(value: &Expr) -> Result<LitStr> {
    values::text(value, "the name of a time zone", "a time zone, such as `\"Europe/Rome\"`")
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
