//! The heart: the one thread of a scheduler, which sleeps until a task is due and hands it over.
//!
//! Each beat looks at the clock, takes out what is due, sets the alarm (`alarm.rs`) if that is
//! nothing, and either hands the jobs to their executors or sleeps. While tasks wait for the wall
//! clock it has that watched, too (`watch.rs`). It ends when the scheduler no longer runs, no job is
//! left that an executor has yet to take, and none that has yet to time out.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::panicking;
use std::time::{Duration, SystemTime};

use super::anchor::Anchors;
use super::engine::{Engine, Lane};
use super::events::EventKind;
use super::fire::Harvest;
use super::life::Stage;
use super::shard::STEP;
use super::watch::Watch;
use crate::error::{Error, TaskError};
use crate::execution::Inside;
use crate::executor::{Job, Rejected, catch_orphans};
use crate::queue::ReadyQueue;
use crate::sync::mpsc::{self, Sender};
use crate::sync::thread;
use crate::time::{Moment, Timeline};

/// How soon an executor that was full is asked again, if none of its jobs ends before. Doubled
/// each time, up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(1);
const LONGEST_RETRY: Duration = Duration::from_millis(100);

/// The heart's own data, which no other thread sees.
struct Heart {
    engine: Arc<Engine>,
    anchors: Anchors,
    watch: Watch,

    /// What became due in this beat.
    harvest: Harvest,

    /// For each lane, the jobs that its executor has given back, the most urgent first.
    backlogs: Vec<ReadyQueue<Job>>,

    /// How soon full executors are asked again.
    retry: Duration,

    /// Where the wall clock stands, as far as has been told.
    told: Timeline,
}

/// What is to be done after a beat.
enum Next {
    /// Another one, at once.
    Beat,

    /// To sleep until then, or until the heart is called.
    Sleep(Moment),

    /// To sleep so, but not for long: an executor may have room again.
    WaitForRoom(Moment),

    /// Nothing: the heart has ended.
    End,
}

impl Engine {
    /// Starts the heart unless it has been started.
    pub(super) fn start(self: &Arc<Self>) -> Result<(), Error> {
        if self.life.lock().stage == Stage::Created {
            self.bus.observe();
        }
        let now = self.clock.now();
        let event = self.bus.announcement(|| self.clock.wall(), EventKind::SchedulerStarted);
        let mut life = self.life.lock();
        match life.stage {
            Stage::Running => return Ok(()),
            Stage::Draining | Stage::Closed => return Err(Error::Shutdown),
            Stage::Created => {
                life.stage = Stage::Running;
                life.started = Some(now);
                life.heart_beats = true;
                self.over.heart_begins();
            }
        }
        let heart = Heart::new(self);
        let thread = thread::Builder::new().name("pysched-heart".to_owned());
        let (attached, until_attached) = mpsc::channel();
        if self.clock.simulated().is_some() {
            *self.by_hand.lock() = Some(Pulse::of(heart));
            if let Some(event) = event {
                self.bus.publish(event);
            }
            return Ok(());
        }
        match thread.spawn(move || heart.live(&attached)) {
            Ok(_) => {
                // Before the heart fires anything, for which it takes this lock.
                if let Some(event) = event {
                    self.bus.publish(event);
                }
                drop(life);
                // Whoever moves a clock by hand after this finds the heart in the clock's books.
                let _ = until_attached.recv();
                Ok(())
            }
            Err(error) => {
                drop(life);
                self.heart_has_ended();
                let mut life = self.life.lock();
                if life.stage == Stage::Running {
                    life.stage = Stage::Created;
                    life.started = None;
                }
                Err(Error::Thread(Arc::new(error)))
            }
        }
    }

    fn heart_has_ended(&self) {
        // A shutdown that the clock calls here must not wait for what follows.
        let _inside = self.enter();
        self.clock.detach(&self.parker);
        self.alarm.clear();
        let (last_harvest, returned) = {
            let mut life = self.life.lock();
            life.heart_beats = false;
            self.over.heart_ends();
            (life.last_harvest.take(), mem::take(&mut life.returned))
        };
        self.heart_ended.notify_all();
        // Only if the heart has never beaten, or has panicked; the jobs end as lost.
        if let Some(harvest) = last_harvest {
            harvest.touched.iter().for_each(|record| record.flush());
            drop(harvest);
        }
        // What was given back while the heart did its last.
        for (_, job) in returned {
            fail_in_the_end(job);
        }
        self.close_if_over();
    }
}

/// Ends the scheduler in good order, however the heart's thread ends.
struct LastBeat(Arc<Engine>);

impl Drop for LastBeat {
    fn drop(&mut self) {
        if panicking() {
            // Nothing on this thread is known to panic. Should it happen, every future still ends.
            self.0.shutdown(false);
        }
        self.0.heart_has_ended();
    }
}

