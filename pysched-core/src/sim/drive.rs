//! How a simulation is run, from outside.

use std::ops::{Deref, DerefMut};
use std::time::{Duration, SystemTime};

use super::Simulation;
use super::agenda::When;
use super::world::{Driving, World};
use crate::sync::MutexGuard;
use crate::time::Lent;

impl Simulation {
    /// Goes on for so long, by the monotonic clock, and does all that is to happen until then, and then.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// sim.run_for(Duration::from_secs(60));
    /// assert_eq!(sim.elapsed(), Duration::from_secs(60));
    /// ```
    ///
    /// # Panics
    ///
    /// If it is called by a task of the simulation, or while another thread runs it. If a moment never ends, as
    /// a task adds another one that is due at once, for ever.
    pub fn run_for(&self, duration: Duration) {
        let mut driving = self.drive("run_for");
        let limit = self.world.clock.moment().saturating_add(duration);
        self.world.run_to(&mut driving, When::Moment(limit));
    }

    /// Goes on until the wall clock shows `time`, and does all that is to happen until then, and then. If that
    /// is past, only what is to happen now.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    ///
    /// let sim = Simulation::new();
    /// let midnight = sim.now() + Duration::from_secs(24 * 3600);
    /// sim.run_until(midnight);
    /// assert_eq!(sim.now(), midnight);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`run_for`](Self::run_for).
    pub fn run_until(&self, time: SystemTime) {
        let mut driving = self.drive("run_until");
        self.world.run_to(&mut driving, When::Wall(time));
    }

    /// Goes on until nothing runs and nothing is to come but [faults](super::Fault), and runs of series that have no
    /// end: those of [`recur`](crate::Trigger::recur), cron and calendars without
    /// [`times`](crate::Task::times) or [`until`](crate::Task::until).
    ///
    /// A future that waits for what nothing brings about is left where it is. A series without an end whose next
    /// run always begins before the last one has ended never comes to rest: have it do so by
    /// [`run_for`](Self::run_for).
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::{Task, Trigger};
    ///
    /// let sim = Simulation::new();
    /// let three = Task::new(|| ()).name("three").trigger(Trigger::recur(60)).times(3);
    /// sim.scheduler().add(three)?;
    /// sim.scheduler().add(Task::new(|| ()).name("for ever").trigger(Trigger::recur(50)))?;
    /// sim.run_until_idle();
    /// assert_eq!(sim.elapsed(), Duration::from_secs(180));
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`run_for`](Self::run_for).
    pub fn run_until_idle(&self) {
        let mut driving = self.drive("run_until_idle");
        self.world.run_until_idle(&mut driving);
    }

    /// Does what there is to do now. If that is nothing, goes on to the next moment at which anything happens,
    /// and does all that happens then. Says whether there was any.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::sim::Simulation;
    /// use pysched::Trigger;
    ///
    /// let sim = Simulation::new();
    /// sim.scheduler().delay(Trigger::once(5), 0, || ())?;
    /// assert!(sim.step()); // the scheduler starts
    /// assert!(sim.step()); // the task runs
    /// assert_eq!(sim.elapsed(), Duration::from_secs(5));
    /// assert!(!sim.step());
    /// # Ok::<(), pysched::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`run_for`](Self::run_for).
    #[must_use = "false says that nothing happens any more"]
    pub fn step(&self) -> bool {
        let mut driving = self.drive("step");
        self.world.step(&mut driving)
    }

    /// Takes the right to drive, and starts the scheduler.
    fn drive(&self, method: &str) -> Drive<'_> {
        let driving = self.world.driving.try_lock();
        let Some(mut driving) = driving else {
            panic!(
                "`{method}` was called by what the simulation runs, or while another thread runs it; a task lets \
                 time pass with `work`, or with `sleep` in a future"
            );
        };
        let trunk = self.trunk();
        let scheduler = trunk.scheduler();
        // One that has been shut down has ended, or ends by its heart that is here already.
        if scheduler.start().is_ok()
            && let Some(pulse) = scheduler.pulse()
        {
            driving.pulse = Some(pulse);
        }
        Drive { driving, world: &self.world, _lent: self.world.clock.lend_randomness() }
    }
}

/// The right to drive a simulation.
struct Drive<'a> {
    driving: MutexGuard<'a, Driving>,
    world: &'a World,
    _lent: Lent,
}

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        // A task may have dropped the original.
        self.world.let_go(&mut self.driving);
    }
}

impl Deref for Drive<'_> {
    type Target = Driving;

    fn deref(&self) -> &Driving {
        &self.driving
    }
}

impl DerefMut for Drive<'_> {
    fn deref_mut(&mut self) -> &mut Driving {
        &mut self.driving
    }
}
