//! [`Names`]: the names that no two live tasks may have.
//!
//! A name is *reserved* before its task is added, and *settled* once the task has an id. Others who want
//! it meanwhile wait, which takes no longer than adding a task. So nobody ever finds two tasks of one
//! name, nor a name without a task. The lock is taken before that of a shard, never under it.
//!
//! A thread that wants a name which it has reserved itself would wait for itself: a task that is refused
//! drops what it has captured, and that may add another one. It does not wait, and may have the name.

use std::collections::HashMap;
use std::thread::{self, ThreadId};

use crate::TaskId;
use crate::sync::{Condvar, Mutex};

/// Who has which name.
#[derive(Debug, Default)]
pub(super) struct Names {
    claims: Mutex<HashMap<String, Claim>>,

    /// Notified when what was reserved is settled or given up.
    settled: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// By this thread; and the task that had the name before, and still has it if it is given up.
    Reserved(ThreadId, Option<TaskId>),
    Settled(TaskId),
}

/// A name that is reserved; given up when dropped before it is settled.
#[must_use]
pub(super) struct Reservation<'a> {
    names: &'a Names,
    name: &'a str,
    is_settled: bool,
}

impl Names {
    /// Reserves a name, or gives the live task that has it and is not to lose it.
    pub(super) fn reserve<'a>(
        &'a self,
        name: &'a str,
        is_live: impl Fn(TaskId) -> bool,
        replaces: bool,
    ) -> Result<Reservation<'a>, TaskId> {
        let me = thread::current().id();
        let mut claims = self.claims.lock();
        loop {
            let before = match claims.get(name) {
                Some(Claim::Reserved(by, _)) if *by != me => {
                    claims = self.settled.wait(claims);
                    continue;
                }
                Some(Claim::Reserved(_, before)) => *before,
                Some(Claim::Settled(task)) => Some(*task),
                None => None,
            };
            let before = before.filter(|task| is_live(*task));
            if let Some(task) = before
                && !replaces
            {
                return Err(task);
            }
            claims.insert(name.to_owned(), Claim::Reserved(me, before));
            return Ok(Reservation { names: self, name, is_settled: false });
        }
    }

    /// Forgets that a task had a name, if it still has.
    pub(super) fn forget(&self, name: &str, task: TaskId) {
        let mut claims = self.claims.lock();
        if claims.get(name) == Some(&Claim::Settled(task)) {
            claims.remove(name);
        }
    }
}

impl Reservation<'_> {
    /// Gives the name to a task, and says which one has lost it.
    pub(super) fn settle(mut self, task: TaskId) -> Option<TaskId> {
        let before = self.names.claims.lock().insert(self.name.to_owned(), Claim::Settled(task));
        self.is_settled = true;
        self.names.settled.notify_all();
        match before? {
            Claim::Reserved(_, before) => before,
            Claim::Settled(task) => Some(task),
        }
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let me = thread::current().id();
        let mut claims = self.names.claims.lock();
        // Otherwise this thread has given the name to another task meanwhile, which may have lost it.
        if let Some(Claim::Reserved(by, before)) = claims.get(self.name).copied()
            && by == me
        {
            match before {
                Some(task) => claims.insert(self.name.to_owned(), Claim::Settled(task)),
                None => claims.remove(self.name),
            };
        }
        drop(claims);
        self.names.settled.notify_all();
    }
}

#[cfg(test)]
impl Names {
    pub(super) fn are_free(&self) -> bool {
        self.claims.lock().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SchedulerId;
    use std::thread;

    #[test]
    fn a_reservation_is_given_up_by_whom_it_is() {
        let names = Names::default();
        let task = TaskId::new(SchedulerId::unique(), 1, 0);
        let refused = names.reserve("nightly", |_| true, true).ok().unwrap();
        names.reserve("nightly", |_| true, true).ok().unwrap().settle(task);
        thread::scope(|scope| {
            let other = scope.spawn(|| names.reserve("nightly", |_| false, false).ok().unwrap());
            let other = other.join().unwrap();
            let before = names.claims.lock().clone();
            drop(refused);
            assert_eq!(*names.claims.lock(), before, "it is reserved by the other thread");
            other.settle(task);
        });
    }

    #[test]
    fn whoever_wants_a_reserved_name_waits_for_what_becomes_of_it() {
        let names = Names::default();
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let is_live = |_| true;
        let first = names.reserve("nightly", is_live, false).ok().unwrap();
        thread::scope(|scope| {
            let other = scope.spawn(|| names.reserve("nightly", is_live, false).err());
            assert_eq!(first.settle(id(1)), None);
            assert_eq!(other.join().unwrap(), Some(id(1)));
        });

        let given_up = names.reserve("nightly", is_live, true).ok().unwrap();
        drop(given_up);
        assert_eq!(names.reserve("nightly", is_live, false).err(), Some(id(1)));
        let replaced = names.reserve("nightly", is_live, true).ok().unwrap().settle(id(2));
        assert_eq!(replaced, Some(id(1)));

        let refused = names.reserve("nightly", is_live, true).ok().unwrap();
        assert_eq!(names.reserve("nightly", is_live, false).err(), Some(id(2)), "it still has it");
        let within = names.reserve("nightly", is_live, true).ok().unwrap();
        assert_eq!(within.settle(id(3)), Some(id(2)), "this thread does not wait for itself");
        drop(refused);
        assert_eq!(names.reserve("nightly", is_live, false).err(), Some(id(3)));
        assert_eq!(
            names.reserve("nightly", is_live, true).ok().unwrap().settle(id(2)),
            Some(id(3))
        );

        names.forget("nightly", id(1));
        assert_eq!(names.reserve("nightly", is_live, false).err(), Some(id(2)));
        names.forget("nightly", id(2));
        drop(names.reserve("nightly", is_live, false).ok().unwrap());
        assert!(names.claims.lock().is_empty());
    }
}
