//! [`Limits`]: how many executions of all tasks with a tag may be queued or run at a time.
//!
//! An execution enters, under the lock of its shard, before a job is made of it, and leaves when that is
//! over. If there is no room, its task is written down in the first gate that is full, by urgency. Whoever
//! leaves is told which tasks may try again, and has them do so without any lock; until they do, they stay
//! written down, so that nobody who is less urgent goes before them. A task that has nothing
//! left to enter for is crossed out, as is one that then waits at another gate: what was kept for it is for
//! others, who are told. The lock is the last to be taken, under that of a shard. The loom model is at the end.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::TaskId;
use crate::queue::ReadyKey;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, Ordering};

/// See the top of this file.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Whether there is any limit, which saves a lock where there is none.
    any: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The limited tags.
    gates: HashMap<Arc<str>, Gate>,

    /// Which gates an execution is inside of, once for each of its jobs: its next attempt may begin while
    /// the job of the one before is being wound up.
    inside: HashMap<(TaskId, u64), Vec<Vec<Arc<str>>>>,

    /// Where a task is written down.
    waiting: HashMap<TaskId, (Arc<str>, ReadyKey)>,
}

#[derive(Debug, Default)]
struct Gate {
    /// How many may be inside; `None` if the limit was lifted while some were.
    limit: Option<usize>,
    inside: usize,

    /// The tasks that wait, the most urgent first.
    waiting: BTreeSet<(ReadyKey, TaskId)>,
}

/// What came of an attempt to enter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Admission {
    /// Whether there was room.
    pub(super) is_in: bool,

    /// The tasks that may try again.
    pub(super) admitted: Vec<TaskId>,
}

impl Gate {
    /// Whether somebody with this urgency may come in, those others being counted who are more urgent.
    fn has_room(&self, key: ReadyKey, task: TaskId) -> bool {
        self.limit.is_none_or(|limit| {
            // The task itself may be written down for an earlier run, which will not come any more.
            let others = self.waiting.range(..(key, task)).filter(|(_, other)| *other != task);
            self.inside + others.take(limit).count() < limit
        })
    }

    /// The tasks for which there may be room.
    fn admitted(&self) -> impl Iterator<Item = TaskId> {
        let room = self.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.inside));
        self.waiting.iter().take(room).map(|(_, task)| *task)
    }

    fn is_idle(&self) -> bool {
        self.limit.is_none() && self.inside == 0 && self.waiting.is_empty()
    }
}

impl Limits {
    /// Whether a limit may concern a task with these tags.
    pub(super) fn concern(&self, tags: &[Arc<str>]) -> bool {
        !tags.is_empty() && self.any.load(Ordering::Acquire)
    }

    /// Whether a limit lets no execution of a task with these tags begin, as long as it stands.
    pub(super) fn bar(&self, tags: &[Arc<str>]) -> bool {
        let is_none =
            |state: &State, tag| state.gates.get(tag).is_some_and(|it| it.limit == Some(0));
        self.concern(tags) && {
            let state = self.state.lock();
            tags.iter().any(|tag| is_none(&state, tag))
        }
    }

    /// Sets or lifts a limit; gives the tasks that may try again.
    pub(super) fn set(&self, tag: &Arc<str>, limit: Option<usize>) -> Vec<TaskId> {
        let mut state = self.state.lock();
        self.any.store(true, Ordering::Release);
        let gate = state.gates.entry(Arc::clone(tag)).or_default();
        gate.limit = limit;
        let admitted = gate.admitted().collect();
        if gate.is_idle() {
            state.gates.remove(tag);
        }
        admitted
    }

    /// Lets an execution in, if there is room for it in all gates; otherwise writes its task down.
    pub(super) fn enter(
        &self,
        execution: (TaskId, u64),
        tags: &[Arc<str>],
        key: ReadyKey,
    ) -> Admission {
        let mut state = self.state.lock();
        let task = execution.0;
        let gates = &state.gates;
        let is_full = |tag: &&Arc<str>| gates.get(*tag).is_some_and(|it| !it.has_room(key, task));
        let full = tags.iter().find(is_full).map(Arc::clone);
        let before = state.cross_out(task);
        if let Some(full) = full {
            if let Some(gate) = state.gates.get_mut(&full) {
                gate.waiting.insert((key, task));
            }
            // What was kept for it elsewhere, or further ahead, is for others now.
            let gave_way = before.filter(|(tag, before)| *tag != full || *before < key);
            let mut admitted = gave_way.map(|(tag, _)| state.admitted(&tag)).unwrap_or_default();
            admitted.retain(|other| *other != task);
            state.waiting.insert(task, (full, key));
            return Admission { is_in: false, admitted };
        }
        let mut entered = Vec::new();
        for tag in tags {
            if let Some(gate) = state.gates.get_mut(tag) {
                gate.inside += 1;
                entered.push(Arc::clone(tag));
            }
        }
        if !entered.is_empty() {
            state.inside.entry(execution).or_default().push(entered);
        }
        Admission { is_in: true, admitted: Vec::new() }
    }

