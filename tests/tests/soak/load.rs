//! Load: a thread that adds tasks to a scheduler and meddles with them, until it is told to stop or the
//! scheduler takes no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pysched::{Error, Execution, Handle, Scheduler, Task, TaskError, TaskFuture, TaskId, Trigger};
use pysched_tests::{PATIENCE, Random, ms};

use super::clock::Unsteady;
use super::figures::Figures;
use super::ledger::Ledger;
use super::tasks::{Captive, Drawn, Place, below, draw};
use super::witness::{Bound, Witness};

/// How many futures a thread holds on to; the oldest is asked and dropped for one more.
const HELD: usize = 3000;

/// How many tasks a thread meddles with; one of them is cancelled for one more.
const LIVE: usize = 25;

/// What a thread needs to know about its scheduler.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) clock: Unsteady,
    pub(crate) captive: Captive,
    pub(crate) executors: Vec<&'static str>,

    /// Whether all loads of the round are to hold off.
    pub(crate) calm: Arc<AtomicBool>,
}

/// A future, whatever its type.
pub(crate) trait Asked: Send {
    /// How the execution has ended; `None` if it has not, in such a time.
    fn ended(&self, limit: Duration) -> Option<Execution>;

    /// Tells it to end.
    fn cancel(&self);
}

/// A future, and what its value has to be.
struct Expected<T> {
    future: TaskFuture<T>,
    is_right: Box<dyn Fn(&T) -> bool + Send>,
    ledger: Arc<Ledger>,
}

impl<T: Send + Sync + 'static> Asked for Expected<T> {
    fn ended(&self, limit: Duration) -> Option<Execution> {
        let outcome = self.future.wait_timeout(limit)?;
        let execution = self.future.execution();
        let agrees = match outcome {
            Ok(value) => (self.is_right)(value),
            Err(TaskError::Cancelled) => self.future.cancelled(),
            Err(_) => !self.future.cancelled(),
        };
        if !agrees || !execution.status.is_final() {
            let what = format!("{:?}, {execution:?}", outcome.err());
            self.ledger.complain("contradicted", what);
        }
        Some(execution)
    }

    fn cancel(&self) {
        let _ = self.future.cancel();
    }
}

/// A live task, whatever its type.
struct Live {
    id: TaskId,
    bound: Option<Bound>,
    handle: Box<dyn Lead>,
}

trait Lead: Send {
    fn future(&self, ledger: &Arc<Ledger>) -> Box<dyn Asked>;
    fn cancel(&self) -> Result<(), Error>;
    fn retained(&self) -> usize;
}

/// A handle, and the number that a worker was given.
struct Lent<T>(Handle<T>, fn(&T, u64) -> bool, u64);

impl<T: Send + Sync + 'static> Lead for Lent<T> {
    fn future(&self, ledger: &Arc<Ledger>) -> Box<dyn Asked> {
        let (is_right, number) = (self.1, self.2);
        let is_right = Box::new(move |value: &T| is_right(value, number));
        Box::new(Expected { future: self.0.future(), is_right, ledger: Arc::clone(ledger) })
    }

    fn cancel(&self) -> Result<(), Error> {
        self.0.cancel()
    }

    fn retained(&self) -> usize {
        self.0.futures().len()
    }
}

/// The thread's own state.
pub(crate) struct Load {
    site: Site,
    random: Random,
    live: Vec<Live>,
    held: Held,
}

/// What a thread has asked, and is still to ask.
#[derive(Default)]
pub(crate) struct Held {
    futures: Vec<Box<dyn Asked>>,

    /// What futures have said. It is compared in the end, as the events may be on their way.
    said: Vec<Execution>,
}

impl Load {
    pub(crate) fn new(site: Site, random: Random) -> Self {
        Self { site, random, live: Vec::new(), held: Held::default() }
    }

