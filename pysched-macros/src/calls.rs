//! The arguments of the attribute as calls on the task, `.trigger(..).priority(..)` and so on: what it
//! is told beyond its function.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attribute::{Arguments, Backoff, Interval, Overlap, Rules, Trigger, When};
use crate::constants;

/// All calls. What is not given has no call: what it then means, `Task` decides.
pub(crate) fn of(arguments: &Arguments, private: &TokenStream) -> TokenStream {
    let Arguments { priority, options, .. } = arguments;
    let trigger = trigger(arguments, private);
    let priority = priority.map(|priority| quote!(.priority(#priority)));
    let executor = options.executor.as_ref().map(|executor| quote!(.executor(#executor)));
    let rules = rules(&options.rules, private);
    quote!(.trigger(#trigger) #priority #executor #rules)
}

/// The trigger, with the options that change it.
fn trigger(arguments: &Arguments, private: &TokenStream) -> TokenStream {
    let Arguments { trigger, when, options, .. } = arguments;
    let mut expression = match when {
        When::Expression(text) => constants::calendar(private, text, options.time_zone.as_ref()),
        When::Interval(interval) => {
            let read = if trigger.recurs() { "recurring" } else { "interval" };
            let interval = self::interval(interval, read, private);
            let constructor = match trigger {
                Trigger::Recur => quote!(recur),
                Trigger::RecurAfter => quote!(recur_after),
                Trigger::Once | Trigger::Cron => quote!(once),
            };
            quote!(#private::Trigger::#constructor(#interval))
        }
    };
    if let Some(policy) = &options.dst {
        expression = quote!(#private::dst(#expression, #private::Dst::#policy));
    }
    if let Some(most) = &options.jitter {
        let most = interval(most, "interval", private);
        expression = quote!(#private::jitter(#expression, #most));
    }
    expression
}

/// What becomes of the task's runs.
fn rules(rules: &Rules, private: &TokenStream) -> TokenStream {
    let Rules { conflict, tags, times, misfire, .. } = rules;
    let overlap = rules.overlap.as_ref().map(|overlap| {
        let overlap = match overlap {
            Overlap::Policy(policy) => quote!(#private::Overlap::#policy),
            Overlap::Allow(most) => quote!(#private::allow(#most)),
        };
        quote!(.overlap(#overlap))
    });
    let misfire = misfire.as_ref().map(|misfire| quote!(.misfire(#private::Misfire::#misfire)));
    let grace = rules.grace.as_ref().map(|grace| {
        let grace = duration(grace, "interval", private);
        quote!(.grace(#grace))
    });
    let retry = retry(rules, private).map(|retry| quote!(.retry(#retry)));
    let timeout = rules.timeout.as_ref().map(|limit| {
        let limit = duration(limit, "timeout", private);
        quote!(.timeout(#limit))
    });
    let times = times.map(|times| quote!(.times(#times)));
    let conflict = conflict.as_ref().map(|it| quote!(.conflict(#private::Conflict::#it)));
    quote!(#overlap #misfire #grace #retry #timeout #times #(.tag(#tags))* #conflict)
}

/// Whether, and when, to try again.
fn retry(rules: &Rules, private: &TokenStream) -> Option<TokenStream> {
    let times = rules.retry?;
    let pause = |pause| duration(pause, "interval", private);
    let retry = quote!(#private::Retry::times(#times));
    let retry = match &rules.backoff {
        None => retry,
        Some(Backoff::Fixed(every)) => {
            let every = pause(every);
            quote!(#retry.fixed(#every))
        }
        Some(Backoff::Exponential { first, longest, span }) => {
            let pauses = constants::pauses(private, *span, &pause(first), &pause(longest));
            quote!(#private::growing(#retry, #pauses))
        }
    };
    Some(match &rules.retry_if {
        Some(predicate) => quote!(#private::retry_if(#retry, #predicate)),
        None => retry,
    })
}

/// An interval as a `Duration`, by the function of the core that reads a text.
fn duration(interval: &Interval, read: &str, private: &TokenStream) -> TokenStream {
    let value = self::interval(interval, read, private);
    match interval {
        Interval::Seconds(..) => value,
        Interval::Text(_) => quote!(#private::duration(#value)),
    }
}

/// An interval as what a trigger takes, by the function of the core that reads a text.
fn interval(interval: &Interval, read: &str, private: &TokenStream) -> TokenStream {
    match interval {
        Interval::Seconds(span, _) => {
            let (seconds, nanos) = (span.as_secs(), span.subsec_nanos());
            quote!(#private::Duration::new(#seconds, #nanos))
        }
        Interval::Text(text) => constants::interval(private, read, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(arguments: TokenStream) -> String {
        let arguments = Arguments::read(arguments).unwrap_or_else(|error| panic!("{error}"));
        of(&arguments, &quote!(p)).to_string()
    }

    #[test]
    fn what_is_not_given_is_not_called() {
        let expected = quote!(.trigger(p::Trigger::once(p::Duration::new(5u64, 0u32))));
        assert_eq!(calls(quote!(SCHED, once, 5)), expected.to_string());
    }

    #[test]
    fn each_rule_is_a_call() {
        let trigger = quote!(.trigger(p::Trigger::recur(p::Duration::new(3u64, 0u32))));
        for (rule, call) in [
            (quote!(overlap = buffer_one), quote!(.overlap(p::Overlap::BufferOne))),
            (quote!(overlap = allow(3)), quote!(.overlap(p::allow(3usize)))),
            (quote!(misfire = run_all), quote!(.misfire(p::Misfire::RunAll))),
            (quote!(grace = 0.5), quote!(.grace(p::Duration::new(0u64, 500000000u32)))),
            (quote!(retry = 3), quote!(.retry(p::Retry::times(3u32)))),
            (quote!(timeout = 10), quote!(.timeout(p::Duration::new(10u64, 0u32)))),
            (quote!(times = 5), quote!(.times(5u64))),
            (quote!(tags = ["db", "slow"], tag = "new"), {
                quote!(.tag("db").tag("slow").tag("new"))
            }),
            (quote!(conflict = keep), quote!(.conflict(p::Conflict::Keep))),
        ] {
            assert_eq!(calls(quote!(recur, 3, #rule)), quote!(#trigger #call).to_string());
        }
    }

    #[test]
    fn further_attempts_are_one_call() {
        let trigger = quote!(.trigger(p::Trigger::recur(p::Duration::new(3u64, 0u32))));
        for (rules, retry) in [
            (quote!(retry = 3, backoff = 10), {
                quote!(p::Retry::times(3u32).fixed(p::Duration::new(10u64, 0u32)))
            }),
            (quote!(backoff = (1, 60), retry = 3), {
                quote!(p::growing(p::Retry::times(3u32), {
                    const __PYSCHED_PAUSES: [p::Duration; 2] =
                        p::pauses(p::Duration::new(1u64, 0u32), p::Duration::new(60u64, 0u32));
                    __PYSCHED_PAUSES
                }))
            }),
            (quote!(retry = 3, retry_if = app::is_transient), {
                quote!(p::retry_if(p::Retry::times(3u32), app::is_transient))
            }),
        ] {
            let expected = quote!(#trigger .retry(#retry));
            assert_eq!(calls(quote!(recur, 3, #rules)), expected.to_string());
        }
    }

    #[test]
    fn a_text_is_read_by_the_function_that_knows_what_it_is_for() {
        for (rule, read) in [
            (quote!(grace = "5s"), "p :: interval (\"5s\")"),
            (quote!(timeout = "5s"), "p :: timeout (\"5s\")"),
            (quote!(retry = 1, backoff = "5s"), "p :: interval (\"5s\")"),
        ] {
            let calls = calls(quote!(recur, 3, #rule));
            assert!(calls.contains(read) && calls.contains("p :: duration ("), "{calls}");
        }
    }
}
