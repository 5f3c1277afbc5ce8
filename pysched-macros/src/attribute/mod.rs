//! [`Arguments`]: what stands between the parentheses of `#[task(..)]`.

mod interval;
mod options;
mod overlap;
mod retry;
mod rules;
mod values;
mod when;

use proc_macro2::TokenStream;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Lit, Result, Token, UnOp};

pub(crate) use self::interval::Interval;
pub(crate) use self::options::{Options, crate_path};
pub(crate) use self::overlap::Overlap;
pub(crate) use self::retry::Backoff;
pub(crate) use self::rules::Rules;
pub(crate) use self::when::When;
use crate::errors::Errors;
use crate::shown::shown;

/// The arguments of one `#[task(..)]`.
pub(crate) struct Arguments {
    /// What `delay` adds the task to; without it there is no `delay`.
    pub(crate) scheduler: Option<Expr>,
    pub(crate) trigger: Trigger,
    pub(crate) when: When,
    pub(crate) priority: Option<i32>,
    pub(crate) options: Options,
}

/// When the task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trigger {
    Recur,
    RecurAfter,
    Once,
    Cron,
}

impl Trigger {
    const ALL: [Self; 4] = [Self::Recur, Self::RecurAfter, Self::Once, Self::Cron];

    /// Whether the task runs more than once, which takes an interval above zero.
    pub(crate) fn recurs(self) -> bool {
        matches!(self, Self::Recur | Self::RecurAfter)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Recur => "recur",
            Self::RecurAfter => "recur_after",
            Self::Once => "once",
            Self::Cron => "cron",
        }
    }
}

const TRIGGERS: &str = "`recur`, `recur_after`, `once` or `cron`";

/// One argument as it is written, before it is known what it stands for.
pub(crate) enum Written {
    Positional(Expr),
    Option(Ident, Expr),
}

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let named = input.peek(Ident::peek_any)
            && input.peek2(Token![=])
            && !input.peek2(Token![==])
            && !input.peek2(Token![=>]);
        if !named {
            return input.parse().map(Self::Positional);
        }
        let key = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(Error::new_spanned(&key, format!("expected a value, as in `{key} = ..`")));
        }
        Ok(Self::Option(key, input.parse()?))
    }
}

/// Splits the arguments at their commas.
pub(crate) fn split(arguments: TokenStream) -> Result<Punctuated<Written, Token![,]>> {
    Punctuated::parse_terminated.parse2(arguments)
}

impl Arguments {
    /// Reads all arguments, and finds everything that is wrong with them.
    pub(crate) fn read(arguments: TokenStream) -> Result<Self> {
        let mut errors = Errors::default();
        let mut positional = Vec::new();
        let mut options = Options::default();
        let mut after_options = false;
        for written in split(arguments)? {
            match written {
                Written::Option(key, value) => {
                    after_options = true;
                    errors.take(options.set(&key, value, |_| true));
                }
                Written::Positional(argument) if after_options => errors.point_at(
                    argument,
                    "expected an option, `key = value`: the scheduler, the trigger, the interval \
                     and the priority come before all options",
                ),
                Written::Positional(argument) => positional.push(ungrouped(argument)),
            }
        }

        let mut positional = positional.into_iter().peekable();
        let scheduler = positional.next_if(may_be_scheduler);
        let trigger = match positional.peek() {
            Some(argument) => {
                let trigger = read_trigger(argument, scheduler.as_ref());
                // What is a number stands for the interval, and the trigger before it is missing.
                positional.next_if(|argument| trigger.is_ok() || !is_number(argument));
                errors.take(trigger)
            }
            None => errors.take(Err(missing_trigger(scheduler.as_ref()))),
        };
        let when = match (positional.next(), trigger) {
            (Some(argument), trigger) => errors.take(When::read(argument, trigger)),
            (None, Some(trigger)) => errors.take(Err(missing_interval(trigger))),
            (None, None) => None,
        };
        if let Some((trigger, When::Interval(interval))) = trigger.zip(when.as_ref()) {
            options.refuse_calendar(&format!("{}, {interval}", trigger.name()), &mut errors);
        }
        options.refuse_idle(&mut errors);
        let priority = positional.next().map(|argument| read_priority(&argument));
        let priority = priority.and_then(|priority| errors.take(priority));
        for argument in positional {
            errors.point_at(
                argument,
                "expected an option, `key = value`: nothing else comes after the priority",
            );
        }

        let read = trigger.zip(when).map(|(trigger, when)| Self {
            scheduler,
            trigger,
            when,
            priority,
            options,
        });
        errors.finish(read)
    }
}