    /// Goes on until it is told to stop, or the scheduler is shut down. Lets go of the scheduler.
    pub(crate) fn run(mut self, sched: Scheduler, stop: &AtomicBool) -> Held {
        // For a moment it also meddles with a scheduler that is on its way to its end.
        let mut refusals = 0;
        while !stop.load(Ordering::Relaxed) && refusals < 30 {
            if self.site.calm.load(Ordering::Relaxed) {
                self.hold_off(&sched, stop);
            }
            let result = match self.random.below(20) {
                0..9 => self.add(&sched, false),
                9..11 => self.add(&sched, true),
                11..19 => self.meddle(&sched),
                _ => self.look(&sched),
            };
            match result {
                Ok(()) => {}
                Err(Error::Shutdown) => refusals += 1,
                // Somebody else was quicker, or a name is taken; a calendar may have no time left.
                Err(
                    Error::UnknownTask(_)
                    | Error::Overlap(_)
                    | Error::LastRun(_)
                    | Error::NameTaken(_)
                    | Error::NeverRuns(_),
                ) => self.site.figures.count("requests", "refused, rightly"),
                Err(error) => self.site.ledger.complain("contradicted", format!("{error:?}")),
            }
            thread::sleep(Duration::from_micros(self.random.below(1500)));
        }
        self.held
    }

    /// Has the scheduler fire nothing for as long as it is to be calm.
    fn hold_off(&self, sched: &Scheduler, stop: &AtomicBool) {
        sched.pause_all();
        while self.site.calm.load(Ordering::Relaxed) && !stop.load(Ordering::Relaxed) {
            thread::sleep(ms(1));
        }
        sched.resume_all();
    }

    fn add(&mut self, sched: &Scheduler, is_series: bool) -> Result<(), Error> {
        let Site { ledger, clock, captive, executors, .. } = &self.site;
        let witness = |bound| Witness {
            ledger: Arc::clone(ledger),
            clock: clock.clone(),
            bound,
            captive: Arc::clone(captive),
        };
        let place = Place { witness: &witness, clock, executors };
        let live = match draw(&mut self.random, &place, is_series) {
            Drawn::Here(task, kind, bound) => {
                let (task, follows) = self.following(task, &bound);
                let handle = match sched.add(task) {
                    // One that follows may have a rule that only a trigger of its own could heed.
                    Err(Error::InvalidTrigger(_)) if follows => return Ok(()),
                    added => added?,
                };
                if follows {
                    self.site.ledger.follows(handle.id());
                }
                self.site.ledger.added(handle.id(), kind);
                let handle = Lent(handle, |_, _| true, 0);
                Live { id: handle.0.id(), bound: Some(bound), handle: Box::new(handle) }
            }
            Drawn::Elsewhere(task, kind, number) => {
                let handle = sched.add(task)?;
                self.site.ledger.added(handle.id(), kind);
                let is_right = |(tripled, process): &(u64, u32), number| {
                    *tripled == 3 * number && *process != std::process::id()
                };
                let handle = Lent(handle, is_right, number);
                Live { id: handle.0.id(), bound: None, handle: Box::new(handle) }
            }
        };
        let what = if is_series { "series" } else { "one-shots" };
        self.site.figures.count("tasks", what);
        match self.random.below(4) {
            // Nobody ever asks about it.
            0 if !is_series => return Ok(()),
            1 => {}
            _ => self.hold(live.handle.future(&self.site.ledger)),
        }
        self.live.push(live);
        if self.live.len() > LIVE {
            let index = below(&mut self.random, self.live.len());
            let live = self.live.swap_remove(index);
            sched.cancel(live.id)?;
        }
        Ok(())
    }

    /// Now and then, makes it a task that follows another one; says whether.
    fn following(&mut self, task: Task<Captive>, bound: &Bound) -> (Task<Captive>, bool) {
        if self.live.is_empty() || self.random.below(30) > 0 {
            return (task, false);
        }
        let index = below(&mut self.random, self.live.len());
        // Its trigger says from now on how long after the other one.
        bound.rescheduled();
        self.site.figures.count("tasks", "that follow another one");
        (task.trigger(Trigger::once(ms(1))).after(self.live[index].id), true)
    }

