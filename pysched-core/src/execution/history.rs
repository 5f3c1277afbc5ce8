//! [`History`]: the executions of one task: the one to come, the one in flight, and those that ended.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use super::cell::{ExecutionCell, Outcome, Times};
use super::entry::{Active, Ended, Entry, Kept, PassedOver};
use super::{Execution, Status};
use crate::TaskId;
use crate::prefetch::Location;
use crate::unwind::drop_quietly;

/// The executions of one task. A plain data structure; the record of the task guards it.
///
/// An execution is in one of three places: `upcoming` until its run is due, but only if somebody
/// asked for its future; `active` until it has ended; then `retained`, of which only the newest are
/// kept. It has a cell of its own only once somebody asks for its future: most executions are never
/// asked for, and to record one takes no allocation.
///
/// What drops out is put into `aftermath`, because announcing and dropping it runs code of users,
/// which must not happen under a lock.
#[derive(Debug)]
pub(crate) struct History<T> {
    task: TaskId,
    upcoming: Option<Arc<ExecutionCell<T>>>,

    /// Queued or begun. There is never more than one: a run that is due meanwhile is passed over, or
    /// takes the place of the one that is queued.
    active: Option<Active<T>>,

    /// Ended, in the order of ending.
    retained: VecDeque<Entry<T>>,

    /// The execution that ended last, if it is not among the retained ones: so that
    /// `Handle::future` and `Handle::wait` can answer even if no history is to be kept.
    latest: Option<Ended<T>>,

    /// How many executions were launched, which numbers them.
    launched: u64,

    /// How many executions have ended.
    ended: u64,

    /// How many entries are retained.
    limit: usize,

    aftermath: Aftermath<T>,
}

/// A cell, and the how-manieth of its task it was to end, from 1.
type Numbered<T> = (u64, Arc<ExecutionCell<T>>);

/// What is left to do once no lock is held.
#[derive(Debug)]
#[must_use]
pub(crate) struct Aftermath<T> {
    /// Cells that have been settled and have not been announced.
    pub(crate) announce: Vec<Arc<ExecutionCell<T>>>,

    /// What nobody here needs any more. Dropping it may drop a value of a user.
    pub(crate) evicted: Vec<Evicted<T>>,
}

/// The outcome of an execution that is no longer retained.
#[derive(Debug)]
pub(crate) struct Evicted<T>(Kept<T>);

impl<T> Default for Aftermath<T> {
    fn default() -> Self {
        Self { announce: Vec::new(), evicted: Vec::new() }
    }
}

impl<T> History<T> {
    pub(crate) fn new(task: TaskId, limit: usize) -> Self {
        Self {
            task,
            upcoming: None,
            active: None,
            retained: VecDeque::new(),
            latest: None,
            launched: 0,
            ended: 0,
            limit,
            aftermath: Aftermath::default(),
        }
    }

    /// Queues an execution, while none is in flight, and gives its number.
    pub(crate) fn launch(&mut self, due: SystemTime) -> u64 {
        self.launched += 1;
        let cell = self.upcoming.take();
        if let Some(cell) = &cell {
            cell.set_due(due);
        }
        let run = self.launched;
        let before = self.active.replace(Active { run, due, begun: false, started: None, cell });
        debug_assert!(before.is_none(), "an execution is launched while another is in flight");
        run
    }

    /// Claims an execution, in order to run it or, without a time of its start, to let it fail;
    /// `false` if it was cancelled.
    pub(crate) fn begin(&mut self, run: u64, started: Option<SystemTime>) -> bool {
        let Some(active) = self.active.as_mut().filter(|it| it.run == run && !it.begun) else {
            return false;
        };
        let started = Times::in_order(active.due, started, None).started;
        if let Some(cell) = &active.cell {
            if !cell.begin() {
                return false;
            }
            if let Some(at) = started {
                cell.set_started(at);
            }
        }
        active.begun = true;
        active.started = started;
        true
    }

