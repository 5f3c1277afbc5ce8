//! [`Workers`]: the virtual workers of a simulation, which jobs wait for one, and what each is at.
//!
//! A worker takes the most urgent job of its executor, and keeps it from its beginning to its end: a function
//! until the time is over that it has said it works, a future also while it awaits something. Whoever
//! drives the simulation asks what is to be [called](Call) next, calls it without any lock, and says what
//! came of it. At most one call goes on at a time.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use crate::TaskId;
use crate::error::TaskError;
use crate::execution::Run;
use crate::executor::Job;
use crate::queue::{ReadyQueue, Urgency as _};
use crate::sync::Mutex;
use crate::time::Moment;

/// What the executors of one simulation share with whoever drives it.
#[derive(Debug, Default)]
pub(super) struct Workers {
    state: Mutex<State>,

    /// The futures that have been woken, by any thread.
    woken: Arc<Woken>,
}

/// Futures that have been woken.
#[derive(Debug, Default)]
struct Woken {
    places: Mutex<Vec<Place>>,

    /// Whether there may be any, or anything else that goes on, so that nobody takes a lock for nothing.
    any: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    lanes: Vec<Lane>,
    desks: Vec<Desk>,

    /// Desks at which nobody is.
    free: Vec<usize>,

    /// Desks whose code is to be called, in the order in which that came about.
    runnable: VecDeque<Place>,
}

/// One executor.
#[derive(Debug)]
struct Lane {
    workers: usize,
    busy: usize,
    ready: ReadyQueue<Job>,
    closed: bool,

    /// Until when its workers do nothing.
    paused_until: Moment,

    /// What makes them slow, and until when.
    slow: Vec<(Slow, Moment)>,
}

/// Where a worker is at a job.
#[derive(Debug)]
struct Desk {
    lane: usize,

    /// Tells one job from the next at the same desk.
    shift: u64,

    /// Whose job it is.
    task: TaskId,
    stage: Stage,

    /// Until when its code works that was called last, or until when it takes to begin.
    busy_until: Moment,

    /// Whether its future was woken since it was called last, or it was to be called anyway.
    woken: bool,

    /// What wakes its future, made anew only if somebody still holds that of an earlier job.
    bell: Option<Arc<Bell>>,
}

enum Stage {
    /// Nobody is there, or the code there is being called.
    Away,

    /// The execution is over, but not what follows on that.
    Lingering,
    Beginning(Job),
    Begun(Run),
}

/// A desk, during one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    desk: usize,
    shift: u64,
}

/// What makes workers slow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Slow {
    /// They take so long to begin.
    Start(Duration),

    /// Their work takes so many times as long.
    Work(f64),
}

/// What is to be called.
pub(super) enum Call {
    Begin(Place, Job),
    Resume(Place, TaskId, Run),

    /// Nothing yet: the worker takes until then to begin, and has to be looked at.
    Later(Place, Moment),
}

/// What came of a call.
pub(super) enum Came {
    /// The execution is over, or there was none.
    Over,

    /// The execution is over, and what followed on that takes so long.
    Lingers(Duration),

    /// It is to be called again when so much time has passed, or after that when it is woken.
    Worked(Run, Duration),

    /// It is to be called again when it is woken.
    Waits(Run),
}

impl Place {
    /// The number of the desk, from 1.
    pub(super) fn number(self) -> u32 {
        u32::try_from(self.desk + 1).expect("four billion desks fit nowhere")
    }
}

impl Workers {
    /// Adds an executor; gives its number.
    pub(super) fn open(&self, workers: usize) -> usize {
        let mut state = self.state.lock();
        state.lanes.push(Lane {
            workers,
            busy: 0,
            ready: ReadyQueue::new(),
            closed: false,
            paused_until: Moment::default(),
            slow: Vec::new(),
        });
        state.lanes.len() - 1
    }

    /// Takes a job; gives it back if the executor has been shut down.
    pub(super) fn submit(&self, lane: usize, job: Job) -> Result<(), Job> {
        let mut state = self.state.lock();
        let lane = &mut state.lanes[lane];
        if lane.closed {
            return Err(job);
        }
        lane.ready.push(job);
        Ok(())
    }

    /// Takes no more jobs; without `drain`, cancels those that wait.
    pub(super) fn close(&self, lane: usize, drain: bool) {
        let jobs = {
            let mut state = self.state.lock();
            let lane = &mut state.lanes[lane];
            lane.closed = true;
            if drain { Vec::new() } else { lane.ready.drain() }
        };
        for job in jobs {
            job.fail(TaskError::Cancelled);
        }
    }

    pub(super) fn size(&self, lane: usize) -> (usize, usize) {
        let state = self.state.lock();
        (state.lanes[lane].busy, state.lanes[lane].workers)
    }

    /// What is to go on at `now`, if anything is.
    pub(super) fn next_to_go_on(&self, now: Moment) -> Option<Call> {
        if self.woken.any.load(Ordering::Acquire) {
            self.state.lock().go_on(&self.woken, now)
        } else {
            None
        }
    }

