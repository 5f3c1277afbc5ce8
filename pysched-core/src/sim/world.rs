//! [`World`]: what the clones of a simulation share, and how it is driven.
//!
//! At each moment at which anything happens, in this order: faults; workers that are done become free, and
//! futures that are woken go on; the scheduler's heart beats, unless it would find nothing; what is ready
//! begins, on the workers that are free. After each call of code it is begun anew, until nothing is left to be
//! done at that moment. Then the clock moves on to the next one: that of the heart, of the agenda, or of a
//! fault.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Context;
use std::time::{Duration, SystemTime};

use super::agenda::{Agenda, Item, When};
use super::fault::{Fault, Kind};
use super::log::Log;
use super::workers::{Call, Came, Place, Slow, Workers};
use crate::TaskId;
use crate::execution::Run;
use crate::scheduler::{Feed, Pulse};
use crate::sync::Mutex;
use crate::time::{Moment, SimulatedClock};
use crate::trigger::Stamp;

/// How many calls there may be at one moment. Nobody has so many tasks, and whoever makes so many calls makes
/// them for ever. The tests of this crate have one that does, and less time.
const MOST_CALLS: u64 = if cfg!(test) { 10_000 } else { 10_000_000 };

/// See the top of this file.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clock: SimulatedClock,
    pub(super) workers: Arc<Workers>,
    pub(super) agenda: Mutex<Agenda>,
    pub(super) driving: Mutex<Driving>,
    pub(super) log: Arc<Mutex<Log>>,
    pub(super) feed: Arc<Feed>,

    /// The names of the executors, the scheduler's own first, once it has been built.
    pub(super) executors: OnceLock<Vec<String>>,

    /// Whether the simulation is over.
    is_over: AtomicBool,
}

/// What only whoever drives has.
#[derive(Debug, Default)]
pub(super) struct Driving {
    /// The heart, from the start of the scheduler to its end.
    pub(super) pulse: Option<Pulse>,

    /// Until when it sleeps.
    sleeps_until: Moment,

    /// Until when the process stands still.
    stands_until: Moment,

    /// The names of tasks whose next execution is to panic.
    panics: Vec<String>,

    /// How many calls there were at this moment, of tasks and of listeners.
    calls: u64,
}

impl World {
    pub(super) fn starting_at(wall: SystemTime) -> Self {
        let clock = SimulatedClock::starting_at(wall);
        let log = Arc::new(Mutex::new(Log::starting_on(clock.timeline())));
        let recorder = {
            let (log, clock) = (Arc::clone(&log), clock.clone());
            Box::new(move |event: &_| log.lock().record(event, clock.moment(), clock.caller()))
        };
        Self {
            clock,
            workers: Arc::default(),
            agenda: Mutex::default(),
            driving: Mutex::default(),
            feed: Feed::new(recorder),
            log,
            executors: OnceLock::new(),
            is_over: AtomicBool::new(false),
        }
    }

    /// The present moment, for code that runs now: beyond what it has worked.
    pub(super) fn present(&self) -> Moment {
        self.clock.moment().saturating_add(self.clock.taken()).min(Moment::LAST)
    }

    /// Has the wall clock show `wall` from now on.
    pub(super) fn set_wall(&self, wall: SystemTime) {
        self.clock.set_wall(wall);
        let timeline = self.clock.timeline();
        self.agenda.lock().set_clock(timeline);
        self.log.lock().set_clock(timeline);
    }

    pub(super) fn add_fault(&self, when: When, fault: Fault) {
        self.agenda.lock().add_fault(when, fault, self.clock.timeline());
    }

