//! Why a task did or did not run last, and what it waits for, in words.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::engine::Engine;
use super::life::Stage as LifeStage;
use super::shard::Shard;
use super::slot::Slot;
use crate::TaskId;
use crate::execution::{Execution, Running, Stage, Status};
use crate::task::edit;

/// Of how many executions in flight it is told one by one how they stand.
const TOLD: usize = 3;

/// What is later than that was not looked at in time.
const TOLERANCE: Duration = Duration::from_millis(10);

impl Engine {
    /// See [`Scheduler::explain`](crate::Scheduler::explain).
    pub(super) fn explain(&self, task: TaskId) -> String {
        let wall = self.clock.wall();
        let stage = self.life.lock().stage;
        let shard = self.place(task).shard.lock();
        let Some(index) = shard.index(task) else { return self.explain_gone(&shard, task, wall) };
        let subject = match shard.slot(index).name() {
            Some(name) => format!("Task {name:?} ({task})"),
            None => format!("Task {task}"),
        };
        let mut sentences = vec![format!("{subject} {}.", shard.present(index, stage, wall))];
        sentences.extend(shard.upcoming_words(index, stage, wall));
        sentences.extend(shard.in_flight_words(index, wall));
        sentences.push(match shard.last(index) {
            Some(last) => last_words(&last, wall),
            None => "None of its runs is over yet.".to_owned(),
        });
        sentences.join(" ")
    }

    /// What is still known of a task that is finished.
    fn explain_gone(&self, shard: &Shard, task: TaskId, wall: SystemTime) -> String {
        let executions = match shard.held_index(task).and_then(|it| shard.slot(it).record()) {
            Some(record) => record.executions(),
            None if task.scheduler() == self.id => shard.finished.executions(task),
            None => Vec::new(),
        };
        match executions.last() {
            Some(last) => format!("Task {task} is finished. {}", last_words(last, wall)),
            None => format!(
                "Nothing is known of task {task}: it was never added to this scheduler, or was \
                 finished so long ago that it is forgotten."
            ),
        }
    }
}

impl Shard {
    /// What a live task does or waits for.
    fn present(&self, index: usize, stage: LifeStage, wall: SystemTime) -> String {
        let is_paused = self.slot(index).is_paused();
        match stage {
            LifeStage::Created if is_paused => {
                "is paused, and the scheduler has not been started either".to_owned()
            }
            LifeStage::Created => {
                "waits for the scheduler to be started; until then, nothing runs".to_owned()
            }
            LifeStage::Draining => "ends with its scheduler, which is being shut down: what has \
                                    begun or waits is run to its end, and nothing else is"
                .to_owned(),
            LifeStage::Closed => "belongs to a scheduler that was shut down: what runs goes on to \
                                  its end, and nothing else is run"
                .to_owned(),
            LifeStage::Running if self.paused && is_paused => {
                "is paused, and so is the scheduler as a whole".to_owned()
            }
            LifeStage::Running if self.paused => {
                "waits for the scheduler to be resumed, which is paused as a whole".to_owned()
            }
            LifeStage::Running if is_paused => {
                "is paused: its runs are held back until it is resumed".to_owned()
            }
            LifeStage::Running => self.awaited(index, wall),
        }
    }

    /// What a task waits for that nobody holds back.
    fn awaited(&self, index: usize, wall: SystemTime) -> String {
        let slot = self.slot(index);
        if let Some(next) = self.next_run(index) {
            return match wall.duration_since(next) {
                Ok(late) if late > TOLERANCE => format!(
                    "has been due for {}: the scheduler's thread has not come to it yet",
                    span(late)
                ),
                _ => format!("is due {}", since(next, wall)),
            };
        }
        if let Some(due) = slot.held().filter(|_| slot.is_behind()) {
            return format!(
                "is behind: of its runs, those from the one due {} on have yet to be caught up \
                 with, one after the other",
                since(due.wall_on(self.timeline), wall)
            );
        }
        let predecessors = if slot.is_ending() { Vec::new() } else { waits_for(slot) };
        match predecessors.as_slice() {
            [] if slot.is_fixed_delay() && !slot.is_ending() => {
                "is due again when its execution has ended".to_owned()
            }
            [] => "has no other run after what is in flight".to_owned(),
            [one] => format!("runs when task {one} has succeeded"),
            several => {
                format!("runs when each of these tasks has succeeded: {}", several.join(", "))
            }
        }
    }

