//! [`TaskReport`]: what became of a task in a simulation, and how it is gathered from what has happened.

use std::time::{Duration, SystemTime};

use super::log::{Log, Read};
use super::trace::write_reason;
use crate::scheduler::EventKind;
use crate::time::Moment;
use crate::{Reason, Status};

/// What became of a task in a [`Simulation`](super::Simulation): all that ran, and all that did not and why.
///
/// ```
/// use std::time::Duration;
/// use pysched::sim::Simulation;
/// use pysched::{Retry, Status, Task, Trigger};
///
/// let sim = Simulation::new();
/// let worker = sim.clone();
/// let flaky = Task::fallible(move || {
///     worker.work(Duration::from_secs(10));
///     if pysched::current().attempt() < 3 { Err("no answer") } else { Ok(()) }
/// });
/// let retry = Retry::times(5).fixed(Duration::from_secs(60));
/// sim.scheduler().add(flaky.name("flaky").trigger(Trigger::recur(3600)).retry(retry).times(1))?;
/// sim.run_until_idle();
///
/// let report = sim.report();
/// let flaky = report.task("flaky").unwrap();
/// assert_eq!((flaky.count(), flaky.succeeded(), flaky.attempts().len()), (1, 1, 3));
/// assert_eq!(flaky.attempts()[0].status, Status::Failed);
/// assert!(flaky.attempts()[0].error.as_ref().unwrap().contains("no answer"));
/// assert_eq!(flaky.attempts()[1].began, flaky.attempts()[0].began + Duration::from_secs(70));
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TaskReport {
    name: String,
    attempts: Vec<Attempt>,
    passed_over: Vec<PassedOver>,
    longest_gap: Duration,
    max_overlap: usize,
}

/// A time that a task ran, in a [`TaskReport`]: see [`TaskReport::attempts`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Attempt {
    /// When it was due.
    pub due: SystemTime,

    /// When it began, by the wall clock.
    pub began: SystemTime,

    /// How long that was after it was due, or after it was to be tried again.
    pub delay: Duration,

    /// Which attempt of its execution it was, from 1.
    pub number: u32,

    /// How long it ran until that was told, by the monotonic clock; `None` if it has not ended.
    pub took: Option<Duration>,

    /// What came of it: [`Status::Failed`] also if another attempt followed, and [`Status::Running`] if it
    /// had not ended.
    pub status: Status,

    /// What went wrong.
    pub error: Option<String>,
}

/// A run that did not take place, in a [`TaskReport`]: see [`TaskReport::passed_over`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PassedOver {
    /// When it was due; the newest of them, if it stands for several.
    pub due: SystemTime,

    /// What became of it: [`Status::Skipped`], [`Status::Missed`] or [`Status::Cancelled`].
    pub status: Status,

    /// Why.
    pub reason: Reason,

    /// The same in words.
    pub why: String,

    /// How many runs it stands for.
    pub count: u64,
}

