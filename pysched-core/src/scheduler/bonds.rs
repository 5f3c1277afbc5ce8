//! [`Bonds`]: which tasks follow which.
//!
//! A task that follows others has no timer: it runs when each of its predecessors has succeeded since its
//! last run. A predecessor knows its followers, and tells them, without its own lock, when it has succeeded
//! and when it is finished. It knows them from when they are added; whatever became of it between the two is
//! found out then.

use std::collections::VecDeque;
use std::time::Duration;

use super::deadlines::{Alert, Deadline, Key};
use super::shard::Shard;
use crate::TaskId;
use crate::execution::{Reason, Status};
use crate::time::Moment;
use crate::trigger::Due;

/// The tasks that a task follows, and those that follow it.
#[derive(Debug, Default)]
pub(super) struct Bonds {
    /// Empty if it follows none.
    pub(super) predecessors: Vec<Predecessor>,

    /// How long after their success it runs.
    delay: Duration,

    /// The deadlines of the runs that they have brought about already, the earliest first.
    due: VecDeque<Key>,

    /// How many runs that they have yet to bring about were cancelled.
    cancelled: usize,

    /// Whether it has ever been brought to run, or was run by hand.
    pub(super) has_run: bool,

    /// Each with how many successes it is told of.
    followers: Vec<(TaskId, u64)>,
}

/// A task that is followed.
#[derive(Debug)]
pub(super) struct Predecessor {
    pub(super) task: TaskId,

    /// Whether it has succeeded since the follower was last brought to run.
    pub(super) has_succeeded: bool,

    /// How many of its successes the follower knows of.
    known: u64,

    /// How many there are, once it is finished. Threads tell in any order, so that its end may be told
    /// before a success.
    total: Option<u64>,
}

impl Predecessor {
    fn is_finished(&self) -> bool {
        self.total.is_some_and(|total| self.known >= total)
    }
}

/// What a follower is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    pub(super) to: TaskId,
    pub(super) from: TaskId,
    pub(super) news: News,
}

/// What became of a predecessor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Succeeded,

    /// After so many successes.
    Finished(u64),
}

/// What is known of a task that is to be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Live,
    Finished {
        has_succeeded: bool,
    },

    /// Never added here, or forgotten.
    Unknown,
}

impl Bonds {
    pub(super) fn after(predecessors: Vec<TaskId>, delay: Duration) -> Self {
        let predecessor = |task| Predecessor { task, has_succeeded: false, known: 0, total: None };
        Self {
            predecessors: predecessors.into_iter().map(predecessor).collect(),
            delay,
            ..Self::default()
        }
    }

    /// Whether predecessors may bring it to run, or have already.
    fn are_open(&self) -> bool {
        let may_succeed = |it: &Predecessor| it.has_succeeded || !it.is_finished();
        let may_run = !self.predecessors.is_empty() && self.predecessors.iter().all(may_succeed);
        may_run || !self.due.is_empty()
    }

    /// When its next run is due, as far as that is known.
    pub(super) fn next(&self) -> Option<Moment> {
        self.due.front().map(|key| key.0)
    }

    /// The predecessor that will not succeed any more, if it has never run.
    fn obstacle(&self) -> Option<TaskId> {
        let ended = |it: &&Predecessor| it.is_finished() && !it.has_succeeded;
        self.predecessors.iter().find(ended).filter(|_| !self.has_run).map(|it| it.task)
    }
}

impl Shard {
    /// How a task that is to be followed stands.
    pub(super) fn standing(&self, task: TaskId) -> Standing {
        if self.index(task).is_some() {
            return Standing::Live;
        }
        let executions = match self.held_index(task).and_then(|index| self.slot(index).record()) {
            Some(record) => record.executions(),
            None => self.finished.executions(task),
        };
        match executions.last() {
            Some(last) => Standing::Finished { has_succeeded: last.status == Status::Succeeded },
            None => Standing::Unknown,
        }
    }

