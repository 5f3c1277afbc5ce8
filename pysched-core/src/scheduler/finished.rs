//! [`FinishedTasks`]: what is remembered of tasks that are gone.

use std::collections::VecDeque;

use crate::TaskId;
use crate::execution::{Execution, Reason, Status, Times, Withdrawal};
use crate::time::Moment;

/// The executions of the latest finished tasks.
#[derive(Debug)]
pub(super) struct FinishedTasks {
    tasks: VecDeque<FinishedTask>,

    /// How many executions are remembered, of all tasks together, unless the latest task alone has
    /// more: that one is remembered in full.
    limit: usize,

    /// How many executions `tasks` holds.
    executions: usize,
}

#[derive(Debug)]
struct FinishedTask {
    sequence: u64,
    executions: Executions,
}

#[derive(Debug)]
enum Executions {
    /// A single one, without an error: what nearly all tasks leave that run once.
    One(Stamps, Status, Option<Withdrawal>),
    Many(Vec<Execution>),
}

/// The times of an execution, as numbers: what is remembered is written at the end of each task,
/// and hardly ever read.
#[derive(Debug, Clone, Copy)]
struct Stamps {
    due: Moment,

    /// [`Moment::NEVER`] if it was not begun.
    started: Moment,

    /// [`Moment::NEVER`] if there is none.
    finished: Moment,
}

// Of a burst of tasks the latest go round and round in here, and should stay in a cache.
const _: () = assert!(size_of::<FinishedTask>() <= 40);

impl Stamps {
    /// `None` if there is a time without an exact number.
    fn of(times: Times) -> Option<Self> {
        let number = |at: Option<_>| at.map_or(Some(Moment::NEVER), Moment::exactly_of_wall);
        Some(Self {
            due: Moment::exactly_of_wall(times.due)?,
            started: number(times.started)?,
            finished: number(times.finished)?,
        })
    }

    fn times(self) -> Times {
        let number = |stamp: Moment| (stamp != Moment::NEVER).then_some(stamp);
        let Self { due, started, finished } = self;
        Times { due, started: number(started), finished: number(finished) }.on_wall()
    }
}

impl From<Times<Moment>> for Stamps {
    fn from(Times { due, started, finished }: Times<Moment>) -> Self {
        let stamp = |at: Option<Moment>| at.unwrap_or(Moment::NEVER);
        Self { due, started: stamp(started), finished: stamp(finished) }
    }
}

impl Executions {
    /// An execution that has nothing to it but its times and its status.
    fn brief(execution: &Execution) -> Option<Self> {
        let Execution { task, due, started, finished, status, reason, .. } = *execution;
        let times = Times { due, started, finished };
        let why = reason.and_then(Withdrawal::of);
        let told = Execution::new(task, times, status, None).because(why.map(Reason::from));
        let one = |stamps| Self::One(stamps, status, why);
        if told == *execution { Stamps::of(times).map(one) } else { None }
    }

    fn len(&self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::Many(executions) => executions.len(),
        }
    }
}

impl FinishedTasks {
    pub(super) fn new(limit: usize) -> Self {
        Self { tasks: VecDeque::new(), limit, executions: 0 }
    }

    /// Remembers a task that ran once without an error, or was cancelled before it did. The times
    /// are exact numbers on the scale of [`Moment::of_wall`].
    pub(super) fn push_one(
        &mut self,
        task: TaskId,
        times: Times<Moment>,
        status: Status,
        why: Option<Withdrawal>,
    ) {
        self.remember(task, Executions::One(times.into(), status, why));
    }

    /// Remembers a task.
    pub(super) fn push(&mut self, task: TaskId, executions: Vec<Execution>) {
        let one = match executions.as_slice() {
            [] => return,
            [execution] => Executions::brief(execution),
            _ => None,
        };
        self.remember(task, one.unwrap_or(Executions::Many(executions)));
    }

