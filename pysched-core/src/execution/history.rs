//! [`History`]: the executions of one task: the one to come, those in flight, and those that ended.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Execution, ExecutionCell, Status};
use crate::TaskId;
use crate::unwind::drop_quietly;

/// The executions of one task. A plain data structure; the record of the task guards it.
///
/// A cell is in one of three places: `upcoming` until its run is due, but only if somebody asked
/// for its future; `active` until it is settled; then `retained`, of which only the newest are
/// kept. What drops out is put into `aftermath`, because announcing and dropping it runs code of
/// users, which must not happen under a lock.
#[derive(Debug)]
pub(crate) struct History<T> {
    upcoming: Option<Arc<ExecutionCell<T>>>,

    /// Queued or running, in the order of launching.
    active: Vec<Arc<ExecutionCell<T>>>,

    /// Ended, in the order of ending.
    retained: VecDeque<Entry<T>>,

    /// The cell that ended last, and its number. Kept apart, so that `Handle::future` and
    /// `Handle::wait` can answer even if no history is to be kept.
    latest: Option<Numbered<T>>,

    /// How many entries are retained.
    limit: usize,

    aftermath: Aftermath<T>,
}

/// A cell, and the how-manieth of its task it was to end, from 1.
type Numbered<T> = (u64, Arc<ExecutionCell<T>>);

#[derive(Debug)]
enum Entry<T> {
    Ended(Numbered<T>),

    /// A run that was skipped or missed; no future speaks of it.
    PassedOver(Execution),
}

/// What is left to do once no lock is held.
#[derive(Debug)]
#[must_use]
pub(crate) struct Aftermath<T> {
    /// Cells that were cancelled and have not been announced.
    pub(crate) announce: Vec<Arc<ExecutionCell<T>>>,

    /// Cells that nobody here needs any more. Dropping them may drop a value of a user.
    pub(crate) evicted: Vec<Arc<ExecutionCell<T>>>,
}

impl<T> Default for Aftermath<T> {
    fn default() -> Self {
        Self { announce: Vec::new(), evicted: Vec::new() }
    }
}