    /// Has a task tell a follower what becomes of it, from now on; says how it stands.
    pub(super) fn tie(&mut self, task: TaskId, follower: TaskId) -> Standing {
        if let Some(index) = self.index(task) {
            let bonds = self.slot_mut(index).more_mut().bonds.get_or_insert_default();
            bonds.followers.push((follower, 0));
        }
        self.standing(task)
    }

    /// Has the followers of a task told that it has succeeded.
    pub(super) fn signal_success(&mut self, index: usize) {
        self.signal(index, |known| {
            *known += 1;
            News::Succeeded
        });
    }

    /// Has the followers of a task told that it is finished.
    pub(super) fn signal_end(&mut self, index: usize) {
        self.signal(index, |known| News::Finished(*known));
    }

    fn signal(&mut self, index: usize, news: impl Fn(&mut u64) -> News) {
        if !self.slot(index).is_bound() {
            return;
        }
        let from = self.id(index);
        let bonds = self.slot_mut(index).more_mut().bonds.get_or_insert_default();
        let signal = |(to, known): &mut (TaskId, u64)| Signal { to: *to, from, news: news(known) };
        let signals: Vec<_> = bonds.followers.iter_mut().map(signal).collect();
        if !signals.is_empty() {
            self.outbox().signals.extend(signals);
        }
    }

    /// Tells a follower what became of a predecessor; says whether it is still there.
    pub(super) fn receive(&mut self, signal: Signal, now: Moment) -> bool {
        let Some(index) = self.index(signal.to) else { return false };
        let slot = self.slot_mut(index);
        if slot.is_ending() {
            return true;
        }
        let bonds = slot.more_mut().bonds.get_or_insert_default();
        for predecessor in bonds.predecessors.iter_mut().filter(|it| it.task == signal.from) {
            match signal.news {
                News::Succeeded => {
                    predecessor.has_succeeded = true;
                    predecessor.known += 1;
                }
                News::Finished(total) => predecessor.total = Some(total),
            }
        }
        if bonds.predecessors.iter().all(|it| it.has_succeeded) {
            bonds.predecessors.iter_mut().for_each(|it| it.has_succeeded = false);
            bonds.has_run = true;
            let due = now.saturating_add(bonds.delay);
            if let Some(left) = bonds.cancelled.checked_sub(1) {
                bonds.cancelled = left;
            } else if due <= now {
                self.admit(index, Due::interval(due), None, now);
                self.nudge(index);
            } else {
                let sequence = self.slot(index).sequence;
                let deadline = Deadline { index, sequence, event: Alert::Follow };
                let key = self.set_deadline(due, deadline);
                let bonds = self.slot_mut(index).more_mut().bonds.get_or_insert_default();
                // Who tells it has looked at the clock before, so that they come in any order.
                bonds.due.insert(bonds.due.partition_point(|other| *other < key), key);
            }
        }
        self.touch(index);
        self.go_on(index, now);
        true
    }

    /// Has a task tell a follower nothing any more, as that is gone.
    pub(super) fn untie(&mut self, task: TaskId, follower: TaskId) {
        if let Some(index) = self.index(task)
            && let Some(bonds) = &mut self.slot_mut(index).more_mut().bonds
        {
            bonds.followers.retain(|(id, _)| *id != follower);
        }
    }

    /// The next run of a follower is due.
    pub(super) fn follow(&mut self, index: usize, now: Moment) {
        let bonds = self.slot_mut(index).more_mut().bonds.as_mut();
        let Some((due, _)) = bonds.and_then(|bonds| bonds.due.pop_front()) else { return };
        self.admit(index, Due::interval(due), None, now);
        self.nudge(index);
    }

    /// Takes the runs back that predecessors have brought about and that are not due yet, the earliest
    /// first.
    pub(super) fn take_following(&mut self, index: usize) -> VecDeque<Moment> {
        let Self { slots, deadlines, .. } = self;
        let bonds = slots.get_mut(index).and_then(|slot| slot.more.as_mut()?.bonds.as_mut());
        let due = bonds.map(|bonds| std::mem::take(&mut bonds.due)).unwrap_or_default();
        for key in &due {
            deadlines.take_back(*key);
        }
        due.into_iter().map(|key| key.0).collect()
    }

