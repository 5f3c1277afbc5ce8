//! The documentation of what is generated: it is part of the user's own.

use syn::{Expr, Ident, LitStr};

use crate::attribute::{Arguments, Interval, Trigger, When};
use crate::shown::shown;

/// The documentation of the enum.
pub(crate) fn companion(function: &Ident, arguments: &Arguments) -> String {
    let delay = match &arguments.scheduler {
        Some(scheduler) => {
            format!(", and [`delay`](Self::delay) adds it to `{}`", shown(scheduler))
        }
        None => String::new(),
    };
    format!("[`fn@{function}`] as a task: [`task`](Self::task) makes it{delay}.")
}

/// The documentation of `task`.
pub(crate) fn task(function: &Ident, arguments: &Arguments) -> String {
    format!(
        "Makes the task that calls [`fn@{function}`] with these arguments: {}.\n\n\
         Each run takes a copy of them. The task can be adjusted before it is added to a scheduler.",
        rules(arguments),
    )
}

/// The documentation of `delay`.
pub(crate) fn delay(function: &Ident, scheduler: &Expr, arguments: &Arguments) -> String {
    format!(
        "Adds [`fn@{function}`] with these arguments to `{}`: {}.\n\n\
         # Errors\n\n\
         When the scheduler refuses it; the error says why.",
        shown(scheduler),
        rules(arguments),
    )
}

/// The trigger and the priority in words.
fn rules(Arguments { trigger, when, priority, options, .. }: &Arguments) -> String {
    let trigger = match when {
        When::Expression(text) => {
            let zone = options.time_zone.as_ref().map_or_else(|| "UTC".to_owned(), LitStr::value);
            let policy = options.dst.as_ref();
            let policy =
                policy.map_or_else(String::new, |policy| format!(" under `Dst::{policy}`"));
            format!("at the times of the cron expression `{}` in {zone}{policy}", text.value())
        }
        When::Interval(interval) => {
            let interval = interval_in_words(interval);
            match trigger {
                Trigger::Recur => format!("every {interval}"),
                Trigger::RecurAfter => format!("{interval} after each run has ended"),
                Trigger::Once | Trigger::Cron => format!("once, after {interval}"),
            }
        }
    };
    let jitter = options.jitter.as_ref().map_or_else(String::new, |most| {
        format!(", later by a random time of up to {}", interval_in_words(most))
    });
    format!("{trigger}{jitter}, with priority {}", priority.unwrap_or_default())
}

fn interval_in_words(interval: &Interval) -> String {
    match interval {
        Interval::Seconds(_, lit) => match &*shown(lit) {
            "1" => "1 second".to_owned(),
            written => format!("{written} seconds"),
        },
        Interval::Text(text) => text.value(),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn rules_are_told_in_words() {
        for (arguments, told) in [
            (quote!(recur, 1), "every 1 second, with priority 0"),
            (quote!(cron, 5, 1), "once, after 5 seconds, with priority 1"),
            (
                quote!(recur_after, "1h 30m", -1, jitter = "500ms"),
                "1h 30m after each run has ended, later by a random time of up to 500ms, with \
                 priority -1",
            ),
            (
                quote!(cron, "0 9 * * MON-FRI"),
                "at the times of the cron expression `0 9 * * MON-FRI` in UTC, with priority 0",
            ),
            (
                quote!(cron, "@daily", 2, tz = "Europe/Rome", dst = skip, jitter = 5),
                "at the times of the cron expression `@daily` in Europe/Rome under `Dst::Skip`, \
                 later by a random time of up to 5 seconds, with priority 2",
            ),
        ] {
            let arguments = Arguments::read(arguments).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(rules(&arguments), told);
        }
    }
}