/// The heart of a scheduler in a simulation, which has no thread: whoever holds it has it beat, when it is
/// time. It ends when it is dropped.
pub(crate) struct Pulse {
    // What the heart holds goes before the last beat.
    heart: Heart,
    last: LastBeat,

    /// A task that is known to have something to come, for [`is_idle`](Self::is_idle).
    witness: usize,
}

impl Pulse {
    fn of(heart: Heart) -> Self {
        let last = LastBeat(Arc::clone(&heart.engine));
        Self { heart, last, witness: 0 }
    }

    /// Has the heart beat until it would sleep; says until when, or `None` if it has ended.
    pub(crate) fn beat(&mut self) -> Option<Moment> {
        // Code of users that is called here may shut the scheduler down, which must not wait for it.
        let _inside = Inside::enter(self.last.0.id);
        loop {
            match self.heart.beat() {
                Next::Beat => {}
                Next::Sleep(until) | Next::WaitForRoom(until) => return Some(until),
                Next::End => return None,
            }
        }
    }

    /// Whether nothing is to come but runs of series without an end.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.last.0.is_idle(&mut self.witness)
    }

    /// Whether something has changed since the last beat that the heart has to look at.
    pub(crate) fn is_called(&self) -> bool {
        let parker = &self.last.0.parker;
        parker.has_token() && parker.take_token()
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pulse")
    }
}

impl Heart {
    fn new(engine: &Arc<Engine>) -> Self {
        Self {
            engine: Arc::clone(engine),
            anchors: Anchors::new(engine),
            watch: Watch::new(engine),
            harvest: Harvest::new(engine.lanes.len()),
            backlogs: engine.lanes.iter().map(|_| ReadyQueue::new()).collect(),
            retry: FIRST_RETRY,
            told: engine.shards[0].shard.lock().timeline,
        }
    }

    /// Beats until it has ended, and sleeps in between.
    fn live(self, attached: &Sender<()>) {
        let engine = Arc::clone(&self.engine);
        let _last = LastBeat(Arc::clone(&engine));
        // Clocks and inline tasks run here: a shutdown that they call must not wait for them.
        let _inside = Inside::enter(engine.id);
        // What it holds goes before the last beat.
        let mut heart = self;
        engine.clock.attach(&engine.parker);
        let _ = attached.send(());
        loop {
            match heart.beat() {
                Next::Beat => {}
                Next::Sleep(until) => engine.clock.wait(&engine.parker, until),
                Next::WaitForRoom(deadline) => heart.wait_for_room(deadline),
                Next::End => return,
            }
        }
    }

    /// Looks at the clock and does everything that there is to do by then.
    fn beat(&mut self) -> Next {
        let engine = Arc::clone(&self.engine);
        engine.alarm.clear();
        let (now, wall) = engine.clock.read_and_keep();
        let stage = self.harvest(now, wall);
        let fired = self.harvest.jobs() > 0;
        for record in mem::take(&mut self.harvest.touched) {
            record.flush();
        }
        for outbox in mem::take(&mut self.harvest.outboxes) {
            engine.post(outbox);
        }
        engine.time_out(mem::take(&mut self.harvest.overruns));
        self.hand_over();
        if stage == Stage::Closed {
            // What is in the backlog has been cancelled.
            self.backlogs.iter_mut().for_each(|backlog| drop(backlog.drain()));
        }
        let hungry = self.backlogs.iter().any(|backlog| !backlog.is_empty());
        match stage {
            Stage::Created | Stage::Running | Stage::Draining if fired => return Next::Beat,
            Stage::Draining if !hungry && !self.has_business() => return Next::End,
            // What runs unattended still times out.
            Stage::Closed if !self.has_deadlines() => return Next::End,
            _ => {}
        }
        if self.watch.adjust() {
            return Next::Beat;
        }
        match engine.alarm.set(engine.heads()) {
            None => Next::Beat,
            Some(deadline) if hungry => Next::WaitForRoom(deadline),
            Some(deadline) => Next::Sleep(self.watch.limit(deadline, now)),
        }
    }

    /// Takes out what is due and what others have left to the heart; says how the scheduler stands.
    fn harvest(&mut self, now: Moment, wall: SystemTime) -> Stage {
        let Self { engine, anchors, watch, .. } = self;
        // Held to the end, so that what is due at one time is fired at one time for all who look.
        let mut life = engine.life.lock();
        for (lane, job) in life.returned.drain(..) {
            self.backlogs[lane as usize].push(job);
        }
        if let Some(last) = life.last_harvest.take() {
            self.harvest = last;
        }
        watch.begin();
        if life.stage == Stage::Created {
            return life.stage;
        }
        if self.told.deviation(now, wall) > STEP {
            let from = self.told.wall_at(now);
            self.told = Timeline::through(now, wall);
            engine.tell(wall, EventKind::ClockStepped { from, to: wall });
        }
        for (number, place) in engine.shards.iter().enumerate() {
            let mut shard = place.shard.lock();
            shard.observe(now, wall);
            if shard.head <= now {
                let before = self.harvest.jobs();
                shard.look(&anchors.owner(number), now, wall, &mut self.harvest);
                engine.in_flight.enter(number, self.harvest.jobs() - before);
            }
            watch.look_at(&mut shard);
            place.head.put_back(shard.head);
        }
        engine.let_contenders_in(|number| anchors.owner(number), &mut self.harvest);
        self.harvest.shrink();
        life.stage
    }

