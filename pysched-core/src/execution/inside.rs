//! Whose code is running on this thread: what keeps a shutdown that is called from inside a task from
//! waiting for that task, and what a task learns about itself.

use std::cell::RefCell;

use super::current::Current;
use crate::TaskId;
use crate::id::SchedulerId;

thread_local! {
    /// What this thread is inside of, outermost first. More than one when an inline task of one
    /// scheduler runs an inline task of another.
    static ENTERED: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

/// Code that runs on behalf of a scheduler.
#[derive(Debug)]
struct Scope {
    scheduler: SchedulerId,

    /// The execution whose function runs, if it is one.
    execution: Option<(TaskId, u64)>,

    /// What that is told about itself, once it has asked.
    current: Option<Current>,
}

/// Marks this thread as running code on behalf of a scheduler, until dropped.
#[derive(Debug)]
pub(crate) struct Inside(());

impl Inside {
    pub(crate) fn enter(scheduler: SchedulerId) -> Self {
        Self::push(scheduler, None, None)
    }

    /// As [`enter`](Self::enter), in order to run an execution.
    pub(crate) fn run(task: TaskId, run: u64) -> Self {
        Self::push(task.scheduler(), Some((task, run)), None)
    }

    /// As [`run`](Self::run), of an execution that another process has sent.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn run_elsewhere(current: Current) -> Self {
        Self::push(current.task().scheduler(), None, Some(current))
    }

    fn push(
        scheduler: SchedulerId,
        execution: Option<(TaskId, u64)>,
        current: Option<Current>,
    ) -> Self {
        change(|entered| entered.push(Scope { scheduler, execution, current }));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut left = None;
        change(|entered| left = entered.pop());
        // What it was told may be the last to hold callbacks of a user.
        if let Some(Scope { current: Some(current), .. }) = left {
            let _ = crate::unwind::drop_quietly(current);
        }
    }
}

/// Changes the list, unless the thread is ending and has dropped it: a job may be dropped that late,
/// and nobody shuts a scheduler down from there.
fn change(change: impl FnOnce(&mut Vec<Scope>)) {
    let _ = ENTERED.try_with(|entered| change(&mut entered.borrow_mut()));
}

/// Whether this thread runs code on behalf of `scheduler`.
pub(crate) fn is_inside(scheduler: SchedulerId) -> bool {
    let is = |entered: &RefCell<Vec<Scope>>| {
        entered.borrow().iter().any(|scope| scope.scheduler == scheduler)
    };
    ENTERED.try_with(is).unwrap_or(false)
}

/// What the innermost code on this thread is, and what it has been told about itself.
pub(super) fn innermost() -> (Option<(TaskId, u64)>, Option<Current>) {
    let look = |entered: &RefCell<Vec<Scope>>| {
        let entered = entered.borrow();
        let told = |scope: &Scope| (scope.execution, scope.current.clone());
        entered.last().map(told).unwrap_or_default()
    };
    ENTERED.try_with(look).unwrap_or_default()
}

/// Keeps what the innermost code was told about itself.
pub(super) fn remember(current: &Current) {
    change(|entered| {
        if let Some(scope) = entered.last_mut() {
            scope.current = Some(current.clone());
        }
    });
}