    /// Ends the simulation, after its scheduler has been shut down: lets go of all that has not ended. If
    /// somebody drives, whoever that is does so at the end.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(mut driving) = self.driving.try_lock() {
            self.let_go(&mut driving);
        }
    }

    /// Lets go of everything if the simulation is over.
    pub(super) fn let_go(&self, driving: &mut Driving) {
        if self.is_over.load(Ordering::Relaxed) {
            self.workers.clear();
            driving.pulse = None;
            // That ends, as a scheduler that has been shut down takes no tasks.
            while self.feed.deliver() {}
        }
    }

    /// Does everything that there is to do now; says whether that was anything.
    pub(super) fn settle(&self, driving: &mut Driving) -> bool {
        let now = self.clock.moment();
        let mut has_acted = false;
        while let Some(fault) = self.pop_fault(now) {
            has_acted = true;
            self.strike(&fault, driving, now);
        }
        if now < driving.stands_until {
            return has_acted;
        }
        while !self.is_over.load(Ordering::Relaxed) {
            while self.feed.deliver() {
                has_acted = true;
                self.count_call(driving);
            }
            while let Some(item) = self.pop(now) {
                has_acted = true;
                match item {
                    Item::Look(place) => self.workers.look_at(place, now),
                    Item::Ring(alarm) => drop(alarm.upgrade().map(|alarm| alarm.ring())),
                    Item::Pass => {}
                }
            }
            if let Some(call) = self.workers.next_to_go_on(now) {
                has_acted = true;
                self.call(call, driving, now);
                continue;
            }
            if let Some(pulse) = &mut driving.pulse
                && (pulse.is_called() || driving.sleeps_until <= now)
            {
                has_acted = true;
                match pulse.beat() {
                    Some(until) => driving.sleeps_until = until,
                    None => driving.pulse = None,
                }
            }
            let Some(call) = self.workers.next(now) else { break };
            has_acted = true;
            self.call(call, driving, now);
        }
        has_acted
    }

    fn pop_fault(&self, now: Moment) -> Option<Fault> {
        let mut agenda = self.agenda.lock();
        if agenda.next_fault() > now { None } else { agenda.pop_fault(now, self.clock.timeline()) }
    }

    fn pop(&self, now: Moment) -> Option<Item> {
        self.agenda.lock().pop(now)
    }

    /// Has a fault happen.
    fn strike(&self, fault: &Fault, driving: &mut Driving, now: Moment) {
        let Fault { kind, executor } = fault;
        self.log.lock().record_fault(fault.clone(), now);
        let lane = executor.as_deref().and_then(|name| self.lane(name));
        let wall = self.wall();
        let set = match *kind {
            Kind::ClockSet(time) => Some(time),
            Kind::ClockForward(by) | Kind::Suspend(by) => wall.checked_add(by),
            Kind::ClockBack(by) => wall.checked_sub(by),
            Kind::Outage(lasting) => {
                driving.stands_until = driving.stands_until.max(now.saturating_add(lasting));
                self.pause(None, lasting, now);
                None
            }
            Kind::WorkersPaused(lasting) => {
                self.pause(lane, lasting, now);
                None
            }
            Kind::SlowStart { delay, lasting } => {
                self.workers.slow(lane, Slow::Start(delay), now.saturating_add(lasting), now);
                None
            }
            Kind::SlowWork { factor, lasting } => {
                self.workers.slow(lane, Slow::Work(factor), now.saturating_add(lasting), now);
                None
            }
            Kind::Panic(ref task) => {
                driving.panics.push(task.clone());
                None
            }
        };
        if let Some(set) = set {
            self.set_wall(set);
            // As a clock wakes whoever watches it.
            driving.sleeps_until = now;
        }
    }

    /// Which executor has a name.
    pub(super) fn lane(&self, name: &str) -> Option<usize> {
        self.executors.get()?.iter().position(|other| other == name)
    }

    fn pause(&self, lane: Option<usize>, lasting: Duration, now: Moment) {
        let until = now.saturating_add(lasting);
        let later = self.workers.pause(lane, until, now);
        let mut agenda = self.agenda.lock();
        for (place, at) in later {
            agenda.add(at, Item::Look(place));
        }
        agenda.add(until, Item::Pass);
    }

    /// Takes note that code of a user is called, which may not go on for ever at one moment.
    fn count_call(&self, driving: &mut Driving) {
        driving.calls += 1;
        assert!(
            driving.calls <= MOST_CALLS,
            "at {:#} of the simulation, {MOST_CALLS} calls have taken no time at all: a task or a listener adds \
             another one that is due at once, or a future wakes itself, for ever; have it say that it works \
             (`Simulation::work`) or await `Simulation::sleep`",
            Stamp(self.wall())
        );
    }

    fn call(&self, call: Call, driving: &mut Driving, now: Moment) {
        self.count_call(driving);
        let (place, task, run) = match call {
            Call::Begin(place, job) => {
                let task = job.task();
                let armed = self.arm(task, driving);
                self.clock.set_caller(place.number());
                let begun = job.begin_simulated();
                self.clock.set_caller(0);
                let Some(run) = begun else {
                    // It was cancelled, or is too late, and the fault is for the next one.
                    if let Some(name) = armed {
                        self.clock.disarm_fault();
                        driving.panics.insert(0, name);
                    }
                    self.workers.came(place, Came::Over, now);
                    return;
                };
                (place, task, run)
            }
            Call::Resume(place, task, run) => (place, task, run),
            Call::Later(place, at) => {
                self.agenda.lock().add(at, Item::Look(place));
                return;
            }
        };
        let came = self.poll(place, run, now);
        if matches!(came, Came::Over | Came::Lingers(_)) {
            self.log.lock().leave(task);
        }
        if let Some(at) = self.workers.came(place, came, now) {
            self.agenda.lock().add(at, Item::Look(place));
        }
    }

    /// Has an execution panic that begins, if its task is one of those whose next one is to; gives the name of
    /// that.
    fn arm(&self, task: TaskId, driving: &mut Driving) -> Option<String> {
        if driving.panics.is_empty() {
            return None;
        }
        let log = self.log.lock();
        let name = log.given_name(task)?;
        let index = driving.panics.iter().position(|panics| panics == name)?;
        self.clock.arm_fault("a fault of the simulation".to_owned());
        Some(driving.panics.remove(index))
    }

    fn poll(&self, place: Place, mut run: Run, now: Moment) -> Came {
        let (waker, factor) = self.workers.attend(place, now);
        self.clock.begin_call(factor);
        self.clock.set_caller(place.number());
        let polled = run.as_mut().advance(&mut Context::from_waker(&waker), false);
        self.clock.set_caller(0);
        match (polled.is_ready(), self.clock.end_call()) {
            (true, Duration::ZERO) => Came::Over,
            // What is called with an outcome may work, too.
            (true, taken) => Came::Lingers(taken),
            (false, Duration::ZERO) => Came::Waits(run),
            (false, taken) => Came::Worked(run, taken),
        }
    }

    /// When anything happens next.
    fn next(&self, driving: &Driving) -> Moment {
        let mut agenda = self.agenda.lock();
        let fault = agenda.next_fault();
        if driving.stands_until > self.clock.moment() {
            return fault.min(driving.stands_until);
        }
        let heart = driving.pulse.as_ref().map_or(Moment::NEVER, |_| driving.sleeps_until);
        agenda.next_item().min(heart).min(fault)
    }

    fn move_to(&self, moment: Moment, driving: &mut Driving) {
        if moment > self.clock.moment() {
            self.clock.move_to(moment);
            driving.calls = 0;
        }
    }

    /// Goes on up to `limit`, inclusive.
    pub(super) fn run_to(&self, driving: &mut Driving, limit: When) {
        loop {
            self.settle(driving);
            if self.is_over.load(Ordering::Relaxed) {
                return;
            }
            let next = self.next(driving);
            // Which moment that is may have changed, if it is one of the wall clock.
            let limit = limit.on(self.clock.timeline()).min(Moment::LAST);
            self.move_to(next.min(limit), driving);
            if next > limit {
                return;
            }
        }
    }

    /// Does what there is to do now, or, if that is nothing, goes on to the next moment at which there is
    /// something; says whether there was any.
    pub(super) fn step(&self, driving: &mut Driving) -> bool {
        if self.settle(driving) {
            return true;
        }
        let next = self.next(driving);
        if next > Moment::LAST {
            return false;
        }
        self.move_to(next, driving);
        self.settle(driving);
        true
    }

    /// Goes on until nothing is to come but runs of series without an end.
    pub(super) fn run_until_idle(&self, driving: &mut Driving) {
        loop {
            self.settle(driving);
            let next = self.next(driving);
            let is_over = self.is_over.load(Ordering::Relaxed);
            if is_over || next > Moment::LAST || self.is_idle(driving) {
                return;
            }
            self.move_to(next, driving);
        }
    }

    fn is_idle(&self, driving: &mut Driving) -> bool {
        let now = self.clock.moment();
        driving.stands_until <= now
            && self.agenda.lock().next_item() == Moment::NEVER
            && self.workers.are_idle(now)
            && driving.pulse.as_mut().is_none_or(Pulse::is_idle)
    }

    pub(super) fn wall(&self) -> SystemTime {
        self.clock.timeline().wall_at(self.clock.moment())
    }
}