impl TaskReport {
    /// The name of the task, or "task 3" if it has none and was the third to be added.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    /// use pysched::Trigger;
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().delay(Trigger::once(5), 0, || ())?;
    /// sim.run_until_idle();
    /// assert_eq!(sim.report().tasks()[0].name(), "task 1");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Each time that it ran, in the order in which they began.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Status, Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let due = sim.now() + Duration::from_secs(60);
    /// let worker = sim.clone();
    /// let task = Task::new(move || worker.work(Duration::from_secs(5)));
    /// sim.scheduler().add(task.name("report").trigger(Trigger::once(60)))?;
    /// sim.run_until_idle();
    /// let report = sim.report();
    /// let [only] = report.task("report").unwrap().attempts() else { panic!("it ran once") };
    /// assert_eq!((only.due, only.began, only.delay), (due, due, Duration::ZERO));
    /// assert_eq!((only.number, only.status), (1, Status::Succeeded));
    /// assert_eq!((only.took, &only.error), (Some(Duration::from_secs(5)), &None));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// When its executions began, retries aside.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let begin = sim.now();
    /// sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(120));
    /// let report = sim.report();
    /// let minutes = [1, 2].map(|it| begin + Duration::from_secs(it * 60));
    /// assert!(report.task("poll").unwrap().starts().eq(minutes));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn starts(&self) -> impl Iterator<Item = SystemTime> {
        self.attempts.iter().filter(|attempt| attempt.number == 1).map(|attempt| attempt.began)
    }

    /// Each run that did not take place, in the order in which that was decided.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Reason, Status, Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let slow = Task::new(move || worker.work(Duration::from_secs(100)));
    /// sim.scheduler().add(slow.name("slow").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(150));
    /// let report = sim.report();
    /// let [skipped] = report.task("slow").unwrap().passed_over() else { panic!("one was skipped") };
    /// assert_eq!((skipped.status, skipped.reason), (Status::Skipped, Reason::Overlap));
    /// assert_eq!(skipped.why, "an earlier execution was still running");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// How many executions have begun.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("poll").unwrap().count(), 60);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn count(&self) -> u64 {
        self.starts().count() as u64
    }

    /// How many executions succeeded.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let flaky = Task::fallible(move || if worker.elapsed().as_secs() < 600 { Err("down") } else { Ok(()) });
    /// sim.scheduler().add(flaky.name("flaky").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// let flaky = report.task("flaky").unwrap();
    /// assert_eq!((flaky.failed(), flaky.succeeded()), (9, 51));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.attempts.iter().filter(|attempt| attempt.status == Status::Succeeded).count() as u64
    }

    /// How many attempts failed, those included that were tried again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Retry, Task};
    ///
    /// let sim = Simulation::new();
    /// let task = Task::fallible(|| if pysched::current().attempt() == 1 { Err("not yet") } else { Ok(()) });
    /// sim.scheduler().add(task.name("import").retry(Retry::times(1).fixed(Duration::from_secs(5))))?;
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// let import = report.task("import").unwrap();
    /// assert_eq!((import.count(), import.failed(), import.succeeded()), (1, 1, 1));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.attempts.iter().filter(|attempt| attempt.status == Status::Failed).count() as u64
    }

    /// How many runs were skipped.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let slow = Task::new(move || worker.work(Duration::from_secs(90)));
    /// sim.scheduler().add(slow.name("slow").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("slow").unwrap().skipped(), 30); // each second one
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.passed_over_as(Status::Skipped)
    }

    /// How many runs were missed.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(60)))?;
    /// sim.fault_in(Duration::from_secs(90), Fault::outage(Duration::from_secs(180)));
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("poll").unwrap().missed(), 2); // the third is made up for
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.passed_over_as(Status::Missed)
    }

    /// How many runs were cancelled, before they began or while they ran.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let poll = sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(90));
    /// poll.cancel();
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("poll").unwrap().cancelled(), 1); // that which was to come
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn cancelled(&self) -> u64 {
        let ran = self.attempts.iter().filter(|attempt| attempt.status == Status::Cancelled);
        ran.count() as u64 + self.passed_over_as(Status::Cancelled)
    }

    fn passed_over_as(&self, status: Status) -> u64 {
        let runs = self.passed_over.iter().filter(|run| run.status == status);
        runs.map(|run| run.count).sum()
    }

    /// The longest time, by the monotonic clock, in which no execution began: from one to the next, from the
    /// adding of the task to the first, and from the last to the end of the simulation, unless the task had
    /// finished.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let task = Task::new(|| ()).name("poll").trigger(Trigger::recur(60));
    /// let poll = sim.scheduler().add(task)?;
    /// sim.run_for(Duration::from_secs(3600));
    /// assert_eq!(sim.report().task("poll").unwrap().longest_gap(), Duration::from_secs(60));
    /// poll.pause()?;
    /// sim.run_for(Duration::from_secs(3600));
    /// assert_eq!(sim.report().task("poll").unwrap().longest_gap(), Duration::from_secs(3600));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn longest_gap(&self) -> Duration {
        self.longest_gap
    }

    /// How many of its executions ran at the same time at most; a function that has timed out runs until it has
    /// returned.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Overlap, Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let slow = Task::new(move || worker.work(Duration::from_secs(150)));
    /// sim.scheduler().add(slow.name("slow").trigger(Trigger::recur(60)).overlap(Overlap::AllowAll))?;
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("slow").unwrap().max_overlap(), 3);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn max_overlap(&self) -> usize {
        self.max_overlap
    }

    /// How long after it was due an execution began, at most.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(60)))?;
    /// sim.fault_in(Duration::from_secs(100), Fault::workers_paused(Duration::from_secs(30)));
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("poll").unwrap().longest_delay(), Duration::from_secs(10));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn longest_delay(&self) -> Duration {
        let firsts = self.attempts.iter().filter(|attempt| attempt.number == 1);
        firsts.map(|attempt| attempt.delay).max().unwrap_or_default()
    }

    /// How long an attempt ran, at most; one that timed out has run for its limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let sync = Task::new(move || worker.work(Duration::from_secs(90)));
    /// sim.scheduler().add(sync.name("sync").trigger(Trigger::recur(60)))?;
    /// sim.run_for(Duration::from_secs(3600));
    /// let report = sim.report();
    /// assert_eq!(report.task("sync").unwrap().longest_run(), Duration::from_secs(90));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn longest_run(&self) -> Duration {
        self.attempts.iter().filter_map(|attempt| attempt.took).max().unwrap_or_default()
    }
}

/// A report that is being written.
#[derive(Debug)]
pub(super) struct Gathering {
    report: TaskReport,

    /// Which attempts have not ended.
    running: Vec<Begun>,

    /// When what backs off is to be tried again: of which task, when it was due, and then.
    again: Vec<(usize, SystemTime, Moment)>,