    /// Records how a begun execution has ended.
    pub(crate) fn end(&mut self, run: u64, outcome: Outcome<T>, at: SystemTime) {
        let active = self.active.take_if(|it| it.run == run);
        debug_assert!(active.is_some(), "an execution has ended twice");
        if let Some(active) = active {
            self.settle(active, outcome, at);
        }
    }

    /// Moves an execution to those that ended.
    fn settle(&mut self, active: Active<T>, outcome: Outcome<T>, at: SystemTime) {
        let Active { due, started, cell, .. } = active;
        let times = Times::in_order(due, started, Some(at));
        let outcome = match cell {
            None => Kept::Here(outcome),
            Some(cell) => {
                cell.settle(outcome, times.finished.unwrap_or(at));
                self.aftermath.announce.push(Arc::clone(&cell));
                Kept::InCell(cell)
            }
        };
        self.push_ended(times, outcome);
    }

    fn push_ended(&mut self, times: Times, outcome: Kept<T>) {
        self.ended += 1;
        if let Some(before) = self.latest.take() {
            self.evict(before);
        }
        self.retain(Entry::Ended(Ended { number: self.ended, times, outcome }));
    }

    /// Moves the executions that their futures have settled to those that ended; says whether the
    /// upcoming one was among them.
    pub(crate) fn sweep(&mut self) -> bool {
        let is_settled =
            |cell: &Option<Arc<ExecutionCell<T>>>| cell.as_ref().is_some_and(|it| it.is_settled());
        if let Some(active) = self.active.take_if(|it| is_settled(&it.cell)) {
            self.push_settled(active.cell);
        }
        let upcoming = is_settled(&self.upcoming);
        if upcoming {
            let cell = self.upcoming.take();
            self.push_settled(cell);
        }
        upcoming
    }

    fn push_settled(&mut self, cell: Option<Arc<ExecutionCell<T>>>) {
        if let Some(cell) = cell {
            self.push_ended(cell.times(), Kept::InCell(cell));
        }
    }

    /// Records a run that was skipped or missed.
    pub(crate) fn pass_over(&mut self, due: SystemTime, at: SystemTime, status: Status) {
        self.retain(Entry::PassedOver(PassedOver { due, at, status }));
    }

    /// Records runs as missed, given from the newest back: as many of them as would be retained.
    pub(crate) fn miss(
        &mut self,
        newest_first: &mut dyn Iterator<Item = SystemTime>,
        at: SystemTime,
    ) {
        let mut missed: Vec<_> = newest_first.take(self.limit).collect();
        while let Some(due) = missed.pop() {
            self.pass_over(due, at, Status::Missed);
        }
    }

    /// Lets a run that is due at `due` take the place of the one that is queued, which is recorded as
    /// missed; `false` if none is queued.
    pub(crate) fn supersede(&mut self, due: SystemTime, at: SystemTime) -> bool {
        let Some(active) = self.active.as_mut().filter(|it| !it.begun) else {
            return false;
        };
        let missed = mem::replace(&mut active.due, due);
        if let Some(cell) = &active.cell {
            cell.set_due(due);
        }
        self.pass_over(missed, at, Status::Missed);
        true
    }

    /// Cancels the run that would come at `next`, and with `queued` also the one that was launched
    /// and has not begun; gives how many were cancelled by this.
    pub(crate) fn withdraw(
        &mut self,
        next: Option<SystemTime>,
        queued: bool,
        at: SystemTime,
    ) -> u64 {
        let mut cancelled = 0;
        if queued && let Some(active) = self.active.take_if(|it| !it.begun) {
            cancelled += u64::from(self.cancel(active, at));
        }
        let upcoming = self.upcoming.take();
        let due = next.or_else(|| upcoming.as_ref().map(|cell| cell.times().due));
        if let Some(due) = due {
            let active = Active { run: 0, due, begun: false, started: None, cell: upcoming };
            cancelled += u64::from(self.cancel(active, at));
        }
        cancelled
    }

