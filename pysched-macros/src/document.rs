//! The documentation of what is generated: it is part of the user's own.

use syn::{Expr, Ident, LitStr};

use crate::attribute::{Arguments, Backoff, Interval, Overlap, Rules, Trigger, When};
use crate::shown::{listed, shown};

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
pub(crate) fn task(function: &Ident, is_async: bool, arguments: &Arguments) -> String {
    let calls = if is_async { "awaits" } else { "calls" };
    format!(
        "Makes the task that {calls} [`fn@{function}`] with these arguments: {}.\n\n\
         Each run takes a copy of them. The task can be adjusted before it is added to a scheduler.",
        told(arguments),
    )
}

/// The documentation of `delay`.
pub(crate) fn delay(function: &Ident, scheduler: &Expr, arguments: &Arguments) -> String {
    format!(
        "Adds [`fn@{function}`] with these arguments to `{}`: {}.\n\n\
         # Errors\n\n\
         When the scheduler refuses it; the error says why.",
        shown(scheduler),
        told(arguments),
    )
}

/// The trigger, the priority and the rules in words.
fn told(Arguments { trigger, when, priority, options, .. }: &Arguments) -> String {
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
    let schedule = format!("{trigger}{jitter}, with priority {}", priority.unwrap_or_default());
    let told: Vec<_> = [schedule].into_iter().chain(rules(&options.rules)).collect();
    told.join("; ")
}

/// What becomes of the runs, each rule in words.
fn rules(rules: &Rules) -> impl Iterator<Item = String> {
    let times = rules.times.map(|times| match times {
        1 => "at most once".to_owned(),
        times => format!("at most {times} times"),
    });
    let grace = rules.grace.as_ref();
    let grace = grace.map(|grace| format!("at most {} late", interval_in_words(grace)));
    let overlap = rules.overlap.as_ref().map(|overlap| match overlap {
        Overlap::Policy(policy) => format!("`Overlap::{policy}`"),
        Overlap::Allow(most) => format!("`Overlap::Allow({most})`"),
    });
    let misfire = rules.misfire.as_ref().map(|policy| format!("`Misfire::{policy}`"));
    let conflict = rules.conflict.as_ref().map(|policy| format!("`Conflict::{policy}`"));
    let policies = listed([overlap, misfire, conflict].into_iter().flatten(), "and");
    let policies = (!policies.is_empty()).then(|| format!("under {policies}"));
    let timeout = rules.timeout.as_ref();
    let timeout =
        timeout.map(|limit| format!("with {} for each attempt", interval_in_words(limit)));
    let tags = listed(rules.tags.iter().map(|tag| format!("`{}`", tag.value())), "and");
    let tags = (!tags.is_empty()).then(|| format!("tagged {tags}"));
    [times, grace, policies, timeout, retry(rules), tags].into_iter().flatten()
}

/// What happens after a failure, in words.
fn retry(rules: &Rules) -> Option<String> {
    let times = match rules.retry? {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    let backoff = rules.backoff.as_ref().map_or_else(String::new, |backoff| match backoff {
        Backoff::Fixed(pause) => format!(", after {}", interval_in_words(pause)),
        Backoff::Exponential { first, longest, .. } => {
            format!(", after {} to {}", interval_in_words(first), interval_in_words(longest))
        }
    });
    let predicate = rules.retry_if.as_ref().map_or_else(String::new, |predicate| {
        format!(", if `{}` is true of the error", shown(predicate))
    });
    Some(format!("tried again at most {times}{backoff}{predicate}"))
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
            (
                quote!(recur, 3, tag = "db", overlap = allow(2), times = 1, retry = 1),
                "every 3 seconds, with priority 0; at most once; under `Overlap::Allow(2)`; tried \
                 again at most once; tagged `db`",
            ),
            (
                quote!(
                    recur,
                    3,
                    overlap = buffer_one,
                    misfire = skip,
                    grace = "5s",
                    retry = 3,
                    backoff = ("1s", "1m"),
                    retry_if = app::transient,
                    timeout = 10,
                    times = 5,
                    tags = ["db", "slow"],
                    conflict = keep
                ),
                "every 3 seconds, with priority 0; at most 5 times; at most 5s late; under \
                 `Overlap::BufferOne`, `Misfire::Skip` and `Conflict::Keep`; with 10 seconds for \
                 each attempt; tried again at most 3 times, after 1s to 1m, if `app::transient` is \
                 true of the error; tagged `db` and `slow`",
            ),
        ] {
            let arguments = Arguments::read(arguments).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(super::told(&arguments), told);
        }
    }
}