    /// How many tasks of this name there are.
    live: usize,

    /// Since when no execution has begun, while there are tasks.
    quiet_since: Moment,
}

/// An attempt that has not ended.
#[derive(Debug)]
struct Begun {
    task: usize,
    due: SystemTime,
    at: Moment,

    /// At which desk.
    desk: u32,

    /// Where it is among the attempts.
    place: usize,
}

impl Gathering {
    pub(super) fn new(name: String, max_overlap: usize) -> Self {
        Self {
            report: TaskReport {
                name,
                attempts: Vec::new(),
                passed_over: Vec::new(),
                longest_gap: Duration::ZERO,
                max_overlap,
            },
            running: Vec::new(),
            again: Vec::new(),
            live: 0,
            quiet_since: Moment::default(),
        }
    }

    /// Takes an event of a task.
    pub(super) fn take(&mut self, task: usize, read: &Read<'_>, event: &EventKind, log: &Log) {
        match event {
            EventKind::Added => {
                if self.live == 0 {
                    self.quiet_since = read.at;
                }
                self.live += 1;
            }
            EventKind::Finished => self.live = self.live.saturating_sub(1),
            EventKind::Started { due, attempt, late } => {
                self.begin(task, *due, *attempt, *late, read);
            }
            EventKind::Succeeded { due, attempt, .. } => {
                self.end(task, *due, Some(*attempt), read, Status::Succeeded, None);
            }
            EventKind::Failed { due, attempt, error, .. } => {
                // One that is given up while it backs off has told of its last attempt already.
                self.again.retain(|&(other, since, _)| (other, since) != (task, *due));
                self.end(task, *due, Some(*attempt), read, Status::Failed, Some(error));
            }
            EventKind::Retried { due, attempt, error, pause } => {
                self.end(task, *due, Some(*attempt), read, Status::Failed, Some(error));
                self.again.push((task, *due, read.at.saturating_add(*pause)));
            }
            EventKind::Skipped { due, reason, count } => {
                self.pass_over(*due, Status::Skipped, *reason, *count, log);
            }
            EventKind::Missed { due, reason, count } => {
                self.pass_over(*due, Status::Missed, *reason, *count, log);
            }
            EventKind::Cancelled { due, reason, count } => {
                let ran = self.end(task, *due, None, read, Status::Cancelled, None);
                if !ran {
                    self.pass_over(*due, Status::Cancelled, *reason, *count, log);
                }
            }
            _ => {}
        }
    }

    fn begin(
        &mut self,
        task: usize,
        due: SystemTime,
        number: u32,
        late: Duration,
        read: &Read<'_>,
    ) {
        let again = self.again.iter().position(|&(other, since, _)| (other, since) == (task, due));
        let delay = match again.map(|index| self.again.swap_remove(index)) {
            Some((.., again)) if number > 1 => read.at.since(again),
            _ => late,
        };
        let place = self.report.attempts.len();
        self.running.push(Begun { task, due, at: read.at, desk: read.caller, place });
        self.report.attempts.push(Attempt {
            due,
            began: read.wall,
            delay,
            number,
            took: None,
            status: Status::Running,
            error: None,
        });
        if number == 1 {
            let quiet = read.at.since(self.quiet_since);
            self.report.longest_gap = self.report.longest_gap.max(quiet);
            self.quiet_since = read.at;
        }
    }

    /// Ends the attempt of this number, or of any; says whether there was one. Of executions that are due at the
    /// same time, it is the one whose code is being called, or else the one that began first.
    fn end(
        &mut self,
        task: usize,
        due: SystemTime,
        number: Option<u32>,
        read: &Read<'_>,
        status: Status,
        error: Option<&String>,
    ) -> bool {
        let attempts = &mut self.report.attempts;
        let is_it = |begun: &Begun| {
            (begun.task, begun.due) == (task, due)
                && number.is_none_or(|number| attempts[begun.place].number == number)
        };
        let called = self.running.iter().position(|it| it.desk == read.caller && is_it(it));
        let index = called.or_else(|| self.running.iter().position(is_it));
        let Some(index) = index else { return false };
        let Begun { place, at: began, .. } = self.running.remove(index);
        let attempt = &mut attempts[place];
        (attempt.took, attempt.status) = (Some(read.at.since(began)), status);
        attempt.error = error.cloned();
        true
    }

    fn pass_over(
        &mut self,
        due: SystemTime,
        status: Status,
        reason: Reason,
        count: u64,
        log: &Log,
    ) {
        let mut why = String::new();
        write_reason(reason, log, &mut why).expect("a string takes all that is written");
        self.report.passed_over.push(PassedOver { due, status, reason, why, count });
    }

    pub(super) fn finish(mut self, end: Moment) -> TaskReport {
        if self.live > 0 {
            let quiet = end.since(self.quiet_since);
            self.report.longest_gap = self.report.longest_gap.max(quiet);
        }
        self.report
    }
}