    /// Whether, while the scheduler drains, there are executions that have yet to be queued, or deadlines
    /// to come, also of what has yet to begin.
    fn has_business(&self) -> bool {
        let Engine { shards, in_flight, had_timeouts, .. } = &*self.engine;
        // In this order: what begins after the first look is in flight until after the second.
        shards.iter().any(|place| place.shard.lock().has_business())
            || (had_timeouts.load(Ordering::SeqCst) && !in_flight.is_none())
    }

    /// Whether there are deadlines to come.
    fn has_deadlines(&self) -> bool {
        self.engine.shards.iter().any(|place| place.shard.lock().has_deadlines())
    }

    /// Sleeps until a full executor may have room, in real time: room comes from running tasks,
    /// whatever the scheduler's clock shows.
    fn wait_for_room(&mut self, deadline: Moment) {
        let engine = &self.engine;
        engine.clock.wait_at_most(&engine.parker, deadline, self.retry);
        self.retry = (self.retry * 2).min(LONGEST_RETRY);
    }

    /// Gives what was harvested, and what was given back before, to the executors.
    fn hand_over(&mut self) {
        let fresh = self.harvest.lanes.iter_mut();
        for ((lane, fresh), backlog) in self.engine.lanes.iter().zip(fresh).zip(&mut self.backlogs)
        {
            // Taken, so that the room that a burst needed is given back after it.
            let mut fresh = mem::take(fresh);
            fresh.make_contiguous().sort();
            if backlog.is_empty() {
                let Some(job) = offer(lane, &mut fresh) else { continue };
                backlog.push(job);
            }
            backlog.push_all(&mut fresh);
            // From here on a job that ends wakes the heart. One that ended just before made room
            // that is found now.
            lane.starved.store(true, Ordering::SeqCst);
            while let Some(job) = backlog.pop() {
                if let Some(job) = offer_one(lane, job) {
                    backlog.push(job);
                    break;
                }
                self.retry = FIRST_RETRY;
            }
            lane.starved.store(!backlog.is_empty(), Ordering::SeqCst);
        }
    }
}

/// Fails a job that was given back when the heart offers nothing any more.
pub(super) fn fail_in_the_end(job: Job) {
    job.fail(TaskError::Refused("it was full when the scheduler shut down".to_owned()));
}

/// Gives a job to the executor of a lane; gives it back if that is full.
pub(super) fn offer_one(lane: &Lane, job: Job) -> Option<Job> {
    match catch_orphans(|| lane.executor.submit(job)) {
        Ok(Ok(())) => {}
        Ok(Err(Rejected::Full(job))) => return Some(job),
        Ok(Err(Rejected::Refused(job, why))) => job.fail(TaskError::Refused(why)),
        Err(orphans) => {
            orphans.fail();
        }
    }
    None
}

/// Gives jobs to the executor of a lane until it is full; gives back the job it has no room for.
fn offer(lane: &Lane, jobs: &mut VecDeque<Job>) -> Option<Job> {
    while !jobs.is_empty() {
        let count = jobs.len();
        match catch_orphans(|| lane.executor.submit_all(jobs)) {
            // Jobs that it has left behind are dropped, and so end as lost.
            Ok(Ok(())) => jobs.clear(),
            Ok(Err(Rejected::Full(job))) => return Some(job),
            Ok(Err(Rejected::Refused(job, why))) => job.fail(TaskError::Refused(why)),
            Err(orphans) => {
                let error = orphans.fail();
                // A panic that took no job would come again for ever.
                if jobs.len() >= count
                    && let Some(job) = jobs.pop_front()
                {
                    job.fail(error);
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InlineExecutor, ManualClock, Scheduler, Task};

    #[test]
    fn a_burst_gives_its_memory_back() {
        let clock = ManualClock::new();
        let sched = Scheduler::builder().clock(clock).executor(InlineExecutor).build();
        (0..10_000).for_each(|_| drop(sched.add(Task::new(|| ())).unwrap()));
        let engine = sched.engine();
        let mut heart = Heart::new(engine);
        let (now, wall) = engine.clock.read_and_keep();
        engine.life.lock().stage = Stage::Running;
        heart.harvest(now, wall);
        assert_eq!(heart.harvest.jobs(), 10_000);
        heart.hand_over();
        assert!(engine.in_flight.is_none());
        assert_eq!(heart.harvest.lanes[0].capacity(), 0);
    }
}