    /// Says whether it was not cancelled before.
    fn cancel(&mut self, active: Active<T>, at: SystemTime) -> bool {
        if let Some(cell) = &active.cell
            && !cell.withdraw()
        {
            // Its future was faster, and has settled it.
            self.push_settled(active.cell);
            false
        } else {
            self.settle(active, Outcome::cancelled(), at);
            true
        }
    }

    /// The execution that runs or, at `next`, comes next; otherwise the latest that ended.
    pub(crate) fn current(&mut self, next: Option<SystemTime>) -> Option<Arc<ExecutionCell<T>>> {
        let task = self.task;
        if let Some(active) = &mut self.active {
            return Some(Arc::clone(active.cell(task)));
        }
        if let (None, Some(due)) = (&self.upcoming, next) {
            self.upcoming = Some(ExecutionCell::queued(task, due));
        }
        self.upcoming.clone().or_else(|| self.latest())
    }

    /// The first execution that ended after the `seen` first ones, as far as it is retained.
    pub(crate) fn ended_after(&mut self, seen: u64) -> Option<Numbered<T>> {
        if self.ended <= seen {
            return None;
        }
        let task = self.task;
        let mut found = self.ended_entries().find(|it| it.number > seen);
        found.as_mut().map(|it| (it.number, it.cell(task)))
    }

    /// The executions that ended and are known, oldest first.
    fn ended_entries(&mut self) -> impl DoubleEndedIterator<Item = &mut Ended<T>> {
        let retained = self.retained.iter_mut().filter_map(|entry| match entry {
            Entry::Ended(ended) => Some(ended),
            Entry::PassedOver(_) => None,
        });
        // Where there is a latest, nothing that is retained has ended.
        retained.chain(&mut self.latest)
    }

