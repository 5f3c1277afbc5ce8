//! The model of an execution, and of when a run is due.

use std::time::Duration;

use pysched::{Reason, Status};

use crate::view::{Failure, Record, time};

/// What the clocks show: the monotonic one, and by how much the other one is ahead of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clocks {
    pub now: i64,
    pub ahead: i64,
}

impl Clocks {
    pub fn wall(self) -> i64 {
        self.now + self.ahead
    }

    /// "Intervals run on the monotonic clock, calendar triggers on the wall clock."
    pub fn of(self, calendar: bool) -> i64 {
        if calendar { self.wall() } else { self.now }
    }
}

/// When a run is due, on the clock that its trigger follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub time: i64,
    pub calendar: bool,
}

impl Due {
    pub fn wall(self, clocks: Clocks) -> i64 {
        if self.calendar { self.time } else { self.time + clocks.ahead }
    }

    pub fn late(self, clocks: Clocks) -> i64 {
        clocks.of(self.calendar) - self.time
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    Queued,

    /// As the so-manieth of all that have begun.
    Running {
        order: u64,
    },
    BackingOff {
        until: i64,
    },
}

#[derive(Debug, Clone)]
pub struct Execution {
    pub due: Due,
    pub due_wall: i64,
    pub moment: i64,
    pub number: u64,
    pub state: State,
    pub buffered: bool,

    /// By `run_now`: it runs even if the task is paused.
    pub asked: bool,
    pub attempt: u32,
    pub started: Option<i64>,

    /// When this attempt began.
    pub since: i64,

    /// Why its last attempt has failed, when that began and when it ended.
    pub failure: Option<(Failure, Option<i64>, i64)>,
}

impl Execution {
    /// "An execution holds a place of its task from the first time that it runs until it has ended."
    pub fn holds_place(&self) -> bool {
        matches!(self.state, State::Running { .. } | State::BackingOff { .. }) || self.attempt > 1
    }

    pub fn takes_room(&self) -> bool {
        self.holds_place() || self.state == State::Queued
    }

    pub fn runs(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }
}

impl Execution {
    /// Not before it began, wherever the wall clock was set meanwhile.
    pub fn finished(&self, clocks: Clocks) -> i64 {
        self.started.map_or(clocks.wall(), |it| it.max(clocks.wall()))
    }

    /// What is recorded of it: `Err` says why it did not end by itself.
    pub fn ended(self, outcome: Result<(), Reason>, clocks: Clocks) -> Record {
        let status = match (outcome, self.failure) {
            (Err(reason), _) => status(reason),
            (Ok(()), None) => Status::Succeeded,
            (Ok(()), Some(_)) => Status::Failed,
        };
        let failure = self.failure.filter(|_| status == Status::Failed);
        Record {
            due: self.due_wall,
            status,
            reason: outcome.err(),
            failure: failure.map(|(failure, ..)| failure),
            attempt: self.attempt,
            started: failure.map_or(self.started, |(_, started, _)| started),
            finished: Some(failure.map_or(self.finished(clocks), |(.., finished)| finished)),
        }
    }
}

impl Record {
    pub fn passed_over(due: i64, reason: Reason, finished: Option<i64>) -> Self {
        let (status, reason) = (status(reason), Some(reason));
        Self { due, status, reason, failure: None, attempt: 1, started: None, finished }
    }
}

fn status(reason: Reason) -> Status {
    match reason {
        Reason::Overlap | Reason::Limit(_) | Reason::Paused => Status::Skipped,
        Reason::TooLate(_) | Reason::Coalesced { .. } | Reason::Rescheduled => Status::Missed,
        _ => Status::Cancelled,
    }
}

pub fn following(period: i64, wall: i64) -> i64 {
    (wall.div_euclid(period) + 1) * period
}

pub fn too_late(due: Due, clocks: Clocks) -> Reason {
    Reason::TooLate(Duration::from_secs(due.late(clocks).unsigned_abs()))
}

pub fn coalesced(into: i64) -> Reason {
    Reason::Coalesced { into: time(into) }
}
