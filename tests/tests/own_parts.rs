//! Clocks and executors that a user has written.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pysched::{
    Clock, Executor, InlineExecutor, Job, ManualClock, Parker, Rejected, Scheduler, SystemClock,
    Task, TaskId, Trigger,
};
use pysched_tests::faults::{OneAtATime, Submit, within};
use pysched_tests::{Gate, PATIENCE, await_offers, offering, outcome};

const SECOND: Duration = Duration::from_secs(1);

/// A clock on which an hour takes a second.
struct Fast(Instant);

impl Clock for Fast {
    fn now(&self) -> Duration {
        self.0.elapsed() * 3600
    }

    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.now()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        match until {
            None => parker.park(),
            Some(until) => parker.park_timeout(until.saturating_sub(self.now()) / 3600),
        }
    }
}

#[test]
fn a_clock_that_runs_faster() {
    within(PATIENCE, || {
        let clock = Arc::new(Fast(Instant::now()));
        let sched = Scheduler::builder().clock(Arc::clone(&clock)).build();
        sched.start().unwrap();
        let time = SystemTime::UNIX_EPOCH + 60 * SECOND;
        let by_interval = sched.delay(Trigger::once(60), 0, || ()).unwrap();
        let by_wall = sched.delay(Trigger::at(time), 0, || ()).unwrap();
        for handle in [by_interval, by_wall] {
            let future = handle.future();
            assert!(outcome(&future).is_ok());
            let execution = future.execution();
            assert!(execution.due >= time, "its wall clock, in 1970");
            assert!(execution.started >= Some(execution.due), "never early");
        }
        assert!(clock.now() >= 60 * SECOND);
        sched.shutdown(true);
    });
}

/// A clock that returns from its waits whenever it likes.
struct Restless(SystemClock);

impl Clock for Restless {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wall(&self) -> SystemTime {
        self.0.wall()
    }

    fn wait(&self, parker: &Parker, _until: Option<Duration>) {
        parker.park_timeout(Duration::from_micros(50));
    }
}

#[test]
fn a_clock_that_wakes_early() {
    within(PATIENCE, || {
        let sched = Scheduler::builder()
            .clock(Restless(SystemClock::new()))
            .executor(InlineExecutor)
            .build();
        sched.start().unwrap();
        let begun = Instant::now();
        let future = sched.delay(Trigger::once(0.01), 0, Instant::now).unwrap().future();
        let ran = *outcome(&future).unwrap();
        assert!(ran - begun >= Duration::from_millis(10), "never early");
    });
}

/// What a scheduler asks of its clock.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Asked {
    Attach,
    Wait(Option<Duration>),
    Detach,
}

/// A clock that writes down what it is asked, but for the time.
struct Witness {
    clock: ManualClock,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Witness {
    fn note(&self, asked: Asked) {
        self.asked.lock().unwrap().push(asked);
    }
}

impl Clock for Witness {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.note(Asked::Wait(until));
        self.clock.wait(parker, until);
    }

    fn attach(&self, parker: &Parker) {
        self.note(Asked::Attach);
        self.clock.attach(parker);
    }

    fn detach(&self, parker: &Parker) {
        self.note(Asked::Detach);
        self.clock.detach(parker);
    }
}

#[test]
fn a_clock_is_asked_to_wait_for_exactly_what_comes_next() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let asked: Arc<Mutex<Vec<_>>> = Arc::default();
        let witness = Witness { clock: clock.clone(), asked: Arc::clone(&asked) };
        let sched = Scheduler::builder().executor(InlineExecutor).clock(witness).build();
        // Returns when the scheduler sleeps.
        let settle = || clock.advance(Duration::ZERO);
        let take = || std::mem::take(&mut *asked.lock().unwrap());
        let wait = |seconds| Asked::Wait(Some(seconds * SECOND));

        assert!(take().is_empty(), "it has not been started");
        sched.start().unwrap();
        settle();
        assert_eq!(take(), [Asked::Attach, Asked::Wait(None)]);
        let first = sched.delay(Trigger::once(60), 0, || ()).unwrap();
        settle();
        assert_eq!(take().last(), Some(&wait(60)));
        sched.delay(Trigger::once(90), 0, || ()).unwrap();
        settle();
        assert!(take().is_empty(), "a later one wakes nobody");
        sched.delay(Trigger::once(30), 0, || ()).unwrap();
        settle();
        assert_eq!(take().last(), Some(&wait(30)));
        clock.advance(30 * SECOND);
        assert_eq!(take().last(), Some(&wait(60)));
        first.cancel().unwrap();
        clock.advance(30 * SECOND);
        assert_eq!(take().last(), Some(&wait(90)));
        clock.advance(30 * SECOND);
        assert_eq!(take().last(), Some(&Asked::Wait(None)));
        sched.shutdown(true);
        assert_eq!(take(), [Asked::Detach]);
    });
}

