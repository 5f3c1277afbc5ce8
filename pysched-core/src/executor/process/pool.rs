//! [`Pool`]: the jobs that wait, and the desks of the workers.
//!
//! One lock guards the queue, the list of *idle* desks, and how many are *coming*: of these the
//! attendant has been hired, and its worker process is not ready yet. The invariants:
//!
//! * No desk is idle while jobs wait. A job is queued only if no desk is idle, and a desk becomes idle
//!   only if no job is queued, both under the lock.
//! * A desk that is not idle belongs to somebody: to its attendant, or to whoever has taken it out of
//!   the idle ones to put an execution down there. Who finds that the execution was cancelled
//!   meanwhile puts down the next, or the desk back.
//! * While jobs wait, there is a desk that will ask for the next, or has been hired to. When the last
//!   one goes because its worker could not be started, it fails what is in the queue.
//!
//! Executions are claimed and concluded without the lock, as this runs code of the scheduler.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::attendant::Attendant;
use super::builder::Options;
use super::desk::Desk;
use crate::TaskId;
use crate::error::TaskError;
use crate::executor::{Job, Rejected};
use crate::id::SchedulerId;
use crate::queue::{ReadyQueue, sort_by_urgency};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// How long nothing is started after workers that could not be, for the first failure and at most;
/// doubled from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// So many workers in a row may end without having run anything and be replaced at once.
const IN_VAIN: u32 = 3;

/// What the executor, its attendants and those who submit share.
pub(super) struct Pool {
    pub(super) options: Options,

    /// Where the keys of executions come from that belong to no scheduler.
    id: SchedulerId,
    direct: AtomicU64,
    floor: Mutex<Floor>,

    /// Whether nothing is taken any more. Set under the lock of the floor.
    closed: AtomicBool,

    /// Notified when a desk has become ready, or is gone.
    changed: Condvar,
}

/// Where the desks stand.
struct Floor {
    ready: ReadyQueue<Job>,

    /// The desks without work, the one used last at the end: its worker's caches are warm.
    idle: Vec<Arc<Desk>>,

    /// All desks.
    desks: Vec<Arc<Desk>>,

    /// How many attendants there are, or are about to be.
    staff: usize,

    /// How many of them have no worker yet, and will ask for a job when they have.
    coming: usize,

    /// How many attendants there have ever been; names them.
    hired: usize,

    /// How many workers in a row could not be started, or have ended without having run anything.
    failures: u32,

    /// Until when no worker is started, and why.
    broken: Option<(Instant, String)>,
}

impl Floor {
    fn new() -> Self {
        Self {
            ready: ReadyQueue::new(),
            idle: Vec::new(),
            desks: Vec::new(),
            staff: 0,
            coming: 0,
            hired: 0,
            failures: 0,
            broken: None,
        }
    }

    /// Counts on as many attendants as jobs wait that nobody comes for, as far as there may be more.
    fn hire(&mut self, max_workers: usize) -> Range<usize> {
        if self.broken.as_ref().is_some_and(|(until, _)| Instant::now() < *until) {
            return 0..0;
        }
        let wanted = self.ready.len().saturating_sub(self.coming);
        self.expect(wanted.min(max_workers.saturating_sub(self.staff)))
    }

    /// Counts on so many more attendants; gives their numbers.
    fn expect(&mut self, count: usize) -> Range<usize> {
        self.staff += count;
        self.coming += count;
        self.hired += count;
        self.hired - count..self.hired
    }

    /// Why nobody will come for a job that is queued now, if that is so.
    fn obstacle(&self) -> Option<String> {
        let (until, why) = self.broken.as_ref()?;
        (self.staff == 0 && Instant::now() < *until).then(|| why.clone())
    }

    fn forget(&mut self, desk: &Arc<Desk>) {
        self.desks.retain(|other| !Arc::ptr_eq(other, desk));
        self.idle.retain(|other| !Arc::ptr_eq(other, desk));
    }
}