    /// Lets an execution out; gives the tasks that may try again.
    pub(super) fn leave(&self, execution: (TaskId, u64)) -> Vec<TaskId> {
        let mut state = self.state.lock();
        let mut admitted = Vec::new();
        for tag in state.take_out(execution) {
            let Some(gate) = state.gates.get_mut(&tag) else { continue };
            gate.inside -= 1;
            admitted.extend(gate.admitted());
            if gate.is_idle() {
                state.gates.remove(&tag);
            }
        }
        admitted
    }

    /// Crosses a task out that has nothing to enter for; gives those that may try again.
    pub(super) fn forget(&self, task: TaskId) -> Vec<TaskId> {
        let mut state = self.state.lock();
        let Some((tag, _)) = state.cross_out(task) else { return Vec::new() };
        state.admitted(&tag)
    }

    /// The tag whose limit keeps a task waiting, how many are inside, and how many may be.
    pub(super) fn obstacle(&self, task: TaskId) -> Option<(Arc<str>, usize, usize)> {
        let state = self.state.lock();
        let (tag, _) = state.waiting.get(&task)?;
        let gate = state.gates.get(tag)?;
        Some((Arc::clone(tag), gate.inside, gate.limit?))
    }
}

impl State {
    /// The tasks for which there may be room at a gate.
    fn admitted(&self, tag: &str) -> Vec<TaskId> {
        self.gates.get(tag).map(|gate| gate.admitted().collect()).unwrap_or_default()
    }

    /// Takes out which gates one job of an execution is inside of.
    fn take_out(&mut self, execution: (TaskId, u64)) -> Vec<Arc<str>> {
        let Entry::Occupied(mut jobs) = self.inside.entry(execution) else { return Vec::new() };
        let entered = jobs.get_mut().pop();
        if jobs.get().is_empty() {
            jobs.remove();
        }
        entered.unwrap_or_default()
    }

    /// Gives where it was written down, and how urgent.
    fn cross_out(&mut self, task: TaskId) -> Option<(Arc<str>, ReadyKey)> {
        let (tag, key) = self.waiting.remove(&task)?;
        if let Some(gate) = self.gates.get_mut(&tag) {
            gate.waiting.remove(&(key, task));
            if gate.is_idle() {
                self.gates.remove(&tag);
            }
        }
        Some((tag, key))
    }
}

