//! [`Engine`]: the state of a scheduler, its locks, and what may be done to it from any thread.
//!
//! # Ground rules
//!
//! * The tasks are spread over shards, so that threads that add and workers that finish seldom meet.
//!   A task is in one shard for all its life, which its id names. The lock of a shard is held for a
//!   few queue operations, never while code of users runs: not a task, a clock, an executor, a
//!   callback, nor the `Drop` of a value.
//! * Locks are taken in this order: that of the scheduler's life, a shard's, a record's, a cell's.
//!   Only `tasks` holds more than one shard, and takes them in order. An executor's lock is never
//!   taken under any of them. Events are published under them, so as to come in their order; the locks
//!   that this takes are the innermost of all.
//! * What a change leaves to be announced and dropped stays in what it hands back, until the lock has
//!   been released and it is cleared.
//! * The heart hands jobs to executors (`heart.rs`), so that they get them in order. While it sleeps
//!   and nothing is due, whoever adds a task that is due at once hands it over in its place, if the
//!   executor takes jobs from any thread (`add.rs`). Each job is counted into `in_flight` before
//!   the lock is released under which it was taken out.
//!
//! The loom models of whole schedulers, which these rules have to stand, are in `models.rs`.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use crossbeam_utils::CachePadded;

use super::alarm::{Alarm, Head};
use super::drain::InFlight;
use super::events::{Bus, EventKind};
use super::heart::Pulse;
use super::life::Life;
use super::limits::Limits;
use super::names::Names;
use super::outbox::Outbox;
use super::over::Over;
use super::shard::{Common, Shard, Share};
use crate::execution::{Execution, Inside, Owner, Ticket, enlist, strike_off};
use crate::executor::Executor;
use crate::id::SchedulerId;
use crate::portable::Parcel;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::time::{AnyClock, GuardedClock, Parker};
use crate::unwind::catch;
use crate::{TaskId, TaskInfo};

/// What all clones of a scheduler, its heart, its handles and its jobs share.
pub(super) struct Engine {
    pub(super) id: SchedulerId,
    pub(super) clock: GuardedClock,

    /// Where the heart sleeps.
    pub(super) parker: Parker,

    /// Until when it sleeps.
    pub(super) alarm: Alarm,

    /// The executors. The first is the scheduler's own, under the empty name.
    pub(super) lanes: Vec<Lane>,

    /// A power of two of them.
    pub(super) shards: Box<[CachePadded<Place>]>,

    /// How many tasks have ever been added.
    pub(super) added: CachePadded<AtomicU64>,
    pub(super) life: Mutex<Life>,

    /// Jobs that have been taken out of the shards and are not over.
    pub(super) in_flight: InFlight,

    /// Whether nothing is added any more; set before the shards are closed one by one, so that
    /// nobody is refused by one and welcome to the next.
    pub(super) refusing: AtomicBool,

    /// Whether it is over, and who awaits that.
    pub(super) over: Over,

    /// Whether some thread is blocked until the shutdown is over, and will close the executors. Set before
    /// it drains, so that whoever ends the last job does not close them first.
    pub(super) awaited: AtomicBool,

    /// Whether a task had a timeout when the scheduler was shut down. Written under the lock of the life.
    pub(super) had_timeouts: AtomicBool,

    /// Where all that happens is told.
    pub(super) bus: Arc<Bus>,

    /// Whether the executors have been told not to wait for anything.
    closed: AtomicBool,

    /// Notified when the heart's thread has ended.
    pub(super) heart_ended: Condvar,

    /// In a simulation, the heart, from the start until whoever drives it takes it.
    pub(super) by_hand: Mutex<Option<Pulse>>,

    /// How many executions of each task are retained.
    pub(super) history: usize,

    /// Whether the scheduler is paused; written under the lock of its life.
    pub(super) paused: AtomicBool,
    pub(super) names: Names,
    pub(super) limits: Arc<Limits>,
}

/// More shards than this serve no machine of today.
const MAX_SHARD_BITS: u32 = 6;

/// A shard, and what may be known of it without its lock.
pub(super) struct Place {
    pub(super) head: Head,
    pub(super) shard: Mutex<Shard>,
}

