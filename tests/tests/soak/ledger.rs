//! The ledger: what functions, events and futures say of each execution, written down apart, so that it
//! can be compared.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use pysched::{Current, Event, EventKind, Execution, Status, TaskId};

use super::figures::Figures;

/// What a function has come to, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Return {
    Value,
    Error,
}

/// Where and how the function of a task runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nature {
    /// A function, in this process.
    Function,

    /// A future, in this process: it may be dropped where it waits.
    Future,

    /// A function in a worker process, which cannot write into this ledger.
    Elsewhere,
}

/// What is known of a task beforehand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) nature: Nature,

    /// Whether it waits for the wall clock. When that is set back, times may come again, and runs have the
    /// names of earlier ones.
    pub(crate) is_on_wall: bool,

    /// Whether its attempts can time out.
    pub(crate) has_limit: bool,
}

/// One run of one task, which its due time names.
#[derive(Debug, Default)]
struct Run {
    fired: u32,

    /// The attempts that began, as the events say.
    started: u32,

    /// The attempts that ran out of their time.
    timed_out: u32,

    /// The attempts that lost their worker.
    died: u32,

    /// The attempts that were followed by another one.
    retried: u32,

    fates: u32,
    fate: Option<Status>,

    /// Whether an attempt began that was not the next one.
    in_disorder: bool,

    /// The attempts that began, as the function says, a bit for each, and those that began again.
    calls: u32,
    attempts: u64,
    again: u32,

    /// How the last one to return did so.
    returned: Option<Return>,
}

#[derive(Default)]
struct Book {
    runs: HashMap<(TaskId, SystemTime), Run>,
    kinds: HashMap<TaskId, Kind>,
    finished: HashMap<TaskId, u32>,

    /// The tasks that have no runs but those that others give them.
    followers: HashSet<TaskId>,

    /// The tasks of which one event has told of several runs.
    summed: HashSet<TaskId>,

    /// How many runs came to which fate, those that one event tells of together.
    fates: HashMap<Status, u64>,
    retried: u64,
    timed_out: u64,
    died: u64,
    lagged: u64,
    complaints: Vec<String>,
}

/// The ledger of one scheduler.
pub(crate) struct Ledger {
    book: Mutex<Book>,
    figures: Arc<Figures>,
}

impl Ledger {
    pub(crate) fn new(figures: &Arc<Figures>) -> Self {
        Self { book: Mutex::default(), figures: Arc::clone(figures) }
    }

    /// Something is wrong, of a kind.
    pub(crate) fn complain(&self, kind: &'static str, what: String) {
        self.figures.count("found", kind);
        let mut book = self.book.lock().unwrap();
        if book.complaints.len() < 20 {
            book.complaints.push(format!("{kind}: {what}"));
        }
    }

    /// A task was added.
    pub(crate) fn added(&self, task: TaskId, kind: Kind) {
        self.book.lock().unwrap().kinds.insert(task, kind);
    }

    /// It follows other tasks.
    pub(crate) fn follows(&self, task: TaskId) {
        self.book.lock().unwrap().followers.insert(task);
    }

    pub(crate) fn is_follower(&self, task: TaskId) -> bool {
        self.book.lock().unwrap().followers.contains(&task)
    }

    /// A function was called for an attempt of an execution.
    pub(crate) fn called(&self, current: &Current) {
        let mut book = self.book.lock().unwrap();
        let run = book.runs.entry((current.task(), current.due())).or_default();
        let bit = 1 << current.attempt().min(63);
        run.again += u32::from(run.attempts & bit != 0);
        run.attempts |= bit;
        run.calls += 1;
    }

    /// A function returns.
    pub(crate) fn returned(&self, current: &Current, how: Return) {
        let mut book = self.book.lock().unwrap();
        book.runs.entry((current.task(), current.due())).or_default().returned = Some(how);
    }

