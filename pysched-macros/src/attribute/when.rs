//! [`When`]: the third argument, an interval or a cron expression.

use syn::{Error, Expr, ExprLit, Lit, LitStr, Result};

use super::{Interval, Trigger};

/// What comes after the trigger.
pub(crate) enum When {
    /// How long to wait.
    Interval(Interval),

    /// The text after `cron`, which the core reads while the user's crate is compiled.
    Expression(LitStr),
}

impl When {
    /// Reads what comes after a trigger, which is `None` if it could not be read itself.
    pub(super) fn read(argument: Expr, trigger: Option<Trigger>) -> Result<Self> {
        if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &argument {
            if trigger == Some(Trigger::Cron) {
                return Ok(Self::Expression(text.clone()));
            }
            if is_expression(&text.value()) {
                let message = "this is a cron expression, which goes with `cron`, as in \
                               `cron, \"0 9 * * MON-FRI\"`; an interval is a text with units, \
                               such as `\"1h 30m\"`";
                return Err(Error::new_spanned(text, message));
            }
        }
        let interval = Interval::read(argument, "Task::trigger")?;
        if trigger.is_some_and(Trigger::recurs) {
            interval.refuse_zero(|written| {
                format!(
                    "a task cannot recur every `{written}` seconds: expected at least a \
                     nanosecond; `once` runs it a single time"
                )
            })?;
        }
        Ok(Self::Interval(interval))
    }
}

/// Whether a text can be nothing but a cron expression. One without such a character is left to who
/// reads intervals.
fn is_expression(text: &str) -> bool {
    text.contains('*') || text.starts_with('@')
}