impl<T> History<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            upcoming: None,
            active: Vec::new(),
            retained: VecDeque::new(),
            latest: None,
            limit,
            aftermath: Aftermath::default(),
        }
    }

    /// Begins an execution.
    pub(crate) fn launch(&mut self, task: TaskId, due: SystemTime) -> Arc<ExecutionCell<T>> {
        let cell = self.upcoming.take().unwrap_or_else(|| ExecutionCell::queued(task, due));
        cell.set_due(due);
        self.active.push(Arc::clone(&cell));
        cell
    }

    /// Moves a settled cell to those that ended.
    pub(crate) fn end(&mut self, cell: &Arc<ExecutionCell<T>>) {
        debug_assert!(cell.is_settled());
        if let Some(index) = self.active.iter().position(|it| Arc::ptr_eq(it, cell)) {
            self.active.remove(index);
        } else if self.upcoming.as_ref().is_some_and(|it| Arc::ptr_eq(it, cell)) {
            self.upcoming = None;
        } else {
            return;
        }
        let number = self.ended() + 1;
        if let Some((_, before)) = self.latest.replace((number, Arc::clone(cell))) {
            self.aftermath.evicted.push(before);
        }
        self.retain(Entry::Ended((number, Arc::clone(cell))));
    }

    /// Moves every settled cell to those that ended; says whether the upcoming one was among them.
    pub(crate) fn sweep(&mut self) -> bool {
        let upcoming = self.upcoming.as_ref().is_some_and(|cell| cell.is_settled());
        let cells = self.active.iter().chain(&self.upcoming);
        let settled: Vec<_> = cells.filter(|cell| cell.is_settled()).cloned().collect();
        for cell in &settled {
            self.end(cell);
        }
        upcoming
    }

    /// Records a run that was skipped or missed.
    pub(crate) fn pass_over(&mut self, execution: Execution) {
        self.retain(Entry::PassedOver(execution));
    }

    /// Records the `count` runs before the one at `due`, an `interval` apart, as missed: of many,
    /// those that would be retained.
    pub(crate) fn miss(
        &mut self,
        task: TaskId,
        due: SystemTime,
        interval: Duration,
        count: u64,
        at: SystemTime,
    ) {
        let newest = u32::try_from(self.limit).unwrap_or(u32::MAX);
        let newest = u32::try_from(count).unwrap_or(u32::MAX).min(newest);
        for back in (1..=newest).rev() {
            let before = interval.checked_mul(back).and_then(|span| due.checked_sub(span));
            let missed = before.unwrap_or(SystemTime::UNIX_EPOCH);
            self.pass_over(Execution::passed_over(task, missed, at, Status::Missed));
        }
    }

    /// Lets a run that is due at `due` take the place of the one that is queued, which is recorded as
    /// missed; `false` if none is queued.
    pub(crate) fn supersede(&mut self, due: SystemTime, at: SystemTime) -> bool {
        let Some(cell) = self.active.iter().find(|cell| cell.is_queued()).cloned() else {
            return false;
        };
        let Execution { task, due: missed, .. } = cell.execution();
        cell.set_due(due);
        self.pass_over(Execution::passed_over(task, missed, at, Status::Missed));
        true
    }

    /// Cancels the run that would come at `next`, and with `queued` also those that were launched
    /// and have not begun.
    pub(crate) fn withdraw(
        &mut self,
        task: TaskId,
        next: Option<SystemTime>,
        queued: bool,
        at: SystemTime,
    ) {
        if let (None, Some(due)) = (&self.upcoming, next) {
            self.upcoming = Some(ExecutionCell::queued(task, due));
        }
        let queued = self.active.iter().filter(|_| queued);
        for cell in queued.chain(&self.upcoming) {
            if cell.withdraw() {
                cell.settle_cancelled(at);
                self.aftermath.announce.push(Arc::clone(cell));
            }
        }
        self.sweep();
    }

    /// The execution that runs or, at `next`, comes next; otherwise the latest that ended.
    pub(crate) fn current(
        &mut self,
        task: TaskId,
        next: Option<SystemTime>,
    ) -> Option<Arc<ExecutionCell<T>>> {
        if let Some(cell) = self.active.first() {
            return Some(Arc::clone(cell));
        }
        if let (None, Some(due)) = (&self.upcoming, next) {
            self.upcoming = Some(ExecutionCell::queued(task, due));
        }
        self.upcoming.as_ref().or(self.latest.as_ref().map(|(_, cell)| cell)).cloned()
    }

    /// The first execution that ended after the `seen` first ones, as far as it is retained.
    pub(crate) fn ended_after(&self, seen: u64) -> Option<Numbered<T>> {
        let retained = self.retained.iter().filter_map(|entry| match entry {
            Entry::Ended(numbered) => Some(numbered),
            Entry::PassedOver(_) => None,
        });
        retained.chain(&self.latest).find(|(number, _)| *number > seen).cloned()
    }

    /// How many executions have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.latest.as_ref().map_or(0, |(number, _)| *number)
    }

    pub(crate) fn latest(&self) -> Option<Arc<ExecutionCell<T>>> {
        self.latest.as_ref().map(|(_, cell)| Arc::clone(cell))
    }

    pub(crate) fn active(&self) -> usize {
        self.active.len()
    }

    pub(crate) fn in_flight(&self) -> Vec<Execution> {
        self.active.iter().map(|cell| cell.execution()).collect()
    }

    /// The cells of those that ended and are retained, oldest first.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Arc<ExecutionCell<T>>> {
        self.retained.iter().filter_map(|entry| match entry {
            Entry::Ended((_, cell)) => Some(cell),
            Entry::PassedOver(_) => None,
        })
    }

    /// All that ended and are retained, oldest first.
    pub(crate) fn executions(&self) -> Vec<Execution> {
        let execution = |entry: &Entry<T>| match entry {
            Entry::Ended((_, cell)) => cell.execution(),
            Entry::PassedOver(execution) => execution.clone(),
        };
        self.retained.iter().map(execution).collect()
    }

    pub(crate) fn take_aftermath(&mut self) -> Aftermath<T> {
        std::mem::take(&mut self.aftermath)
    }

    fn retain(&mut self, entry: Entry<T>) {
        self.retained.push_back(entry);
        if self.retained.len() > self.limit
            && let Some(Entry::Ended((_, cell))) = self.retained.pop_front()
        {
            self.aftermath.evicted.push(cell);
        }
    }
}

