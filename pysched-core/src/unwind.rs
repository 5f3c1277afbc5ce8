//! The one place where panics of user code are caught.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs code of a user and turns a panic into its message.
///
/// Unwind safety is asserted because nothing that the closure can leave half changed is looked at
/// afterwards by this crate; what the user shares between executions is the user's to guard, as
/// with threads.
pub(crate) fn catch<R>(user_code: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(user_code)).map_err(message)
}

/// Drops a value of a user, whose `Drop` may panic.
pub(crate) fn drop_quietly<T>(value: T) -> Result<(), String> {
    catch(move || drop(value))
}

/// Drops values of a user one by one: a second panic while a first one unwinds would end the program.
pub(crate) fn drop_each<T>(values: impl IntoIterator<Item = T>) {
    for value in values {
        let _ = drop_quietly(value);
    }
}

/// The text of a panic: its `&str` or `String`, or a sentence that says it had neither.
fn message(payload: Box<dyn Any + Send>) -> String {
    let text = if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "the panic carried no text (its payload is neither &str nor String)".to_owned()
    };
    // The payload may itself panic when dropped, and so may the payload of that panic. If the second one is
    // no text, it is leaked: there is nothing left to learn from it, and dropping could go on for ever.
    if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(payload)))
        && !(second.is::<String>() || second.is::<&'static str>())
    {
        std::mem::forget(second);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::panic_any;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic_any(Bomb);
        }
    }

    #[test]
    fn the_message_of_a_panic_is_kept() {
        assert_eq!(catch(|| panic!("plain")), Err::<(), _>("plain".into()));
        assert_eq!(catch(|| panic!("number {}", 7)), Err::<(), _>("number 7".into()));
        assert!(catch(|| panic_any(7_u8)).unwrap_err().contains("neither &str nor String"));
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn a_payload_that_panics_when_dropped_is_survived() {
        assert!(catch(|| panic_any(Bomb)).is_err());
    }
}