    /// How many executions have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.ended
    }

    pub(crate) fn latest(&mut self) -> Option<Arc<ExecutionCell<T>>> {
        let task = self.task;
        self.ended_entries().next_back().map(|it| it.cell(task))
    }

    /// Whether an execution is queued or running.
    pub(crate) fn is_active(&self) -> bool {
        self.active.is_some()
    }

    /// Where the next entry is written once the history is full: in place of the oldest, which has
    /// gone cold.
    pub(crate) fn next_place(&self) -> Location {
        self.retained.front().map_or(Location::NONE, Location::of)
    }

    /// The execution that is queued or running.
    pub(crate) fn in_flight(&self) -> Option<Execution> {
        let execution = |active: &Active<T>| {
            let times = Times { due: active.due, started: active.started, finished: None };
            let status = if active.begun { Status::Running } else { Status::Queued };
            Execution::new(self.task, times, status, None)
        };
        self.active.as_ref().map(execution)
    }

    /// The cells of those that ended and are retained, oldest first.
    pub(crate) fn cells(&mut self) -> Vec<Arc<ExecutionCell<T>>> {
        let task = self.task;
        let cell = |entry: &mut Entry<T>| match entry {
            Entry::Ended(ended) => Some(ended.cell(task)),
            Entry::PassedOver(_) => None,
        };
        self.retained.iter_mut().filter_map(cell).collect()
    }

    /// All that ended and are retained, oldest first.
    pub(crate) fn executions(&self) -> Vec<Execution> {
        self.retained.iter().map(|entry| entry.execution(self.task)).collect()
    }

    pub(crate) fn has_aftermath(&self) -> bool {
        let Aftermath { announce, evicted } = &self.aftermath;
        !announce.is_empty() || !evicted.is_empty()
    }

    pub(crate) fn take_aftermath(&mut self) -> Aftermath<T> {
        mem::take(&mut self.aftermath)
    }

    fn retain(&mut self, entry: Entry<T>) {
        let oldest = if self.limit == 0 {
            Some(entry)
        } else {
            // In this order: once it is full, a new entry is written where the oldest was, in the same
            // cache lines, and the buffer does not grow for the sake of one more.
            let oldest =
                if self.retained.len() < self.limit { None } else { self.retained.pop_front() };
            self.retained.push_back(entry);
            oldest
        };
        match oldest {
            Some(Entry::Ended(ended)) if ended.number == self.ended => self.latest = Some(ended),
            Some(Entry::Ended(ended)) => self.evict(ended),
            Some(Entry::PassedOver(_)) | None => {}
        }
    }

    fn evict(&mut self, ended: Ended<T>) {
        // What cannot run code of a user is dropped at once: a series comes here at each run.
        let quiet = matches!(&ended.outcome, Kept::Here(outcome) if outcome.drops_quietly());
        if !quiet {
            self.aftermath.evicted.push(Evicted(ended.outcome));
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
    use std::time::Duration;

    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    /// Runs one execution that gives `value`.
    fn run(history: &mut History<u64>, value: u64) {
        let run = history.launch(at(value));
        assert!(history.begin(run, Some(at(value))));
        history.end(run, Ok(value).into(), at(value));
    }

    fn dues(history: &History<u64>) -> Vec<(SystemTime, Status)> {
        history.executions().iter().map(|it| (it.due, it.status)).collect()
    }

    #[test]
    fn only_the_newest_are_kept() {
        let mut history = History::new(TaskId::nil(), 2);
        (1..=5).for_each(|value| run(&mut history, value));
        assert_eq!(dues(&history), [(at(4), Status::Succeeded), (at(5), Status::Succeeded)]);
        assert_eq!(history.ended(), 5);
        assert_eq!(history.ended_after(0).unwrap().0, 4, "the first that is still retained");
        assert_eq!(history.ended_after(4).unwrap().0, 5);
        assert!(history.ended_after(5).is_none());
    }

    #[test]
    fn the_latest_to_end_is_known_though_others_were_passed_over_since() {
        let mut history = History::new(TaskId::nil(), 2);
        (1..=3).for_each(|value| run(&mut history, value));
        (4..=5).for_each(|second| history.pass_over(at(second), at(second), Status::Skipped));
        assert_eq!(dues(&history), [(at(4), Status::Skipped), (at(5), Status::Skipped)]);
        assert_eq!(history.ended_after(0).unwrap().0, 3);
        run(&mut history, 6);
        assert_eq!(dues(&history), [(at(5), Status::Skipped), (at(6), Status::Succeeded)]);
        assert_eq!(history.ended_after(0).unwrap().0, 4);
    }

    #[test]
    fn a_full_history_does_not_grow() {
        let mut history = History::new(TaskId::nil(), 32);
        (1..=100).for_each(|value| run(&mut history, value));
        assert_eq!(history.executions().len(), 32);
        assert_eq!(history.retained.capacity(), 32);
    }

    #[test]
    fn without_history_the_latest_is_still_known() {
        let mut history = History::new(TaskId::nil(), 0);
        (1..=3).for_each(|value| run(&mut history, value));
        assert!(history.executions().is_empty());
        assert_eq!(history.ended_after(0).unwrap().0, 3);
        assert_eq!(history.current(None).unwrap().execution().due, at(3));
    }

    #[test]
    fn what_may_run_code_of_a_user_waits_to_be_dropped() {
        let mut history = History::new(TaskId::nil(), 1);
        for value in 1..=2 {
            let run = history.launch(at(value));
            assert!(history.begin(run, Some(at(value))));
            history.end(run, Ok(value.to_string()).into(), at(value));
        }
        assert_eq!(history.take_aftermath().evicted.len(), 1);

        let mut history = History::new(TaskId::nil(), 1);
        (1..=2).for_each(|value| run(&mut history, value));
        assert!(history.take_aftermath().evicted.is_empty(), "a number drops by itself");
    }

    #[test]
    fn an_execution_has_one_cell_whenever_it_is_asked_for() {
        let mut history = History::<u64>::new(TaskId::nil(), 1);
        let first = history.current(Some(at(1))).unwrap();
        assert!(Arc::ptr_eq(&first, &history.current(Some(at(1))).unwrap()));
        let run = history.launch(at(2));
        assert!(Arc::ptr_eq(&first, &history.current(None).unwrap()));
        assert_eq!(first.execution().due, at(2), "as it was timed in the end");
        assert!(history.begin(run, Some(at(3))));
        assert!(first.is_running());
        history.end(run, Ok(7).into(), at(4));
        assert!(Arc::ptr_eq(&first, &history.current(None).unwrap()));
        assert_eq!(first.execution(), history.executions()[0]);
        assert_eq!(history.take_aftermath().announce.len(), 1);
    }

    #[test]
    fn a_cell_that_is_asked_for_late_tells_the_same() {
        let mut history = History::<u64>::new(TaskId::nil(), 2);
        let run = history.launch(at(1));
        let queued = history.in_flight().unwrap();
        assert!(history.begin(run, Some(at(2))));
        let running = history.in_flight().unwrap();
        assert_eq!([queued.status, running.status], [Status::Queued, Status::Running]);
        assert_eq!(history.current(None).unwrap().execution(), running);
        history.end(run, Ok(7).into(), at(3));
        self::run(&mut history, 4);
        let before = history.executions();
        let told: Vec<_> = history.cells().iter().map(|cell| cell.execution()).collect();
        assert_eq!(told, before);
        assert_eq!(history.executions(), before);
    }

    #[test]
    fn a_withdrawal_leaves_what_runs_alone() {
        let mut history = History::<u64>::new(TaskId::nil(), 9);
        let running = history.launch(at(1));
        assert!(history.begin(running, Some(at(1))));
        history.withdraw(Some(at(2)), true, at(0));
        assert_eq!(dues(&history), [(at(2), Status::Cancelled)]);
        assert!(history.is_active());
        history.end(running, Ok(1).into(), at(4));
        assert_eq!(history.executions()[1].status, Status::Succeeded);

        let queued = history.launch(at(5));
        history.withdraw(None, false, at(5));
        assert!(history.is_active(), "only what comes next was to be cancelled");
        history.withdraw(Some(at(6)), true, at(5));
        assert!(!history.begin(queued, Some(at(5))));
        assert!(!history.is_active());
        let cancelled = [(at(5), Status::Cancelled), (at(6), Status::Cancelled)];
        assert_eq!(dues(&history)[2..], cancelled);
    }

    #[test]
    fn an_execution_withdrawn_by_its_future_is_not_launched() {
        let mut history = History::<u64>::new(TaskId::nil(), 9);
        let cell = history.current(Some(at(1))).unwrap();
        assert!(cell.withdraw());
        cell.settle_cancelled(at(1));
        assert!(history.sweep(), "it was the upcoming one");
        assert_eq!(dues(&history), [(at(1), Status::Cancelled)]);
        history.launch(at(2));
        assert!(!Arc::ptr_eq(&cell, &history.current(None).unwrap()));
        assert!(history.is_active());
    }

    #[test]
    fn an_execution_withdrawn_by_its_future_is_not_in_flight() {
        let mut history = History::<u64>::new(TaskId::nil(), 9);
        let run = history.launch(at(1));
        let cell = history.current(None).unwrap();
        assert!(cell.withdraw());
        assert!(!history.begin(run, Some(at(1))));
        cell.settle_cancelled(at(1));
        assert!(!history.sweep(), "it was not the upcoming one any more");
        assert_eq!(dues(&history), [(at(1), Status::Cancelled)]);
        assert!(!history.is_active());
    }

    #[test]
    fn a_newer_run_takes_the_place_of_a_queued_one_and_of_no_other() {
        let mut history = History::<u64>::new(TaskId::nil(), 9);
        let run = history.launch(at(1));
        assert!(history.supersede(at(2), at(2)));
        assert_eq!(dues(&history), [(at(1), Status::Missed)]);
        assert!(history.begin(run, Some(at(2))));
        assert!(!history.supersede(at(3), at(3)));
        assert_eq!(history.in_flight().unwrap().due, at(2));
    }

    #[test]
    fn of_many_missed_runs_the_newest_are_kept() {
        let mut history = History::<u64>::new(TaskId::nil(), 2);
        history.miss(&mut (0..100).rev().map(at), at(100));
        assert_eq!(dues(&history), [(at(98), Status::Missed), (at(99), Status::Missed)]);
    }
}
