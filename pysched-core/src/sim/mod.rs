//! Simulations: the scheduler in virtual time, on one thread, the same each time.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `mod.rs` | [`Simulation`] |
//! | `plan.rs` | what it is built of, and how it ends |
//! | `drive.rs` | how it is run, from outside |
//! | `world.rs` | what its clones share, and what is done at each moment |
//! | `workers.rs` | the virtual workers, and what each is at |
//! | `executor.rs` | an executor, as the scheduler sees it |
//! | `agenda.rs` | what is to happen beside what the scheduler does |
//! | `sleep.rs` | virtual time that passes while a future waits |
//! | `fault.rs` | what can be made to go wrong |
//! | `log.rs` | what has happened, compactly |
//! | `trace.rs` | the same as a timeline |
//! | `report.rs`, `task_report.rs`, `tally.rs` | the same as what became of each task |

mod agenda;
mod drive;
mod executor;
mod fault;
mod log;
mod plan;
mod report;
mod sleep;
mod tally;
mod task_report;
#[cfg(test)]
mod tests;
mod trace;
mod workers;
mod world;

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use self::agenda::When;
use self::plan::Root;
use self::world::World;

pub use self::fault::Fault;
pub use self::report::Report;
pub use self::sleep::Sleep;
pub use self::task_report::{Attempt, PassedOver, TaskReport};
pub use self::trace::{Entry, Trace};

/// A scheduler in virtual time: the one to test a schedule with.
///
/// Triggers, rules, retries, timeouts and futures are those of any [`Scheduler`](crate::Scheduler); only the clock and the
/// workers are virtual. There are no threads. Time stands still while code runs, and goes on, at once, to the
/// next moment at which anything happens. A year takes the time that its executions take.
///
/// ```
/// use std::time::Duration;
/// use pysched::sim::Simulation;
/// use pysched::{Overlap, Task, Trigger};
///
/// let sim = Simulation::new();
/// let worker = sim.clone();
/// let backup = Task::new(move || worker.work(Duration::from_secs(40 * 60)));
/// let backup = backup.name("backup").overlap(Overlap::Skip);
/// sim.scheduler().add(backup.trigger(Trigger::recur(Duration::from_secs(3600))))?;
///
/// sim.run_for(Duration::from_secs(365 * 24 * 3600));
///
/// let report = sim.report();
/// let backup = report.task("backup").unwrap();
/// assert_eq!(backup.count(), 365 * 24);
/// assert_eq!(backup.skipped(), 0);
/// assert_eq!(backup.longest_gap(), Duration::from_secs(3600));
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// # Who runs what
///
/// `run_for` and its like call all code, on the calling thread: what became due, the listeners of events,
/// callbacks. What happens at one moment happens in this order: [faults](Fault); the workers that are done
/// become free, and futures that are woken go on; the scheduler fires what is due; what waits for a worker
/// begins, the most urgent first. What has worked for exactly as long as its timeout has timed out.
///
/// A function is called when it begins, and returns before anything else happens. If it says that it
/// [works](Self::work), its outcome is known, and its worker free, when that time has passed. So what it
/// changes is changed at its beginning, and what others do meanwhile it does not see: they cannot cancel it.
/// Its own timeout it does see: its token is cancelled as soon as it has worked for that long. A
/// future can do both, [`work`](Self::work), and [`sleep`](Self::sleep), in which others go on; there it sees
/// what they do, and can be cancelled. Timers of runtimes know nothing of virtual time.
///
/// An execution has its worker from its beginning to its end. Blocking calls that wait for another
/// execution, such as [`TaskFuture::wait`](crate::TaskFuture::wait), cannot succeed on the one thread that
/// there is: they panic and say so. Wait after running, when what is waited for is there, or await in a future.
/// [`shutdown(true)`](crate::Scheduler::shutdown) returns at once, and what is left ends as the simulation goes on.
/// So does [`shutdown_timeout`](crate::Scheduler::shutdown_timeout), whose limit is over at once: to try a limit,
/// call `shutdown(true)`, run for so long, and then that. What waits for real time, such as
/// [`Token::wait_timeout`](crate::Token::wait_timeout), does so here, too.
///
/// # Clones
///
/// Clones are the same simulation: tasks have one in order to work. It is the original that keeps the
/// scheduler; when that is dropped, the simulation is over, and what has not ended is cancelled or lost, as
/// when the last [`Scheduler`](crate::Scheduler) is dropped.
///
/// # Randomness
///
/// Jitter and backoff follow from the [seed](Self::seed), and [`random`](Self::random) is there for tasks.
/// Ids of tasks are as unique as ever, and no [trace](Self::trace) has any.
pub struct Simulation {
    world: Arc<World>,
    root: Root,
}

