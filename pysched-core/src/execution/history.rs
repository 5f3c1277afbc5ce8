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

    /// Begins an execution; `None` if exactly this one was cancelled before it was due.
    pub(crate) fn launch(
        &mut self,
        task: TaskId,
        due: SystemTime,
    ) -> Option<Arc<ExecutionCell<T>>> {
        let cell = self.upcoming.take().unwrap_or_else(|| ExecutionCell::queued(task, due));
        cell.set_due(due);
        // A withdrawn cell that is still here will be settled by whoever withdrew it.
        self.active.push(Arc::clone(&cell));
        (!cell.is_withdrawn()).then_some(cell)
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