    /// What is to be called at `now`, if anything is: what goes on, and otherwise what begins.
    pub(super) fn next(&self, now: Moment) -> Option<Call> {
        let mut state = self.state.lock();
        state.go_on(&self.woken, now).or_else(|| state.begin(now))
    }

    /// What has a future called again, and how many times as long its work takes that it says now.
    pub(super) fn attend(&self, place: Place, now: Moment) -> (Waker, f64) {
        let mut state = self.state.lock();
        let State { lanes, desks, .. } = &mut *state;
        let Desk { bell, lane, .. } = &mut desks[place.desk];
        if bell.as_ref().is_none_or(|bell| bell.place != place) {
            match bell.as_mut().and_then(Arc::get_mut) {
                Some(bell) => bell.place = place,
                None => *bell = Some(Arc::new(Bell { place, woken: Arc::clone(&self.woken) })),
            }
        }
        let waker = Waker::from(bell.clone().expect("it was just made"));
        (waker, lanes[*lane].factor(now))
    }

    /// Says what came of a call at `now`; gives when the worker has to be [looked at](Self::look_at).
    pub(super) fn came(&self, place: Place, came: Came, now: Moment) -> Option<Moment> {
        let mut state = self.state.lock();
        match came {
            Came::Over => {
                state.leave(place);
                None
            }
            Came::Lingers(worked) => Some(state.busy(place, Stage::Lingering, worked, now)),
            Came::Worked(run, worked) => Some(state.busy(place, Stage::Begun(run), worked, now)),
            Came::Waits(run) => {
                state.desks[place.desk].stage = Stage::Begun(run);
                None
            }
        }
    }
}

impl Workers {
    /// Looks whether the worker at a desk has done what it was busy with.
    pub(super) fn look_at(&self, place: Place, now: Moment) {
        self.state.lock().look_at(place, now);
        self.woken.any.store(true, Ordering::Release);
    }

    /// Has the workers of an executor, or all, stand still until `until`: nothing begins or goes on, and
    /// what they are busy with takes so much longer. Gives which desks have to be looked at, and when.
    pub(super) fn pause(
        &self,
        lane: Option<usize>,
        until: Moment,
        now: Moment,
    ) -> Vec<(Place, Moment)> {
        let mut state = self.state.lock();
        let State { lanes, desks, .. } = &mut *state;
        let mut later = Vec::new();
        for (number, paused) in lanes.iter_mut().enumerate() {
            if lane.is_some_and(|lane| lane != number) {
                continue;
            }
            // What it has been pausing for already, nothing takes longer twice.
            let longer = until.since(now.max(paused.paused_until));
            paused.paused_until = paused.paused_until.max(until);
            for (index, desk) in desks.iter_mut().enumerate() {
                if desk.lane == number && desk.busy_until > now && !longer.is_zero() {
                    desk.busy_until = desk.busy_until.saturating_add(longer);
                    later.push((Place { desk: index, shift: desk.shift }, desk.busy_until));
                }
            }
        }
        later
    }

    /// Has the workers of an executor, or all, be slow until `until`.
    pub(super) fn slow(&self, lane: Option<usize>, slow: Slow, until: Moment, now: Moment) {
        let mut state = self.state.lock();
        for (number, slowed) in state.lanes.iter_mut().enumerate() {
            if lane.is_none_or(|lane| lane == number) {
                slowed.slow.retain(|(_, until)| *until > now);
                slowed.slow.push((slow, until));
            }
        }
    }

    /// Whether no job waits for a worker that could be free, and no worker is at anything but a future that
    /// waits.
    pub(super) fn are_idle(&self, now: Moment) -> bool {
        let state = self.state.lock();
        let is_free = |lane: &Lane| lane.busy < lane.workers;
        state.runnable.is_empty()
            && self.woken.places.lock().is_empty()
            && !state.lanes.iter().any(|lane| lane.ready.peek().is_some() && is_free(lane))
            && !state.desks.iter().any(|desk| desk.busy_until > now)
    }

    /// Lets go of everything, so that what has not ended ends as lost.
    pub(super) fn clear(&self) {
        let (lanes, desks) = {
            let mut state = self.state.lock();
            state.lanes.iter_mut().for_each(|lane| lane.closed = true);
            let jobs: Vec<_> = state.lanes.iter_mut().map(|lane| lane.ready.drain()).collect();
            (jobs, mem::take(&mut state.desks))
        };
        drop(lanes);
        drop(desks);
    }
}

impl State {
    /// A call of what goes on, those that have been woken included.
    fn go_on(&mut self, woken: &Woken, now: Moment) -> Option<Call> {
        if !woken.any.swap(false, Ordering::AcqRel) {
            return None;
        }
        for place in mem::take(&mut *woken.places.lock()) {
            self.wake(place, now);
        }
        let call = self.resume(now);
        if !self.runnable.is_empty() {
            woken.any.store(true, Ordering::Release);
        }
        call
    }