impl<T> Drop for History<T> {
    /// Drops the results one by one: each may panic, and a second panic while the first unwinds
    /// would end the process.
    fn drop(&mut self) {
        for entry in self.retained.drain(..) {
            let _ = drop_quietly(entry);
        }
        let _ = drop_quietly(self.latest.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    /// Runs one execution that gives `value`.
    fn run(history: &mut History<u64>, value: u64) {
        let cell = history.launch(TaskId::nil(), at(value));
        assert!(cell.begin());
        cell.settle(Ok(value).into(), at(value));
        history.end(&cell);
    }

    fn dues(history: &History<u64>) -> Vec<(SystemTime, Status)> {
        history.executions().iter().map(|it| (it.due, it.status)).collect()
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut history = History::new(2);
        (1..=5).for_each(|value| run(&mut history, value));
        assert_eq!(dues(&history), [(at(4), Status::Succeeded), (at(5), Status::Succeeded)]);
        assert_eq!(history.ended(), 5);
        assert_eq!(history.ended_after(0).unwrap().0, 4, "the first that is still retained");
        assert_eq!(history.ended_after(4).unwrap().0, 5);
        assert!(history.ended_after(5).is_none());
    }

    #[test]
    fn without_history_the_latest_is_still_known() {
        let mut history = History::new(0);
        (1..=3).for_each(|value| run(&mut history, value));
        assert!(history.executions().is_empty());
        assert_eq!(history.ended_after(0).unwrap().0, 3);
        assert_eq!(history.current(TaskId::nil(), None).unwrap().execution().due, at(3));
    }

    #[test]
    fn what_is_evicted_waits_to_be_dropped() {
        let mut history = History::new(1);
        run(&mut history, 1);
        drop(history.take_aftermath());
        run(&mut history, 2);
        let evicted = history.take_aftermath().evicted;
        assert!(evicted.iter().all(|cell| cell.execution().due == at(1)), "{evicted:?}");
        assert!(!evicted.is_empty());
    }

    #[test]
    fn a_run_to_come_is_made_once_and_becomes_the_one_that_runs() {
        let mut history = History::<u64>::new(1);
        let first = history.current(TaskId::nil(), Some(at(1))).unwrap();
        let again = history.current(TaskId::nil(), Some(at(1))).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let launched = history.launch(TaskId::nil(), at(2));
        assert!(Arc::ptr_eq(&first, &launched));
        assert_eq!(launched.execution().due, at(2), "as it was timed in the end");
    }

    #[test]
    fn a_withdrawal_leaves_what_runs_alone() {
        let mut history = History::<u64>::new(9);
        let running = history.launch(TaskId::nil(), at(1));
        assert!(running.begin());
        let queued = history.launch(TaskId::nil(), at(2));
        history.withdraw(TaskId::nil(), Some(at(3)), true, at(0));
        assert!(queued.is_withdrawn());
        assert!(!running.is_withdrawn());
        assert_eq!(dues(&history), [(at(2), Status::Cancelled), (at(3), Status::Cancelled)]);
        assert_eq!(history.active(), 1);
        assert_eq!(history.take_aftermath().announce.len(), 2);
    }

    #[test]
    fn an_execution_withdrawn_by_its_future_is_not_launched() {
        let mut history = History::<u64>::new(9);
        let cell = history.current(TaskId::nil(), Some(at(1))).unwrap();
        assert!(cell.withdraw());
        cell.settle_cancelled(at(1));
        assert!(history.sweep(), "it was the upcoming one");
        assert_eq!(dues(&history), [(at(1), Status::Cancelled)]);
        assert!(!Arc::ptr_eq(&cell, &history.launch(TaskId::nil(), at(2))));
        assert_eq!(history.active(), 1);
    }

    #[test]
    fn an_execution_withdrawn_by_its_future_is_not_in_flight() {
        let mut history = History::<u64>::new(9);
        let cell = history.launch(TaskId::nil(), at(1));
        assert!(cell.withdraw());
        cell.settle_cancelled(at(1));
        assert!(!history.sweep(), "it was not the upcoming one any more");
        assert_eq!(dues(&history), [(at(1), Status::Cancelled)]);
        assert_eq!(history.active(), 0);
    }

    #[test]
    fn a_newer_run_takes_the_place_of_a_queued_one_and_of_no_other() {
        let mut history = History::<u64>::new(9);
        let cell = history.launch(TaskId::nil(), at(1));
        assert!(history.supersede(at(2), at(2)));
        assert_eq!(cell.execution().due, at(2));
        assert_eq!(dues(&history), [(at(1), Status::Missed)]);
        assert!(cell.begin());
        assert!(!history.supersede(at(3), at(3)));
        assert_eq!(cell.execution().due, at(2));
    }

    #[test]
    fn of_many_missed_runs_the_newest_are_kept() {
        let mut history = History::<u64>::new(2);
        history.miss(TaskId::nil(), at(100), Duration::from_secs(1), u64::MAX, at(100));
        assert_eq!(dues(&history), [(at(98), Status::Missed), (at(99), Status::Missed)]);
    }
}
