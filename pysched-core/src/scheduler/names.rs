//! [`Names`]: the names that no two live tasks may have.
//!
//! A name is *reserved* before its task is added, and *settled* once the task has an id. Others who want
//! it meanwhile wait, which takes no longer than adding a task. So a name never belongs to
//! two tasks, nor to none. (A task that was replaced has lost its name, and may still run.) The lock is taken before that of a shard, never under it.
//!
//! A thread that wants a name which it has reserved itself would wait for itself: a task that is refused
//! drops what it has captured, and that may add another one. It does not wait, and may have the name. The
//! loom model is at the end.

use std::collections::HashMap;

use crate::TaskId;
use crate::sync::thread::{self, ThreadId};
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

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::id::SchedulerId;
    use crate::sync::models::check;
    use loom::sync::Arc;

    const NAME: &str = "nightly";

    struct Shared {
        names: Names,
        scheduler: SchedulerId,

        /// The numbers of the live tasks.
        live: Mutex<Vec<u64>>,
    }

    /// What a thread does.
    #[derive(Clone, Copy)]
    enum Act {
        /// Adds the task of this number.
        Add(u64),

        /// Adds it in place of the one that has the name.
        Replace(u64),

        /// Adds one that is refused.
        Refuse,

        /// Ends this one, if it is there.
        End(u64),
    }

    impl Shared {
        fn act(&self, act: Act) {
            match act {
                Act::Add(number) => self.add(Some(number), false),
                Act::Replace(number) => self.add(Some(number), true),
                Act::Refuse => self.add(None, false),
                Act::End(number) => self.end(number),
            }
        }

        fn id(&self, number: u64) -> TaskId {
            TaskId::new(self.scheduler, number, 0)
        }

        /// As the engine does.
        fn add(&self, number: Option<u64>, replaces: bool) {
            let is_live = |task: TaskId| self.live.lock().contains(&task.sequence());
            let Ok(reservation) = self.names.reserve(NAME, is_live, replaces) else { return };
            assert!(self.live.lock().len() <= usize::from(replaces), "another task has the name");
            let Some(number) = number else { return };
            self.live.lock().push(number);
            let before = reservation.settle(self.id(number));
            if !is_live(self.id(number)) {
                self.names.forget(NAME, self.id(number));
            }
            if let Some(before) = before {
                self.end(before.sequence());
            }
        }

        fn end(&self, number: u64) {
            let was_live = {
                let mut live = self.live.lock();
                let before = live.len();
                live.retain(|other| *other != number);
                live.len() < before
            };
            if was_live {
                self.names.forget(NAME, self.id(number));
            }
        }
    }

    /// Three threads that do this. Whoever finds the name free finds no task of that name, and whoever
    /// waits for it comes to an end, or loom reports a deadlock. In the end the name is that of the live
    /// task, if there is one.
    fn model(acts: [Act; 3]) {
        check(3, move || {
            let shared = Arc::new(Shared {
                names: Names::default(),
                scheduler: SchedulerId::unique(),
                live: Mutex::new(Vec::new()),
            });
            let [first, others @ ..] = acts;
            let threads = others.map(|act| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.act(act))
            });
            shared.act(first);
            for thread in threads {
                thread.join().unwrap();
            }
            let live = shared.live.lock();
            assert!(live.len() <= 1);
            let claim = shared.names.claims.lock().get(NAME).copied();
            assert_eq!(claim, live.first().map(|number| Claim::Settled(shared.id(*number))));
        });
    }

    #[test]
    fn loom_a_name_has_one_task() {
        model([Act::Add(1), Act::Add(2), Act::Refuse]);
        model([Act::Add(1), Act::Replace(2), Act::Refuse]);
        model([Act::Add(1), Act::Replace(2), Act::End(1)]);
    }
}
