//! [`History`]: the executions of one task: the one to come, the one in flight, and those that ended.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use super::cell::{ExecutionCell, Outcome, Times};
use super::details::Details;
use super::entry::{Ended, Entry, Kept, PassedOver};
use super::flight::{Active, InFlight, Stage};
use super::token::Token;
use super::{Execution, Reason, Status};
use crate::TaskId;
use crate::prefetch::Location;
use crate::unwind::drop_quietly;

/// The executions of one task. A plain data structure; the record of the task guards it.
///
/// An execution is in one of three places: `upcoming` until its run is due, but only if somebody
/// asked for its future; `flight` until it has ended; then `retained`, of which only the newest are
/// kept. It has a cell of its own only once somebody asks for its future: most executions are never
/// asked for, and to record one takes no allocation.
///
/// What drops out is put into `aftermath`, because announcing and dropping it runs code of users,
/// which must not happen under a lock.
#[derive(Debug)]
pub(crate) struct History<T> {
    task: TaskId,
    pub(super) upcoming: Option<Arc<ExecutionCell<T>>>,

    /// Due and not over. Of a task without rules there is never more than one: a run that is due
    /// meanwhile is passed over, or takes the place of the one that is queued.
    pub(super) flight: InFlight<T>,

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
    pub(super) limit: usize,

    aftermath: Aftermath<T>,
}

/// A cell, and the how-manieth of its task it was to end, from 1.
type Numbered<T> = (u64, Arc<ExecutionCell<T>>);

/// What was found to have been settled by futures.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Whether the upcoming execution was among them.
    pub(crate) upcoming: bool,

    /// When they were due.
    pub(crate) settled: Vec<SystemTime>,
}

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
pub(crate) struct Evicted<T> {
    _outcome: Option<Kept<T>>,

    /// Its token may have callbacks of a user.
    _details: Option<Arc<Details>>,

