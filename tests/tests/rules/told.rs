//! What a scheduler has told one who listens, in words, and whether it is in order.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime};

use pysched::{Event, EventKind, Execution, Reason, Scheduler, Status, Subscription, TaskId};
use pysched_tests::PATIENCE;

/// A listener, and all that it was told.
#[derive(Debug)]
pub struct Told {
    subscription: Subscription,
    receiver: Receiver<Event>,
    events: RefCell<Vec<Event>>,
}

/// How a run has ended, as it is told and as it is recorded.
pub type Ending = (SystemTime, Status, Option<Reason>, Option<String>);

impl Told {
    pub fn by(sched: &Scheduler) -> Self {
        let (sender, receiver) = mpsc::channel();
        // Whoever was told enough is gone.
        let subscription = sched.subscribe(move |event| drop(sender.send(event.clone())));
        Self { subscription, receiver, events: RefCell::default() }
    }

    /// All that has been told so far.
    #[track_caller]
    pub fn events(&self) -> Vec<Event> {
        assert!(self.subscription.flush(PATIENCE), "it should be told by now");
        let mut events = self.events.borrow_mut();
        events.extend(self.receiver.try_iter());
        events.clone()
    }

    /// What was told of a task, in words.
    #[track_caller]
    pub fn of(&self, task: impl Into<TaskId>, start: SystemTime) -> Vec<String> {
        let task = Some(task.into());
        self.events().iter().filter(|it| it.task == task).map(|it| words(it, start)).collect()
    }

    /// Where it is out of order, and where it does not agree with what is recorded and counted, a line for
    /// each; nothing if nowhere. All tasks have to be over, and their histories long enough.
    #[track_caller]
    pub fn faults(&self, sched: &Scheduler) -> String {
        let events = self.events();
        let mut lines = String::new();
        let mut tasks = HashMap::<TaskId, Course>::new();
        for event in &events {
            let Some(task) = event.task else { continue };
            if let Err(fault) = tasks.entry(task).or_default().take(&event.kind) {
                lines += &format!("  {task}: {fault}, at {:?}\n", event.kind);
            }
        }
        for (task, course) in &tasks {
            if !course.finished {
                lines += &format!("  {task}: no end was told\n");
            }
            let is_open = |runs: &&Vec<Run>| runs.iter().any(|run| !run.settled);
            let open = course.runs.iter().filter(|(_, runs)| is_open(runs));
            lines.extend(open.map(|(due, _)| format!("  {task}: no fate of {due:?} was told\n")));
            let of_task = |event: &&Event| event.task == Some(*task);
            let told: Vec<_> = events.iter().filter(of_task).filter_map(ending).collect();
            let recorded = sched.results(*task).into_iter().map(recorded).collect();
            lines += &differences(*task, in_order(told), in_order(recorded));
        }
        lines + &miscounted(&events, sched)
    }
}

/// How what was told of a task differs from what is recorded, if that is not forgotten.
fn differences(task: TaskId, told: Vec<Ending>, recorded: Vec<Ending>) -> String {
    if recorded.is_empty() || told == recorded {
        return String::new();
    }
    let missing = |from: &[Ending], these: &[Ending]| -> Vec<Ending> {
        from.iter().filter(|ending| !these.contains(ending)).cloned().collect()
    };
    let (only_told, only_recorded) = (missing(&told, &recorded), missing(&recorded, &told));
    let (told, recorded) = (told.len(), recorded.len());
    format!(
        "  {task}: {told} told, {recorded} recorded; only told {only_told:?}, only recorded \
         {only_recorded:?}\n"
    )
}

/// In an order that is the same for what was told and for what is recorded.
fn in_order(mut endings: Vec<Ending>) -> Vec<Ending> {
    endings.sort_by_cached_key(|ending| format!("{ending:?}"));
    endings
}

