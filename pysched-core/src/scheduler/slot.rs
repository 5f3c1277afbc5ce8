//! [`Slot`]: a live task, in as few bytes as a million pending ones deserve.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::bonds::Bonds;
use crate::execution::{Details, Withdrawal};
#[cfg(all(feature = "process", unix))]
use crate::portable::Parcel;
use crate::queue::TimerKey;
use crate::task::{AnyRecord, Body, Rules, edit};
use crate::time::{Moment, Timeline};
use crate::trigger::{Due, Schedule, Trigger};

/// A live task, or one that is over and whose handles may still ask for its result.
///
/// A task that runs once begins *light*: the slot holds its function and knows how it stands. It is
/// given a record, which knows of executions and futures, when somebody asks for them. A series has
/// a record from the start.
pub(super) struct Slot {
    /// The function of a light task that has not begun.
    pub(super) body: Option<Body>,

    /// What most tasks do not have.
    pub(super) more: Option<Box<More>>,

    /// Tells this task from those that had the slot before.
    pub(super) sequence: u64,

    /// When the next run is due, or, of a light task in flight, when it was due.
    pub(super) due: Moment,

    /// When the execution in flight was due, and from its begin on since when it has been running;
    /// never, while it is refused. Or since when a light task has been over.
    pub(super) since: Moment,

    /// The nanoseconds after which a task runs that has no schedule.
    pub(super) delay: u64,
    pub(super) priority: i32,

    /// Which executor runs it.
    pub(super) lane: u32,

    /// How many handles the scheduler counts.
    pub(super) held: u32,

    /// Whether its function gives a future.
    pub(super) is_async: bool,
    pub(super) standing: Standing,
}

// With its entry in the timer queue, a pending task has to stay within two cache lines.
const _: () = assert!(size_of::<Slot>() <= 96);

/// A task that was armed.
#[derive(Debug)]
#[must_use = "its entry is to be put into the timer queue"]
pub(super) struct Armed {
    pub(super) key: TimerKey,

    /// Whether its run waits for the wall clock.
    pub(super) is_on_wall: bool,
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its next run is in the timer queue.
    Armed,

    /// A light task that an executor has been given.
    Queued,

    /// A light task that runs.
    Running,

    /// A task that is finished, but held; why, if it was cancelled without ever having had a record.
    /// Nobody else knows it any more.
    Over(Option<Withdrawal>),

    /// A task with a record and no next run, for now.
    Unarmed,
}

/// Whether runs follow those in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum End {
    /// As its schedule says.
    #[default]
    Open,

    /// None does.
    Last,

    /// None does, and nothing is tried again.
    Cancelled,
}

/// What most tasks do not have.
#[derive(Default)]
pub(super) struct More {
    pub(super) name: Option<String>,

    /// `None` for one run after a delay.
    pub(super) schedule: Option<Schedule>,

    /// The time that the next run waits for on the wall clock.
    pub(super) wall: Option<SystemTime>,
    pub(super) record: Option<Arc<dyn AnyRecord>>,

    /// What an executor needs that runs the task elsewhere.
    #[cfg(all(feature = "process", unix))]
    pub(super) parcel: Option<Arc<Parcel>>,

    /// Whether runs follow those in flight.
    pub(super) end: End,

    /// What it was told beyond its time. A task with rules has a record from the start.
    pub(super) rules: Option<Arc<Rules>>,

    /// Whether its runs are held back.
    pub(super) paused: bool,

    /// Its next run, where that is not armed, because the task is paused or behind.
    pub(super) held: Option<Due>,

    /// Whether it has yet to catch up with runs that it missed.
    pub(super) behind: bool,

    /// The run after the last that it may have, should that one not take place.
    pub(super) reserve: Option<Due>,

    /// The tasks that it follows, and those that follow it.
    pub(super) bonds: Option<Box<Bonds>>,

    /// What the running execution of a light task has beyond others.
    pub(super) details: Option<Arc<Details>>,

    /// Whether no other task may have its name.
    pub(super) is_named: bool,
}

impl Slot {
    pub(super) fn is_armed(&self) -> bool {
        self.standing == Standing::Armed
    }

    /// Whether this is the entry in the timer queue for the next run.
    pub(super) fn waits_for(&self, key: &TimerKey) -> bool {
        self.due == key.due && self.is_armed() && self.priority == key.priority
    }

    /// Whether the task is not over.
    pub(super) fn is_live(&self) -> bool {
        !matches!(self.standing, Standing::Over(_))
    }

