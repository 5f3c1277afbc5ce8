//! [`Fault`]: what a simulation can have happen to a schedule.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::Interval;
use crate::trigger::Stamp;

/// Something that goes wrong in a [`Simulation`](super::Simulation): with a clock, a machine, the workers or
/// a task. [`fault_at`](super::Simulation::fault_at) and [`fault_in`](super::Simulation::fault_in) have it
/// happen.
///
/// ```
/// use std::time::Duration;
/// use pysched::sim::{Fault, Simulation};
/// use pysched::{Task, Trigger};
///
/// const MINUTE: Duration = Duration::from_secs(60);
///
/// let sim = Simulation::new();
/// sim.scheduler().add(Task::new(|| ()).name("poll").trigger(Trigger::recur(MINUTE)))?;
/// sim.fault_in(MINUTE * 10, Fault::outage(MINUTE * 5));
/// sim.run_for(MINUTE * 20);
///
/// let report = sim.report();
/// let poll = report.task("poll").unwrap();
/// assert_eq!(poll.longest_gap(), MINUTE * 6); // from minute 9 to minute 15
/// assert_eq!(poll.missed(), 5);               // minutes 10 to 14, for which that of minute 15 stands in
/// # Ok::<(), pysched::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a fault happens when a simulation is told to have it"]
pub struct Fault {
    pub(super) kind: Kind,

    /// The executor whose workers it is about; of all executors if it is none.
    pub(super) executor: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    ClockSet(SystemTime),
    ClockForward(Duration),
    ClockBack(Duration),
    Suspend(Duration),
    Outage(Duration),
    WorkersPaused(Duration),
    SlowStart { delay: Duration, lasting: Duration },
    SlowWork { factor: f64, lasting: Duration },
    Panic(String),
}

impl Fault {
    fn of(kind: Kind) -> Self {
        Self { kind, executor: None }
    }

    /// The wall clock is set to `time`, as by hand.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// let y2k38 = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 31);
    /// sim.fault_in(Duration::ZERO, Fault::clock_set(y2k38));
    /// sim.run_for(Duration::ZERO);
    /// assert_eq!(sim.now(), y2k38);
    /// ```
    pub fn clock_set(time: SystemTime) -> Self {
        Self::of(Kind::ClockSet(time))
    }

    /// The wall clock is set forward by so much.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// let before = sim.now();
    /// sim.fault_in(Duration::ZERO, Fault::clock_forward(Duration::from_secs(3600)));
    /// sim.run_for(Duration::from_secs(1));
    /// assert_eq!(sim.now(), before + Duration::from_secs(3601));
    /// ```
    pub fn clock_forward(by: Duration) -> Self {
        Self::of(Kind::ClockForward(by))
    }

    /// The wall clock is set back by so much. What has run at a fixed time of the calendar does not run again,
    /// unless that is more than three hours; the guide's page about time zones says more.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// let before = sim.now();
    /// sim.fault_in(Duration::from_secs(3600), Fault::clock_back(Duration::from_secs(3600)));
    /// sim.run_for(Duration::from_secs(3600));
    /// assert_eq!(sim.now(), before);
    /// ```
    pub fn clock_back(by: Duration) -> Self {
        Self::of(Kind::ClockBack(by))
    }

    /// The machine is suspended for so long: the wall clock goes on, and nothing else does, neither
    /// intervals nor what runs.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// let before = sim.now();
    /// sim.fault_in(Duration::ZERO, Fault::suspend(Duration::from_secs(3600)));
    /// sim.run_for(Duration::from_secs(1));
    /// assert_eq!(sim.elapsed(), Duration::from_secs(1));
    /// assert_eq!(sim.now(), before + Duration::from_secs(3601));
    /// ```
    pub fn suspend(lasting: Duration) -> Self {
        Self::of(Kind::Suspend(lasting))
    }