/// A pool of one thread with a queue by urgency, as a user may write it.
struct OwnQueue {
    state: Arc<(Mutex<Queue>, Condvar)>,
    worker: Mutex<Option<thread::JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    jobs: BinaryHeap<Reverse<Job>>,
    closed: bool,
}

impl OwnQueue {
    fn new() -> Self {
        let state: Arc<(Mutex<Queue>, Condvar)> = Arc::default();
        let shared = Arc::clone(&state);
        let worker = thread::spawn(move || {
            loop {
                let queue = shared.0.lock().unwrap();
                let is_idle = |queue: &mut Queue| queue.jobs.is_empty() && !queue.closed;
                let mut queue = shared.1.wait_while(queue, is_idle).unwrap();
                let Some(Reverse(job)) = queue.jobs.pop() else { return };
                drop(queue);
                job.run();
            }
        });
        Self { state, worker: Mutex::new(Some(worker)) }
    }
}

impl Executor for OwnQueue {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        let mut queue = self.state.0.lock().unwrap();
        if queue.closed {
            return Err(Rejected::Refused(job, "closed".into()));
        }
        queue.jobs.push(Reverse(job));
        drop(queue);
        self.state.1.notify_one();
        Ok(())
    }

    fn shutdown(&self, wait: bool) {
        let mut queue = self.state.0.lock().unwrap();
        queue.closed = true;
        let dropped = if wait { BinaryHeap::new() } else { std::mem::take(&mut queue.jobs) };
        drop(queue);
        drop(dropped);
        self.state.1.notify_all();
        let worker = self.worker.lock().unwrap().take();
        if let Some(worker) = worker.filter(|_| wait) {
            worker.join().unwrap();
        }
    }
}

#[test]
fn an_executor_with_a_queue_of_its_own() {
    within(PATIENCE, || {
        for wait in [true, false] {
            let sched = offering(OwnQueue::new());
            let (gate, order) = (Gate::new(), Arc::new(Mutex::new(Vec::new())));
            let held = gate.clone();
            let running = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
            gate.await_arrivals(1);
            let futures = [3, 1, 2, 1].map(|priority| {
                let order = Arc::clone(&order);
                let body = move || order.lock().unwrap().push(priority);
                sched.delay(Trigger::once(0), priority, body).unwrap().future()
            });
            await_offers(&sched);
            let opener = thread::spawn(move || gate.open());
            sched.shutdown(wait);
            opener.join().unwrap();
            assert!(outcome(&running).is_ok());
            let ran = futures.iter().filter(|future| outcome(future).is_ok()).count();
            if wait {
                assert_eq!(*order.lock().unwrap(), [1, 1, 2, 3]);
            } else {
                assert!(futures.iter().all(|future| future.wait().is_ok() || future.cancelled()));
            }
            assert_eq!(order.lock().unwrap().len(), ran);
        }
    });
}

#[test]
fn a_job_tells_what_it_is() {
    within(PATIENCE, || {
        let seen: Arc<Mutex<Vec<(TaskId, i32, SystemTime)>>> = Arc::default();
        let noted = Arc::clone(&seen);
        let clock = ManualClock::new();
        let executor = Submit(move |job: Job| {
            noted.lock().unwrap().push((job.task(), job.priority(), job.due()));
            job.run();
            Ok(())
        });
        let sched = Scheduler::builder().executor(executor).clock(clock.clone()).build();
        sched.start().unwrap();
        let wall = clock.wall();
        let later = sched.delay(Trigger::once(2), -5, || ()).unwrap();
        let [less, more] = [7, 3].map(|it| sched.delay(Trigger::once(1), it, || ()).unwrap());
        clock.advance(3 * SECOND);
        let expected = [
            (later.id(), -5, wall + 2 * SECOND),
            (more.id(), 3, wall + SECOND),
            (less.id(), 7, wall + SECOND),
        ];
        assert_eq!(*seen.lock().unwrap(), expected, "the most urgent first");
    });
}

