//! [`InFlight`]: the executions of a task that have not ended, or whose function has not returned.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use super::cell::{ExecutionCell, Failure, Times};
use super::details::Details;
use super::{Execution, Status};
use crate::TaskId;
use crate::time::Moment;

/// An execution in flight.
#[derive(Debug)]
pub(crate) struct Active<T> {
    pub(crate) run: u64,
    pub(crate) due: SystemTime,

    /// The same as a moment, where that is what counts and its task has rules; otherwise never.
    pub(crate) moment: Moment,
    pub(crate) stage: Stage,

    /// Whether it holds a place of its task: it was running at some time.
    pub(crate) holds: bool,

    /// Whether it is to run though others come after it.
    pub(crate) buffered: bool,

    /// Whether it is to run though its task is paused.
    pub(crate) forced: bool,

    /// When the attempt began that is going on.
    pub(crate) started: Option<SystemTime>,
    pub(crate) cell: Option<Arc<ExecutionCell<T>>>,
    pub(crate) details: Option<Arc<Details>>,

    /// How its last attempt has failed, while another one is to come.
    pub(crate) failure: Option<Box<Failure>>,
}

/// How far an execution has come.
///
/// ```text
/// Waiting <─> Queued ──> Running ──> (over)
///    ▲                    │  │  │
///    │                    │  │  └──> Overdue ──> (over)
///    └── BackingOff <─────┘  └─────> Overrun ──> BackingOff or Waiting
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Due, and kept back by the rules of its task.
    Waiting,

    /// An executor has it.
    Queued,

    /// It was claimed in order to run or to fail, and can no longer be taken back.
    Running,

    /// An attempt has failed, and the next is not due yet.
    BackingOff,

    /// An attempt has timed out, and its function has not returned; another attempt follows when it has.
    Overrun,

    /// It has timed out, and is settled; its function has not returned.
    Overdue,
}

impl Stage {
    /// Whether its function may be running.
    pub(crate) fn is_on_a_worker(self) -> bool {
        matches!(self, Self::Running | Self::Overrun | Self::Overdue)
    }
}

impl<T> Active<T> {
    pub(super) fn new(
        run: u64,
        due: SystemTime,
        stage: Stage,
        cell: Option<Arc<ExecutionCell<T>>>,
    ) -> Self {
        Self {
            run,
            due,
            moment: Moment::NEVER,
            stage,
            holds: false,
            buffered: false,
            forced: false,
            started: None,
            cell,
            details: None,
            failure: None,
        }
    }

    /// Whether it was never begun, so that another run may take its place.
    pub(super) fn is_untouched(&self) -> bool {
        !self.holds && matches!(self.stage, Stage::Waiting | Stage::Queued)
    }

    /// The number of the attempt that is going on or comes next, from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.details.as_ref().map_or(1, |details| details.attempt())
    }

    /// The cell of the execution, made if this is the first time that it is asked for.
    pub(super) fn cell(&mut self, task: TaskId) -> &Arc<ExecutionCell<T>> {
        let Self { run, due, stage, started, .. } = *self;
        let details = &self.details;
        self.cell.get_or_insert_with(|| {
            let cell = if self.holds || stage == Stage::Running {
                ExecutionCell::begun(task, due, started)
            } else {
                ExecutionCell::queued(task, due)
            };
            cell.set_run(run);
            if let Some(details) = details {
                cell.set_details(Arc::clone(details));
            }
            cell
        })
    }

    /// Its details, made if there are none.
    pub(super) fn details(&mut self) -> &Arc<Details> {
        let cell = &self.cell;
        self.details.get_or_insert_with(|| {
            let details = Details::new();
            if let Some(cell) = cell {
                cell.set_details(Arc::clone(&details));
            }
            details
        })
    }

    pub(super) fn execution(&self, task: TaskId) -> Execution {
        let times = Times { due: self.due, started: self.started, finished: None };
        let status = match self.stage {
            Stage::Running | Stage::Overrun | Stage::Overdue => Status::Running,
            Stage::Waiting | Stage::Queued | Stage::BackingOff => Status::Queued,
        };
        Execution::new(task, times, status, None).detailed(self.details.as_deref())
    }
}

/// The executions in flight, oldest first. Most tasks never have more than one, which is in place.
#[derive(Debug)]
pub(super) struct InFlight<T> {
    first: Option<Active<T>>,

    /// Those after the first, by their numbers, which grow; none if there is no first.
    rest: VecDeque<Active<T>>,

    /// Of the rest: where there may be many, they are counted as they come and go. The first is looked
    /// at, so that counting costs nothing where there is no other.
    others: Census,
}

/// How many of the executions in flight are how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// They hold a place of their task.
    pub(crate) holding: usize,

    /// They were never begun.
    pub(crate) untouched: usize,

    /// They were never begun, and were buffered.
    pub(crate) buffered: usize,

    /// They were never begun, and an executor has them.
    pub(crate) queued: usize,

    /// They are kept back by the rules of their task.
    pub(crate) waiting: usize,
}

impl Census {
    fn of<T>(active: &Active<T>) -> Self {
        let untouched = active.is_untouched();
        Self {
            holding: usize::from(active.holds),
            untouched: usize::from(untouched),
            buffered: usize::from(untouched && active.buffered),
            queued: usize::from(untouched && active.stage == Stage::Queued),
            waiting: usize::from(active.stage == Stage::Waiting),
        }
    }

    fn add(&mut self, other: Self) {
        self.holding += other.holding;
        self.untouched += other.untouched;
        self.buffered += other.buffered;
        self.queued += other.queued;
        self.waiting += other.waiting;
    }