impl Pool {
    pub(super) fn new(options: Options) -> Arc<Self> {
        Arc::new(Self {
            options,
            id: SchedulerId::unique(),
            direct: AtomicU64::new(0),
            floor: Mutex::new(Floor::new()),
            closed: AtomicBool::new(false),
            changed: Condvar::new(),
        })
    }

    /// Why no job can be taken now, if that is so.
    fn obstacle(&self, floor: &Floor) -> Option<String> {
        if self.is_closed() {
            return Some("the process pool has been shut down".to_owned());
        }
        floor.obstacle()
    }

    /// A key that no other execution has.
    pub(super) fn key(&self) -> TaskId {
        TaskId::new(self.id, self.direct.fetch_add(1, Ordering::Relaxed) + 1, 0)
    }

    /// Takes a job.
    pub(super) fn submit(self: &Arc<Self>, job: Job) -> Result<(), Rejected> {
        let mut floor = self.floor.lock();
        if let Some(why) = self.obstacle(&floor) {
            return Err(Rejected::Refused(job, why));
        }
        if let Some(desk) = floor.idle.pop() {
            drop(floor);
            self.put(&desk, job);
        } else {
            floor.ready.push(job);
            self.hire(floor);
        }
        Ok(())
    }

    /// Takes all jobs, or gives one back.
    pub(super) fn submit_all(self: &Arc<Self>, jobs: &mut VecDeque<Job>) -> Result<(), Rejected> {
        let refuse = |jobs: &mut VecDeque<Job>, why| {
            jobs.pop_front().map_or(Ok(()), |job| Err(Rejected::Refused(job, why)))
        };
        let obstacle = self.obstacle(&self.floor.lock());
        if let Some(why) = obstacle {
            // It is asked again for each of them.
            return refuse(jobs, why);
        }
        // Before the lock is taken: it looks at all of them.
        sort_by_urgency(jobs);
        let mut floor = self.floor.lock();
        if let Some(why) = self.obstacle(&floor) {
            return refuse(jobs, why);
        }
        let mut taken = Vec::new();
        while let Some(desk) = floor.idle.pop_if(|_| !jobs.is_empty()) {
            taken.extend(jobs.pop_front().map(|job| (desk, job)));
        }
        floor.ready.push_sorted(jobs);
        self.hire(floor);
        for (desk, job) in taken {
            self.put(&desk, job);
        }
        Ok(())
    }

    /// Puts a job down at a desk that was idle, or the next one if it was cancelled.
    fn put(&self, desk: &Arc<Desk>, job: Job) {
        let mut next = Some(job);
        while let Some(job) = next {
            desk.expect(job.identity());
            if let Some(absent) = job.begin_elsewhere() {
                if !desk.put(absent) {
                    desk.ring();
                }
                return;
            }
            next = self.next(desk);
        }
        // Its attendant may wait to leave, or to hear what comes of it.
        desk.ring();
    }

    /// The next job for a desk; without one, it is idle from here on.
    pub(super) fn next(&self, desk: &Arc<Desk>) -> Option<Job> {
        let mut floor = self.floor.lock();
        let job = floor.ready.pop();
        if job.is_none() {
            floor.idle.push(Arc::clone(desk));
        }
        job
    }