    /// An event has come.
    pub(crate) fn heard(&self, event: &Event) {
        let Some(task) = event.task else {
            if let EventKind::Lagged { missed, .. } = event.kind {
                self.book.lock().unwrap().lagged += missed;
            }
            return;
        };
        let mut guard = self.book.lock().unwrap();
        let book = &mut *guard;
        let wrong = match &event.kind {
            EventKind::Finished => {
                let times = book.finished.entry(task).or_default();
                *times += 1;
                (*times > 1).then_some("it is finished twice")
            }
            _ if book.finished.contains_key(&task) && book.lagged == 0 => {
                Some("an event comes after the end of its task")
            }
            EventKind::Fired { due, .. } => {
                book.runs.entry((task, *due)).or_default().fired += 1;
                None
            }
            EventKind::Started { due, attempt, late, .. } => {
                let run = book.runs.entry((task, *due)).or_default();
                run.started += 1;
                // An attempt that no executor has taken never began, and was repeated all the same.
                let in_order = run.retried + 1 == *attempt && run.fate.is_none() && run.fired == 1;
                if *attempt == 1 {
                    self.figures.late(*late);
                }
                run.in_disorder |= !in_order;
                None
            }
            EventKind::TimedOut { due, .. } => {
                book.timed_out += 1;
                book.runs.entry((task, *due)).or_default().timed_out += 1;
                None
            }
            EventKind::WorkerDied { due, .. } => {
                book.died += 1;
                book.runs.entry((task, *due)).or_default().died += 1;
                None
            }
            EventKind::Retried { due, .. } => {
                book.retried += 1;
                book.runs.entry((task, *due)).or_default().retried += 1;
                None
            }
            kind => {
                let Some((due, status, count)) = fate(kind) else { return };
                *book.fates.entry(status).or_default() += count;
                if count > 1 {
                    book.summed.insert(task);
                }
                let run = book.runs.entry((task, due)).or_default();
                run.fates += 1;
                run.fate = Some(status);
                None
            }
        };
        drop(guard);
        if let Some(wrong) = wrong {
            self.complain("duplicated", format!("{wrong}: {event:?}"));
        }
    }

    /// So many events were dropped: what they would have said is not known.
    pub(crate) fn lagged(&self) -> u64 {
        self.book.lock().unwrap().lagged
    }

    /// Compares what a future says in the end.
    pub(crate) fn compare(&self, execution: &Execution) {
        let known = {
            let book = self.book.lock().unwrap();
            let run = book.runs.get(&(execution.task, execution.due));
            // A task that was cancelled before those that it follows gave it a run has had none, but
            // whoever waits for one is told.
            // And of runs that one event tells of together, only one has its due time there.
            let task = &execution.task;
            if run.is_none() && book.followers.contains(task)
                || book.summed.contains(task) && is_passed_over(execution.status)
            {
                return;
            }
            let fate = run.and_then(|run| run.fate);
            if run.is_some_and(|run| run.fates > 1) {
                // Which of them it was, is not known. Whether there may be several, is asked in the end.
                return;
            }
            if book.lagged > 0 || fate == Some(execution.status) {
                return;
            }
            let runs = book.runs.iter().filter(|((of, _), _)| of == task);
            (fate, runs.map(|((_, due), run)| (*due, run.fate)).take(10).collect::<Vec<_>>())
        };
        let what = format!("by events {known:?}, by its future {execution:?}");
        self.complain("contradicted", what);
    }

    /// The numbers as the events have them, in the order of `Counts`.
    pub(crate) fn counts(&self) -> [u64; 8] {
        let book = self.book.lock().unwrap();
        let of = |status| book.fates.get(&status).copied().unwrap_or(0);
        let [succeeded, failed] = [of(Status::Succeeded), of(Status::Failed)];
        let passed = [of(Status::Cancelled), of(Status::Skipped), of(Status::Missed)];
        let [cancelled, skipped, missed] = passed;
        let (retried, timed_out, died) = (book.retried, book.timed_out, book.died);
        [succeeded, failed, cancelled, skipped, missed, retried, timed_out, died]
    }

