//! What a simulation is built of, and how it ends.

use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime};

use super::Simulation;
use super::executor::SimulatedExecutor;
use super::world::World;
use crate::executor::Executor;
use crate::sync::Mutex;
use crate::{Scheduler, SchedulerBuilder};

/// How many workers an executor has unless told otherwise: as many on each machine.
const DEFAULT_WORKERS: usize = 4;

/// Midnight of the first of January 2000, in UTC.
const DEFAULT_START: Duration = Duration::from_hours(262_968);

/// The way to the scheduler: only the original keeps it alive.
pub(super) enum Root {
    Original(Arc<Trunk>),
    Clone(Weak<Trunk>),
}

/// The scheduler, or what it is to be built of.
pub(super) struct Trunk {
    plan: Mutex<Option<Plan>>,
    scheduler: OnceLock<Scheduler>,

    /// That of the simulation.
    world: Arc<World>,
}

struct Plan {
    builder: SchedulerBuilder,

    /// How many workers each executor has, the scheduler's own first.
    executors: Vec<(String, usize)>,
}

impl Simulation {
    /// Makes a simulation that begins at 2000-01-01 00:00:00 UTC, with an executor of four workers, and the
    /// seed 0.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// assert!(sim.scheduler().stopped()); // `run_for` and its like start it
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::of(Scheduler::builder())
    }

    /// Makes a simulation of a scheduler that is built elsewhere: with its executors, by their names and
    /// sizes, its limits and its length of history.
    ///
    /// The executors themselves are not used, nor is the clock. A pool of threads or processes has as many
    /// workers as it may have, the inline executor has one, that of tokio as many as its concurrency allows, and
    /// any other has four: say how many there are to be
    /// with [`workers`](Self::workers) and [`executor`](Self::executor), also where your own number depends on
    /// the machine.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    /// use pysched::{Scheduler, SchedulerBuilder, Task, ThreadPoolExecutor};
    ///
    /// fn builder() -> SchedulerBuilder {
    ///     Scheduler::builder()
    ///         .named_executor("reports", ThreadPoolExecutor::new(1))
    ///         .limit("database", 2)
    /// }
    ///
    /// let sim = Simulation::of(builder()).workers(8);
    /// sim.scheduler().add(Task::new(|| ()).executor("reports").tag("database"))?;
    /// sim.run_until_idle();
    /// assert_eq!(sim.scheduler().stats().counts.succeeded, 1);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use]
    pub fn of(builder: SchedulerBuilder) -> Self {
        let sizes = builder.sizes().into_iter();
        let executors = sizes.map(|(name, size)| (name, size.unwrap_or(DEFAULT_WORKERS))).collect();
        let world = Arc::new(World::starting_at(SystemTime::UNIX_EPOCH + DEFAULT_START));
        let plan = Mutex::new(Some(Plan { builder, executors }));
        let trunk = Trunk { plan, scheduler: OnceLock::new(), world: Arc::clone(&world) };
        Self { world, root: Root::Original(Arc::new(trunk)) }
    }

    /// Sets what all that is random follows from: jitter, backoff, and [`random`](Self::random). 0 unless
    /// set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::Trigger;
    ///
    /// let trace = |seed| {
    ///     let sim = Simulation::new().seed(seed);
    ///     let trigger = Trigger::recur(60).jitter(Duration::from_secs(30));
    ///     sim.scheduler().delay(trigger, 0, || ()).unwrap();
    ///     sim.run_for(Duration::from_secs(3600));
    ///     sim.trace().to_string()
    /// };
    /// assert_eq!(trace(1), trace(1));
    /// assert_ne!(trace(1), trace(2));
    /// ```
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.world.clock.set_seed(seed);
        self
    }

    /// Sets what the wall clock shows at the beginning.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use pysched::sim::Simulation;
    ///
    /// let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_774_742_400); // 29 March 2026
    /// assert_eq!(Simulation::new().starting_at(start).now(), start);
    /// ```
    ///
    /// # Panics
    ///
    /// If the scheduler has been asked for: it has seen the clock.
    #[must_use]
    pub fn starting_at(self, time: SystemTime) -> Self {
        self.with_plan("starting_at", |_| ());
        self.world.set_wall(time);
        self
    }

    /// Sets how many workers the scheduler's own executor has. Four unless set.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new().workers(1);
    /// for _ in 0..3 {
    ///     let worker = sim.clone();
    ///     let trigger = pysched::Trigger::once(0);
    ///     sim.scheduler().delay(trigger, 0, move || worker.work(Duration::from_secs(10)))?;
    /// }
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), Duration::from_secs(30));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the scheduler has been asked for, or `workers` is 0.
    #[must_use]
    pub fn workers(self, workers: usize) -> Self {
        self.sized("workers", String::new(), workers)
    }

    /// Adds an executor for the tasks that ask for it by `name`, or sets how many workers it has.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    /// use pysched::Task;
    ///
    /// let sim = Simulation::new().executor("reports", 1);
    /// assert!(sim.scheduler().add(Task::new(|| ()).executor("reports")).is_ok());
    /// ```
    ///
    /// # Panics
    ///
    /// If the scheduler has been asked for, or `workers` is 0.
    #[must_use]
    pub fn executor(self, name: impl Into<String>, workers: usize) -> Self {
        self.sized("executor", name.into(), workers)
    }

    fn sized(self, method: &str, name: String, workers: usize) -> Self {
        assert!(
            workers > 0,
            "executor {name:?} cannot have 0 workers, as nothing would run; give at least 1"
        );
        self.with_plan(method, |plan| {
            match plan.executors.iter_mut().find(|(other, _)| *other == name) {
                Some((_, size)) => *size = workers,
                None => plan.executors.push((name, workers)),
            }
        });
        self
    }

    fn with_plan(&self, method: &str, change: impl FnOnce(&mut Plan)) {
        let trunk = self.trunk();
        let mut plan = trunk.plan.lock();
        let Some(plan) = &mut *plan else {
            panic!("`{method}` is to be called before `scheduler`, and before the simulation runs");
        };
        change(plan);
    }

    pub(super) fn trunk(&self) -> Arc<Trunk> {
        let trunk = match &self.root {
            Root::Original(trunk) => Some(Arc::clone(trunk)),
            Root::Clone(trunk) => trunk.upgrade(),
        };
        trunk.expect(
            "the simulation is over: its original, of which this is a clone, has been dropped",
        )
    }

    /// The scheduler. [`run_for`](Self::run_for) and its like start it.
    ///
    /// It can be used as any other. A clone that a task has captured keeps it from being dropped, as ever.
    ///
    /// ```
    /// use pysched::sim::Simulation;
    /// use pysched::Trigger;
    ///
    /// let sim = Simulation::new();
    /// let handle = sim.scheduler().delay(Trigger::once(3600), 0, || "an hour has passed")?;
    /// sim.run_until_idle();
    /// assert_eq!(handle.future().wait().unwrap(), &"an hour has passed");
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If this is a clone, and the original has been dropped.
    #[must_use]
    pub fn scheduler(&self) -> Scheduler {
        self.trunk().scheduler().clone()
    }
}

impl Trunk {
    pub(super) fn scheduler(&self) -> &Scheduler {
        self.scheduler.get_or_init(|| {
            let Plan { builder, executors } = self.plan.lock().take().expect("it is built once");
            let names = executors.iter().map(|(name, _)| name.clone()).collect();
            let _ = self.world.executors.set(names);
            let executors = executors.into_iter().map(|(name, size)| {
                let lane = self.world.workers.open(size);
                let executor = SimulatedExecutor::new(&self.world.workers, lane);
                (name, Box::new(executor) as Box<dyn Executor>)
            });
            let World { clock, feed, .. } = &*self.world;
            builder.simulated(clock.clone(), executors.collect(), Arc::clone(feed))
        })
    }
}

impl Drop for Trunk {
    fn drop(&mut self) {
        // What is lost may be about to be tried again, after a pause that is random.
        let _lent = self.world.clock.lend_randomness();
        if let Some(scheduler) = self.scheduler.take() {
            scheduler.shutdown(false);
        }
        self.world.end();
    }
}