    /// Forgets the oldest tasks that there is no more room for.
    fn remember(&mut self, task: TaskId, executions: Executions) {
        // All at once: a buffer that grows leaves holes among the pages of slots, and what comes to
        // lie in one of them keeps the allocator from giving back all that is before it. What has
        // not been written yet takes no memory.
        if self.tasks.capacity() == 0 {
            self.tasks.reserve_exact(self.limit);
        }
        self.executions += executions.len();
        while self.executions > self.limit
            && let Some(forgotten) = self.tasks.pop_front()
        {
            self.executions -= forgotten.executions.len();
        }
        self.tasks.push_back(FinishedTask { sequence: task.sequence(), executions });
    }

    /// The executions of a task, oldest first; none if it is not remembered.
    pub(super) fn executions(&self, task: TaskId) -> Vec<Execution> {
        // From the newest, which is asked for most.
        let found = self.tasks.iter().rev().find(|it| it.sequence == task.sequence());
        match found.map(|it| &it.executions) {
            None => Vec::new(),
            Some(Executions::One(stamps, status, why)) => {
                let execution = Execution::new(task, stamps.times(), *status, None);
                vec![execution.because(why.map(Reason::from))]
            }
            Some(Executions::Many(executions)) => executions.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SchedulerId;
    use std::time::{Duration, SystemTime};

    const LIMIT: usize = 1_000;

    #[test]
    fn the_oldest_are_forgotten() {
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let mut finished = FinishedTasks::new(LIMIT);
        for number in 0..5 {
            let time = SystemTime::UNIX_EPOCH;
            let execution = Execution::passed_over(id(number), time, time, Status::Missed);
            finished.push(id(number), vec![execution; LIMIT / 4]);
        }
        assert!(finished.executions(id(0)).is_empty());
        for number in 1..5 {
            assert_eq!(finished.executions(id(number)).len(), LIMIT / 4);
        }
        assert_eq!(finished.executions, LIMIT);
    }

    #[test]
    fn a_task_with_too_many_is_kept_alone_until_the_next_one() {
        let id = TaskId::new(SchedulerId::unique(), 1, 0);
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let other = TaskId::new(id.scheduler(), 2, 0);
        let missed =
            |id, second| Execution::passed_over(id, at(second), at(second), Status::Missed);
        let executions: Vec<_> = (1..=LIMIT as u64 + 7).map(|second| missed(id, second)).collect();
        let mut finished = FinishedTasks::new(LIMIT);
        finished.push(other, vec![missed(other, 1); 2]);
        finished.push(id, executions.clone());
        assert_eq!(finished.executions(id), executions);
        assert!(finished.executions(other).is_empty());
        finished.push(other, vec![missed(other, 2)]);
        assert!(finished.executions(id).is_empty());
        assert_eq!(finished.executions, 1);
    }

    #[test]
    fn a_single_execution_is_told_as_it_was() {
        let id = TaskId::new(SchedulerId::unique(), 1, 0);
        let epoch = SystemTime::UNIX_EPOCH;
        let at = |seconds| Duration::from_secs(seconds);
        let century = at(100 * 365 * 24 * 3600);
        for due in [epoch - century, epoch, epoch + at(1), epoch + 5 * century, epoch + 6 * century]
        {
            for started in [None, Some(due + at(1))] {
                for text in [None, Some("out of paper")] {
                    let times = Times { due, started, finished: Some(due + at(2)) };
                    let expected = Execution::new(id, times, Status::Failed, text);
                    let mut finished = FinishedTasks::new(LIMIT);
                    finished.push(id, vec![expected.clone()]);
                    assert_eq!(finished.executions(id), [expected]);
                }
            }
        }
    }

    #[test]
    fn numbers_are_told_as_times() {
        let id = TaskId::new(SchedulerId::unique(), 1, 0);
        let epoch = SystemTime::UNIX_EPOCH;
        for started in [None, Some(Moment::from_nanos(7))] {
            let mut finished = FinishedTasks::new(LIMIT);
            let last = Moment::LAST;
            let numbers = Times { due: Moment::default(), started, finished: Some(last) };
            finished.push_one(id, numbers, Status::Succeeded, None);
            let started = started.map(Moment::on_wall);
            let times = Times { due: epoch, started, finished: Some(last.on_wall()) };
            let expected = Execution::new(id, times, Status::Succeeded, None);
            assert_eq!(finished.executions(id), [expected]);
        }
    }
}