    /// Looks through all runs when the scheduler is over; with whether its wall clock was set back. Gives
    /// what was complained of.
    pub(crate) fn close(&self, set_back: bool) -> Vec<String> {
        let book = std::mem::take(&mut *self.book.lock().unwrap());
        let Book { runs, kinds, finished, fates, mut complaints, lagged, .. } = book;
        for (status, count) in fates {
            self.figures.add("fates", name(status), count);
        }
        if lagged > 0 {
            self.figures.count("schedulers", "whose events were not all heard");
            self.figures.add("schedulers", "events not heard", lagged);
            return complaints;
        }
        for task in kinds.keys().filter(|task| !finished.contains_key(task)) {
            self.figures.count("found", "lost");
            complaints.push(format!("lost: {task} was never finished"));
        }
        for ((task, due), run) in &runs {
            self.figures.add("executions", "attempts begun", run.started.into());
            self.figures.add("executions", "executions", u64::from(run.fired > 0));
            self.figures.add("executions", "calls counted by functions", run.calls.into());
            let kind = kinds.get(task);
            let repeats = set_back && kind.is_some_and(|kind| kind.is_on_wall);
            if repeats && run.fates > 1 {
                self.figures.count("executions", "runs that came again, as the clock was set back");
            }
            if let Some((what, why)) = audit(run, kind, repeats) {
                self.figures.count("found", what);
                if complaints.len() < 40 {
                    complaints.push(format!("{what}: {task} {due:?}: {why}: {kind:?} {run:?}"));
                }
            }
        }
        complaints
    }
}

/// The fate that an event tells, and of how many runs.
fn fate(kind: &EventKind) -> Option<(SystemTime, Status, u64)> {
    Some(match kind {
        EventKind::Succeeded { due, .. } => (*due, Status::Succeeded, 1),
        EventKind::Failed { due, .. } => (*due, Status::Failed, 1),
        EventKind::Cancelled { due, count, .. } => (*due, Status::Cancelled, *count),
        EventKind::Skipped { due, count, .. } => (*due, Status::Skipped, *count),
        EventKind::Missed { due, count, .. } => (*due, Status::Missed, *count),
        _ => return None,
    })
}

/// Whether no function was called.
fn is_passed_over(status: Status) -> bool {
    matches!(status, Status::Cancelled | Status::Skipped | Status::Missed)
}

fn name(status: Status) -> &'static str {
    match status {
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Skipped => "skipped",
        Status::Missed => "missed",
        _ => "none",
    }
}

/// What is wrong with a run that should be over; several, if they may have one name.
fn audit(run: &Run, kind: Option<&Kind>, repeats: bool) -> Option<(&'static str, &'static str)> {
    let nature = kind.map(|kind| kind.nature);
    let is_here = matches!(nature, Some(Nature::Function | Nature::Future));
    if is_here && run.calls != run.started {
        return Some(("contradicted", "it was called more or less often than it began"));
    }
    let Some(fate) = run.fate else { return Some(("lost", "it has no fate")) };
    if run.fired > run.fates {
        return Some(("lost", "it was fired more often than it has fates"));
    }
    if run.fates > 1 && repeats {
        return None;
    }
    if run.fates > 1 {
        return Some(("duplicated", "it has several fates"));
    }
    if run.again > 0 {
        return Some(("duplicated", "an attempt was called twice"));
    }
    if run.in_disorder {
        return Some(("duplicated", "it was started twice, or out of order"));
    }
    let ran = matches!(fate, Status::Succeeded | Status::Failed);
    if ran && run.fired != 1 {
        return Some(("contradicted", "it ran, and was not fired"));
    }
    if fate == Status::Succeeded && run.started == 0 {
        return Some(("contradicted", "it has succeeded, and never began"));
    }
    if is_here && fate == Status::Succeeded && run.returned != Some(Return::Value) {
        return Some(("contradicted", "it has succeeded, and its function has not"));
    }
    // What was told to end and then ran out of its time has been cancelled, and no event says that it
    // timed out.
    let in_time = run.timed_out == 0 && kind.is_some_and(|kind| !kind.has_limit);
    let returned = nature == Some(Nature::Function) && run.returned == Some(Return::Value);
    if returned && in_time && fate != Status::Succeeded {
        return Some(("contradicted", "its function has returned a value in time"));
    }
    None
}