#[cfg(test)]
impl Limits {
    /// Whether nothing is inside or waits.
    pub(super) fn are_idle(&self) -> bool {
        let state = self.state.lock();
        let idle = |gate: &Gate| gate.inside == 0 && gate.waiting.is_empty();
        state.inside.is_empty() && state.waiting.is_empty() && state.gates.values().all(idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SchedulerId;
    use crate::time::Moment;

    fn key(priority: i32) -> ReadyKey {
        ReadyKey { priority, due: Moment::default(), sequence: 0 }
    }

    #[test]
    fn the_most_urgent_of_those_that_wait_goes_first() {
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let tags: [Arc<str>; 1] = ["db".into()];
        let limits = Limits::default();
        assert!(!limits.concern(&tags));
        limits.set(&"db".into(), Some(1));
        assert!(limits.concern(&tags) && !limits.concern(&[]));

        assert!(limits.enter((id(1), 1), &tags, key(0)).is_in);
        assert!(!limits.enter((id(2), 1), &tags, key(5)).is_in);
        assert!(!limits.enter((id(3), 1), &tags, key(-5)).is_in);
        assert_eq!(limits.obstacle(id(2)), Some(("db".into(), 1, 1)));
        assert_eq!(limits.leave((id(1), 1)), [id(3)]);
        assert!(!limits.enter((id(4), 1), &tags, key(0)).is_in, "one that is more urgent waits");
        assert!(limits.enter((id(3), 1), &tags, key(-5)).is_in);
        assert_eq!(limits.leave((id(3), 1)), [id(4)]);
        assert_eq!(limits.forget(id(4)), [id(2)], "it does not want to any more");
        assert!(limits.enter((id(2), 1), &tags, key(5)).is_in);
        assert_eq!(limits.leave((id(2), 1)), []);
        limits.set(&"db".into(), None);
        let state = limits.state.lock();
        assert!(state.gates.is_empty() && state.inside.is_empty() && state.waiting.is_empty());
    }

    #[test]
    fn who_waits_elsewhere_leaves_the_room_to_others() {
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let [a, b]: [Arc<str>; 2] = ["a".into(), "b".into()];
        let both = [Arc::clone(&a), Arc::clone(&b)];
        let limits = Limits::default();
        limits.set(&a, Some(1));
        limits.set(&b, Some(1));
        let [a, b] = [[a], [b]];
        assert!(limits.enter((id(1), 1), &a, key(0)).is_in);
        assert!(limits.enter((id(2), 1), &b, key(0)).is_in);
        assert!(!limits.enter((id(3), 1), &both, key(-5)).is_in);
        assert!(!limits.enter((id(4), 1), &a, key(0)).is_in);
        assert_eq!(limits.leave((id(1), 1)), [id(3)]);
        let moved = limits.enter((id(3), 1), &both, key(-5));
        assert_eq!(moved, Admission { is_in: false, admitted: vec![id(4)] });
    }

    #[test]
    fn two_attempts_of_one_execution_are_two() {
        let execution = (TaskId::new(SchedulerId::unique(), 1, 0), 1);
        let tags: [Arc<str>; 1] = ["db".into()];
        let limits = Limits::default();
        limits.set(&"db".into(), Some(2));
        assert!(limits.enter(execution, &tags, key(0)).is_in);
        assert!(limits.enter(execution, &tags, key(0)).is_in);
        limits.leave(execution);
        assert_eq!(limits.state.lock().gates["db"].inside, 1);
        limits.leave(execution);
        let state = limits.state.lock();
        assert!(state.gates["db"].inside == 0 && state.inside.is_empty());
    }

    #[test]
    fn a_task_is_not_in_its_own_way() {
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let tags: [Arc<str>; 1] = ["db".into()];
        let limits = Limits::default();
        limits.set(&"db".into(), Some(1));
        assert!(limits.enter((id(1), 1), &tags, key(0)).is_in);
        assert!(!limits.enter((id(2), 1), &tags, key(0)).is_in);
        assert_eq!(limits.leave((id(1), 1)), [id(2)]);
        assert!(limits.enter((id(2), 2), &tags, key(1)).is_in, "an earlier run was given up");
    }

    #[test]
    fn a_limit_may_change_while_some_are_inside() {
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let tags: [Arc<str>; 2] = ["a".into(), "b".into()];
        let limits = Limits::default();
        limits.set(&"a".into(), Some(9));
        limits.set(&"b".into(), Some(0));
        assert!(!limits.enter((id(1), 1), &tags, key(0)).is_in);
        assert_eq!(limits.set(&"b".into(), Some(1)), [id(1)]);
        assert!(limits.enter((id(1), 1), &tags, key(0)).is_in);
        assert!(!limits.enter((id(2), 1), &tags, key(0)).is_in);
        assert_eq!(limits.set(&"b".into(), None), [id(2)]);
        assert!(limits.enter((id(2), 1), &tags, key(0)).is_in, "one gate is open");
        assert_eq!(limits.leave((id(1), 1)), []);
        assert_eq!(limits.leave((id(2), 1)), []);
        assert_eq!(limits.state.lock().gates.len(), 1, "the one with a limit");
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::id::SchedulerId;
    use crate::sync::models::check;
    use crate::time::{Moment, Parker};
    use loom::thread;

    /// What a shard has of the one task in it.
    struct Shard {
        /// Whether an execution of it waits.
        waits: bool,

        /// Whether the heart is to look at it.
        nudged: bool,
    }

    struct Shared {
        limits: Limits,
        parker: Parker,
        scheduler: SchedulerId,

        /// By the numbers of the tasks.
        shards: Vec<Mutex<Shard>>,
        tags: Vec<Vec<Arc<str>>>,
    }

    impl Shared {
        /// Tasks with these tags, the most urgent first. None waits.
        fn new(tags: &[&[&str]], limited: &[&str]) -> Arc<Self> {
            let limits = Limits::default();
            for tag in limited {
                limits.set(&Arc::from(*tag), Some(1));
            }
            let shard = |_| Mutex::new(Shard { waits: false, nudged: false });
            Arc::new(Self {
                limits,
                parker: Parker::new(),
                scheduler: SchedulerId::unique(),
                shards: tags.iter().map(shard).collect(),
                tags: tags
                    .iter()
                    .map(|tags| tags.iter().map(|tag| Arc::from(*tag)).collect())
                    .collect(),
            })
        }

        fn id(&self, number: usize) -> TaskId {
            TaskId::new(self.scheduler, number as u64, 0)
        }

        fn enter(&self, number: usize) -> Admission {
            let priority = i32::try_from(number).unwrap();
            let key = ReadyKey { priority, due: Moment::default(), sequence: number as u64 };
            self.limits.enter((self.id(number), 1), &self.tags[number], key)
        }

        fn leave(&self, number: usize) {
            self.nudge_all(self.limits.leave((self.id(number), 1)));
        }

        /// Changes what waits, and has the heart look.
        fn wait(&self, number: usize, waits: bool) {
            let mut shard = self.shards[number].lock();
            (shard.waits, shard.nudged) = (waits, true);
            drop(shard);
            self.parker.unpark();
        }

        fn nudge_all(&self, tasks: Vec<TaskId>) {
            for task in tasks {
                self.shards[task.sequence() as usize].lock().nudged = true;
                self.parker.unpark();
            }
        }

        /// Looks at all shards that are nudged; says whether that was one.
        fn look(&self, ran: &mut [bool]) -> bool {
            let mut looked = false;
            for (number, shard) in self.shards.iter().enumerate() {
                let mut shard = shard.lock();
                if !std::mem::take(&mut shard.nudged) {
                    continue;
                }
                looked = true;
                let mut admitted = Vec::new();
                let mut is_in = false;
                if shard.waits {
                    let admission = self.enter(number);
                    is_in = admission.is_in;
                    shard.waits = !is_in;
                    admitted.extend(admission.admitted);
                }
                if !shard.waits {
                    admitted.extend(self.limits.forget(self.id(number)));
                }
                drop(shard);
                self.nudge_all(admitted);
                if is_in {
                    ran[number] = true;
                    self.leave(number);
                }
            }
            looked
        }

        /// The heart, until that task has run. Loom reports a deadlock if it sleeps for ever.
        fn beat_until(&self, number: usize) {
            let mut ran = vec![false; self.shards.len()];
            while !ran[number] {
                if !self.look(&mut ran) {
                    self.parker.park();
                }
            }
        }
    }

    fn spawn(shared: &Arc<Shared>, act: impl FnOnce(&Shared) + 'static) -> thread::JoinHandle<()> {
        let shared = Arc::clone(shared);
        thread::spawn(move || act(&shared))
    }

    /// One is inside, and leaves. Of the two that wait, the more urgent gives up.
    #[test]
    fn loom_room_is_given_to_who_still_wants_it() {
        check(3, || {
            let shared = Shared::new(&[&["a"], &["a"], &["a"]], &["a"]);
            assert!(shared.enter(0).is_in);
            shared.wait(1, true);
            shared.wait(2, true);
            let threads =
                [spawn(&shared, |it| it.leave(0)), spawn(&shared, |it| it.wait(1, false))];
            shared.beat_until(2);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }

    /// The more urgent of the two that wait for `b` needs `a`, too, which somebody takes and keeps.
    #[test]
    fn loom_room_is_given_to_who_can_use_it() {
        check(3, || {
            let shared = Shared::new(&[&["b"], &["a"], &["a", "b"], &["b"]], &["a", "b"]);
            assert!(shared.enter(0).is_in);
            shared.wait(2, true);
            shared.wait(3, true);
            let threads = [
                spawn(&shared, |it| it.leave(0)),
                spawn(&shared, |it| {
                    let _shard = it.shards[1].lock();
                    let admission = it.enter(1);
                    assert!(admission.admitted.is_empty());
                }),
            ];
            shared.beat_until(3);
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }
}
