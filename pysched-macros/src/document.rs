//! The documentation of what is generated: it is part of the user's own.

use syn::{Expr, Ident};

use crate::attribute::{Arguments, Interval, Trigger};
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
fn rules(Arguments { trigger, interval, priority, .. }: &Arguments) -> String {
    let interval = match interval {
        Interval::Seconds(_, written) if written == "1" => "1 second".to_owned(),
        Interval::Seconds(_, written) => format!("{written} seconds"),
        Interval::Text(text) => text.value(),
    };
    let trigger = match trigger {
        Trigger::Recur => format!("every {interval}"),
        Trigger::RecurAfter => format!("{interval} after each run has ended"),
        Trigger::Once | Trigger::Cron => format!("once, after {interval}"),
    };
    format!("{trigger}, with priority {}", priority.unwrap_or_default())
}