    /// Passes over the next run of a follower, which was cancelled.
    pub(super) fn skip_following(&mut self, index: usize) {
        let is_tied = self.is_tied(index);
        let Self { slots, deadlines, .. } = self;
        let bonds = slots.get_mut(index).and_then(|slot| slot.more.as_mut()?.bonds.as_mut());
        let Some(bonds) = bonds.filter(|_| is_tied) else { return };
        bonds.has_run = true;
        match bonds.due.pop_front() {
            Some(key) => deadlines.take_back(key),
            None => bonds.cancelled += 1,
        }
    }

    /// Whether predecessors may bring a task to run.
    pub(super) fn is_tied(&self, index: usize) -> bool {
        let slot = self.slot(index);
        let bonds = slot.more.as_deref().and_then(|more| more.bonds.as_deref());
        bonds.is_some_and(|bonds| !slot.is_ending() && bonds.are_open())
    }

    /// Records that a follower was never brought to run, if that is so, before it is finished.
    pub(super) fn give_up_following(&mut self, index: usize, now: Moment) {
        let slot = self.slot(index);
        let bonds = slot.more.as_deref().and_then(|more| more.bonds.as_deref());
        let Some(obstacle) = bonds.and_then(Bonds::obstacle) else { return };
        let at = self.timeline.wall_at(now);
        let reason = Reason::Predecessor(obstacle);
        if let Some(record) = slot.record() {
            record.withdraw(Some(at), true, at, reason);
        }
        self.tell_fate(index, at, Status::Cancelled, reason, 1, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SchedulerId;
    use crate::{InlineExecutor, ManualClock, Scheduler, Task, Trigger};

    #[test]
    fn they_are_open_as_long_as_all_may_succeed() {
        let scheduler = SchedulerId::unique();
        let ids = [1, 2].map(|number| TaskId::new(scheduler, number, 0));
        let mut bonds = Bonds::after(ids.to_vec(), Duration::ZERO);
        assert!(bonds.are_open() && bonds.obstacle().is_none());
        // Its end is told before its success.
        bonds.predecessors[0].total = Some(1);
        assert!(bonds.are_open());
        (bonds.predecessors[0].known, bonds.predecessors[0].has_succeeded) = (1, true);
        assert!(bonds.are_open(), "the other may yet succeed");
        bonds.predecessors[1].total = Some(0);
        assert!(!bonds.are_open());
        assert_eq!(bonds.obstacle(), Some(ids[1]));
        bonds.has_run = true;
        assert_eq!(bonds.obstacle(), None, "it has run once");
        let at = |second| Moment::from_origin(Duration::from_secs(second));
        bonds.due.extend([(at(5), 2), (at(7), 1)]);
        assert!(bonds.are_open(), "they have brought it to run");
        assert_eq!(bonds.next(), Some(at(5)));
    }

    #[test]
    fn one_that_follows_none_is_not_open() {
        assert!(!Bonds::default().are_open());
        assert_eq!(Bonds::default().obstacle(), None);
    }
    #[test]
    fn a_task_forgets_the_followers_that_are_gone() {
        let clock = ManualClock::new();
        let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        let task = sched.add(Task::new(|| ()).trigger(Trigger::recur(1))).unwrap();
        sched.start().unwrap();
        let stays = sched.add(Task::new(|| ()).after(&task)).unwrap();
        for _ in 0..10 {
            sched.add(Task::new(|| ()).after(&task)).unwrap().cancel().unwrap();
        }
        clock.advance(Duration::from_secs(1));
        let shard = sched.engine().place(task.id()).shard.lock();
        let more = shard.slot(shard.index(task.id()).unwrap()).more.as_deref();
        let followers = &more.unwrap().bonds.as_ref().unwrap().followers;
        assert_eq!(followers.iter().map(|it| it.0).collect::<Vec<_>>(), [stays.id()]);
    }
}