    /// When the next run of a task is due that somebody holds back.
    fn upcoming_words(&self, index: usize, stage: LifeStage, wall: SystemTime) -> Option<String> {
        let slot = self.slot(index);
        let is_held_back = match stage {
            LifeStage::Created => true,
            LifeStage::Running => self.paused || slot.is_paused(),
            LifeStage::Draining | LifeStage::Closed => false,
        };
        let held = || slot.held().map(|due| due.wall_on(self.timeline));
        let next = self.next_run(index).or_else(held).filter(|_| is_held_back)?;
        Some(match wall.duration_since(next) {
            Ok(late) if late > TOLERANCE => format!("Its next run was due {} ago.", span(late)),
            _ => format!("Its next run is due {}.", since(next, wall)),
        })
    }

    /// How its executions stand that are not over.
    fn in_flight_words(&self, index: usize, wall: SystemTime) -> Vec<String> {
        let executions = self.in_flight(index);
        let stages = match self.slot(index).record() {
            Some(record) => edit(&**record, |ledger| ledger.stages()),
            None => Vec::new(),
        };
        let others = executions.len().saturating_sub(TOLD);
        let told = executions.iter().take(TOLD).enumerate();
        let mut sentences: Vec<_> = told
            .map(|(number, execution)| {
                let how = match stages.get(number) {
                    Some(running) => self.standing_words(index, *running, execution, wall),
                    None if execution.status == Status::Running => running_words(execution, wall),
                    None => "waits for a worker".to_owned(),
                };
                format!("The run due {} {how}.", since(execution.due, wall))
            })
            .collect();
        match others {
            0 => {}
            1 => sentences.push("One other is in flight.".to_owned()),
            others => sentences.push(format!("{others} others are in flight.")),
        }
        sentences
    }

    /// How an execution of a task with a record stands.
    fn standing_words(
        &self,
        index: usize,
        running: Running,
        execution: &Execution,
        wall: SystemTime,
    ) -> String {
        let called = || match execution.started {
            Some(started) => format!(", which was called {},", since(started, wall)),
            None => String::new(),
        };
        let attempt = running.attempt;
        let cause = match execution.attempts.last() {
            Some(last) => {
                format!(", as attempt {} has failed: {}", attempt - 1, cause(&last.error))
            }
            None => String::new(),
        };
        match running.stage {
            Stage::Running if running.told.is_some() => {
                format!("{}, and was told to end", running_words(execution, wall))
            }
            Stage::Running => running_words(execution, wall),
            Stage::Queued if attempt > 1 => {
                format!("waits for a worker for attempt {attempt}{cause}")
            }
            Stage::Queued => "waits for a worker".to_owned(),
            Stage::Waiting => {
                let obstacle = self.obstacle_words(index, running);
                if attempt > 1 {
                    format!("waits with attempt {attempt} {obstacle}{cause}")
                } else {
                    format!("waits {obstacle}")
                }
            }
            Stage::BackingOff => {
                let at = self.deadlines.of(index, running.run);
                let at = at.map(|at| since(self.timeline.wall_at(at), wall));
                format!("is to be tried again {}{cause}", at.as_deref().unwrap_or("now"))
            }
            Stage::Overrun => format!(
                "has timed out, and its function{} has not returned; once it has, the run is tried \
                 again, with attempt {attempt}",
                called()
            ),
            Stage::Overdue => format!(
                "has timed out, and its function{} has not returned: it keeps its worker, and counts \
                 as running until it does",
                called()
            ),
        }
    }

    /// What keeps an execution back that is due.
    fn obstacle_words(&self, index: usize, running: Running) -> String {
        let slot = self.slot(index);
        if slot.is_paused() && !running.forced {
            return "for the task to be resumed".to_owned();
        }
        let capacity = slot.rules().map_or(1, |rules| rules.overlap.capacity());
        let census = self.census(index);
        if !running.holds && census.holding + census.queued >= capacity {
            return "for an earlier run to end".to_owned();
        }
        match self.limits.obstacle(self.id(index)) {
            Some((tag, inside, limit)) => format!(
                "for room under the limit of the tag {:?}: {inside} of at most {limit} are queued or run",
                &*tag
            ),
            None if self.paused => "for the scheduler to be resumed".to_owned(),
            None => "for its turn".to_owned(),
        }
    }

