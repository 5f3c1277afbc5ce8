//! What can be seen of a scheduler, in numbers: what the model and the scheduler are compared by.
//!
//! Times are in seconds on the wall clock, from what that showed at the beginning.

use std::fmt::{self, Debug, Write as _};

use std::time::{Duration, SystemTime};

use pysched::{Reason, Status};

use crate::execution::State;
use crate::model::Model;
use crate::task::Task;

/// How many executions of a task are kept: all of them.
pub const HISTORY: usize = 10_000;

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Done,

    /// There was no task, or nothing that runs.
    Nothing,
    UnknownTask,
    Overlap,
    LastRun,
    ShutDown,
    Cancelled(bool),
    Other,
}

/// Why an attempt has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Failed,
    Panicked,
    TimedOut,
    Other,
}

/// An execution, or a run that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub due: i64,
    pub status: Status,
    pub reason: Option<Reason>,

    /// Of one that has failed.
    pub failure: Option<Failure>,
    pub attempt: u32,
    pub started: Option<i64>,
    pub finished: Option<i64>,
}

/// In the order of the runs: "oldest first" does not say which comes first of several that are settled
/// together.
pub fn in_order(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_cached_key(|it| (it.due, it.finished, format!("{it:?}")));
    records
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskView {
    pub is_live: bool,
    pub is_paused: bool,
    pub next_run: Option<i64>,

    /// Due, status and attempt.
    pub in_flight: Vec<(i64, Status, u32)>,
    pub results: Vec<Record>,
}

/// As of `Stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub tasks: usize,
    pub paused: usize,
    pub waiting: usize,
    pub queued: usize,
    pub running: usize,
    pub overdue: usize,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub skipped: u64,
    pub missed: u64,
    pub retried: u64,
    pub timed_out: u64,
}

/// All of it, after an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub answer: Answer,
    pub is_stopped: bool,
    pub tasks: Vec<TaskView>,

    /// What has begun in this action, in order: task, due and attempt.
    pub begun: Vec<(usize, i64, u32)>,

    /// What runs, in the order in which it began: the same.
    pub running: Vec<(usize, i64, u32)>,
    pub totals: Totals,
}

impl View {
    /// Where the scheduler differs from the model, a line for each; nothing if nowhere.
    pub fn differences(&self, scheduler: &Self) -> String {
        let mut lines = Lines::default();
        lines.compare("answer", &self.answer, &scheduler.answer);
        lines.compare("stopped", &self.is_stopped, &scheduler.is_stopped);
        lines.compare("begun (task, due, attempt)", &self.begun, &scheduler.begun);
        lines.compare("running (task, due, attempt)", &self.running, &scheduler.running);
        for (number, (here, there)) in self.tasks.iter().zip(&scheduler.tasks).enumerate() {
            lines.compare(&format!("task {number}, live"), &here.is_live, &there.is_live);
            lines.compare(&format!("task {number}, paused"), &here.is_paused, &there.is_paused);
            lines.compare(&format!("task {number}, next run"), &here.next_run, &there.next_run);
            let name = format!("task {number}, in flight (due, status, attempt)");
            lines.compare(&name, &here.in_flight, &there.in_flight);
            for place in 0..here.results.len().max(there.results.len()) {
                let name = format!("task {number}, result {place}");
                lines.compare(&name, &here.results.get(place), &there.results.get(place));
            }
        }
        lines.compare("stats", &self.totals, &scheduler.totals);
        lines.0
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn compare<T: PartialEq + Debug>(&mut self, what: &str, model: &T, scheduler: &T) {
        if model != scheduler {
            let line = |f: &mut String| -> fmt::Result {
                writeln!(f, "  {what}:\n    {model:?} by the model,")?;
                writeln!(f, "    {scheduler:?} by the scheduler")
            };
            line(&mut self.0).expect("a string takes everything");
        }
    }
}

/// What the model shows.
impl Model {
    pub fn view(&self, answer: Answer) -> View {
        let running = self.running().into_iter().map(|(_, number, place)| {
            let execution = &self.tasks[number].executions[place];
            (number, execution.due_wall, execution.attempt)
        });
        View {
            answer,
            is_stopped: self.stopped,
            tasks: self.tasks.iter().map(|task| self.task(task)).collect(),
            begun: self.begun.clone(),
            running: running.collect(),
            totals: self.totals(),
        }
    }

    fn task(&self, task: &Task) -> TaskView {
        let results = in_order(task.results.clone());
        if !task.is_live() {
            return TaskView { results, ..TaskView::default() };
        }
        let in_flight = task.executions.iter().map(|it| {
            let status = if it.runs() { Status::Running } else { Status::Queued };
            (it.due_wall, status, it.attempt)
        });
        TaskView {
            is_live: true,
            is_paused: task.paused,
            next_run: task.next_run().map(|due| due.wall(self.clocks)),
            in_flight: in_flight.collect(),
            results,
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for task in &self.tasks {
            totals.tasks += usize::from(task.is_live());
            totals.paused += usize::from(task.is_live() && task.paused);
            totals.retried += task.retried;
            totals.timed_out += task.timed_out;
            totals.queued += task.withdrawn.len();
            for execution in &task.executions {
                match execution.state {
                    State::Waiting => totals.waiting += 1,
                    State::BackingOff { .. } => {}
                    State::Queued => totals.queued += 1,
                    State::Running { .. } => totals.running += 1,
                }
            }
            for result in &task.results {
                let count = match result.status {
                    Status::Succeeded => &mut totals.succeeded,
                    Status::Failed => &mut totals.failed,
                    Status::Cancelled => &mut totals.cancelled,
                    Status::Skipped => &mut totals.skipped,
                    _ => &mut totals.missed,
                };
                *count += 1;
            }
        }
        totals
    }
}

/// A time on the wall clock.
pub fn time(second: i64) -> SystemTime {
    let distance = Duration::from_secs(second.unsigned_abs());
    if second < 0 { start() - distance } else { start() + distance }
}

/// What the wall clock shows at the beginning: a full hour.
pub fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}
