//! [`Names`]: the names that no two live tasks may have.
//!
//! A name is *reserved* before its task is added, and *settled* once the task has an id. Others who want
//! it meanwhile wait, which takes no longer than adding a task. So nobody ever finds two tasks of one
//! name, nor a name without a task. The lock is taken before that of a shard, never under it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

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
    Reserved,
    Settled(TaskId),
}

/// A name that is reserved; given up when dropped before it is settled.
#[must_use]
pub(super) struct Reservation<'a> {
    names: &'a Names,
    name: &'a str,

    /// The task that had the name before, and still has it if this one is given up.
    before: Option<TaskId>,
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
        let mut claims = self.claims.lock();
        loop {
            let before = match claims.get(name) {
                Some(Claim::Reserved) => {
                    claims = self.settled.wait(claims);
                    continue;
                }
                Some(Claim::Settled(task)) if is_live(*task) => {
                    if !replaces {
                        return Err(*task);
                    }
                    Some(*task)
                }
                Some(Claim::Settled(_)) | None => None,
            };
            claims.insert(name.to_owned(), Claim::Reserved);
            return Ok(Reservation { names: self, name, before, is_settled: false });
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
        self.names.claims.lock().insert(self.name.to_owned(), Claim::Settled(task));
        self.is_settled = true;
        self.names.settled.notify_all();
        self.before
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        let mut claims = self.names.claims.lock();
        if let Entry::Occupied(mut claim) = claims.entry(self.name.to_owned()) {
            match self.before {
                Some(task) => {
                    claim.insert(Claim::Settled(task));
                }
                None => {
                    claim.remove();
                }
            }
        }
        drop(claims);
        self.names.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SchedulerId;
    use std::thread;

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

        names.forget("nightly", id(1));
        assert_eq!(names.reserve("nightly", is_live, false).err(), Some(id(2)));
        names.forget("nightly", id(2));
        drop(names.reserve("nightly", is_live, false).ok().unwrap());
        assert!(names.claims.lock().is_empty());
    }
}