    /// What became of the last run of a task.
    fn last(&self, index: usize) -> Option<Execution> {
        let record = self.slot(index).record()?;
        edit(&**record, |ledger| ledger.latest_fate())
    }
}

/// The tasks that have to succeed before a task runs.
fn waits_for(slot: &Slot) -> Vec<String> {
    let bonds = slot.more.as_deref().and_then(|more| more.bonds.as_deref());
    let predecessors = bonds.into_iter().flat_map(|bonds| &bonds.predecessors);
    predecessors.filter(|it| !it.has_succeeded).map(|it| it.task.to_string()).collect()
}

/// How an execution stands whose function is running. Writing to a string cannot fail.
fn running_words(execution: &Execution, wall: SystemTime) -> String {
    let since = execution.started.and_then(|started| wall.duration_since(started).ok());
    let mut words = format!("has been running for {}", span(since.unwrap_or_default()));
    if execution.attempt > 1 {
        let _ = write!(words, " with attempt {}", execution.attempt);
    }
    if let Some(progress) = execution.progress {
        let _ = write!(words, ", and says that it has done {}", progress.done);
        if progress.total > 0 {
            let _ = write!(words, " of {}", progress.total);
        }
    }
    words
}

/// What became of a run.
fn last_words(execution: &Execution, wall: SystemTime) -> String {
    let fate = match execution.status {
        Status::Succeeded => "has succeeded",
        Status::Failed => "has failed",
        Status::Cancelled => "was cancelled",
        Status::Skipped => "was skipped",
        Status::Missed => "was missed",
        Status::Running | Status::Queued => "is not over",
    };
    let attempts = match (execution.status, execution.attempt) {
        (Status::Succeeded | Status::Failed, attempt @ 2..) => format!(" in {attempt} attempts"),
        _ => String::new(),
    };
    let why = match (&execution.error, execution.reason) {
        (Some(error), _) => format!(": {}", cause(error)),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    };
    let due = since(execution.due, wall);
    format!("Its last run that is over, due {due}, {fate}{attempts}{why}.")
}

/// What an error says, as a part of a sentence.
fn cause(error: &str) -> String {
    let error = error.trim();
    let line = error.lines().next().unwrap_or_default().trim_end_matches(['.', ':', ' ']);
    let more = if line.len() < error.trim_end_matches(['.', ':', ' ']).len() { " …" } else { "" };
    let line = match line.strip_prefix("the task") {
        Some(rest) => match (rest.strip_prefix(" failed: "), rest.strip_prefix("'s ")) {
            (Some(what), _) => what.to_owned(),
            (_, Some(what)) => format!("its {what}"),
            _ => format!("it{rest}"),
        },
        None => line.to_owned(),
    };
    if line.is_empty() { "it has not said why".to_owned() } else { line + more }
}

/// How long ago something was, or how far ahead it is.
fn since(time: SystemTime, wall: SystemTime) -> String {
    let (distance, is_past) = match wall.duration_since(time) {
        Ok(ago) => (ago, true),
        Err(ahead) => (ahead.duration(), false),
    };
    match span(distance) {
        _ if distance < Duration::from_millis(1) => "just now".to_owned(),
        span if is_past => format!("{span} ago"),
        span => format!("in {span}"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_become_parts_of_sentences() {
        for (error, expected) in [
            ("the task failed: no connection", "no connection"),
            ("the task failed: No connection.", "No connection"),
            ("the task panicked: out of paper", "it panicked: out of paper"),
            ("the task ran longer than its limit of 1s", "it ran longer than its limit of 1s"),
            ("the task's worker died: gone", "its worker died: gone"),
            ("the task failed: first\nsecond\n", "first …"),
            (
                "the executor did not take the task: full",
                "the executor did not take the task: full",
            ),
            ("the task failed: ", "it failed"),
            (" \n", "it has not said why"),
        ] {
            assert_eq!(cause(error), expected);
        }
    }

    #[test]
    fn times_are_told_as_people_do() {
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let ms = Duration::from_millis;
        assert_eq!(since(wall, wall), "just now");
        assert_eq!(since(wall + Duration::from_nanos(7), wall), "just now");
        assert_eq!(since(wall - ms(1), wall), "1ms ago");
        assert_eq!(since(wall + ms(61_250), wall), "in 1m 1s");
        assert_eq!(since(wall - Duration::from_nanos(1_234_567_890), wall), "1s 234ms ago");
    }
}
