//! [`Report`]: what became of each task in a simulation.

use std::fmt;
use std::time::Duration;

use super::log::{Log, What};
use super::task_report::{Gathering, TaskReport};
use crate::Interval;

/// What became of each task in a [`Simulation`](super::Simulation), for assertions, and for people.
///
/// ```
/// use std::time::Duration;
/// use pysched::sim::Simulation;
/// use pysched::{Task, Trigger};
///
/// let sim = Simulation::new();
/// let worker = sim.clone();
/// let poll = Task::new(|| ()).name("poll").trigger(Trigger::recur(60));
/// let slow = Task::new(move || worker.work(Duration::from_secs(100)));
/// sim.scheduler().add(poll)?;
/// sim.scheduler().add(slow.name("slow").trigger(Trigger::recur(60)))?;
/// sim.run_for(Duration::from_secs(3600));
///
/// let report = sim.report();
/// assert_eq!(report.task("poll").unwrap().succeeded(), 60);
/// assert_eq!(report.task("slow").unwrap().skipped(), 30);
/// assert_eq!(report.max_overlap(), 2);
/// println!("{report}");
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a report is there to be looked at"]
pub struct Report {
    tasks: Vec<TaskReport>,
    elapsed: Duration,
    max_overlap: usize,
}

impl Report {
    pub(super) fn of(log: &Log) -> Self {
        let end = log.end();
        let mut gatherings: Vec<Option<Gathering>> = (0..log.groups()).map(|_| None).collect();
        for task in 0..log.tasks() {
            let group = log.group_of(task);
            gatherings[group].get_or_insert_with(|| {
                Gathering::new(log.name(task).into_owned(), log.overlap_of(group))
            });
        }
        for read in log.read() {
            if let (Some(task), What::Event(event)) = (read.task, &read.what)
                && let Some(gathering) = &mut gatherings[log.group_of(task)]
            {
                gathering.take(task, &read, event, log);
            }
        }
        let tasks = gatherings.into_iter().flatten().map(|gathering| gathering.finish(end));
        Self { tasks: tasks.collect(), elapsed: end.since_origin(), max_overlap: log.overlap() }
    }

    /// What became of the tasks of this name, all together; `None` if there was none. One without a name is
    /// "task 3" if it was the third to be added.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().delay(pysched::Trigger::once(5), 0, || ())?;
    /// sim.run_until_idle();
    /// assert_eq!(sim.report().task("task 1").unwrap().succeeded(), 1);
    /// assert_eq!(sim.report().task("no such task"), None);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn task(&self, name: &str) -> Option<&TaskReport> {
        self.tasks.iter().find(|task| task.name() == name)
    }

    /// What became of each task, in the order in which they were added.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    /// use pysched::Task;
    ///
    /// let sim = Simulation::new();
    /// for name in ["first", "second"] {
    ///     sim.scheduler().add(Task::new(|| ()).name(name))?;
    /// }
    /// let report = sim.report();
    /// assert!(report.tasks().iter().map(|task| task.name()).eq(["first", "second"]));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn tasks(&self) -> &[TaskReport] {
        &self.tasks
    }

    /// For how long the simulation has run, by the monotonic clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// sim.run_for(Duration::from_secs(60));
    /// assert_eq!(sim.report().elapsed(), Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// How many executions, of all tasks, ran at the same time at most; a function that has timed out runs until it
    /// has returned.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::Trigger;
    ///
    /// let sim = Simulation::new().workers(2);
    /// for _ in 0..3 {
    ///     let worker = sim.clone();
    ///     let work = move || worker.work(Duration::from_secs(10));
    ///     sim.scheduler().delay(Trigger::once(0), 0, work)?;
    /// }
    /// sim.run_until_idle();
    /// assert_eq!(sim.report().max_overlap(), 2); // there are no more workers
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn max_overlap(&self) -> usize {
        self.max_overlap
    }
}

/// As a table, a line a task.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const COLUMNS: usize = 9;
        const HEADS: [&str; COLUMNS] = [
            "task",
            "ran",
            "failed",
            "skipped",
            "missed",
            "cancelled",
            "longest gap",
            "longest delay",
            "longest run",
        ];
        let shown = |span: Duration| Interval::from(span).to_string();
        let row = |task: &TaskReport| {
            [
                task.name().to_owned(),
                task.count().to_string(),
                task.failed().to_string(),
                task.skipped().to_string(),
                task.missed().to_string(),
                task.cancelled().to_string(),
                shown(task.longest_gap()),
                shown(task.longest_delay()),
                shown(task.longest_run()),
            ]
        };
        let rows: Vec<_> = self.tasks.iter().map(row).collect();
        let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.fold(HEADS[column].len(), usize::max)
        });
        let mut write = |cells: [&str; COLUMNS]| {
            write!(f, "{:width$}", cells[0], width = widths[0])?;
            for (cell, width) in cells.iter().zip(widths).skip(1) {
                write!(f, "  {cell:>width$}")?;
            }
            writeln!(f)
        };
        write(HEADS)?;
        rows.iter().try_for_each(|row| write(std::array::from_fn(|column| row[column].as_str())))
    }
}
