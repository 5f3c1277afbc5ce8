//! Which schedulers' code is running on this thread: what keeps a shutdown that is called from
//! inside a task from waiting for that task.

use std::cell::RefCell;

use crate::id::SchedulerId;

thread_local! {
    /// The schedulers that this thread is inside of, outermost first. More than one when an inline
    /// task of one scheduler runs an inline task of another.
    static ENTERED: RefCell<Vec<SchedulerId>> = const { RefCell::new(Vec::new()) };
}

/// Marks this thread as running code on behalf of a scheduler, until dropped.
#[derive(Debug)]
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn enter(scheduler: SchedulerId) -> Self {
        change(|entered| entered.push(scheduler));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        change(|entered| {
            entered.pop();
        });
    }
}

/// Changes the list, unless the thread is ending and has dropped it: a job may be dropped that late,
/// and nobody shuts a scheduler down from there.
fn change(change: impl FnOnce(&mut Vec<SchedulerId>)) {
    let _ = ENTERED.try_with(|entered| change(&mut entered.borrow_mut()));
}

/// Whether this thread runs code on behalf of `scheduler`.
pub(crate) fn is_inside(scheduler: SchedulerId) -> bool {
    ENTERED.try_with(|entered| entered.borrow().contains(&scheduler)).unwrap_or(false)
}