/// An executor and what the heart needs to know of it.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) executor: Box<dyn Executor>,

    /// Whether it can run tasks that are nothing but a closure.
    pub(super) takes_closures: bool,

    /// Whether it has given jobs back, which are to be offered again when one has ended.
    pub(super) starved: AtomicBool,
}

impl Lane {
    /// Whether nobody runs some of its jobs while this thread blocks, those of asynchronous functions or the
    /// others.
    pub(super) fn waits_for_this_thread(&self, is_async: bool) -> bool {
        // One that panics waits for nobody, as far as is known.
        catch(|| self.executor.waits_for_this_thread(is_async)).unwrap_or(false)
    }
}

impl Engine {
    pub(super) fn new(
        clock: AnyClock,
        executors: Vec<(String, Box<dyn Executor>)>,
        history: usize,
        limits: Limits,
    ) -> Arc<Self> {
        // Two for each thread that can run at a time leave most of them free at any time.
        let bits = (2 * num_cpus::get()).next_power_of_two().trailing_zeros().min(MAX_SHARD_BITS);
        // A model has one, as there are too many orders in which the heart may come to several.
        let bits = if cfg!(loom) { 0 } else { bits };
        Self::with_shards(bits, clock, executors, history, limits, Bus::new())
    }

    /// With two to the power of `bits` shards.
    pub(super) fn with_shards(
        bits: u32,
        clock: AnyClock,
        executors: Vec<(String, Box<dyn Executor>)>,
        history: usize,
        limits: Limits,
        bus: Arc<Bus>,
    ) -> Arc<Self> {
        let limits = Arc::new(limits);
        let common = Common { limits: Arc::clone(&limits), bus: Arc::clone(&bus) };
        let lane = |(name, executor): (String, Box<dyn Executor>)| {
            let takes_closures = executor.admits(&Parcel::default()).is_ok();
            Lane { name, executor, takes_closures, starved: AtomicBool::new(false) }
        };
        let clock = GuardedClock::new(clock);
        let (id, (now, wall)) = (SchedulerId::unique(), clock.read());
        let place = |number| {
            let share = Share { scheduler: id, number, bits };
            CachePadded::new(Place {
                head: Head::none(),
                shard: Mutex::new(Shard::new(share, now, wall, history, common.clone())),
            })
        };
        let shards = (0..1 << bits).map(place).collect();
        let engine = Arc::new(Self {
            id,
            clock,
            parker: Parker::new(),
            alarm: Alarm::awake(),
            lanes: executors.into_iter().map(lane).collect(),
            shards,
            added: CachePadded::new(AtomicU64::new(0)),
            life: Mutex::new(Life::new()),
            in_flight: InFlight::none(1 << bits),
            refusing: AtomicBool::new(false),
            over: Over::not_yet(),
            awaited: AtomicBool::new(false),
            had_timeouts: AtomicBool::new(false),
            bus,
            closed: AtomicBool::new(false),
            heart_ended: Condvar::new(),
            by_hand: Mutex::new(None),
            history,
            paused: AtomicBool::new(false),
            names: Names::default(),
            limits,
        });
        let owner: Weak<dyn Owner> = Arc::<Self>::downgrade(&engine);
        enlist(id, owner);
        engine
    }

    /// Which shard a slot is in.
    pub(super) fn number(&self, slot: u32) -> usize {
        slot as usize & (self.shards.len() - 1)
    }

    /// The shard of a task, which need not be in it.
    pub(super) fn place(&self, task: TaskId) -> &Place {
        &self.shards[self.number(task.slot())]
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = &Head> + Clone {
        self.shards.iter().map(|place| &place.head)
    }

    pub(super) fn task(&self, task: TaskId) -> Option<TaskInfo> {
        let shard = self.place(task).shard.lock();
        shard.index(task).map(|index| shard.info(index))
    }

    pub(super) fn tasks(&self) -> Vec<TaskInfo> {
        let mut tasks: Vec<_> = {
            // All of one instant: while the heart harvests it holds the life, and nobody adds.
            let _life = self.life.lock();
            let shards: Vec<_> = self.shards.iter().map(|place| place.shard.lock()).collect();
            let infos = |shard: &MutexGuard<'_, Shard>| {
                shard.indices().into_iter().map(|index| shard.info(index)).collect::<Vec<_>>()
            };
            shards.iter().flat_map(infos).collect()
        };
        tasks.sort_by_key(|info| (info.next_run.is_none(), info.next_run, info.priority, info.id));
        tasks
    }

