//! [`Rules`]: the options that say what becomes of the task's runs.

use syn::{Error, Expr, ExprPath, Ident, LitStr, Result};

use super::values::{self, Words};
use super::{Backoff, Interval, Overlap, ungrouped};
use crate::errors::Errors;

/// The rules that were given, each a method of `Task`.
#[derive(Default)]
pub(crate) struct Rules {
    /// The variant of `Conflict` that says what to do if another task has the name.
    pub(crate) conflict: Option<Ident>,

    /// All tags, of both `tag` and `tags`.
    pub(crate) tags: Vec<LitStr>,

    /// After how many executions the task is finished. Above 0.
    pub(crate) times: Option<u64>,
    pub(crate) overlap: Option<Overlap>,

    /// The variant of `Misfire`.
    pub(crate) misfire: Option<Ident>,

    /// How late a run may start.
    pub(crate) grace: Option<Interval>,

    /// How long an attempt may take. Above 0; of a text, the core finds it out.
    pub(crate) timeout: Option<Interval>,

    /// How many attempts there are after the first.
    pub(crate) retry: Option<u32>,

    /// How long to wait between two. Only beside `retry`, as the next.
    pub(crate) backoff: Option<Backoff>,

    /// The function that says after which errors.
    pub(crate) retry_if: Option<ExprPath>,
}

const MISFIRE: Words = Words {
    what: "misfire policy",
    known: &[("run_once", "RunOnce"), ("run_all", "RunAll"), ("skip", "Skip")],
    or: None,
};

const CONFLICT: Words = Words {
    what: "conflict policy",
    known: &[("error", "Error"), ("replace", "Replace"), ("keep", "Keep")],
    or: None,
};

/// What becomes of a run that is late.
pub(super) fn misfire(value: &Expr) -> Result<Ident> {
    MISFIRE.read(value)
}

/// What becomes of a task whose name is taken.
pub(super) fn conflict(value: &Expr) -> Result<Ident> {
    CONFLICT.read(value)
}

/// After how many executions the task is finished.
pub(super) fn times(value: &Expr) -> Result<u64> {
    let expected = "the number of executions after which the task is finished, a whole number such as `5`; \
                    set a computed one with `Task::times`";
    match values::whole(value, "u64", u64::MAX, expected)? {
        0 => {
            let message = "a task with 0 executions never runs: expected at least 1";
            Err(Error::new_spanned(value, message))
        }
        times => Ok(times),
    }
}

/// How late a run may start.
pub(super) fn grace(value: &Expr) -> Result<Interval> {
    Interval::read(value.clone(), "Task::grace")
}

/// How long an attempt may take.
pub(super) fn timeout(value: &Expr) -> Result<Interval> {
    let limit = Interval::read(value.clone(), "Task::timeout")?;
    limit.refuse_zero(|written| {
        format!(
            "a timeout of `{written}` seconds leaves no time to run: expected at least a \
             nanosecond; without `timeout` there is no limit"
        )
    })?;
    Ok(limit)
}

/// One tag.
pub(super) fn tag(value: &Expr) -> Result<LitStr> {
    let example = "a tag, such as `\"db\"`; several are a list, `tags = [\"db\", \"slow\"]`";
    values::text(value, "a tag", example)
}

/// A list of tags.
pub(super) fn tags(value: &Expr) -> Result<Vec<LitStr>> {
    let Expr::Array(list) = value else {
        let message = "expected a list of tags, such as `[\"db\", \"slow\"]`; a single one is \
                       `tag = \"db\"`";
        return Err(Error::new_spanned(value, message));
    };
    let mut errors = Errors::default();
    let tags = list.elems.iter().map(|element| {
        values::text(&ungrouped(element.clone()), "a tag", "a tag, such as `\"db\"`")
    });
    let tags = tags.filter_map(|tag| errors.take(tag)).collect();
    errors.finish(Some(tags))
}

#[cfg(test)]
mod tests {
    use proc_macro2::{Span, TokenStream};
    use quote::quote;
    use syn::parse_quote;

    use super::*;
    use crate::attribute::Arguments;

    fn read(options: &TokenStream) -> Rules {
        let arguments = Arguments::read(quote!(SCHED, recur, 3, #options));
        arguments.unwrap_or_else(|error| panic!("{error}")).options.rules
    }

    fn complaints(options: &TokenStream) -> Vec<String> {
        match Arguments::read(quote!(SCHED, recur, 3, #options)) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn a_policy_is_a_word_or_a_text() {
        for words in [MISFIRE, CONFLICT] {
            for (word, variant) in words.known {
                let bare = Ident::new(word, Span::call_site());
                for value in [parse_quote!(#bare), parse_quote!(#word)] {
                    assert!(words.read(&value).is_ok_and(|it| it == variant));
                }
            }
        }
        let found = complaints(&quote!(misfire = later, conflict = later));
        assert!(found[0].starts_with("unknown misfire policy `later`"), "{found:?}");
        assert!(found[1].starts_with("unknown conflict policy `later`"), "{found:?}");
    }

    #[test]
    fn tags_come_one_by_one_or_as_a_list() {
        let tags = |options: &TokenStream| {
            read(options).tags.iter().map(LitStr::value).collect::<Vec<_>>()
        };
        assert_eq!(tags(&quote!(tag = "db")), ["db"]);
        assert_eq!(tags(&quote!(tags = ["db", "slow",])), ["db", "slow"]);
        assert_eq!(tags(&quote!(tag = "new", tags = ["db"])), ["new", "db"]);
        assert!(tags(&quote!(tags = [])).is_empty());
        let found = complaints(&quote!(tags = ["", 5, "db", slow]));
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn what_can_never_run_is_refused() {
        for options in [
            quote!(times = 0),
            quote!(timeout = 0),
            quote!(timeout = 1e-12),
            quote!(overlap = allow(0)),
        ] {
            let found = complaints(&options);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("expected at least"), "{found:?}");
        }
        assert_eq!(read(&quote!(retry = 0)).retry, Some(0));
        assert!(read(&quote!(grace = 0)).grace.is_some());
    }

    #[test]
    fn how_to_try_again_goes_with_how_often() {
        let found = complaints(&quote!(backoff = 5, retry_if = transient));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("`backoff`") && found[1].starts_with("`retry_if`"));
        for options in [
            quote!(backoff = 5, retry_if = transient, retry = 3),
            quote!(retry = 3, retry_if = transient, backoff = 5),
        ] {
            assert!(complaints(&options).is_empty());
        }
        assert_eq!(complaints(&quote!(retry = -1, backoff = 5)).len(), 1, "it is there, but wrong");
    }

    #[test]
    fn a_rule_is_given_once() {
        for options in [
            quote!(overlap = skip, overlap = skip),
            quote!(retry = 3, retry = 3),
            quote!(tag = "db", tag = "slow"),
            quote!(times = 1, times = 1),
        ] {
            let found = complaints(&options);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("is given twice"), "{found:?}");
        }
    }
}
