//! [`Trace`]: all that has happened in a simulation, as a timeline.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::{Duration, SystemTime};

use super::fault::Fault;
use super::log::{Log, Read, What};
use super::report::Report;
use crate::scheduler::EventKind;
use crate::trigger::Stamp;
use crate::{Interval, Reason};

/// All that has happened in a [`Simulation`](super::Simulation) up to when it was asked for, in order.
///
/// It is displayed as a timeline, a line an [entry](Self::entries). Two simulations of the same, with the
/// same [seed](super::Simulation::seed), have the same, byte for byte.
///
/// ```
/// use std::time::Duration;
/// use pysched::sim::Simulation;
/// use pysched::{Task, Trigger};
///
/// let sim = Simulation::new();
/// let worker = sim.clone();
/// let report = Task::new(move || worker.work(Duration::from_secs(90)));
/// sim.scheduler().add(report.name("report").trigger(Trigger::recur(60)))?;
/// sim.run_for(Duration::from_secs(150));
/// assert_eq!(
///     sim.trace().to_string(),
///     "\
/// 2000-01-01 00:00:00 UTC  report     added
/// 2000-01-01 00:00:00 UTC  scheduler  started
/// 2000-01-01 00:01:00 UTC  report     begins
/// 2000-01-01 00:02:00 UTC  report     skipped: an earlier execution was still running
/// 2000-01-01 00:02:30 UTC  report     succeeded after 1m 30s
/// "
/// );
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a trace is there to be looked at"]
pub struct Trace {
    log: Log,
}

/// Something that has happened in a [`Simulation`](super::Simulation); an element of a [`Trace`].
///
/// ```
/// use std::time::Duration;
/// use pysched::sim::{Fault, Simulation};
/// use pysched::EventKind;
///
/// let sim = Simulation::new();
/// let hour = Duration::from_secs(3600);
/// sim.fault_in(hour, Fault::clock_forward(hour));
/// sim.run_for(hour * 2);
///
/// let trace = sim.trace();
/// let entries: Vec<_> = trace.entries().collect();
/// assert_eq!(entries[0].event(), Some(&EventKind::SchedulerStarted));
/// assert_eq!(entries[1].fault(), Some(&Fault::clock_forward(hour)));
/// assert_eq!(entries[1].elapsed(), hour);
/// assert!(matches!(entries[2].event(), Some(EventKind::ClockStepped { .. })));
/// assert_eq!(entries[2].at() - (hour * 2), entries[0].at());
/// assert_eq!(entries[2].task(), None);
/// ```
#[derive(Debug)]
pub struct Entry<'a> {
    log: &'a Log,
    read: Read<'a>,
}

impl Trace {
    pub(super) fn new(log: Log) -> Self {
        Self { log }
    }

    /// All that has happened, in order.
    ///
    /// There is no entry for [`EventKind::Fired`]: that an execution begins follows, or why it does not.
    ///
    /// ```
    /// use pysched::EventKind;
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().delay(pysched::Trigger::once(5), 0, || ())?;
    /// sim.run_until_idle();
    /// let trace = sim.trace();
    /// let began = |kind: &EventKind| matches!(kind, EventKind::Started { .. });
    /// assert_eq!(trace.entries().filter(|it| it.event().is_some_and(began)).count(), 1);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        self.log.read().map(|read| Entry { log: &self.log, read })
    }

    /// How many entries there are.
    ///
    /// ```
    /// let trace = pysched::sim::Simulation::new().trace();
    /// assert_eq!((trace.len(), trace.is_empty()), (0, true));
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.log.len()
    }

    /// Whether nothing has happened.
    ///
    /// ```
    /// let sim = pysched::sim::Simulation::new();
    /// sim.run_until_idle();
    /// assert!(!sim.trace().is_empty()); // the scheduler has started
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What became of each task.
    ///
    /// ```
    /// let trace = pysched::sim::Simulation::new().trace();
    /// assert_eq!(trace.report().tasks().len(), 0);
    /// ```
    pub fn report(&self) -> Report {
        Report::of(&self.log)
    }
}

impl Entry<'_> {
    /// When it happened, by the wall clock.
    #[must_use]
    pub fn at(&self) -> SystemTime {
        self.read.wall
    }

    /// How long that was after the simulation began, by the monotonic clock.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.read.at.since_origin()
    }

    /// The name of the task that it happened to, or "task 3" for the third that was added, if it has
    /// none; `None` if it happened to no task.
    #[must_use]
    pub fn task(&self) -> Option<Cow<'_, str>> {
        self.read.task.map(|task| self.log.name(task))
    }

    /// The event that it was, if it was one.
    #[must_use]
    pub fn event(&self) -> Option<&EventKind> {
        match &self.read.what {
            What::Event(event) => Some(event),
            What::Fault(_) => None,
        }
    }

    /// The fault that it was, if it was one.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.read.what {
            What::Event(_) => None,
            What::Fault(fault) => Some(fault),
        }
    }

    /// Whom it is told of.
    fn subject(&self) -> Cow<'_, str> {
        match (&self.read.what, self.task()) {
            (What::Fault(_), _) => Cow::Borrowed("fault"),
            (What::Event(_), Some(task)) => task,
            (What::Event(_), None) => Cow::Borrowed("scheduler"),
        }
    }

    fn write(&self, width: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = OneLine(f);
        write!(line, "{:#}  {:width$}  ", Stamp(self.at()), self.subject())?;
        match &self.read.what {
            What::Event(event) => write_event(event, self.at(), self.log, &mut line),
            What::Fault(fault) => write!(line, "{fault}"),
        }
    }
}