    fn hold(&mut self, future: Box<dyn Asked>) {
        self.held.futures.push(future);
        if self.held.futures.len() > HELD {
            let index = below(&mut self.random, self.held.futures.len());
            let future = self.held.futures.swap_remove(index);
            // One that has not ended is let go of.
            self.held.said.extend(future.ended(Duration::ZERO));
        }
    }

    fn meddle(&mut self, sched: &Scheduler) -> Result<(), Error> {
        if self.live.is_empty() {
            return Ok(());
        }
        let index = below(&mut self.random, self.live.len());
        let figures = Arc::clone(&self.site.figures);
        let count = |what| figures.count("requests", what);
        let Live { id, bound, handle } = &self.live[index];
        let id = *id;
        match self.random.below(16) {
            0 => {
                count("cancel");
                handle.cancel()?;
            }
            1 => {
                count("cancel");
                sched.cancel(id)?;
            }
            2 | 3 => {
                count("pause");
                sched.pause(id)?;
            }
            4..7 => {
                count("resume");
                sched.resume(id)?;
            }
            7 | 8 => {
                count("run now");
                bound.iter().for_each(Bound::asked);
                sched.run_now(id)?;
            }
            9 => {
                count("reschedule");
                bound.iter().for_each(Bound::rescheduled);
                let interval = Duration::from_micros(500 + self.random.below(10_000));
                match sched.reschedule(id, Trigger::recur(interval)) {
                    // It follows others, and has no trigger.
                    Err(Error::InvalidTrigger(_)) if self.site.ledger.is_follower(id) => {}
                    result => result?,
                }
            }
            10 => {
                count("cancel a future");
                let future = handle.future(&self.site.ledger);
                future.cancel();
                self.hold(future);
            }
            11 => {
                count("wait");
                let limit = ms(self.random.below(10));
                let _ = handle.future(&self.site.ledger).ended(limit);
            }
            12 => {
                count("drop a handle");
                // It goes on without.
                drop(self.live.swap_remove(index));
            }
            _ => {
                count("take a future");
                let future = handle.future(&self.site.ledger);
                self.hold(future);
            }
        }
        Ok(())
    }

    /// What concerns all tasks.
    fn look(&mut self, sched: &Scheduler) -> Result<(), Error> {
        match self.random.below(12) {
            0 => {
                sched.pause_all();
                thread::sleep(ms(self.random.below(10)));
                sched.resume_all();
                self.site.figures.count("requests", "pause and resume all");
            }
            1 => sched.set_limit("limited", below(&mut self.random, 4) + 1),
            2 => assert!(sched.stats().to_string().lines().count() > 3),
            3 => drop(sched.tasks()),
            4 => {
                for name in ["alpha", "beta"] {
                    sched.named(name).resume();
                }
            }
            5 => drop(sched.tagged("limited").pause()),
            6 => drop(sched.tagged("limited").resume()),
            7 => drop(self.live.first().map(|live| sched.explain(live.id))),
            8 => drop(self.live.first().map(|live| sched.results(live.id))),
            9 => drop(self.live.first().map(|live| live.handle.retained())),
            _ => {}
        }
        Ok(())
    }
}

/// Asks all futures, which have ended or are about to, and compares what they say.
pub(crate) fn ask(site: &Site, held: Held) {
    let until = Instant::now() + PATIENCE;
    let Held { futures, mut said } = held;
    for future in futures {
        match future.ended(until.saturating_duration_since(Instant::now())) {
            Some(execution) => said.push(execution),
            None => site.ledger.complain("lost", "a future that does not end".to_owned()),
        }
    }
    site.figures.add("requests", "futures asked", said.len() as u64);
    said.iter().for_each(|execution| site.ledger.compare(execution));
}