    fn remove(&mut self, other: Self) {
        self.holding -= other.holding;
        self.untouched -= other.untouched;
        self.buffered -= other.buffered;
        self.queued -= other.queued;
        self.waiting -= other.waiting;
    }
}

impl<T> InFlight<T> {
    pub(super) fn none() -> Self {
        Self { first: None, rest: VecDeque::new(), others: Census::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn census(&self) -> Census {
        let mut census = self.others;
        if let Some(first) = &self.first {
            census.add(Census::of(first));
        }
        census
    }

    #[inline]
    pub(super) fn push(&mut self, active: Active<T>) {
        if self.first.is_none() {
            self.first = Some(active);
        } else {
            self.push_other(active);
        }
    }

    #[cold]
    fn push_other(&mut self, active: Active<T>) {
        self.others.add(Census::of(&active));
        self.rest.push_back(active);
    }

    /// Puts an execution back where its number belongs.
    pub(super) fn put_back(&mut self, active: Active<T>) {
        let Some(first) = &mut self.first else {
            self.first = Some(active);
            return;
        };
        if active.run < first.run {
            self.others.add(Census::of(first));
            self.rest.push_front(std::mem::replace(first, active));
        } else {
            self.others.add(Census::of(&active));
            let place = self.rest.partition_point(|it| it.run < active.run);
            self.rest.insert(place, active);
        }
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Active<T>> {
        self.first.iter().chain(&self.rest)
    }

    fn place(&self, run: u64) -> Option<usize> {
        self.rest.binary_search_by_key(&run, |it| it.run).ok()
    }

    pub(super) fn get(&self, run: u64) -> Option<&Active<T>> {
        match &self.first {
            Some(first) if first.run == run => Some(first),
            _ => self.rest.get(self.place(run)?),
        }
    }

    /// Changes an execution.
    #[inline]
    pub(super) fn edit<R>(&mut self, run: u64, f: impl FnOnce(&mut Active<T>) -> R) -> Option<R> {
        match &mut self.first {
            Some(first) if first.run == run => Some(f(first)),
            _ => self.edit_other(run, f),
        }
    }

    fn edit_other<R>(&mut self, run: u64, f: impl FnOnce(&mut Active<T>) -> R) -> Option<R> {
        let place = self.place(run)?;
        let active = self.rest.get_mut(place)?;
        self.others.remove(Census::of(active));
        let result = f(active);
        self.others.add(Census::of(active));
        Some(result)
    }

    /// The first of which `is` holds.
    pub(super) fn find(&self, is: impl Fn(&Active<T>) -> bool) -> Option<u64> {
        self.iter().find(|it| is(it)).map(|it| it.run)
    }

    /// Takes out an execution, if `is` holds of it.
    #[inline]
    pub(super) fn take_if(
        &mut self,
        run: u64,
        is: impl FnOnce(&Active<T>) -> bool,
    ) -> Option<Active<T>> {
        let Some(first) = self.first.as_ref().filter(|first| first.run == run) else {
            return self.take_other(run, is);
        };
        if !is(first) {
            return None;
        }
        let taken = self.first.take();
        if let Some(next) = self.rest.pop_front() {
            self.others.remove(Census::of(&next));
            self.first = Some(next);
        }
        taken
    }

    fn take_other(&mut self, run: u64, is: impl FnOnce(&Active<T>) -> bool) -> Option<Active<T>> {
        let place = self.place(run)?;
        if !is(self.rest.get(place)?) {
            return None;
        }
        let taken = self.rest.remove(place)?;
        self.others.remove(Census::of(&taken));
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn runs(flight: &InFlight<()>) -> Vec<u64> {
        flight.iter().map(|it| it.run).collect()
    }

    fn active(run: u64, stage: Stage) -> Active<()> {
        Active::new(run, SystemTime::UNIX_EPOCH, stage, None)
    }

    #[test]
    fn they_stay_in_order() {
        let mut flight = InFlight::none();
        (1..=4).for_each(|run| flight.push(active(run, Stage::Queued)));
        assert_eq!(flight.take_if(1, |_| true).unwrap().run, 1);
        assert!(flight.take_if(3, |_| false).is_none());
        assert_eq!(runs(&flight), [2, 3, 4]);
        assert_eq!(flight.take_if(3, |_| true).unwrap().run, 3);
        assert!(flight.take_if(3, |_| true).is_none());
        assert_eq!(runs(&flight), [2, 4]);
        assert!(flight.get(3).is_none() && flight.get(4).is_some());
    }

    proptest! {
        #[test]
        fn the_census_is_what_one_would_count(
            steps in prop::collection::vec((0..5_u8, 0..8_u64, any::<[bool; 2]>()), 1..60),
        ) {
            let stages = [Stage::Waiting, Stage::Queued, Stage::Running, Stage::BackingOff];
            let mut flight = InFlight::none();
            let mut next = 0;
            for (step, run, [holds, buffered]) in steps {
                if let Some(stage) = stages.get(usize::from(step)) {
                    flight.edit(next - next.min(run), |it| {
                        (it.stage, it.holds, it.buffered) = (*stage, holds, buffered);
                    });
                    flight.push(active(next, *stage));
                    next += 1;
                } else {
                    flight.take_if(next - next.min(run), |_| true);
                }
                let mut counted = Census::default();
                flight.iter().for_each(|it| counted.add(Census::of(it)));
                prop_assert_eq!(flight.census(), counted);
                prop_assert_eq!(flight.is_empty(), flight.iter().next().is_none());
            }
        }
    }
}
