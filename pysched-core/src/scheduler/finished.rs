//! [`FinishedTasks`]: what is remembered of tasks that are gone.

use std::collections::VecDeque;

use crate::{Execution, TaskId};

/// How many executions of finished tasks are remembered, of all tasks together.
const LIMIT: usize = 10_000;

/// The executions of the latest finished tasks.
#[derive(Debug, Default)]
pub(super) struct FinishedTasks {
    tasks: VecDeque<(TaskId, Vec<Execution>)>,

    /// How many executions `tasks` holds.
    executions: usize,
}

impl FinishedTasks {
    /// Remembers a task, and forgets the oldest ones that there is no more room for. Of a task that
    /// alone has more executions than that, the latest are remembered.
    pub(super) fn push(&mut self, task: TaskId, mut executions: Vec<Execution>) {
        if executions.is_empty() {
            return;
        }
        executions.drain(..executions.len().saturating_sub(LIMIT));
        self.executions += executions.len();
        self.tasks.push_back((task, executions));
        while self.executions > LIMIT
            && let Some((_, forgotten)) = self.tasks.pop_front()
        {
            self.executions -= forgotten.len();
        }
    }

    /// The executions of a task, oldest first; none if it is not remembered.
    pub(super) fn executions(&self, task: TaskId) -> Vec<Execution> {
        // From the newest, which is asked for most.
        let found = self.tasks.iter().rev().find(|(id, _)| *id == task);
        found.map(|(_, executions)| executions.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Status;
    use crate::id::SchedulerId;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_oldest_are_forgotten() {
        let scheduler = SchedulerId::unique();
        let id = |number| TaskId::new(scheduler, number, 0);
        let mut finished = FinishedTasks::default();
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
        let mut finished = FinishedTasks::default();
        finished.push(id, executions);
        let kept = finished.executions(id);
        assert_eq!(kept.len(), LIMIT);
        assert_eq!(kept[0].due, at(8));
        assert_eq!(finished.executions, LIMIT);
    }
}