    /// How many tasks are alive.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|place| place.shard.lock().indices().len()).sum()
    }

    pub(super) fn results(&self, task: TaskId) -> Vec<Execution> {
        let record = {
            let shard = self.place(task).shard.lock();
            match shard.index(task) {
                Some(index) => shard.slot(index).record().cloned(),
                None if task.scheduler() == self.id => return shard.finished.executions(task),
                None => return Vec::new(),
            }
        };
        record.map(|record| record.executions()).unwrap_or_default()
    }

    /// Changes the shard of a task, and calls the heart if that has made something due earlier.
    #[inline]
    pub(super) fn change<R>(&self, task: TaskId, change: impl FnOnce(&mut Shard) -> R) -> R {
        let place = self.place(task);
        let mut shard = place.shard.lock();
        let changed = change(&mut shard);
        self.unlock(place, shard, false);
        changed
    }

    /// Releases the lock of a shard, and calls the heart if something is due there earlier, or
    /// `already`. Then does what was left to be done.
    #[inline]
    pub(super) fn unlock(&self, place: &Place, shard: MutexGuard<'_, Shard>, already: bool) {
        if already || place.head.is_beyond(shard.head) || shard.has_outbox() {
            self.unlock_and_act(place, shard, already);
        }
    }

    /// Out of line, as nearly every change leaves nothing and makes nothing due earlier.
    #[inline(never)]
    fn unlock_and_act(&self, place: &Place, shard: MutexGuard<'_, Shard>, already: bool) {
        let outbox = self.release(place, shard, already);
        if let Some(outbox) = outbox {
            self.post(*outbox);
        }
    }

    /// As [`unlock`](Self::unlock), and gives what is left to be done.
    fn release(
        &self,
        place: &Place,
        mut shard: MutexGuard<'_, Shard>,
        already: bool,
    ) -> Option<Box<Outbox>> {
        let outbox = shard.take_outbox();
        let call = place.head.advance(shard.head, &self.alarm) || already;
        let ring = call && self.parker.leave_token();
        drop(shard);
        if ring {
            self.parker.wake();
        }
        outbox
    }

    /// Changes the shard of a task as [`change`](Self::change) does, and gives what is left to be done.
    pub(super) fn edit(
        &self,
        task: TaskId,
        change: impl FnOnce(&mut Shard),
    ) -> Option<Box<Outbox>> {
        let place = self.place(task);
        let mut shard = place.shard.lock();
        change(&mut shard);
        self.release(place, shard, false)
    }

    /// Marks this thread as running code on behalf of this scheduler.
    pub(super) fn enter(&self) -> Inside {
        Inside::enter(self.id)
    }

    /// Says that a job is over, with all that follows from it. The last word of every job.
    pub(super) fn left(&self, ticket: &Ticket) {
        if ticket.limited {
            self.make_room(ticket);
        }
        self.in_flight.leave(self.number(ticket.task.slot()));
        if self.lanes[ticket.lane as usize].starved.load(Ordering::SeqCst) {
            self.parker.unpark();
        }
        self.close_if_over();
    }

    /// Has those go on who wait for room under the limits that have counted a job.
    #[cold]
    fn make_room(&self, ticket: &Ticket) {
        for task in self.limits.leave((ticket.task, ticket.run)) {
            self.change(task, |shard| shard.nudge_task(task));
        }
    }

    /// Ends what ends with a scheduler that was shut down, if its last job is over and its heart has
    /// ended: the subscriptions, if no thread waits that would do so the executors, and what is awaited.
    #[inline]
    pub(super) fn close_if_over(&self) {
        if self.over.is_draining() {
            self.close_if_drained();
        }
    }

    #[cold]
    fn close_if_drained(&self) {
        if self.over.is_beating() {
            // It may have slept only for the timeout of what has just ended.
            self.parker.unpark();
        } else if self.over.is_reached(&self.in_flight) {
            self.bus.close();
            if !self.awaited.load(Ordering::SeqCst) {
                self.close_executors(false);
            }
            // Who is woken may shut the scheduler down, and is inside of it then.
            let _inside = self.enter();
            self.over.tell();
        }
    }

    /// Tells those who listen what has happened to the scheduler.
    pub(super) fn tell(&self, at: SystemTime, kind: EventKind) {
        if let Some(event) = self.bus.announcement(|| at, kind) {
            self.bus.publish(event);
        }
    }

    /// Tells the executors that nothing more will come. Runs code of users, who may call the
    /// scheduler's `shutdown` in it: that is a call from inside, and tells them nothing again.
    pub(super) fn close_executors(&self, wait: bool) {
        if !wait && self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        let _inside = self.enter();
        for lane in &self.lanes {
            // An executor that panics here is not asked again; the panic hook has reported it.
            let _ = catch(|| lane.executor.shutdown(wait));
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        strike_off(self.id);
        self.bus.close();
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Conflict, InlineExecutor, ManualClock, Overlap, Retry, Scheduler, Task, Trigger};

    /// Whatever tasks leave behind when they are over, in whichever way.
    #[track_caller]
    fn assert_nothing_is_left(sched: &Scheduler, how: &str) {
        let engine = sched.engine();
        assert!(engine.limits.are_idle(), "{how}");
        assert!(engine.names.are_free(), "{how}");
        assert!(engine.in_flight.is_none(), "{how}");
        for place in &engine.shards {
            let shard = place.shard.lock();
            assert_eq!(shard.slots.iter().count(), 0, "{how}");
            assert!(shard.deadlines.is_empty() && shard.stops.is_empty(), "{how}");
            assert_eq!(shard.on_wall, 0, "{how}");
        }
    }

    #[test]
    fn nothing_is_left_of_tasks_that_are_over() {
        for how in ["they end", "cancelled", "by their futures", "shut down", "not waited for"] {
            let clock = ManualClock::new();
            let sched = Scheduler::builder()
                .clock(clock.clone())
                .executor(InlineExecutor)
                .limit("x", 2)
                .build();
            sched.start().unwrap();
            let second = Duration::from_secs(1);
            let mut handles = Vec::new();
            for round in 0..20 {
                let name = |what: &str| format!("{what} {round}");
                let named = |task: Task<()>, what: &str| {
                    task.name(name(what)).conflict(Conflict::Replace).tag("x").timeout(second)
                };
                let fails = Task::fallible(|| Err::<(), _>("failed"));
                let fails = fails.retry(Retry::times(3).fixed(second)).overlap(Overlap::AllowAll);
                let series = named(fails.trigger(Trigger::recur(1)).times(5), "series");
                let series = sched.add(series).unwrap();
                let single = sched.add(named(Task::new(|| ()), "single")).unwrap();
                let follows = Task::new(|| ()).trigger(Trigger::once(second));
                let follower = sched.add(named(follows.after(&single), "follower")).unwrap();
                let at = Trigger::at(clock.wall() + 2 * second);
                let at = sched.add(named(Task::new(|| ()).trigger(at), "at")).unwrap();
                handles.extend([series, single, follower, at]);
            }
            sched.set_limit("x", 0);
            clock.advance(second);
            sched.set_limit("x", 2);
            clock.advance(second / 2);
            match how {
                "they end" => (0..20).for_each(|_| clock.advance(second)),
                "cancelled" => handles.iter().for_each(|handle| drop(handle.cancel())),
                "by their futures" => {
                    for handle in &handles {
                        while sched.task(handle).is_some() {
                            let _ = handle.future().cancel();
                        }
                    }
                    clock.advance(second);
                }
                "shut down" => sched.shutdown(true),
                _ => sched.shutdown(false),
            }
            clock.advance(Duration::ZERO);
            assert!(sched.tasks().is_empty(), "{how}: {:#?}", sched.tasks());
            if how == "not waited for" {
                sched.shutdown(true);
            }
            assert_nothing_is_left(&sched, how);
        }
    }
}
