//! Why a task did or did not run last, and what it waits for, in words.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::engine::Engine;
use super::life::Stage as LifeStage;
use super::shard::Shard;
use crate::TaskId;
use crate::execution::{Execution, Status};
use crate::task::edit;

impl Engine {
    /// See [`Scheduler::explain`](crate::Scheduler::explain).
    pub(super) fn explain(&self, task: TaskId) -> String {
        let wall = self.clock.wall();
        let stage = self.life.lock().stage;
        let shard = self.place(task).shard.lock();
        let Some(index) = shard.index(task) else {
            let executions = match shard.held_index(task).and_then(|it| shard.slot(it).record()) {
                Some(record) => record.executions(),
                None if task.scheduler() == self.id => shard.finished.executions(task),
                None => Vec::new(),
            };
            return match executions.last() {
                Some(last) => format!("Task {task} is finished. {}", last_words(last, wall)),
                None => format!(
                    "Nothing is known of task {task}: it was never added to this scheduler, or was \
                     finished so long ago that it is forgotten."
                ),
            };
        };
        let mut words = match shard.slot(index).name() {
            Some(name) => format!("Task {name:?} ({task})"),
            None => format!("Task {task}"),
        };
        let now = match stage {
            LifeStage::Created if shard.slot(index).is_paused() => {
                " is paused, and the scheduler has not been started either.".to_owned()
            }
            LifeStage::Created => {
                " waits for the scheduler to be started; until then, nothing runs.".to_owned()
            }
            LifeStage::Draining | LifeStage::Closed => {
                " belongs to a scheduler that was shut down: what runs is finished, and nothing else \
                 will run."
                    .to_owned()
            }
            LifeStage::Running if shard.paused => {
                " waits for the scheduler to be resumed, which is paused as a whole.".to_owned()
            }
            LifeStage::Running => shard.present(index, wall),
        };
        words.push_str(&now);
        for execution in shard.in_flight(index) {
            words.push(' ');
            words.push_str(&running_words(&execution, wall));
        }
        if let Some((tag, inside, limit)) = self.limits.obstacle(task) {
            let _ = write!(
                words,
                " What waits does so for room under the limit of the tag {:?}: {inside} of at most \
                 {limit} are in it.",
                &*tag
            );
        }
        match shard.last(index) {
            Some(last) => {
                words.push(' ');
                words.push_str(&last_words(&last, wall));
            }
            None => words.push_str(" None of its runs is over yet."),
        }
        words
    }
}

impl Shard {
    /// What a live task of a running scheduler waits for.
    fn present(&self, index: usize, wall: SystemTime) -> String {
        let slot = self.slot(index);
        let bonds = slot.more.as_deref().and_then(|more| more.bonds.as_deref());
        let waits_for: Vec<_> = bonds
            .into_iter()
            .flat_map(|bonds| &bonds.predecessors)
            .filter(|predecessor| !predecessor.has_succeeded)
            .map(|predecessor| predecessor.task.to_string())
            .collect();
        if slot.is_paused() {
            " is paused: its runs are held back until it is resumed.".to_owned()
        } else if let Some(next) = self.next_run(index) {
            match next.duration_since(wall) {
                Ok(ahead) => format!(" is due in {}.", span(ahead)),
                Err(late) => format!(
                    " has been due for {}: the scheduler's thread has not come to it yet.",
                    span(late.duration())
                ),
            }
        } else if slot.is_behind() {
            " is behind: it has runs to catch up with, and takes them one after the other."
                .to_owned()
        } else if slot.is_ending() {
            " has no other run after those in flight.".to_owned()
        } else if !waits_for.is_empty() {
            format!(" runs when these have succeeded: {}.", waits_for.join(", "))
        } else if slot.is_fixed_delay() {
            " is due again when its execution has ended.".to_owned()
        } else {
            " has no other run after the one in flight.".to_owned()
        }
    }

    /// What became of the last run of a task.
    fn last(&self, index: usize) -> Option<Execution> {
        let record = self.slot(index).record()?;
        edit(&**record, |ledger| ledger.latest_fate())
    }
}

/// How an execution in flight stands.
fn running_words(execution: &Execution, wall: SystemTime) -> String {
    let due = since(execution.due, wall);
    let attempt = match execution.attempt {
        1 => String::new(),
        attempt => format!(" (attempt {attempt})"),
    };
    match execution.status {
        Status::Running => {
            let started = execution.started.map(|at| since(at, wall)).unwrap_or_default();
            format!("The run that was due {due} has been running since {started}{attempt}.")
        }
        _ if execution.attempt > 1 => {
            let error = execution.attempts.last().map_or("", |attempt| &attempt.error);
            format!("The run that was due {due} is to be tried again{attempt}: {error}.")
        }
        _ => format!("The run that was due {due} waits for its turn."),
    }
}

/// What became of a run.
fn last_words(execution: &Execution, wall: SystemTime) -> String {
    let due = since(execution.due, wall);
    let fate = match execution.status {
        Status::Succeeded => "has succeeded",
        Status::Failed => "has failed",
        Status::Cancelled => "was cancelled",
        Status::Skipped => "was skipped",
        Status::Missed => "was missed",
        Status::Running | Status::Queued => "is not over",
    };
    let why = match (&execution.error, execution.reason) {
        (Some(error), _) => format!(": {error}"),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    };
    format!("Its last run that is over, due {due}, {fate}{why}.")
}

/// How long ago something was, or how far ahead it is.
fn since(time: SystemTime, wall: SystemTime) -> String {
    match wall.duration_since(time) {
        Ok(ago) => format!("{} ago", span(ago)),
        Err(ahead) => format!("in {}", span(ahead.duration())),
    }
}

/// A span of time for people.
fn span(span: Duration) -> String {
    // Nobody reads more digits than that.
    let rounded = if span >= Duration::from_secs(10) {
        Duration::from_secs(span.as_secs())
    } else {
        Duration::from_millis(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    };
    crate::Interval::from(rounded).to_string()
}
