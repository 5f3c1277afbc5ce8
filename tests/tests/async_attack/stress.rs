//! Random mixtures of tasks, and of what is done to them. What a round does follows from its seed, but for
//! what threads do to each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use pysched::{
    Handle, Overlap, Retry, Scheduler, Task, TaskError, TaskFuture, TokioExecutor, Trigger,
};
use pysched_tests::{PATIENCE, Random, ms};
use tokio::task::yield_now;

use super::{runtime, single};

/// What all futures and functions of a round share.
#[derive(Default)]
struct Shared {
    /// How many futures there are.
    alive: AtomicUsize,
}

/// Counts a future while there is one.
struct Alive(Arc<Shared>);

impl Alive {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(shared))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A future that yields, sleeps, waits for ever, fails or panics.
fn asynchronous(random: &mut Random, shared: &Arc<Shared>) -> Task<u64> {
    let (yields, end) = (random.below(4), random.below(12));
    let shared = Arc::clone(shared);
    let task = Task::fallible_future(move || {
        let alive = Alive::new(&shared);
        async move {
            let _alive = alive;
            for _ in 0..yields {
                yield_now().await;
            }
            match end {
                0 => panic!("on purpose"),
                1 => return Err("on purpose"),
                2 | 3 => std::future::pending::<()>().await,
                4 => tokio::time::sleep(ms(1)).await,
                5 => drop(tokio::spawn(yield_now()).await),
                _ => {}
            }
            Ok(yields)
        }
    });
    // What would wait for ever is ended by its timeout.
    let task = task.timeout(ms(if matches!(end, 2 | 3) { 2 } else { 20_000 }));
    if random.below(3) == 0 { task.retry(Retry::times(1).fixed(ms(1))) } else { task }
}

fn task(random: &mut Random, shared: &Arc<Shared>) -> Task<u64> {
    let task = if random.below(4) == 0 {
        let alive = Arc::clone(shared);
        Task::new(move || {
            let _alive = Alive::new(&alive);
            7
        })
    } else {
        asynchronous(random, shared)
    };
    let task = match random.below(3) {
        0 => task.tag("two at a time"),
        _ => task,
    };
    let task = task.priority(random.below(5) as i32);
    match random.below(4) {
        0 => {
            let overlap = match random.below(4) {
                0 => Overlap::CancelOther,
                1 => Overlap::BufferOne,
                2 => Overlap::AllowAll,
                _ => Overlap::Skip,
            };
            task.trigger(Trigger::recur(0.001)).times(random.below(5) + 1).overlap(overlap)
        }
        1 => task.trigger(Trigger::once(ms(random.below(3)))),
        _ => task,
    }
}

/// Does something to a task; gives the futures of which `cancel` has said that they never come to their end.
fn meddle(random: &mut Random, handle: &Handle<u64>, cancelled: &mut Vec<TaskFuture<u64>>) {
    match random.below(8) {
        0 | 1 => {
            let future = handle.future();
            if future.cancel() {
                cancelled.push(future);
            }
        }
        2 => drop(handle.cancel()),
        3 => {
            let _ = handle.pause();
            let _ = handle.run_now();
            let _ = handle.resume();
        }
        _ => {}
    }
}

/// Whether an executor says so of itself: nobody else can ask it.
fn is_idle(executor: &TokioExecutor) -> bool {
    let told = format!("{executor:?}");
    told.contains("running: 0,") && told.contains("queued: 0,")
}

fn round(seed: u64) {
    let mut random = Random::seeded(seed);
    let shared = Arc::new(Shared::default());
    let is_single = random.below(3) == 0;
    let runtime = if is_single { single() } else { runtime(random.below(2) as usize + 1) };
    let executor = TokioExecutor::new(runtime.handle().clone());
    let executor = match random.below(3) {
        0 => executor.concurrency(1),
        1 => executor.concurrency(3),
        _ => executor,
    };
    let executor = Arc::new(executor);
    let build = || {
        let sched = Scheduler::builder().limit("two at a time", 2);
        let sched = sched.executor(Arc::clone(&executor)).build();
        sched.start().unwrap();
        sched
    };
    let scheds = [build(), build()];
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let how = random.below(4);
    // Of a runtime that ends early, it is its own thread that ends it.
    let driver = thread::spawn(move || {
        if is_single {
            let _ = runtime.block_on(ended);
        } else {
            let _ = ended.blocking_recv();
        }
        match how {
            0 => runtime.shutdown_background(),
            1 => runtime.shutdown_timeout(PATIENCE),
            _ => drop(runtime),
        }
    });

    let (mut handles, mut futures, mut cancelled) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..random.below(60) + 20 {
        let sched = &scheds[random.below(2) as usize];
        let handle = sched.add(task(&mut random, &shared)).unwrap();
        futures.push(handle.future());
        meddle(&mut random, &handle, &mut cancelled);
        handles.push(handle);
        let index = random.below(handles.len() as u64) as usize;
        meddle(&mut random, &handles[index], &mut cancelled);
    }
    let ends_early = random.below(2) == 0;
    let mut end = Some(end);
    if ends_early {
        drop(end.take());
    }
    for sched in &scheds {
        match random.below(4) {
            0 => sched.shutdown(false),
            1 => drop(sched.shutdown_timeout(ms(1))),
            2 => drop(sched.shutdown_async()),
            _ => sched.shutdown(true),
        }
    }
    for future in &futures {
        assert!(future.wait_timeout(PATIENCE).is_some(), "seed {seed}: {future:?}");
    }
    for sched in &scheds {
        smol::block_on(sched.shutdown_async());
        let stats = sched.stats();
        let executor = &stats.executors[0];
        assert_eq!((executor.busy, executor.queued), (0, 0), "seed {seed}");
    }
    for future in &cancelled {
        let outcome = future.wait_timeout(PATIENCE).unwrap();
        assert!(matches!(outcome, Err(TaskError::Cancelled)), "seed {seed}: {outcome:?}");
    }
    drop(end);
    driver.join().unwrap();
    drop((handles, futures, cancelled, scheds));
    // Threads of the schedulers, or of a runtime that was not waited for, may be about to end.
    let start = Instant::now();
    let is_over = || {
        is_idle(&executor)
            && shared.alive.load(Ordering::SeqCst) == 0
            && (Arc::strong_count(&executor), Arc::strong_count(&shared)) == (1, 1)
    };
    while !is_over() {
        let what = "a scheduler, a function, a future or its place is left";
        assert!(start.elapsed() < PATIENCE, "seed {seed}: {what}: {executor:?}");
        thread::yield_now();
    }
}

#[test]
fn whatever_is_done_to_them_all_tasks_end_and_leave_nothing() {
    // PYSCHED_SEED=7 repeats the round of a seed; PYSCHED_CASES=20 looks at twenty times as many.
    let number = |name: &str| std::env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    match number("PYSCHED_SEED") {
        Some(seed) => round(seed),
        None => (0..40 * number("PYSCHED_CASES").unwrap_or(1)).for_each(round),
    }
}
