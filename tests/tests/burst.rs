//! A burst of tasks that are due at the same instant: all of them run, once, in order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use pysched::{
    Executor, InlineExecutor, Job, ManualClock, Rejected, Scheduler, ThreadPoolExecutor, Trigger,
};
use pysched_tests::{Log, Random, outcome, secs};

const BURST: usize = 100_000;

/// Adds a burst of tasks of mixed priorities, lets them become due, and checks that each has run
/// once, by priority and then in the order of adding.
fn in_order_on(executor: impl Executor, count: usize, started: bool) {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(executor).build();
    if started {
        sched.start().unwrap();
    }
    let log = Log::new();
    let mut random = Random::seeded(2);
    let mut expected = Vec::with_capacity(count);
    let mut last = None;
    for number in 0..count {
        let priority = i32::try_from(random.below(7)).unwrap() - 3;
        expected.push((priority, number));
        let log = log.clone();
        let task = move || log.push((priority, number));
        last = Some(sched.delay(Trigger::once(60), priority, task).unwrap());
    }
    assert_eq!(sched.tasks().len(), count);
    clock.advance(secs(60));
    sched.start().unwrap();
    outcome(&last.unwrap().future()).unwrap();
    sched.shutdown(true);

    expected.sort_unstable();
    let ran = log.take();
    assert_eq!(ran.len(), count);
    assert!(
        ran == expected,
        "first difference: {:?}",
        ran.iter().zip(&expected).find(|(a, b)| a != b)
    );
}

#[test]
fn a_hundred_thousand_run_in_order_on_one_worker() {
    in_order_on(ThreadPoolExecutor::new(1), BURST, true);
}

#[test]
fn what_became_due_before_start_runs_in_order() {
    in_order_on(ThreadPoolExecutor::new(1), 10_000, false);
}

#[test]
fn they_run_in_order_on_the_scheduler_s_own_thread() {
    in_order_on(InlineExecutor, 10_000, true);
}

/// Takes a few jobs at a time, gives back all others, and runs what it has when it is asked to.
#[derive(Clone, Default)]
struct Narrow {
    taken: Arc<Mutex<BinaryHeap<Reverse<Job>>>>,
}

impl Narrow {
    const ROOM: usize = 8;

    fn run_all(&self) -> usize {
        let jobs = std::mem::take(&mut *self.taken.lock().unwrap());
        let count = jobs.len();
        jobs.into_sorted_vec().into_iter().rev().for_each(|Reverse(job)| job.run());
        count
    }
}

impl Executor for Narrow {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        let mut taken = self.taken.lock().unwrap();
        if taken.len() == Self::ROOM {
            return Err(Rejected::Full(job));
        }
        taken.push(Reverse(job));
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

#[test]
fn a_full_executor_leaves_them_in_the_scheduler_and_in_order() {
    const COUNT: usize = 2_000;
    let (executor, log) = (Narrow::default(), Log::new());
    let sched = Scheduler::builder().executor(executor.clone()).build();
    let mut random = Random::seeded(3);
    let mut expected = Vec::new();
    for number in 0..COUNT {
        let priority = i32::try_from(random.below(5)).unwrap();
        expected.push((priority, number));
        let log = log.clone();
        sched.delay(Trigger::once(0), priority, move || log.push((priority, number))).unwrap();
    }
    sched.start().unwrap();
    let mut ran = 0;
    while ran < COUNT {
        ran += executor.run_all();
        std::thread::yield_now();
    }
    expected.sort_unstable();
    assert_eq!(log.take(), expected);
    sched.shutdown(true);
}

#[test]
fn each_runs_exactly_once_on_many_workers() {
    let clock = ManualClock::new();
    let sched =
        Scheduler::builder().clock(clock.clone()).executor(ThreadPoolExecutor::new(4)).build();
    sched.start().unwrap();
    let runs: Arc<Vec<AtomicU8>> = Arc::new((0..BURST).map(|_| AtomicU8::new(0)).collect());
    let mut last = None;
    for number in 0..BURST {
        let runs = Arc::clone(&runs);
        let task = move || runs[number].fetch_add(1, Ordering::Relaxed);
        last = Some(sched.delay(Trigger::once(1), 0, task).unwrap());
    }
    clock.advance(secs(1));
    outcome(&last.unwrap().future()).unwrap();
    sched.shutdown(true);
    assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1));
}