/// Runs each job at once, and tells when it is shut down and how.
struct Telling(Arc<Mutex<Vec<&'static str>>>);

impl Executor for Telling {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        job.run();
        Ok(())
    }

    fn shutdown(&self, wait: bool) {
        self.0.lock().unwrap().push(if wait { "waiting" } else { "at once" });
    }
}

#[test]
fn an_executor_is_told_once_the_scheduler_is_done() {
    within(PATIENCE, || {
        for (wait, expected) in [(true, "waiting"), (false, "at once")] {
            let told: Arc<Mutex<Vec<_>>> = Arc::default();
            let sched = Scheduler::builder().executor(Telling(Arc::clone(&told))).build();
            sched.start().unwrap();
            let inner = Arc::clone(&told);
            let body = move || inner.lock().unwrap().push("ran");
            assert!(outcome(&sched.delay(Trigger::once(0), 0, body).unwrap().future()).is_ok());
            sched.shutdown(wait);
            assert_eq!(told.lock().unwrap()[..2], ["ran", expected]);
        }
    });
}

#[test]
fn an_executor_is_told_to_wait_by_a_shutdown_that_waits() {
    within(PATIENCE, || {
        let shutdowns: [fn(&Scheduler); 2] =
            [|sched| sched.shutdown(true), |sched| sched.shutdown_timeout(PATIENCE).unwrap()];
        for shutdown in shutdowns {
            let told: Arc<Mutex<Vec<_>>> = Arc::default();
            let sched = Scheduler::builder().executor(Telling(Arc::clone(&told))).build();
            sched.start().unwrap();
            let gate = Gate::new();
            let (held, own) = (gate.clone(), sched.clone());
            let task = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap();
            task.future().on_done(move |_| {
                while !own.stopped() {
                    thread::yield_now();
                }
            });
            // The job is over when the shutdown has begun.
            gate.await_arrivals(1);
            gate.open();
            shutdown(&sched);
            assert_eq!(*told.lock().unwrap(), ["waiting"]);
        }
    });
}

#[test]
fn an_executor_with_little_room_loses_nothing() {
    within(PATIENCE, || {
        let sched = Scheduler::builder().executor(OneAtATime::default()).build();
        let count = Arc::new(AtomicUsize::new(0));
        let futures: Vec<_> = (0..500)
            .map(|_| {
                let count = Arc::clone(&count);
                let body = move || count.fetch_add(1, Ordering::SeqCst);
                sched.delay(Trigger::once(0), 0, body).unwrap().future()
            })
            .collect();
        sched.start().unwrap();
        let seen: Vec<_> = futures.iter().map(|future| *outcome(future).unwrap()).collect();
        assert_eq!(seen, (0..500).collect::<Vec<_>>(), "in order, each once");
    });
}

#[test]
fn a_clock_that_stands_still_after_a_while() {
    /// Time goes on by itself until it is stopped.
    struct Stopping {
        clock: SystemClock,
        stopped_at: Arc<AtomicU64>,
    }

    impl Clock for Stopping {
        fn now(&self) -> Duration {
            let limit = Duration::from_nanos(self.stopped_at.load(Ordering::SeqCst));
            self.clock.now().min(limit)
        }

        fn wall(&self) -> SystemTime {
            SystemTime::UNIX_EPOCH + self.now()
        }

        fn wait(&self, parker: &Parker, _until: Option<Duration>) {
            parker.park_timeout(Duration::from_millis(1));
        }
    }

    within(PATIENCE, || {
        let stopped_at = Arc::new(AtomicU64::new(0));
        let clock = Stopping { clock: SystemClock::new(), stopped_at: Arc::clone(&stopped_at) };
        let sched = Scheduler::builder().clock(clock).executor(InlineExecutor).build();
        sched.start().unwrap();
        let future = sched.delay(Trigger::once(0.001), 0, || ()).unwrap().future();
        assert!(future.wait_timeout(Duration::from_millis(20)).is_none(), "time stands still");
        // What is due goes on, and so does a shutdown.
        assert!(outcome(&sched.delay(Trigger::once(0), 0, || ()).unwrap().future()).is_ok());
        stopped_at.store(u64::MAX, Ordering::SeqCst);
        assert!(outcome(&future).is_ok());
        sched.shutdown(true);
    });
}

