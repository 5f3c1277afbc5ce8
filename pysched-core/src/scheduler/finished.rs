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
    /// Remembers a task, and forgets the oldest ones that there is no more room for.
    pub(super) fn push(&mut self, task: TaskId, executions: Vec<Execution>) {
        if executions.is_empty() {
            return;
        }
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
    use std::time::SystemTime;

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
}