/// As a line of the timeline.
impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(0, f)
    }
}

/// As a timeline.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So that one long name does not push all lines apart.
        const WIDEST: usize = 32;

        let names = (0..self.log.tasks()).map(|task| self.log.name(task).chars().count());
        let width = names.fold("scheduler".len(), usize::max).min(WIDEST);
        for entry in self.entries() {
            entry.write(width, f)?;
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Writes what would begin a line of its own as an escape: an error may have several.
struct OneLine<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(char::is_control) {
            match part.chars().next_back().filter(|last| last.is_control()) {
                None => self.0.write_str(part)?,
                Some(last) => {
                    self.0.write_str(&part[..part.len() - last.len_utf8()])?;
                    write!(self.0, "{}", last.escape_default())?;
                }
            }
        }
        Ok(())
    }
}

fn write_event(
    event: &EventKind,
    at: SystemTime,
    log: &Log,
    f: &mut impl fmt::Write,
) -> fmt::Result {
    let shown = |span: &Duration| Interval::from(*span);
    match event {
        EventKind::Added => f.write_str("added"),
        EventKind::Fired { .. } => f.write_str("due"),
        EventKind::Started { attempt, late, .. } => {
            f.write_str("begins")?;
            if *attempt > 1 {
                write!(f, ", attempt {attempt}")?;
            }
            if *late > Duration::ZERO && *attempt == 1 {
                write!(f, ", {} late", shown(late))?;
            }
            Ok(())
        }
        EventKind::Progressed { progress, .. } => {
            write!(f, "has done {} of {}", progress.done, progress.total)
        }
        EventKind::Retried { error, pause, .. } => {
            write!(f, "failed: {error}; again in {}", shown(pause))
        }
        EventKind::Succeeded { took, .. } => {
            f.write_str("succeeded")?;
            write_took(Some(*took), f)
        }
        EventKind::Failed { took, error, .. } => {
            f.write_str("failed")?;
            write_took(*took, f)?;
            write!(f, ": {error}")
        }
        EventKind::TimedOut { limit, .. } => write!(f, "ran longer than {}", shown(limit)),
        EventKind::WorkerDied { error, .. } => write!(f, "lost its worker: {error}"),
        EventKind::Skipped { due, reason, count } => {
            write_fate("skipped", *due, at, *count, f)?;
            write_reason(*reason, log, f)
        }
        EventKind::Missed { due, reason, count } => {
            write_fate("missed", *due, at, *count, f)?;
            write_reason(*reason, log, f)
        }
        EventKind::Cancelled { due, reason, count } => {
            write_fate("cancelled", *due, at, *count, f)?;
            write_reason(*reason, log, f)
        }
        EventKind::Paused | EventKind::SchedulerPaused => f.write_str("paused"),
        EventKind::Resumed | EventKind::SchedulerResumed => f.write_str("resumed"),
        EventKind::Rescheduled => f.write_str("rescheduled"),
        EventKind::Finished => f.write_str("finished"),
        EventKind::ClockStepped { from, .. } => {
            write!(f, "finds the wall clock set, which showed {:#}", Stamp(*from))
        }
        EventKind::SchedulerStarted => f.write_str("started"),
        EventKind::ShutDown => f.write_str("shuts down"),
        EventKind::Lagged { missed } => write!(f, "{missed} events were not delivered"),
    }
}

fn write_took(took: Option<Duration>, f: &mut impl fmt::Write) -> fmt::Result {
    match took {
        None | Some(Duration::ZERO) => Ok(()),
        Some(took) => write!(f, " after {}", Interval::from(took)),
    }
}

/// What became of a run, or of several of which the newest was `due`, up to the reason.
fn write_fate(
    fate: &str,
    due: SystemTime,
    at: SystemTime,
    count: u64,
    f: &mut impl fmt::Write,
) -> fmt::Result {
    f.write_str(fate)?;
    if count > 1 {
        write!(f, " {count} runs, up to that of {:#}", Stamp(due))?;
    } else if due != at {
        write!(f, " the run of {:#}", Stamp(due))?;
    }
    f.write_str(": ")
}

/// As it is displayed, but for the ids of tasks, which differ from one simulation to the next.
pub(super) fn write_reason(reason: Reason, log: &Log, f: &mut impl fmt::Write) -> fmt::Result {
    match reason {
        Reason::Predecessor(id) => match log.number(id) {
            Some(task) => write!(f, "{:?}, which it follows, has not succeeded", log.name(task)),
            None => f.write_str("a task that it follows has not succeeded"),
        },
        reason => write!(f, "{reason}"),
    }
}