/// What has become of a run, by an event that says so.
pub fn ending(event: &Event) -> Option<Ending> {
    Some(match &event.kind {
        EventKind::Succeeded { due, .. } => (*due, Status::Succeeded, None, None),
        EventKind::Failed { due, error, .. } => {
            (*due, Status::Failed, None, Some(error.to_owned()))
        }
        EventKind::Cancelled { due, reason, .. } => (*due, Status::Cancelled, Some(*reason), None),
        EventKind::Skipped { due, reason, .. } => (*due, Status::Skipped, Some(*reason), None),
        EventKind::Missed { due, reason, .. } => (*due, Status::Missed, Some(*reason), None),
        _ => return None,
    })
}

fn recorded(execution: Execution) -> Ending {
    let Execution { due, status, reason, error, .. } = execution;
    (due, status, reason, error)
}

/// How what was told differs from what was counted.
fn miscounted(events: &[Event], sched: &Scheduler) -> String {
    let mut told = [0; 8];
    for event in events {
        let (place, count) = match event.kind {
            EventKind::Succeeded { .. } => (0, 1),
            EventKind::Failed { .. } => (1, 1),
            EventKind::Cancelled { count, .. } => (2, count),
            EventKind::Skipped { count, .. } => (3, count),
            EventKind::Missed { count, .. } => (4, count),
            EventKind::Retried { .. } => (5, 1),
            EventKind::TimedOut { .. } => (6, 1),
            EventKind::WorkerDied { .. } => (7, 1),
            _ => continue,
        };
        told[place] += count;
    }
    let it = sched.stats().counts;
    let counted = [
        it.succeeded,
        it.failed,
        it.cancelled,
        it.skipped,
        it.missed,
        it.retried,
        it.timed_out,
        it.workers_died,
    ];
    if told == counted { String::new() } else { format!("  told {told:?}, counted {counted:?}\n") }
}

/// What was told of a task so far.
#[derive(Debug, Default)]
struct Course {
    added: bool,
    finished: bool,

    /// By their times, of which a wall clock that is set back shows some twice.
    runs: HashMap<SystemTime, Vec<Run>>,
}

/// What was told of a run so far.
#[derive(Debug, Default, Clone, Copy)]
struct Run {
    fired: bool,

    /// The attempt that has begun, from 1.
    attempt: u32,

    /// Whether that has failed, and another one comes.
    retried: bool,

    /// Whether it has run out of time, or has lost its worker, and what follows was not told yet.
    mishap: bool,
    settled: bool,
}

impl Course {
    fn take(&mut self, kind: &EventKind) -> Result<(), &'static str> {
        if self.finished {
            return Err("told after the end");
        }
        if self.added == (*kind == EventKind::Added) {
            return Err("not added first, or twice");
        }
        match kind {
            EventKind::Added => self.added = true,
            EventKind::Finished => self.finished = true,
            EventKind::Paused | EventKind::Resumed | EventKind::Rescheduled => {}
            kind => {
                let runs = self.runs.entry(due(kind).expect("it concerns a run")).or_default();
                for run in runs.iter_mut() {
                    if let Some(next) = run.after(kind) {
                        *run = next;
                        return Ok(());
                    }
                }
                runs.push(Run::default().after(kind).ok_or("out of order")?);
            }
        }
        Ok(())
    }
}

impl Run {
    /// What is told of it after that, if it is in order.
    fn after(mut self, kind: &EventKind) -> Option<Self> {
        let is_in_order = match *kind {
            // The function may go on after its time is over.
            EventKind::Progressed { .. } => self.attempt > 0,
            _ if self.settled => false,
            EventKind::Fired { .. } => !std::mem::replace(&mut self.fired, true),
            EventKind::Started { attempt, .. } => {
                let follows = attempt == self.attempt + 1 && self.retried == (attempt > 1);
                let is_in_order = self.fired && follows && !self.mishap;
                (self.attempt, self.retried) = (attempt, false);
                is_in_order
            }
            EventKind::TimedOut { attempt, .. } => {
                let goes_on = attempt == self.attempt && !self.retried;
                goes_on && !std::mem::replace(&mut self.mishap, true)
            }
            // It may have been lost before it has begun.
            EventKind::WorkerDied { attempt, .. } => {
                self.is_at(attempt) && !std::mem::replace(&mut self.mishap, true)
            }
            EventKind::Retried { attempt, .. } => {
                let is_in_order = self.is_at(attempt);
                (self.attempt, self.retried, self.mishap) = (attempt, true, false);
                is_in_order
            }
            EventKind::Succeeded { attempt, .. } => {
                self.settled = true;
                attempt == self.attempt && attempt > 0 && !self.retried && !self.mishap
            }
            EventKind::Failed { attempt, .. } => {
                self.settled = true;
                self.fired && self.is_at(attempt)
            }
            EventKind::Cancelled { .. } => {
                self.settled = true;
                !self.mishap
            }
            // It has never begun.
            _ => {
                self.settled = true;
                self.attempt == 0
            }
        };
        is_in_order.then_some(self)
    }