impl Simulation {
    /// Has the function or the future that calls this take so much virtual time more: its outcome, and
    /// whatever a future does after its next `.await`, comes when that has passed. It returns at once.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, TaskError};
    ///
    /// let sim = Simulation::new();
    /// let worker = sim.clone();
    /// let patient = Task::fallible(move || {
    ///     let token = pysched::current().token();
    ///     while !token.is_cancelled() {
    ///         worker.work(Duration::from_secs(1));
    ///     }
    ///     token.check()
    /// });
    /// let handle = sim.scheduler().add(patient.timeout(Duration::from_secs(60)))?;
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), Duration::from_secs(60));
    /// assert!(matches!(handle.future().wait(), Err(TaskError::TimedOut(_))));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If it is called by no task that the simulation runs, but from outside, or by a listener of events.
    pub fn work(&self, duration: Duration) {
        assert!(
            self.world.clock.calls(),
            "`work` is for tasks that the simulation runs; to let time pass from outside, call `run_for`"
        );
        let is_beyond_limit = self.world.clock.take(duration);
        if is_beyond_limit {
            // As its timeout will say, when all else has come to that time.
            crate::current().token().cancel();
        }
    }

    /// Has the future that awaits this wait until so much virtual time has passed, while others go on.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::Task;
    ///
    /// let sim = Simulation::new();
    /// let clock = sim.clone();
    /// let task = Task::future(move || {
    ///     let clock = clock.clone();
    ///     async move {
    ///         clock.sleep(Duration::from_secs(60)).await;
    ///         clock.elapsed()
    ///     }
    /// });
    /// let handle = sim.scheduler().add(task)?;
    /// sim.run_until_idle();
    /// assert_eq!(handle.future().wait().unwrap(), &Duration::from_secs(60));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep::new(Arc::clone(&self.world), duration)
    }

    /// What the wall clock shows; for what the simulation runs, when it has worked for as long as it has said.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// assert_eq!(sim.now(), sim.now());
    /// ```
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.world.clock.timeline().wall_at(self.world.present())
    }

    /// How much time has passed by the monotonic clock since the simulation began, which suspends and steps of
    /// the wall clock leave alone.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// sim.run_for(Duration::from_secs(60));
    /// assert_eq!(sim.elapsed(), Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.world.present().since_origin()
    }

    /// A random number that follows from the [seed](Self::seed): how long something takes, or whether it
    /// fails.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    ///
    /// let [one, other] = [7, 7].map(|seed| Simulation::new().seed(seed));
    /// assert_eq!(one.random(), other.random());
    /// assert_ne!(one.random(), other.seed(8).random());
    /// ```
    #[must_use]
    pub fn random(&self) -> u64 {
        self.world.clock.random()
    }

    /// Has a fault happen when the wall clock shows `time`; now, if that is past.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// let hour = Duration::from_secs(3600);
    /// sim.fault_at(sim.now() + hour, Fault::outage(hour));
    /// sim.run_for(hour * 2);
    /// assert!(sim.trace().to_string().contains("01:00:00 UTC  fault"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault names an executor that there is not.
    pub fn fault_at(&self, time: SystemTime, fault: Fault) {
        self.check(&fault);
        self.world.add_fault(When::Wall(time), fault);
    }

    /// Has a fault happen after so much time, by the monotonic clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::{Fault, Simulation};
    ///
    /// let sim = Simulation::new();
    /// sim.fault_in(Duration::from_secs(3600), Fault::suspend(Duration::from_secs(60)));
    /// sim.run_for(Duration::from_secs(7200));
    /// assert_eq!(sim.trace().entries().filter(|it| it.fault().is_some()).count(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`fault_at`](Self::fault_at).
    pub fn fault_in(&self, after: Duration, fault: Fault) {
        self.check(&fault);
        let moment = self.world.present().saturating_add(after);
        self.world.add_fault(When::Moment(moment), fault);
    }

    fn check(&self, fault: &Fault) {
        let Some(name) = &fault.executor else { return };
        let _ = self.trunk().scheduler();
        let executors = self.world.executors.get().map(Vec::as_slice).unwrap_or_default();
        assert!(
            executors.contains(name),
            "the simulation has no executor {name:?} for a fault; it has {executors:?}"
        );
    }

    /// All that has happened so far.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// sim.run_until_idle();
    /// assert_eq!(sim.trace().to_string(), "2000-01-01 00:00:00 UTC  scheduler  started\n");
    /// ```
    pub fn trace(&self) -> Trace {
        let mut log = self.world.log.lock();
        log.look(self.world.clock.moment());
        Trace::new(log.clone())
    }

    /// What has become of each task so far.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    /// use pysched::Task;
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().add(Task::new(|| ()).name("single"))?;
    /// sim.run_until_idle();
    /// assert_eq!(sim.report().task("single").unwrap().succeeded(), 1);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn report(&self) -> Report {
        let mut log = self.world.log.lock();
        log.look(self.world.clock.moment());
        Report::of(&log)
    }
}

/// As [`new`](Simulation::new).
impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

/// The same simulation, which this does not keep going: see [`Simulation`].
impl Clone for Simulation {
    fn clone(&self) -> Self {
        let root = match &self.root {
            Root::Original(trunk) => Arc::downgrade(trunk),
            Root::Clone(trunk) => Weak::clone(trunk),
        };
        Self { world: Arc::clone(&self.world), root: Root::Clone(root) }
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("now", &self.now())
            .field("elapsed", &self.elapsed())
            .finish_non_exhaustive()
    }
}
