//! The arguments of the attribute as calls on the task, `.trigger(..).priority(..)` and so on: what it
//! is told beyond its function.

use proc_macro2::TokenStream;
use quote::quote;

use crate::attribute::{Arguments, Interval, Trigger, When};
use crate::constants;

/// All calls. What is not given has no call: what it then means, `Task` decides.
pub(crate) fn of(arguments: &Arguments, private: &TokenStream) -> TokenStream {
    let Arguments { priority, options, .. } = arguments;
    let trigger = trigger(arguments, private);
    let priority = priority.map(|priority| quote!(.priority(#priority)));
    let executor = options.executor.as_ref().map(|executor| quote!(.executor(#executor)));
    quote!(.trigger(#trigger) #priority #executor)
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
}