    /// The process stands still for so long, as one that is stopped, swapped out or starved: both clocks go
    /// on, the scheduler does not, and what runs takes so much longer.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let once = sim.scheduler().add(Task::new(|| ()).trigger(Trigger::once(60)))?;
    /// sim.fault_in(Duration::from_secs(30), Fault::outage(Duration::from_secs(3600)));
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), Duration::from_secs(3630));
    /// assert_eq!(once.future().wait().unwrap(), &());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn outage(lasting: Duration) -> Self {
        Self::of(Kind::Outage(lasting))
    }

    /// No worker does anything for so long: nothing begins, and what runs takes so much longer. The
    /// scheduler goes on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().delay(pysched::Trigger::once(0), 0, || ())?;
    /// sim.fault_in(Duration::ZERO, Fault::workers_paused(Duration::from_secs(5)));
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), Duration::from_secs(5));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn workers_paused(lasting: Duration) -> Self {
        Self::of(Kind::WorkersPaused(lasting))
    }

    /// For so long, a worker that takes a job needs `delay` until it begins.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().delay(pysched::Trigger::once(0), 0, || ())?;
    /// let second = Duration::from_secs(1);
    /// sim.fault_in(Duration::ZERO, Fault::slow_start(second, second * 60));
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), second);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn slow_start(delay: Duration, lasting: Duration) -> Self {
        Self::of(Kind::SlowStart { delay, lasting })
    }

    /// For so long, whatever begins to work takes `factor` times as long as it
    /// [says](super::Simulation::work).
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let second = Duration::from_secs(1);
    /// sim.scheduler().delay(pysched::Trigger::once(0), 0, move || worker.work(second))?;
    /// sim.fault_in(Duration::ZERO, Fault::slow_work(2.5, second * 60));
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), Duration::from_millis(2500));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `factor` is negative, infinite or not a number.
    pub fn slow_work(factor: f64, lasting: Duration) -> Self {
        assert!(
            factor.is_finite() && factor >= 0.0,
            "work cannot take {factor} times as long; give a factor from 0 up, such as 2.5"
        );
        Self::of(Kind::SlowWork { factor, lasting })
    }

    /// The next execution of a task of this name panics when it begins, or the next attempt, if it has begun. If
    /// there is none of this name, nothing happens.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    /// use pysched::{Task, TaskError};
    ///
    /// let sim = Simulation::new();
    /// let import = sim.scheduler().add(Task::new(|| ()).name("import"))?;
    /// sim.fault_in(Duration::ZERO, Fault::panic("import"));
    /// sim.run_until_idle();
    /// assert!(matches!(import.future().wait(), Err(TaskError::Panicked(_))));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn panic(task: impl Into<String>) -> Self {
        Self::of(Kind::Panic(task.into()))
    }

    /// It is only about the workers of the executor of this name, `""` for the scheduler's own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new().executor("reports", 1);
    /// sim.scheduler().add(Task::new(|| ()).name("urgent"))?;
    /// sim.scheduler().add(Task::new(|| ()).name("report").executor("reports"))?;
    /// sim.fault_in(Duration::ZERO, Fault::workers_paused(Duration::from_secs(9)).on("reports"));
    /// sim.run_until_idle();
    /// let report = sim.report();
    /// assert_eq!(report.task("urgent").unwrap().longest_delay(), Duration::ZERO);
    /// assert_eq!(report.task("report").unwrap().longest_delay(), Duration::from_secs(9));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not about workers, but about the clock, the process, or a task.
    pub fn on(mut self, executor: impl Into<String>) -> Self {
        let is_of_workers = matches!(
            self.kind,
            Kind::WorkersPaused(_) | Kind::SlowStart { .. } | Kind::SlowWork { .. }
        );
        assert!(
            is_of_workers,
            "a fault of one executor is one of workers: {self} concerns them all; use `workers_paused`, \
             `slow_start` or `slow_work`"
        );
        self.executor = Some(executor.into());
        self
    }
}

/// As a line of a trace tells it.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |duration: Duration| Interval::from(duration);
        match &self.kind {
            Kind::ClockSet(time) => write!(f, "the wall clock is set to {:#}", Stamp(*time))?,
            Kind::ClockForward(by) => {
                write!(f, "the wall clock is set forward by {}", shown(*by))?;
            }
            Kind::ClockBack(by) => write!(f, "the wall clock is set back by {}", shown(*by))?,
            Kind::Suspend(lasting) => {
                write!(f, "the machine is suspended for {}", shown(*lasting))?;
            }
            Kind::Outage(lasting) => write!(f, "the process stands still for {}", shown(*lasting))?,
            Kind::WorkersPaused(lasting) => write!(f, "workers pause for {}", shown(*lasting))?,
            Kind::SlowStart { delay, lasting } => {
                write!(f, "workers take {} to begin, for {}", shown(*delay), shown(*lasting))?;
            }
            Kind::SlowWork { factor, lasting } => {
                write!(f, "work takes {factor} times as long, for {}", shown(*lasting))?;
            }
            Kind::Panic(task) => write!(f, "the next execution of {task:?} is to panic")?,
        }
        match &self.executor {
            Some(executor) => write!(f, ", on executor {executor:?}"),
            None => Ok(()),
        }
    }
}