    /// When the execution that has begun was started, unless it is only being refused.
    pub(super) fn started(&self) -> Option<Moment> {
        (self.since != Moment::NEVER).then_some(self.since)
    }

    pub(super) fn record(&self) -> Option<&Arc<dyn AnyRecord>> {
        self.more.as_deref()?.record.as_ref()
    }

    #[cfg(all(feature = "process", unix))]
    pub(super) fn parcel(&self) -> Option<&Arc<Parcel>> {
        self.more.as_deref()?.parcel.as_ref()
    }

    pub(super) fn rules(&self) -> Option<&Arc<Rules>> {
        self.more.as_deref()?.rules.as_ref()
    }

    /// How many of its executions wait, and not for a worker.
    pub(super) fn waiting(&self) -> usize {
        match (self.rules(), self.record()) {
            (Some(_), Some(record)) => edit(&**record, |ledger| ledger.census().waiting),
            // Without rules there is nothing else to wait for.
            _ => 0,
        }
    }

    pub(super) fn has_tag(&self, tag: &str) -> bool {
        self.rules().is_some_and(|rules| rules.tags.iter().any(|it| **it == *tag))
    }

    /// Whether it follows other tasks, or they follow it.
    pub(super) fn is_bound(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.bonds.is_some())
    }

    pub(super) fn is_paused(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.paused)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.end == End::Cancelled)
    }

    pub(super) fn is_behind(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.behind)
    }

    /// Its next run, where that is not armed.
    pub(super) fn held(&self) -> Option<Due> {
        self.more.as_ref()?.held
    }

    pub(super) fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(super) fn schedule(&self) -> Option<&Schedule> {
        self.more.as_deref()?.schedule.as_ref()
    }

    /// Whether its next run is known only once an execution has ended.
    pub(super) fn is_fixed_delay(&self) -> bool {
        self.schedule().is_some_and(Schedule::is_fixed_delay)
    }

    pub(super) fn schedule_mut(&mut self) -> Option<&mut Schedule> {
        self.more.as_deref_mut()?.schedule.as_mut()
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.more.as_deref()?.name.as_deref()
    }

    pub(super) fn trigger(&self) -> Trigger {
        self.schedule().map_or_else(
            || Trigger::once(Duration::from_nanos(self.delay)),
            |schedule| schedule.trigger().clone(),
        )
    }

    /// When the next run is due, or the one in flight of a light task was.
    pub(super) fn due(&self) -> Due {
        Due { moment: self.due, wall: self.more.as_ref().and_then(|more| more.wall) }
    }

    /// Has a light task whose run has come keep its due time as it is shown on that timeline.
    pub(super) fn fix_due(&mut self, timeline: Timeline) {
        let has_come = match self.standing {
            Standing::Queued | Standing::Running | Standing::Over(_) => self.record().is_none(),
            Standing::Armed | Standing::Unarmed => false,
        };
        if has_come {
            let due = self.due().wall_on(timeline);
            self.more_mut().wall = Some(due);
        }
    }

    /// Takes the next run of an armed task out, and out of the count of those that wait for the wall
    /// clock. Its entry in the timer queue is dead then.
    pub(super) fn disarm(&mut self, on_wall: &mut usize) -> Due {
        debug_assert!(self.is_armed());
        self.standing = Standing::Unarmed;
        let due = self.due();
        *on_wall -= usize::from(due.wall.is_some());
        due
    }

    /// Arms the next run. What comes of it has to be [put into the queue](super::shard::Shard::enqueue).
    #[inline]
    pub(super) fn arm(&mut self, slot: u32, due: Due) -> Armed {
        debug_assert!(!self.is_armed());
        self.standing = Standing::Armed;
        self.due = due.moment;
        if let Some(more) = &mut self.more {
            more.wall = due.wall;
        }
        let key = TimerKey { due: due.moment, priority: self.priority, slot };
        Armed { key, is_on_wall: due.wall.is_some() }
    }

    pub(super) fn is_ending(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.end != End::Open)
    }

    /// Ends the series; with `cancelled`, nothing is tried again either.
    pub(super) fn end(&mut self, cancelled: bool) {
        let more = self.more_mut();
        more.end = more.end.max(if cancelled { End::Cancelled } else { End::Last });
    }

    /// Counts one execution that is launched or cancelled in its stead.
    pub(super) fn count_launch(&mut self) {
        if let Some(more) = &mut self.more
            && let Some(schedule) = &mut more.schedule
            && !schedule.count_launch()
        {
            more.end = more.end.max(End::Last);
        }
    }
}
