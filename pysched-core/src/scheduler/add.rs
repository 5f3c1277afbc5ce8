//! Adding tasks, from any thread.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::engine::{Engine, Lane, Place};
use super::heart::offer;
use super::shard::{Entrant, Shard};
use super::slot::More;
use crate::error::Error;
use crate::execution::Owner;
use crate::executor::Job;
use crate::sync::MutexGuard;
use crate::task::{Handle, Keeper, Task};
use crate::trigger::{Due, Schedule};

/// How many tasks in a row a thread adds to one shard. Those of a burst are then spread over all, so
/// that the workers which end them do not meet at one lock; and each addition finds warm what the
/// last one has touched.
const IN_A_ROW: u32 = 256;

static THREADS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// How many tasks this thread has added, from a start of its own.
    static TURN: Cell<u32> =
        Cell::new(THREADS.fetch_add(1, Ordering::Relaxed).wrapping_mul(IN_A_ROW));
}

impl Engine {
    pub(super) fn add<T>(self: &Arc<Self>, task: Task<T>) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        // The body outlives the lock: what cannot be added is dropped after it has been released.
        let (body, trigger, priority, rare) = task.into_parts();
        let rare = rare.map(|rare| *rare).unwrap_or_default();
        if let Some(registered) = &rare.registered {
            registered.registration.check()?;
        }
        let lane = self.lane(rare.executor.as_deref())?;
        if self.refusing.load(Ordering::SeqCst) {
            return Err(Error::Shutdown);
        }
        let now = self.clock.now();
        let wall = (trigger.names_a_time() || rare.bounds.name_a_time()).then(|| self.clock.wall());
        let sequence = self.added.fetch_add(1, Ordering::Relaxed) + 1;

        let (place, mut shard) = self.free_shard();
        if !shard.open {
            return Err(Error::Shutdown);
        }
        let retimed = wall.is_some_and(|wall| shard.observe(now, wall));
        let plain = if rare.bounds.is_none() { trigger.after(now) } else { None };
        let (delay, schedule, first) = match plain {
            Some((delay, first)) => (delay, None, first),
            None => {
                let wall = wall.unwrap_or_else(|| shard.timeline.wall_at(now));
                let (schedule, first) =
                    Schedule::plan(trigger, rare.bounds, now, wall, shard.timeline)?;
                (0, Some(schedule), first)
            }
        };
        let is_series = schedule.as_ref().is_some_and(Schedule::is_series);
        let more = (rare.name.is_some() || schedule.is_some())
            .then(|| Box::new(More { name: rare.name, schedule, ..More::default() }));
        let entrant = Entrant { body, sequence, priority, lane, more, delay };
        let index = shard.insert(entrant);
        let id = shard.id(index);
        let at_once = plain.is_some() && first.moment <= now && self.may_hand_over(lane, first);
        let job = if at_once {
            self.in_flight.enter(1);
            let owner = Arc::clone(self) as Arc<dyn Owner>;
            Some(shard.launch_light(index, first, &owner))
        } else {
            shard.arm(index, first);
            None
        };
        let record = is_series.then(|| shard.record_series(index));
        self.unlock(place, shard);
        if retimed {
            // The heart has the other shards notice.
            self.parker.unpark();
        }
        if let Some(job) = job {
            self.hand_over(lane, job);
        }
        Ok(Handle::new(id, Arc::clone(self) as Arc<dyn Keeper>, record.flatten()))
    }

    /// The shard whose turn it is, or the next one that nobody is at.
    fn free_shard(&self) -> (&Place, MutexGuard<'_, Shard>) {
        let shards = self.shards.len();
        // A thread that is ending, and has dropped its turn, begins anew each time.
        let turn = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1))).unwrap_or(0);
        for offset in 0..shards {
            let place = &self.shards[((turn / IN_A_ROW) as usize + offset) % shards];
            if let Some(shard) = place.shard.try_lock() {
                if offset > 0 {
                    let skipped = u32::try_from(offset).unwrap_or(0).wrapping_mul(IN_A_ROW);
                    let _ = TURN.try_with(|it| it.set(it.get().wrapping_add(skipped)));
                }
                return (place, shard);
            }
        }
        let place = &self.shards[(turn / IN_A_ROW) as usize % shards];
        (place, place.shard.lock())
    }

    /// Whether a task that is due may go to its executor without the heart: if that takes jobs from
    /// any thread, and has everything that was due before.
    fn may_hand_over(&self, lane: u32, due: Due) -> bool {
        let lane = &self.lanes[lane as usize];
        lane.executor.takes_from_any_thread()
            && self.alarm.is_set_beyond(due.moment)
            && !lane.starved.load(Ordering::SeqCst)
    }

    /// Gives a job to its executor in place of the heart.
    fn hand_over(&self, lane: u32, job: Job) {
        let _inside = self.enter();
        let lane: &Lane = &self.lanes[lane as usize];
        if let Some(job) = offer(lane, &mut VecDeque::from([job])) {
            // It has become full since. From here on, the heart has it.
            self.life.lock().returned.push(job);
            self.parker.unpark();
        }
    }

    fn lane(&self, name: Option<&str>) -> Result<u32, Error> {
        let Some(name) = name else { return Ok(0) };
        let found = self.lanes.iter().skip(1).position(|lane| lane.name == name);
        found.and_then(|index| u32::try_from(index + 1).ok()).ok_or_else(|| {
            let names: Vec<_> =
                self.lanes.iter().skip(1).map(|lane| format!("{:?}", lane.name)).collect();
            Error::UnknownExecutor(match names.as_slice() {
                [] => format!(
                    "the task asks for {name:?}, but this scheduler has no named executors; add it \
                     with SchedulerBuilder::named_executor"
                ),
                names => format!(
                    "the task asks for {name:?}, but this scheduler has only {}; add it with \
                     SchedulerBuilder::named_executor",
                    names.join(", ")
                ),
            })
        })
    }
}