    /// Whether that is the attempt that has begun or comes next.
    fn is_at(&self, attempt: u32) -> bool {
        attempt == self.attempt || attempt == self.attempt + 1
    }
}

fn due(kind: &EventKind) -> Option<SystemTime> {
    Some(match *kind {
        EventKind::Fired { due, .. }
        | EventKind::Started { due, .. }
        | EventKind::Progressed { due, .. }
        | EventKind::TimedOut { due, .. }
        | EventKind::WorkerDied { due, .. }
        | EventKind::Retried { due, .. }
        | EventKind::Succeeded { due, .. }
        | EventKind::Failed { due, .. }
        | EventKind::Cancelled { due, .. }
        | EventKind::Skipped { due, .. }
        | EventKind::Missed { due, .. } => due,
        _ => return None,
    })
}

/// An event in words, with all of its fields; times are in seconds after `start`.
fn words(event: &Event, start: SystemTime) -> String {
    let at = |time: SystemTime| time.duration_since(start).unwrap().as_secs_f64();
    let secs = |span: Duration| span.as_secs_f64();
    let why = |reason: Reason, count: u64| {
        let reason = match reason {
            Reason::Coalesced { into } => format!("into {}", at(into)),
            Reason::Predecessor(_) => "Predecessor".to_owned(),
            reason => format!("{reason:?}"),
        };
        if count == 1 { reason } else { format!("{reason}, one of {count}") }
    };
    match &event.kind {
        EventKind::Fired { due, .. } => format!("fired {}", at(*due)),
        EventKind::Started { due, attempt, late, .. } => {
            format!("started {} #{attempt}, {} late", at(*due), secs(*late))
        }
        EventKind::Progressed { due, progress, .. } => {
            format!("progressed {}, {}/{}", at(*due), progress.done, progress.total)
        }
        EventKind::TimedOut { due, attempt, limit, .. } => {
            format!("timed out {} #{attempt}, beyond {}", at(*due), secs(*limit))
        }
        EventKind::WorkerDied { due, attempt, error, .. } => {
            format!("worker died {} #{attempt}: {error}", at(*due))
        }
        EventKind::Retried { due, attempt, error, pause, .. } => {
            format!("retried {} #{attempt} after {}: {error}", at(*due), secs(*pause))
        }
        EventKind::Succeeded { due, attempt, took, .. } => {
            format!("succeeded {} #{attempt} in {}", at(*due), secs(*took))
        }
        EventKind::Failed { due, attempt, took, error, .. } => {
            let took = took.map_or("no time".to_owned(), |took| secs(took).to_string());
            format!("failed {} #{attempt} in {took}: {error}", at(*due))
        }
        EventKind::Cancelled { due, reason, count, .. } => {
            format!("cancelled {}: {}", at(*due), why(*reason, *count))
        }
        EventKind::Skipped { due, reason, count, .. } => {
            format!("skipped {}: {}", at(*due), why(*reason, *count))
        }
        EventKind::Missed { due, reason, count, .. } => {
            format!("missed {}: {}", at(*due), why(*reason, *count))
        }
        kind => format!("{kind:?}").to_lowercase(),
    }
}