/// Takes the argument out of the invisible parentheses that `macro_rules!` puts around it.
pub(crate) fn ungrouped(mut argument: Expr) -> Expr {
    while let Expr::Group(group) = argument {
        argument = *group.expr;
    }
    argument
}

/// Whether the first argument is a scheduler: every expression that is no literal, and no trigger.
fn may_be_scheduler(first: &Expr) -> bool {
    !is_number(first)
        && !matches!(first, Expr::Lit(_))
        && name_of(first).is_none_or(|name| Trigger::from_name(&name).is_none())
}

fn is_number(argument: &Expr) -> bool {
    match argument {
        Expr::Lit(literal) => matches!(literal.lit, Lit::Int(_) | Lit::Float(_)),
        Expr::Unary(negated) => matches!(negated.op, UnOp::Neg(_)) && is_number(&negated.expr),
        _ => false,
    }
}

/// The single word that an argument is, bare or as a string.
fn name_of(argument: &Expr) -> Option<String> {
    match argument {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn read_trigger(argument: &Expr, scheduler: Option<&Expr>) -> Result<Trigger> {
    if let Some(name) = name_of(argument) {
        return Trigger::from_name(&name).ok_or_else(|| {
            Error::new_spanned(argument, format!("unknown trigger `{name}`: expected {TRIGGERS}"))
        });
    }
    let message = match scheduler {
        Some(scheduler) => {
            format!("expected a trigger after the scheduler `{}`: {TRIGGERS}", shown(scheduler))
        }
        None => format!("expected a trigger: {TRIGGERS}"),
    };
    Err(Error::new_spanned(argument, message))
}

fn missing_trigger(scheduler: Option<&Expr>) -> Error {
    match scheduler {
        Some(scheduler) => Error::new_spanned(
            scheduler,
            format!("expected a trigger and an interval after the scheduler: {TRIGGERS}"),
        ),
        None => Error::new(
            proc_macro2::Span::call_site(),
            "expected a scheduler, a trigger, an interval and a priority, as in \
             `#[task(SCHED, recur, 3, 2)]`",
        ),
    }
}

fn missing_interval(trigger: Trigger) -> Error {
    let message = if trigger == Trigger::Cron {
        "expected a cron expression after the trigger, as in `cron, \"0 9 * * MON-FRI\"`, or a \
         number of seconds, as in `cron, 5`, for one run after that delay"
    } else {
        "expected an interval after the trigger: a number of seconds, as in `recur, 3`, or a text \
         with units, as in `recur, \"1h 30m\"`"
    };
    Error::new(proc_macro2::Span::call_site(), message)
}

fn read_priority(argument: &Expr) -> Result<i32> {
    let (sign, literal) = match argument {
        Expr::Unary(negated) if matches!(negated.op, UnOp::Neg(_)) => ("-", &*negated.expr),
        positive => ("", positive),
    };
    let Expr::Lit(syn::ExprLit { lit: Lit::Int(number), .. }) = literal else {
        let message = "expected a priority: a whole number, of which the lower runs first";
        return Err(Error::new_spanned(argument, message));
    };
    if !matches!(number.suffix(), "" | "i32") {
        return Err(Error::new_spanned(
            argument,
            "a priority is an `i32`: expected a number without a suffix",
        ));
    }
    format!("{sign}{}", number.base10_digits()).parse().map_err(|_| {
        let message = format!("a priority is an `i32`: expected {} to {}", i32::MIN, i32::MAX);
        Error::new_spanned(argument, message)
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quote::quote;

    use super::*;

    fn read(arguments: TokenStream) -> Arguments {
        Arguments::read(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    fn complaints(arguments: TokenStream) -> Vec<String> {
        match Arguments::read(arguments) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn the_scheduler_and_the_priority_may_be_left_out() {
        let full = read(quote!(SCHED, recur, 3, 2));
        assert!(full.scheduler.is_some());
        assert_eq!((full.trigger, full.priority), (Trigger::Recur, Some(2)));
        let least = read(quote!(once, 0));
        assert!(least.scheduler.is_none());
        assert_eq!((least.trigger, least.priority), (Trigger::Once, None));
        assert!(read(quote!(app().sched[0], cron, 5, -1,)).scheduler.is_some());
    }

    #[test]
    fn a_trigger_is_a_word_or_a_text() {
        for trigger in Trigger::ALL {
            let name = trigger.name();
            let word = Ident::new(name, proc_macro2::Span::call_site());
            assert_eq!(read(quote!(SCHED, #word, 3)).trigger, trigger);
            assert_eq!(read(quote!(#name, 3)).trigger, trigger);
        }
    }

    #[test]
    fn numbers_are_exact_to_the_nanosecond() {
        let seconds = |arguments| match read(arguments).when {
            When::Interval(Interval::Seconds(seconds, _)) => seconds,
            When::Interval(Interval::Text(text)) | When::Expression(text) => {
                panic!("{}", text.value())
            }
        };
        assert_eq!(seconds(quote!(recur, 3)), Duration::from_secs(3));
        assert_eq!(seconds(quote!(recur, 0.1)), Duration::from_millis(100));
        assert_eq!(seconds(quote!(recur, 0b11_i64)), Duration::from_secs(3));
        assert_eq!(seconds(quote!(recur, 1e-9)), Duration::from_nanos(1));
        assert_eq!(seconds(quote!(once, 9_223_372_036.0)), Duration::from_secs(9_223_372_036));
    }

    #[test]
    fn a_text_after_cron_is_an_expression() {
        let hourly =
            read(quote!(SCHED, cron, "@hourly", tz = "Europe/Rome", dst = skip, jitter = 5));
        assert!(matches!(hourly.when, When::Expression(text) if text.value() == "@hourly"));
        assert_eq!(hourly.options.time_zone.map(|it| it.value()).as_deref(), Some("Europe/Rome"));
        assert_eq!(hourly.options.dst.map(|it| it.to_string()).as_deref(), Some("Skip"));
        assert!(
            matches!(hourly.options.jitter, Some(Interval::Seconds(most, _)) if most.as_secs() == 5)
        );

        let delay = read(quote!(cron, 5, jitter = "500ms"));
        assert!(matches!(delay.when, When::Interval(Interval::Seconds(..))));
        assert!(matches!(delay.options.jitter, Some(Interval::Text(_))));
        assert!(matches!(read(quote!(once, "1h")).when, When::Interval(Interval::Text(_))));
    }

    #[test]
    fn a_policy_is_a_word_or_a_text() {
        for (written, variant) in
            [("vixie", "Vixie"), ("skip", "Skip"), ("literal", "Literal"), ("shift", "Shift")]
        {
            let word = Ident::new(written, proc_macro2::Span::call_site());
            for arguments in
                [quote!(cron, "@daily", dst = #word), quote!(cron, "@daily", dst = #written)]
            {
                assert_eq!(
                    read(arguments).options.dst.map(|it| it.to_string()).as_deref(),
                    Some(variant)
                );
            }
        }
    }

    #[test]
    fn what_only_a_calendar_has_is_refused_elsewhere() {
        for (arguments, written) in [
            (quote!(recur, 3, tz = "Europe/Rome"), "`recur, 3`"),
            (quote!(cron, 5, dst = skip), "`cron, 5`"),
            (quote!(once, "1h", tz = "Europe/Rome"), "`once, \"1h\"`"),
        ] {
            let found = complaints(arguments);
            assert_eq!(found.len(), 1, "{found:#?}");
            assert!(found[0].contains(written), "{written} is not in {found:?}");
        }
        assert_eq!(complaints(quote!(recur, 3, tz = "Europe/Rome", dst = skip)).len(), 2);
        assert_eq!(complaints(quote!(recur, "*/5 * * * *", tz = "Europe/Rome")).len(), 1);
    }

    #[test]
    fn every_mistake_is_reported() {
        let found = complaints(quote!(SCHED, weekly, -3, high, 4, colour = "red", name = "", 5));
        assert_eq!(found.len(), 7, "{found:#?}");
        for (complaint, word) in found.iter().zip([
            "`colour`",
            "empty",
            "come before all options",
            "`weekly`",
            "`-3`",
            "expected a priority",
            "nothing else",
        ]) {
            assert!(complaint.contains(word), "{word:?} is not in {complaint:?}");
        }
    }

    #[test]
    fn what_is_missing_is_said_once() {
        assert_eq!(complaints(quote!()).len(), 1);
        assert_eq!(complaints(quote!(SCHED)).len(), 1);
        assert_eq!(complaints(quote!(SCHED, recur)).len(), 1);
        assert_eq!(complaints(quote!(SCHED, 3, 2)).len(), 1);
        assert_eq!(complaints(quote!(3)).len(), 1);
    }
}
