//! Adding tasks, from any thread.

use std::cell::Cell;
use std::collections::HashSet;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::anchor::Anchors;
use super::bonds::{Bonds, News, Signal, Standing};
use super::engine::{Engine, Place};
use super::events::EventKind;
use super::heart::{fail_in_the_end, offer_one};
use super::shard::{Entrant, Shard};
use super::slot::More;
use crate::TaskId;
use crate::error::Error;
use crate::execution::Reason;
use crate::portable::Parcel;
use crate::sync::MutexGuard;
use crate::task::{AnyRecord, Body, Conflict, Handle, Rare, Rules, Task};
use crate::time::{Moment, Timeline};
use crate::trigger::{Due, Schedule, Trigger};

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

/// What a task that follows others is added with.
struct Follower {
    predecessors: Vec<TaskId>,
    rules: Option<Arc<Rules>>,
    parcel: Parcel,

    /// Whether no other task may have its name.
    is_named: bool,
}

/// A task that was added.
struct Added {
    id: TaskId,

    /// Of a series.
    record: Option<Arc<dyn AnyRecord>>,
}

impl Engine {
    pub(super) fn add<T>(&self, task: Task<T>, anchors: &Anchors) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        let (body, trigger, priority, rare) = task.into_parts();
        match rare {
            Some(rare) if rare.conflict.is_some() => {
                self.add_named(body, trigger, priority, rare, anchors)
            }
            rare => self.add_body(body, trigger, priority, rare, anchors),
        }
    }

    /// Adds a task whose name no other one may have.
    fn add_named<T>(
        &self,
        body: Body,
        trigger: Trigger,
        priority: i32,
        mut rare: Box<Rare>,
        anchors: &Anchors,
    ) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        let conflict = rare.conflict.unwrap_or_default();
        let Some(name) = rare.name.clone() else {
            // Without a name there is nothing that could conflict.
            rare.conflict = None;
            return self.add_body(body, trigger, priority, Some(rare), anchors);
        };
        let is_live = |task| self.place(task).shard.lock().index(task).is_some();
        let reserved = loop {
            let reserved = self.names.reserve(&name, is_live, conflict == Conflict::Replace);
            match reserved {
                Err(task) if conflict == Conflict::Keep => {
                    match self.existing(task, &name, anchors) {
                        // It has ended this very moment: there is nothing to keep.
                        Err(Error::UnknownTask(_)) => {}
                        kept => return kept,
                    }
                }
                reserved => break reserved,
            }
        };
        match reserved {
            Ok(reservation) => {
                // Its handle has to be found again by its name.
                rare.rules.get_or_insert_default();
                let handle = self.add_body(body, trigger, priority, Some(rare), anchors)?;
                let before = reservation.settle(handle.id());
                if !is_live(handle.id()) {
                    // It was finished before it had the name, and has given up none.
                    self.names.forget(&name, handle.id());
                }
                if let Some(before) = before {
                    // It may have ended by itself meanwhile.
                    let _ = self.cancel(before, Reason::TaskCancelled);
                }
                Ok(handle)
            }
            Err(task) => Err(Error::NameTaken(format!(
                "the live task {task} is called {name:?}: give another name, or say what is to be done \
                 about it, as in `.conflict(Conflict::Replace)`"
            ))),
        }
    }

    /// A handle of a task that is there already.
    fn existing<T>(&self, task: TaskId, name: &str, anchors: &Anchors) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        let record = {
            let shard = self.place(task).shard.lock();
            shard.held_index(task).and_then(|index| shard.slot(index).record().cloned())
        };
        let record = record.ok_or(Error::UnknownTask(task))?;
        if !Handle::<T>::fits(&record) {
            return Err(Error::NameTaken(format!(
                "the live task {task} is called {name:?} and cannot be kept in place of this one: its \
                 function gives another type of result"
            )));
        }
        Ok(Handle::new(task, anchors.keeper(self.number(task.slot())), Some(record)))
    }

    /// The rules of a task, if it has any that the scheduler has to see to.
    fn rules(&self, rare: &mut Rare, lane: u32) -> Option<Arc<Rules>> {
        if !self.lanes[lane as usize].executor.keeps_time()
            && let Some(limit) = rare.timeout
        {
            rare.rules.get_or_insert_default().timeout = Some(limit);
        }
        rare.rules.take().map(Arc::new)
    }

    /// Adds a task that runs when others have succeeded.
    fn admit_follower(
        &self,
        body: Body,
        trigger: &Trigger,
        priority: i32,
        lane: u32,
        name: Option<String>,
        follower: Follower,
    ) -> Result<Added, Error> {
        let Follower { predecessors, rules, parcel, is_named } = follower;
        #[cfg(not(all(feature = "process", unix)))]
        let _ = parcel;
        let delay = trigger.delay().ok_or_else(|| {
            Error::InvalidTrigger(format!(
                "`{trigger}` is no trigger for a task that follows others: give `once` with how long \
                 after them it is to run, or no trigger"
            ))
        })??;
        for &task in &predecessors {
            // Before anything is added: most mistakes are found here.
            if self.place(task).shard.lock().standing(task) == Standing::Unknown {
                return Err(Error::UnknownTask(task));
            }
        }
        let now = self.clock.now();
        let sequence = self.next_sequence();
        let (place, mut shard) = self.free_shard();
        if !shard.open {
            drop(shard);
            return Err(Error::Shutdown);
        }
        let more = More {
            name,
            is_named,
            rules: Some(rules.unwrap_or_else(|| Arc::clone(&shard.default_rules))),
            bonds: Some(Box::new(Bonds::after(predecessors.clone(), delay))),
            #[cfg(all(feature = "process", unix))]
            parcel: (!parcel.is_empty()).then(|| Arc::new(parcel)),
            ..More::default()
        };
        let index = shard.insert(Entrant {
            is_async: body.is_async(),
            body,
            sequence,
            priority,
            lane,
            more: Some(Box::new(more)),
            delay: u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX),
            first: Due::interval(Moment::NEVER),
            armed: false,
        });
        let id = shard.id(index);
        let record = shard.record_series(index);
        shard.tell(index, now, || EventKind::Added);
        self.unlock(place, shard, false);
        for from in predecessors {
            let standing = self.change(from, |shard| shard.tie(from, id));
            let news: &[News] = match standing {
                Standing::Live => &[],
                Standing::Finished { has_succeeded: true } => &[News::Succeeded, News::Finished(1)],
                Standing::Finished { has_succeeded: false } | Standing::Unknown => {
                    &[News::Finished(0)]
                }
            };
            for &news in news {
                self.change(id, |shard| {
                    shard.receive(Signal { to: id, from, news }, now);
                });
            }
        }
        Ok(Added { id, record })
    }

    /// Adds a task whose function gives a `T`.
    pub(super) fn add_body<T>(
        &self,
        body: Body,
        trigger: Trigger,
        priority: i32,
        rare: Option<Box<Rare>>,
        anchors: &Anchors,
    ) -> Result<Handle<T>, Error>
    where
        T: Send + Sync + 'static,
    {
        let Added { id, record } = self.admit(body, trigger, priority, rare, anchors)?;
        Ok(Handle::new(id, anchors.keeper(self.number(id.slot())), record))
    }

    /// Adds a task, whatever its type.
    fn admit(
        &self,
        mut body: Body,
        trigger: Trigger,
        priority: i32,
        rare: Option<Box<Rare>>,
        anchors: &Anchors,
    ) -> Result<Added, Error> {
        if self.refusing.load(Ordering::SeqCst) {
            return Err(Error::Shutdown);
        }
        let _lent = self.clock.simulated().map(|clock| body.simulate(clock));
        let now = self.clock.now();
        match (rare, trigger.after(now)) {
            (None, Some((delay, first))) if self.lanes[0].takes_closures => {
                self.admit_plain(body, delay, first, priority, now, anchors)
            }
            (rare, _) => {
                self.admit_any(body, trigger, priority, *rare.unwrap_or_default(), now, anchors)
            }
        }
    }

    /// Adds a task that runs once after a delay, and has nothing else to it: what most tasks are.
    fn admit_plain(
        &self,
        body: Body,
        delay: u64,
        first: Due,
        priority: i32,
        now: Moment,
        anchors: &Anchors,
    ) -> Result<Added, Error> {
        let sequence = self.next_sequence();
        let armed = first.moment > now || !self.may_hand_over(0, first.moment);
        let (place, mut shard) = self.free_shard();
        if !shard.open {
            // In this order: the body is dropped without a lock.
            drop(shard);
            return Err(Error::Shutdown);
        }
        let entrant = Entrant {
            is_async: body.is_async(),
            body,
            sequence,
            priority,
            lane: 0,
            more: None,
            delay,
            first,
            armed,
        };
        let index = shard.insert(entrant);
        let id = shard.id(index);
        shard.tell(index, now, || EventKind::Added);
        if armed {
            self.unlock(place, shard, first.moment <= now);
        } else {
            self.launch_at_once(shard, index, first, anchors);
        }
        Ok(Added { id, record: None })
    }

    /// Adds a task of any kind.
    fn admit_any(
        &self,
        body: Body,
        trigger: Trigger,
        priority: i32,
        mut rare: Rare,
        now: Moment,
        anchors: &Anchors,
    ) -> Result<Added, Error> {
        let lane = self.lane(rare.executor.as_deref())?;
        let rules = self.rules(&mut rare, lane);
        let parcel = Parcel::new(rare.registered, rare.name.clone(), rare.timeout)?;
        self.lanes[lane as usize].executor.admits(&parcel)?;
        let mut predecessors = mem::take(&mut rare.predecessors);
        if !predecessors.is_empty() {
            if !rare.bounds.is_none() || rare.jitter.is_some() {
                return Err(Error::InvalidTrigger(
                    "a task that follows others has the times that they give it: it takes no \
                     `times`, `starting`, `until` or `jitter`; give those to the ones it follows, or \
                     take them away"
                        .to_owned(),
                ));
            }
            let is_named = rare.conflict.is_some();
            // To follow a task twice is to follow it.
            let mut known = HashSet::new();
            predecessors.retain(|task| known.insert(*task));
            let follower = Follower { predecessors, rules, parcel, is_named };
            return self.admit_follower(body, &trigger, priority, lane, rare.name, follower);
        }
        let trigger = match rare.jitter {
            Some(max) => trigger.jitter(max),
            None => trigger,
        };
        let trigger = trigger.validated()?;
        let (now, wall) = if trigger.names_a_time() || rare.bounds.name_a_time() {
            let (now, wall) = self.clock.read();
            (now, Some(wall))
        } else {
            (now, None)
        };
        let sequence = self.next_sequence();
        let plain = if rare.bounds.is_none() { trigger.after(now) } else { None };
        // The search for a first run may take its time, which nobody else should wait for.
        let planned = wall.filter(|_| trigger.is_calendar()).map(|wall| {
            let timeline = Timeline::through(now, wall);
            Schedule::plan(trigger.clone(), rare.bounds, now, wall, timeline)
        });
        let planned = planned.transpose()?;
        let at_once = plain.is_some_and(|(_, first)| first.moment <= now);
        let armed = !at_once || rules.is_some() || !self.may_hand_over(lane, now);

        let (place, mut shard) = self.free_shard();
        if !shard.open {
            drop(shard);
            return Err(Error::Shutdown);
        }
        let retimed = wall.is_some_and(|wall| shard.observe(now, wall));
        let (delay, schedule, first) = if let Some((delay, first)) = plain {
            (delay, None, first)
        } else if let Some((schedule, first)) = planned {
            (0, Some(schedule), first)
        } else {
            let wall = wall.unwrap_or_else(|| shard.timeline.wall_at(now));
            let planned = Schedule::plan(trigger, rare.bounds, now, wall, shard.timeline);
            match planned {
                Ok((schedule, first)) => (0, Some(schedule), first),
                Err(error) => {
                    // Other tasks may have been timed anew.
                    self.unlock(place, shard, retimed);
                    return Err(error);
                }
            }
        };
        let has_record = rules.is_some() || schedule.as_ref().is_some_and(Schedule::is_series);
        let more = More {
            name: rare.name,
            schedule,
            is_named: rare.conflict.is_some(),
            rules,
            #[cfg(all(feature = "process", unix))]
            parcel: (!parcel.is_empty()).then(|| Arc::new(parcel)),
            ..More::default()
        };
        let more = Some(Box::new(more));
        let index = shard.insert(Entrant {
            is_async: body.is_async(),
            body,
            sequence,
            priority,
            lane,
            more,
            delay,
            first,
            armed: false,
        });
        if armed {
            shard.arm(index, first);
        }
        let id = shard.id(index);
        let record = if has_record { shard.record_series(index) } else { None };
        shard.tell(index, now, || EventKind::Added);
        if armed {
            self.unlock(place, shard, first.moment <= now);
        } else {
            self.launch_at_once(shard, index, first, anchors);
        }
        if retimed {
            // The heart has the other shards notice.
            self.parker.unpark();
        }
        Ok(Added { id, record })
    }

    fn next_sequence(&self) -> u64 {
        self.added.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The shard whose turn it is, or the next one that nobody is at.
    fn free_shard(&self) -> (&Place, MutexGuard<'_, Shard>) {
        let shards = self.shards.len();
        // A thread that is ending, and has dropped its turn, begins anew each time.
        let turn = TURN.try_with(|turn| turn.replace(turn.get().wrapping_add(1))).unwrap_or(0);
        for offset in 0..shards {
            let place = &self.shards[((turn / IN_A_ROW) as usize + offset) & (shards - 1)];
            if let Some(shard) = place.shard.try_lock() {
                if offset > 0 {
                    let skipped = u32::try_from(offset).unwrap_or(0).wrapping_mul(IN_A_ROW);
                    let _ = TURN.try_with(|it| it.set(it.get().wrapping_add(skipped)));
                }
                return (place, shard);
            }
        }
        let place = &self.shards[(turn / IN_A_ROW) as usize & (shards - 1)];
        (place, place.shard.lock())
    }

    /// Whether a task that is due may go to its executor without the heart: if that takes jobs from
    /// any thread, and has everything that was due before.
    fn may_hand_over(&self, lane: u32, due: Moment) -> bool {
        let lane = &self.lanes[lane as usize];
        // The heart may be about to wake: then something is due that has to go first.
        lane.executor.takes_from_any_thread()
            && self.alarm.is_set_beyond(due)
            && !self.paused.load(Ordering::SeqCst)
            && self.heads().all(|head| head.get() > due)
            && !lane.starved.load(Ordering::SeqCst)
    }

    /// Gives a new task to its executor in place of the heart.
    fn launch_at_once(
        &self,
        mut shard: MutexGuard<'_, Shard>,
        index: usize,
        due: Due,
        anchors: &Anchors,
    ) {
        let number = shard.share.number as usize;
        self.in_flight.enter(number, 1);
        let owner = anchors.owner(number);
        let job = shard.launch_at_once(index, due, &owner);
        drop(shard);
        let _inside = self.enter();
        let lane = job.lane();
        let Some(job) = offer_one(&self.lanes[lane as usize], job) else { return };
        // It has become full since. From here on the heart has the job, unless that has ended.
        let mut life = self.life.lock();
        if life.heart_beats {
            life.returned.push((lane, job));
            drop(life);
            self.parker.unpark();
        } else {
            drop(life);
            fail_in_the_end(job);
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