    /// As may that of an attempt before the last.
    _token: Option<Token>,
}

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
            flight: InFlight::none(),
            retained: VecDeque::new(),
            latest: None,
            launched: 0,
            ended: 0,
            limit,
            aftermath: Aftermath::default(),
        }
    }

    /// The history of a task whose only execution has ended. Nothing is left behind that would have to
    /// be announced, and nothing follows.
    pub(crate) fn of_one(
        task: TaskId,
        limit: usize,
        times: Times,
        outcome: Outcome<T>,
        details: Option<Arc<Details>>,
    ) -> Self {
        let mut history = Self::new(task, limit);
        history.launched = 1;
        history.retained.reserve_exact(limit.min(1));
        history.push_ended(times, Kept::Here(outcome), details);
        history
    }

    /// Queues an execution, while none is in flight, and gives its number.
    #[inline]
    pub(crate) fn launch(&mut self, due: SystemTime) -> u64 {
        debug_assert!(
            self.flight.is_empty(),
            "an execution is launched while another is in flight"
        );
        self.enter(due, Stage::Queued, false, false)
    }

    /// Takes an execution in, and gives its number.
    #[inline]
    pub(super) fn enter(
        &mut self,
        due: SystemTime,
        stage: Stage,
        buffered: bool,
        forced: bool,
    ) -> u64 {
        self.launched += 1;
        let run = self.launched;
        let cell = self.upcoming.take();
        if let Some(cell) = &cell {
            cell.set_due(due);
            cell.set_run(run);
        }
        self.flight.push(Active { buffered, forced, ..Active::new(run, due, stage, cell) });
        run
    }

    /// Claims an execution, in order to run it or, without a time of its start, to let it fail;
    /// `false` if it was cancelled.
    #[inline]
    pub(crate) fn begin(&mut self, run: u64, started: Option<SystemTime>) -> bool {
        let begin = |active: &mut Active<T>| {
            if active.stage != Stage::Queued {
                return false;
            }
            let started = Times::in_order(active.due, started, None).started;
            if let Some(cell) = &active.cell {
                // From the second attempt on it has been claimed for good.
                if !active.holds && !cell.begin() {
                    return false;
                }
                if let Some(at) = started {
                    cell.set_started(at);
                }
            }
            if let Some(details) = &active.details {
                details.begin();
            }
            active.stage = Stage::Running;
            active.holds = true;
            active.started = started;
            true
        };
        self.flight.edit(run, begin).unwrap_or(false)
    }

    /// Records how a begun execution has ended.
    #[inline]
    pub(crate) fn end(&mut self, run: u64, outcome: Outcome<T>, at: SystemTime) {
        let active = self.flight.take_if(run, |_| true);
        debug_assert!(active.is_some(), "an execution has ended twice");
        if let Some(active) = active {
            self.settle(active, outcome, at);
        }
    }

    /// Moves an execution to those that ended.
    #[inline]
    pub(super) fn settle(&mut self, active: Active<T>, outcome: Outcome<T>, at: SystemTime) {
        let Active { due, started, cell, details, failure, .. } = active;
        let times = Times::in_order(due, started, Some(at));
        if let Some(failure) = failure {
            // Of an attempt before the last.
            self.discard(Outcome::failed(failure));
        }
        let outcome = match cell {
            None => Kept::Here(outcome),
            Some(cell) => {
                cell.settle(outcome, times.finished.unwrap_or(at));
                self.aftermath.announce.push(Arc::clone(&cell));
                Kept::InCell(cell)
            }
        };
        self.push_ended(times, outcome, details);
    }

    /// Has an outcome dropped that is nobody's.
    pub(super) fn discard(&mut self, outcome: Outcome<T>) {
        if !outcome.drops_quietly() {
            let outcome = Some(Kept::Here(outcome));
            self.evict_parts(outcome, None, None);
        }
    }

    #[inline]
    fn push_ended(&mut self, times: Times, outcome: Kept<T>, details: Option<Arc<Details>>) {
        self.ended += 1;
        if let Some(before) = self.latest.take() {
            self.evict(before);
        }
        self.retain(Entry::Ended(Ended { number: self.ended, times, outcome, details }));
    }

    /// Moves the executions that their futures have settled to those that ended. The one that is to come
    /// is due at `next`: the run that its future was made for may have been passed over.
    pub(crate) fn sweep(&mut self, next: Option<SystemTime>) -> Swept {
        let mut settled = Vec::new();
        let is_settled =
            |cell: &Option<Arc<ExecutionCell<T>>>| cell.as_ref().is_some_and(|it| it.is_settled());
        while let Some(run) = self.flight.find(|it| it.is_untouched() && is_settled(&it.cell)) {
            let Some(active) = self.flight.take_if(run, |_| true) else { break };
            settled.push(active.due);
            self.push_settled(active.cell);
        }
        let upcoming = is_settled(&self.upcoming);
        if upcoming {
            let cell = self.upcoming.take();
            if let Some((cell, due)) = cell.as_ref().zip(next) {
                cell.set_due(due);
            }
            settled.extend(cell.as_ref().map(|cell| cell.times().due));
            self.push_settled(cell);
        }
        Swept { upcoming, settled }
    }

    fn push_settled(&mut self, cell: Option<Arc<ExecutionCell<T>>>) {
        if let Some(cell) = cell {
            self.push_ended(cell.times(), Kept::InCell(cell), None);
        }
    }

    /// Records a run that was passed over.
    pub(crate) fn pass_over(
        &mut self,
        due: SystemTime,
        at: SystemTime,
        status: Status,
        reason: Reason,
    ) {
        self.retain(Entry::PassedOver(PassedOver { due, at, status, reason }));
    }

    /// Lets a run that is due at `due` take the place of the one that is to run next and was not begun,
    /// which is recorded as missed; gives the time of that, `None` if there is none such.
    pub(crate) fn supersede(&mut self, due: SystemTime, at: SystemTime) -> Option<SystemTime> {
        let run = self.flight.find(Active::is_untouched)?;
        let missed = self.flight.edit(run, |active| {
            if let Some(cell) = &active.cell {
                cell.set_due(due);
            }
            mem::replace(&mut active.due, due)
        })?;
        self.pass_over(missed, at, Status::Missed, Reason::Coalesced { into: due });
        Some(missed)
    }

    /// Cancels the run that would come at `next`, and with `queued` also what is in flight and was not
    /// begun.
    pub(crate) fn withdraw(
        &mut self,
        next: Option<SystemTime>,
        queued: bool,
        at: SystemTime,
        reason: Reason,
    ) {
        while queued
            && let Some(run) = self.flight.find(Active::is_untouched)
            && let Some(active) = self.flight.take_if(run, |_| true)
        {
            self.cancel(active, at, reason);
        }
        let upcoming = self.upcoming.take();
        let due = next.or_else(|| upcoming.as_ref().map(|cell| cell.times().due));
        if let Some(due) = due {
            if let Some(cell) = &upcoming {
                // The run that it was made for may have come, and was passed over.
                cell.set_due(due);
            }
            self.cancel(Active::new(0, due, Stage::Waiting, upcoming), at, reason);
        }
    }

    /// Cancels an execution that was not begun.
    pub(super) fn cancel(&mut self, active: Active<T>, at: SystemTime, reason: Reason) {
        if let Some(cell) = &active.cell
            && !active.holds
            && !cell.withdraw()
        {
            // Its future was faster, and has settled it.
            self.push_settled(active.cell);
        } else {
            self.settle(active, Outcome::cancelled(reason), at);
        }
    }

    /// The execution that runs or, at `next`, comes next; otherwise the latest that ended.
    pub(crate) fn current(&mut self, next: Option<SystemTime>) -> Option<Arc<ExecutionCell<T>>> {
        let task = self.task;
        // What has timed out is over for whoever waits, though its function has not returned.
        if let Some(run) = self.flight.find(|it| it.stage != Stage::Overdue) {
            return self.flight.edit(run, |active| Arc::clone(active.cell(task)));
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
        if let Some(ended) = self.ended_entries().next_back() {
            return Some(ended.cell(task));
        }
        // Nothing was ever run, or nothing is retained. What is known of the last is an answer.
        let Some(Entry::PassedOver(PassedOver { due, at, reason, .. })) = self.retained.back()
        else {
            return None;
        };
        let times = Times { due: *due, started: None, finished: Some(*at) };
        Some(ExecutionCell::ended(task, times, Outcome::missed(*reason), None))
    }

    /// Whether an execution is in flight.
    pub(crate) fn is_active(&self) -> bool {
        !self.flight.is_empty()
    }

    /// Where the next entry is written once the history is full: in place of the oldest, which has
    /// gone cold.
    pub(crate) fn next_place(&self) -> Location {
        self.retained.front().map_or(Location::NONE, Location::of)
    }

    /// The executions that have not ended, oldest first.
    pub(crate) fn in_flight(&self) -> Vec<Execution> {
        self.flight.iter().map(|active| active.execution(self.task)).collect()
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

    #[inline]
    fn retain(&mut self, entry: Entry<T>) {
        if self.retained.len() < self.limit {
            self.retained.push_back(entry);
        } else {
            self.retain_instead(entry);
        }
    }

    /// Retains an entry in place of the oldest.
    fn retain_instead(&mut self, entry: Entry<T>) {
        let oldest = if self.limit == 0 {
            Some(entry)
        } else {
            // In this order: the new entry is written where the oldest was, in the same cache lines, and
            // the buffer does not grow for the sake of one more.
            let oldest = self.retained.pop_front();
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
        let Ended { outcome, details, .. } = ended;
        let quiet = matches!(&outcome, Kept::Here(outcome) if outcome.drops_quietly());
        if !quiet || details.is_some() {
            let outcome = Some(outcome);
            self.evict_parts(outcome, details, None);
        }
    }

    /// Has details dropped that nobody here needs any more.
    pub(super) fn let_go(&mut self, details: Option<Arc<Details>>) {
        if details.is_some() {
            self.evict_parts(None, details, None);
        }
    }

    pub(super) fn evict_parts(
        &mut self,
        outcome: Option<Kept<T>>,
        details: Option<Arc<Details>>,
        token: Option<Token>,
    ) {
        let evicted = Evicted { _outcome: outcome, _details: details, _token: token };
        self.aftermath.evicted.push(evicted);
    }

    /// Has those told who wait for an execution that was settled.
    pub(super) fn tell(&mut self, cell: Arc<ExecutionCell<T>>) {
        self.aftermath.announce.push(cell);
    }

    /// What is known of the run that was the last to be over.
    pub(super) fn newest(&self) -> Option<Execution> {
        let latest = || self.latest.as_ref().map(|latest| latest.execution(self.task));
        self.retained.back().map(|entry| entry.execution(self.task)).or_else(latest)
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
