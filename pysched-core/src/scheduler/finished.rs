//! [`FinishedTasks`]: what is remembered of tasks that are gone.

use std::collections::VecDeque;

use crate::TaskId;
use crate::execution::{Execution, Status, Times};

/// The executions of the latest finished tasks.
#[derive(Debug)]
pub(super) struct FinishedTasks {
    tasks: VecDeque<FinishedTask>,

    /// How many executions are remembered, of all tasks together.
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
    One(Times, Status),
    Many(Vec<Execution>),
}

impl Executions {
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

    /// Remembers a task that ran once, or was cancelled before it did.
    pub(super) fn push_one(
        &mut self,
        task: TaskId,
        times: Times,
        status: Status,
        text: Option<&str>,
    ) {
        self.remember(
            task,
            match text {
                None => Executions::One(times, status),
                Some(_) => Executions::Many(vec![Execution::new(task, times, status, text)]),
            },
        );
    }

    /// Remembers a task, of one that alone has more executions than there is room for, the latest.
    pub(super) fn push(&mut self, task: TaskId, mut executions: Vec<Execution>) {
        executions.drain(..executions.len().saturating_sub(self.limit));
        match executions.as_slice() {
            [] => {}
            [Execution { due, started, finished, status, error: None, .. }] => {
                let times = Times { due: *due, started: *started, finished: *finished };
                self.remember(task, Executions::One(times, *status));
            }
            _ => self.remember(task, Executions::Many(executions)),
        }
    }

    /// Forgets the oldest tasks that there is no more room for.
    fn remember(&mut self, task: TaskId, executions: Executions) {
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
            Some(Executions::One(times, status)) => {
                vec![Execution::new(task, *times, *status, None)]
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
    fn of_a_task_with_too_many_the_latest_are_kept() {
        let id = TaskId::new(SchedulerId::unique(), 1, 0);
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let executions: Vec<_> = (1..=LIMIT as u64 + 7)
            .map(|second| Execution::passed_over(id, at(second), at(second), Status::Missed))
            .collect();
        let mut finished = FinishedTasks::new(LIMIT);
        finished.push(id, executions);
        let kept = finished.executions(id);
        assert_eq!(kept.len(), LIMIT);
        assert_eq!(kept[0].due, at(8));
        assert_eq!(finished.executions, LIMIT);
    }

    #[test]
    fn a_single_execution_is_told_as_it_was() {
        let id = TaskId::new(SchedulerId::unique(), 1, 0);
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let times = Times { due: at(1), started: Some(at(2)), finished: Some(at(3)) };
        for text in [None, Some("out of paper")] {
            let mut finished = FinishedTasks::new(LIMIT);
            finished.push_one(id, times, Status::Failed, text);
            let expected = Execution::new(id, times, Status::Failed, text);
            assert_eq!(finished.executions(id), [expected]);
        }
    }
}
