//! Whose code is running on this thread: what keeps a shutdown that is called from inside a task from
//! waiting for that task, and what a task learns about itself.

use std::cell::RefCell;

use super::current::Current;
use crate::TaskId;
use crate::id::SchedulerId;
use crate::sync::thread_local;
use crate::unwind::drop_quietly;

thread_local! {
    static ENTERED: RefCell<Entered> = const {
        RefCell::new(Entered { scopes: Vec::new(), told: Vec::new() })
    };
}

/// What a thread is inside of.
#[derive(Debug)]
struct Entered {
    /// Outermost first. More than one when an inline task of one scheduler runs an inline task of
    /// another.
    scopes: Vec<Scope>,

    /// What some of them have been told about themselves, as they have asked, and how many scopes are
    /// around each and it. Apart, so that nothing is to be dropped with a scope that has not asked.
    told: Vec<(usize, Current)>,
}

/// Code that runs on behalf of a scheduler.
#[derive(Debug, Clone, Copy)]
struct Scope {
    /// The task whose function runs; if it is none, one that there never is.
    task: TaskId,

    /// Which execution of the task it is; 0 if it is none.
    run: u64,
}

/// Marks this thread as running code on behalf of a scheduler, until dropped.
#[derive(Debug)]
pub(crate) struct Inside(());

impl Inside {
    #[inline]
    pub(crate) fn enter(scheduler: SchedulerId) -> Self {
        Self::run(TaskId::new(scheduler, 0, 0), 0)
    }

    /// As [`enter`](Self::enter), in order to run an execution.
    #[inline]
    pub(crate) fn run(task: TaskId, run: u64) -> Self {
        change(|entered| entered.scopes.push(Scope { task, run }));
        Self(())
    }

    /// As [`run`](Self::run), of an execution that another process has sent.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn run_elsewhere(current: &Current) -> Self {
        let inside = Self::run(current.task(), 0);
        remember(current.clone());
        inside
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        let mut told = None;
        change(|entered| {
            let depth = entered.scopes.len();
            if !entered.told.is_empty() {
                told = entered.told.pop_if(|(own, _)| *own == depth);
            }
            entered.scopes.pop();
        });
        // What it was told may be the last to hold callbacks of a user.
        if told.is_some() {
            let _ = drop_quietly(told);
        }
    }
}

/// Changes the list, unless the thread is ending and has dropped it: a job may be dropped that late,
/// and nobody shuts a scheduler down from there.
#[inline]
fn change(change: impl FnOnce(&mut Entered)) {
    let _ = ENTERED.try_with(|entered| change(&mut entered.borrow_mut()));
}

/// Whether this thread runs code on behalf of `scheduler`.
pub(crate) fn is_inside(scheduler: SchedulerId) -> bool {
    let is = |entered: &RefCell<Entered>| {
        entered.borrow().scopes.iter().any(|scope| scope.task.scheduler() == scheduler)
    };
    ENTERED.try_with(is).unwrap_or(false)
}

/// What the innermost code on this thread is, if it is an execution, and what it has been told about
/// itself.
pub(super) fn innermost() -> (Option<(TaskId, u64)>, Option<Current>) {
    let look = |entered: &RefCell<Entered>| {
        let Entered { scopes, told } = &*entered.borrow();
        let execution = scopes.last().filter(|scope| scope.run > 0);
        let told = told.last().filter(|(depth, _)| *depth == scopes.len());
        (execution.map(|it| (it.task, it.run)), told.map(|(_, current)| current.clone()))
    };
    ENTERED.try_with(look).unwrap_or_default()
}

/// Keeps what the innermost code was told about itself.
pub(super) fn remember(current: Current) {
    change(|entered| {
        let depth = entered.scopes.len();
        if depth > 0 {
            entered.told.push((depth, current));
        }
    });
}
