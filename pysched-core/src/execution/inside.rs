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
        ENTERED.with_borrow_mut(|entered| entered.push(scheduler));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        ENTERED.with_borrow_mut(Vec::pop);
    }
}

/// Whether this thread runs code on behalf of `scheduler`.
pub(crate) fn is_inside(scheduler: SchedulerId) -> bool {
    ENTERED.with_borrow(|entered| entered.contains(&scheduler))
}