/// Takes jobs from any thread, runs them on threads of their own, and tells which thread gave each.
/// From any other thread than the scheduler's own it takes nothing while it is picky.
struct FromAnyThread {
    given_by: Arc<Mutex<Vec<String>>>,
    picky: bool,
}

impl Executor for FromAnyThread {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        let name = thread::current().name().unwrap_or("unnamed").to_owned();
        let refuses = self.picky && name != "pysched-heart";
        self.given_by.lock().unwrap().push(name);
        if refuses {
            return Err(Rejected::Full(job));
        }
        thread::spawn(move || job.run());
        Ok(())
    }

    fn takes_from_any_thread(&self) -> bool {
        true
    }

    fn shutdown(&self, _wait: bool) {}
}

/// Adds tasks that are due at once until one of them was given to the executor by the thread that
/// added it, which is as soon as the scheduler sleeps; says who gave each.
fn add_until_given_here(picky: bool) -> Vec<String> {
    let given_by = Arc::new(Mutex::new(Vec::new()));
    let executor = FromAnyThread { given_by: Arc::clone(&given_by), picky };
    let sched = Scheduler::builder().executor(executor).build();
    sched.start().unwrap();
    let here = thread::current().name().unwrap_or("unnamed").to_owned();
    while !given_by.lock().unwrap().contains(&here) {
        assert!(outcome(&sched.delay(Trigger::once(0), 0, || ()).unwrap().future()).is_ok());
    }
    sched.shutdown(true);
    given_by.lock().unwrap().clone()
}

#[test]
fn an_executor_that_takes_jobs_from_any_thread() {
    within(PATIENCE, || {
        let given_by = add_until_given_here(false);
        assert_ne!(given_by.last().map(String::as_str), Some("pysched-heart"), "{given_by:?}");
    });
}

#[test]
fn what_it_gives_back_to_another_thread_the_scheduler_offers_again() {
    within(PATIENCE, || {
        let given_by = add_until_given_here(true);
        assert_eq!(given_by.last().map(String::as_str), Some("pysched-heart"), "{given_by:?}");
    });
}

#[test]
fn tasks_that_are_due_later_come_from_the_scheduler_itself() {
    within(PATIENCE, || {
        let given_by = Arc::new(Mutex::new(Vec::new()));
        let executor = FromAnyThread { given_by: Arc::clone(&given_by), picky: false };
        let sched = Scheduler::builder().executor(executor).build();
        sched.start().unwrap();
        assert!(outcome(&sched.delay(Trigger::once(0.001), 0, || ()).unwrap().future()).is_ok());
        sched.shutdown(true);
        assert_eq!(*given_by.lock().unwrap(), ["pysched-heart"]);
    });
}

/// A clock that can be set without anybody being told.
#[derive(Clone)]
struct SetInSilence {
    clock: SystemClock,
    ahead: Arc<AtomicU64>,
}

impl Clock for SetInSilence {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.clock.wall() + Duration::from_secs(self.ahead.load(Ordering::SeqCst))
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.clock.wait(parker, until);
    }
}

#[test]
fn a_clock_that_was_set_is_noticed_by_a_task_that_is_refused() {
    within(PATIENCE, || {
        let clock = SetInSilence { clock: SystemClock::new(), ahead: Arc::default() };
        let sched = Scheduler::builder().clock(clock.clone()).build();
        sched.start().unwrap();
        let in_an_hour = clock.wall() + 3600 * SECOND;
        let future = sched.delay(Trigger::at(in_an_hour), 0, || ()).unwrap().future();
        // Both go to the shard of the thread that adds them.
        clock.ahead.store(7200, Ordering::SeqCst);
        let never = Task::new(|| ()).trigger(Trigger::recur(5)).until(clock.wall());
        assert!(sched.add(never).is_err());
        assert!(outcome(&future).is_ok());
    });
}