    /// Takes a desk out of the idle ones, so that it is its attendant's; `false` if somebody else has
    /// taken it, and is going to put an execution down there.
    pub(super) fn reclaim(&self, desk: &Arc<Desk>) -> bool {
        let mut floor = self.floor.lock();
        let place = floor.idle.iter().position(|idle| Arc::ptr_eq(idle, desk));
        place.map(|place| floor.idle.remove(place)).is_some()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Starts the attendants that are missing; releases the lock.
    fn hire(self: &Arc<Self>, mut floor: MutexGuard<'_, Floor>) {
        let numbers = floor.hire(self.options.max_workers);
        drop(floor);
        numbers.for_each(|number| self.start_attendant(number));
    }

    fn start_attendant(self: &Arc<Self>, number: usize) {
        let pool = Arc::clone(self);
        let started = Desk::new(self.options.settings.frame_limit).and_then(|desk| {
            let desk = Arc::new(desk);
            self.floor.lock().desks.push(Arc::clone(&desk));
            let attendant = Attendant::new(pool, Arc::clone(&desk));
            let thread = thread::Builder::new().name(format!("pysched-process-{number}"));
            let started = thread.spawn(move || attendant.attend());
            started.map(drop).inspect_err(|_| self.floor.lock().forget(&desk))
        });
        if let Err(error) = started {
            let why = format!("the thread for a worker process could not be started: {error}");
            self.leave(None, true, Some(&why));
        }
    }

    /// Starts all workers, and waits until they are ready, or one of them cannot be.
    pub(super) fn warm_up(self: &Arc<Self>) -> Result<(), String> {
        let numbers = self.floor.lock().expect(self.options.max_workers);
        numbers.for_each(|number| self.start_attendant(number));
        let mut floor = self.floor.lock();
        while floor.coming > 0 {
            floor = self.changed.wait(floor);
        }
        match &floor.broken {
            Some((_, why)) => Err(why.clone()),
            None => Ok(()),
        }
    }

    /// Takes note that the worker of a desk is ready, for the first time.
    pub(super) fn arrived(&self) {
        self.floor.lock().coming -= 1;
        self.changed.notify_all();
    }

    /// Takes note that a worker has run something.
    pub(super) fn proved(&self) {
        let mut floor = self.floor.lock();
        floor.failures = 0;
        floor.broken = None;
    }

    /// Whether a worker that has ended without having run anything is to be replaced at once.
    pub(super) fn may_replace(&self) -> bool {
        let mut floor = self.floor.lock();
        floor.failures += 1;
        floor.failures <= IN_VAIN
    }

    /// Takes note that an attendant leaves, who may be `coming` still, and may say why no worker could
    /// be started. If nobody is left then who could take what is queued, it fails.
    pub(super) fn leave(&self, desk: Option<Arc<Desk>>, coming: bool, why: Option<&str>) {
        let mut floor = self.floor.lock();
        floor.staff -= 1;
        floor.coming -= usize::from(coming);
        if let Some(desk) = desk {
            floor.forget(&desk);
            // Dropped here, so that whoever waits for the pool to be deserted finds it closed.
            drop(desk);
        }
        let mut lost = Vec::new();
        if let Some(why) = why {
            let pause = FIRST_PAUSE * 2_u32.saturating_pow(floor.failures.min(10));
            floor.failures = floor.failures.saturating_add(1);
            floor.broken = Some((Instant::now() + pause.min(LONGEST_PAUSE), why.to_owned()));
            if floor.staff == 0 {
                lost = floor.ready.drain();
            }
        }
        drop(floor);
        self.changed.notify_all();
        for job in lost {
            job.fail(TaskError::Refused(why.unwrap_or_default().to_owned()));
        }
    }

    /// Ends the execution of `task` that runs in one of the workers.
    pub(super) fn interrupt(&self, execution: (TaskId, u64), runs: &dyn Fn() -> bool) -> bool {
        let desks = self.floor.lock().desks.clone();
        desks.iter().any(|desk| desk.interrupt(execution, runs))
    }

    /// Takes nothing more. Without `finish`, what waits is cancelled.
    pub(super) fn close(&self, finish: bool) {
        let mut floor = self.floor.lock();
        self.closed.store(true, Ordering::Release);
        let cancelled = if finish { Vec::new() } else { floor.ready.drain() };
        let desks = floor.desks.clone();
        drop(floor);
        for desk in desks {
            desk.ring();
        }
        for job in cancelled {
            job.fail(TaskError::Cancelled);
        }
    }

    /// Waits until all attendants have left.
    pub(super) fn wait(&self) {
        let mut floor = self.floor.lock();
        while floor.staff > 0 {
            floor = self.changed.wait(floor);
        }
    }

    /// How many workers there are, and how many jobs wait.
    pub(super) fn size(&self) -> (usize, usize) {
        let floor = self.floor.lock();
        (floor.staff, floor.ready.len())
    }
}
