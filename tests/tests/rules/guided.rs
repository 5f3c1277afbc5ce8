//! Tasks that are led by hand, on a real pool: each execution tells that it has begun, and ends when and
//! how it is told to.

#![allow(dead_code, reason = "two tests share it, and each needs a part")]

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime};

use crossbeam::channel::{Receiver, Sender, unbounded};
use pysched::{
    Execution, ManualClock, Reason, Scheduler, SchedulerBuilder, Status, Task, TaskFuture, TaskId,
    ThreadPoolExecutor, Token, Trigger,
};
use pysched_tests::{PATIENCE, outcome, secs};

/// How an attempt is to end.
#[derive(Debug, Clone, Copy)]
pub enum End {
    Return,
    Fail,
    Panic,
}

/// An attempt that has begun.
#[derive(Debug)]
pub struct Begun {
    label: &'static str,
    pub task: TaskId,
    pub due: SystemTime,
    pub attempt: u32,
    pub token: Token,
    end: Sender<End>,
}

impl Begun {
    pub fn end(self, how: End) {
        self.end.send(how).unwrap();
    }
}

/// A scheduler whose time moves by hand, with a pool, and with tasks that are led by hand.
#[derive(Debug)]
pub struct Guided {
    pub sched: Scheduler,
    pub clock: ManualClock,
    pub start: SystemTime,
    begun: Receiver<Begun>,
    tell: Sender<Begun>,

    /// What has begun, and was not asked for yet: workers do not keep to an order among them.
    others: RefCell<Vec<Begun>>,
}

/// When a run was due, in seconds, and what became of it.
pub type Fate = (u64, Status, Option<Reason>);

impl Guided {
    pub fn new(workers: usize) -> Self {
        Self::built(workers, |builder| builder)
    }

    pub fn built(workers: usize, build: impl FnOnce(SchedulerBuilder) -> SchedulerBuilder) -> Self {
        let clock = ManualClock::new();
        let pool = ThreadPoolExecutor::new(workers);
        let builder = Scheduler::builder().clock(clock.clone()).executor(pool).history(10_000);
        let sched = build(builder).build();
        sched.start().unwrap();
        let (tell, begun) = unbounded();
        Self { sched, start: clock.wall(), clock, begun, tell, others: RefCell::default() }
    }

    /// A task that recurs every second, unless told otherwise.
    pub fn task(&self, label: &'static str) -> Task<u32> {
        let tell = self.tell.clone();
        let function = move || {
            let (end, told_to_end) = unbounded();
            let current = pysched::current();
            let (task, due, attempt) = (current.task(), current.due(), current.attempt());
            let token = current.token();
            tell.send(Begun { label, task, due, attempt, token, end }).unwrap();
            // What a test leaves behind fails.
            match told_to_end.recv_timeout(PATIENCE).unwrap_or(End::Fail) {
                End::Return => Ok(attempt),
                End::Fail => Err("it was told to fail"),
                End::Panic => panic!("it was told to panic"),
            }
        };
        Task::fallible(function).trigger(Trigger::recur(1))
    }

    /// Time passes in one jump.
    pub fn pass(&self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Time passes second by second.
    pub fn seconds(&self, count: u64) {
        for _ in 0..count {
            self.clock.advance(secs(1));
        }
    }

    /// Waits until the scheduler's own thread sleeps.
    pub fn settle(&self) {
        self.clock.advance(Duration::ZERO);
    }

    /// Waits until an attempt of this task has begun.
    #[track_caller]
    pub fn begins(&self, label: &str) -> Begun {
        let mut others = self.others.borrow_mut();
        while others.iter().all(|it| it.label != label) {
            let begun = self.begun.recv_timeout(PATIENCE);
            others.push(begun.unwrap_or_else(|_| panic!("{label} should begin")));
        }
        let place = others.iter().position(|it| it.label == label);
        others.remove(place.expect("it is among them"))
    }

    /// An attempt of any task that has begun, if there is one.
    pub fn has_begun(&self) -> Option<Begun> {
        self.others.borrow_mut().pop().or_else(|| self.begun.try_recv().ok())
    }

    /// Checks that of all that could begin, nothing does. Takes one worker that is free.
    #[track_caller]
    pub fn nothing_begins(&self) {
        self.settle();
        let last = self.sched.delay(Trigger::once(0), i32::MAX, || ()).unwrap().future();
        outcome(&last).unwrap();
        let mut others = self.others.borrow_mut();
        others.extend(self.begun.try_iter());
        assert!(others.is_empty(), "{others:?} should not have begun");
    }

    /// Ends the last attempt of an execution, and waits until its fate is recorded.
    #[track_caller]
    pub fn ends(&self, begun: Begun, how: End) -> Execution {
        let (task, due) = (begun.task, begun.due);
        begun.end(how);
        let ended = |it: &Execution| it.due == due && it.started.is_some();
        eventually("it should have its fate", || {
            self.sched.results(task).into_iter().find(|it| ended(it))
        })
    }

    /// The runs of a task that have their fate, in the order of their times.
    pub fn fates(&self, task: impl Into<TaskId>) -> Vec<Fate> {
        let seconds = |time: SystemTime| time.duration_since(self.start).unwrap().as_secs();
        let results = self.sched.results(task);
        let mut fates: Vec<_> =
            results.iter().map(|it| (seconds(it.due), it.status, it.reason)).collect();
        fates.sort_by_key(|fate| fate.0);
        fates
    }

    /// The reason of a run for which that of so many seconds stands in.
    pub fn stood_in(&self, second: u64) -> Option<Reason> {
        Some(Reason::Coalesced { into: self.start + secs(second) })
    }
}

/// Waits until so many attempts of an execution have failed.
#[track_caller]
pub fn backs_off<T>(future: &TaskFuture<T>, attempts: usize) {
    eventually("an attempt should have failed", || {
        (future.execution().attempts.len() == attempts).then_some(())
    });
}

/// Waits until there is something.
#[track_caller]
pub fn eventually<T>(otherwise: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{otherwise}");
        std::thread::yield_now();
    }
}