    /// A call of what has been waiting to go on for the longest.
    fn resume(&mut self, now: Moment) -> Option<Call> {
        let mut index = 0;
        while let Some(&place) = self.runnable.get(index) {
            let lane = self.desk(place).map(|desk| desk.lane);
            if lane.is_some_and(|lane| now < self.lanes[lane].paused_until) {
                index += 1;
                continue;
            }
            self.runnable.remove(index);
            let Some(desk) = self.desk(place) else { continue };
            // It may be here twice: what was called meanwhile is not to be called again, or what it has said
            // since that it works would be cut short.
            if !desk.woken || desk.busy_until > now {
                continue;
            }
            desk.woken = false;
            match mem::replace(&mut desk.stage, Stage::Away) {
                Stage::Away => {}
                Stage::Lingering => self.leave(place),
                Stage::Beginning(job) => return Some(Call::Begin(place, job)),
                Stage::Begun(run) => return Some(Call::Resume(place, desk.task, run)),
            }
        }
        None
    }

    /// A call of the most urgent job that a worker is free for.
    fn begin(&mut self, now: Moment) -> Option<Call> {
        let can_begin = |lane: &Lane| lane.busy < lane.workers && now >= lane.paused_until;
        let lanes = self.lanes.iter_mut().enumerate().filter(|(_, lane)| can_begin(lane));
        let (number, _) = lanes
            .filter_map(|(number, lane)| Some((number, lane.ready.peek()?.key())))
            .min_by_key(|&(number, key)| (key, number))?;
        let lane = &mut self.lanes[number];
        let job = lane.ready.pop()?;
        lane.busy += 1;
        let delay = lane.delay(now);
        let place = self.take_desk(number, job.task());
        if delay.is_zero() {
            return Some(Call::Begin(place, job));
        }
        let desk = &mut self.desks[place.desk];
        desk.stage = Stage::Beginning(job);
        desk.busy_until = now.saturating_add(delay);
        desk.woken = true;
        Some(Call::Later(place, desk.busy_until))
    }

    /// Has the worker at a desk be busy with what it has worked; gives until when.
    fn busy(&mut self, place: Place, stage: Stage, worked: Duration, now: Moment) -> Moment {
        let desk = &mut self.desks[place.desk];
        desk.stage = stage;
        desk.busy_until = now.saturating_add(worked);
        desk.woken = true;
        desk.busy_until
    }

    fn take_desk(&mut self, lane: usize, task: TaskId) -> Place {
        let index = self.free.pop().unwrap_or_else(|| {
            let busy_until = Moment::default();
            let stage = Stage::Away;
            let (shift, woken, bell) = (0, false, None);
            self.desks.push(Desk { lane, shift, task, stage, busy_until, woken, bell });
            self.desks.len() - 1
        });
        let desk = &mut self.desks[index];
        (desk.lane, desk.task) = (lane, task);
        desk.shift += 1;
        desk.busy_until = Moment::default();
        desk.woken = false;
        Place { desk: index, shift: desk.shift }
    }

    /// The desk of a place, unless another job is there by now.
    fn desk(&mut self, place: Place) -> Option<&mut Desk> {
        self.desks.get_mut(place.desk).filter(|desk| desk.shift == place.shift)
    }

    fn wake(&mut self, place: Place, now: Moment) {
        let Some(desk) = self.desk(place) else { return };
        // One that is being called, or that is to be called anyway, is seen to afterwards.
        let is_first = !mem::replace(&mut desk.woken, true);
        if is_first && desk.busy_until <= now && matches!(desk.stage, Stage::Begun(_)) {
            self.runnable.push_back(place);
        }
    }

    fn look_at(&mut self, place: Place, now: Moment) {
        // What was paused meanwhile is looked at again later.
        if let Some(desk) = self.desk(place)
            && desk.busy_until <= now
            && desk.woken
        {
            self.runnable.push_back(place);
        }
    }

    /// Frees the desk of an execution that is over.
    fn leave(&mut self, place: Place) {
        let Some(desk) = self.desk(place) else { return };
        // Whoever still wakes it finds another shift.
        desk.shift += 1;
        let lane = desk.lane;
        self.free.push(place.desk);
        self.lanes[lane].busy -= 1;
    }
}

impl Lane {
    /// How long a worker takes to begin at `now`.
    fn delay(&self, now: Moment) -> Duration {
        let delays = self.slow.iter().filter_map(|&(slow, until)| match slow {
            Slow::Start(delay) if until > now => Some(delay),
            _ => None,
        });
        delays.fold(Duration::ZERO, Duration::saturating_add)
    }

    /// How many times as long work takes that is said at `now`.
    fn factor(&self, now: Moment) -> f64 {
        let factors = self.slow.iter().filter_map(|&(slow, until)| match slow {
            Slow::Work(factor) if until > now => Some(factor),
            _ => None,
        });
        factors.product()
    }
}

/// Wakes the future at a place.
#[derive(Debug)]
struct Bell {
    place: Place,
    woken: Arc<Woken>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.places.lock().push(self.place);
        self.woken.any.store(true, Ordering::Release);
    }
}

impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Away => "Away",
            Self::Lingering => "Lingering",
            Self::Beginning(_) => "Beginning",
            Self::Begun(_) => "Begun",
        })
    }
}
