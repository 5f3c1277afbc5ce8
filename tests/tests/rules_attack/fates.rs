//! Everything at once: each nominal run has one fate, every future ends, and nothing is left.
//!
//! Runs for a second, or for as many as the environment variable `PYSCHED_STRESS_SECONDS` says.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pysched::{
    Conflict, Error, Handle, Misfire, Overlap, Retry, Scheduler, Task, TaskFuture,
    ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{PATIENCE, Random, ms, secs};

/// A value that is counted for as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(alive))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn rules(task: Task<Counted>, random: &mut Random) -> Task<Counted> {
    let overlap = match random.below(6) {
        0 => Overlap::Skip,
        1 => Overlap::Allow(NonZeroUsize::new(2).unwrap()),
        2 => Overlap::AllowAll,
        3 => Overlap::BufferOne,
        4 => Overlap::BufferAll,
        _ => Overlap::CancelOther,
    };
    let misfire = match random.below(3) {
        0 => Misfire::RunOnce,
        1 => Misfire::Skip,
        _ => Misfire::RunAll,
    };
    let mut task = task.overlap(overlap).misfire(misfire);
    if random.below(3) == 0 {
        task = task.grace(Duration::from_micros(random.below(5_000)));
    }
    if random.below(2) == 0 {
        task = task.tag("a");
    }
    if random.below(3) == 0 {
        task = task.tag("b");
    }
    if random.below(3) == 0 {
        task = task.timeout(Duration::from_micros(200 + random.below(2_000)));
    }
    if random.below(3) == 0 {
        task = task.times(1 + random.below(20));
    }
    if random.below(2) == 0 {
        let pause = Duration::from_micros(random.below(1_000));
        let retry = Retry::times(u32::try_from(random.below(4)).unwrap());
        task = task.retry(if random.below(5) == 0 {
            retry
        } else {
            retry.fixed(pause).when(|_| true)
        });
    }
    task
}

/// What it does to one task.
fn act(
    sched: &Scheduler,
    handle: &Handle<Counted>,
    may_run_now: bool,
    futures: &mut Vec<TaskFuture<Counted>>,
    random: &mut Random,
) {
    match random.below(12) {
        0 => drop(handle.pause()),
        1 | 2 => drop(handle.resume()),
        3 if may_run_now => drop(handle.run_now()),
        4 => {
            let future = handle.future();
            let ended = future.cancel();
            assert!(!ended || future.cancelled() || future.wait_timeout(PATIENCE).is_some());
            futures.push(future);
        }
        5 => sched.set_limit("a", Some(usize::try_from(random.below(4)).unwrap())),
        6 => sched.set_limit("b", None),
        7 => {
            sched.pause_all();
            thread::yield_now();
            sched.resume_all();
        }
        8 => futures.push(handle.future().clone()),
        9 => drop(sched.explain(handle)),
        10 => drop((sched.stats(), sched.results(handle), handle.futures())),
        _ => thread::sleep(Duration::from_micros(random.below(500))),
    }
}

/// Each nominal time from the first that has come to the last has one fate. With so many tries, a run that
/// was asked for beside may be due at such a time, too, to the nanosecond.
fn assert_one_fate_each(
    sched: &Scheduler,
    handle: &Handle<Counted>,
    interval: Duration,
    may_run_now: bool,
    at: &str,
) {
    let mut results = sched.results(handle);
    results.retain(|it| is_nominal(it.due, interval));
    results.sort_by_key(|it| it.due);
    for pair in results.windows(2) {
        let apart = pair[1].due.duration_since(pair[0].due).unwrap();
        let is_beside = may_run_now && apart.is_zero();
        assert!(is_beside || apart == interval, "{at}: {pair:#?}");
    }
}

/// They start at a whole number of milliseconds.
fn is_nominal(due: SystemTime, interval: Duration) -> bool {
    let since = due.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    (since.as_nanos() % 1_000_000).is_multiple_of(interval.as_nanos())
}

fn round(seed: u64) {
    let mut random = Random::seeded(seed);
    let alive = Arc::new(AtomicUsize::new(0));
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(1 + usize::try_from(random.below(4)).unwrap()))
        .limit("a", 2)
        .limit("b", 1)
        .history(1_000_000)
        .build();
    if random.below(8) > 0 {
        sched.start().unwrap();
    }
    let intervals = [200, 250, 500, 1000].map(Duration::from_micros);
    let start = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let start = SystemTime::UNIX_EPOCH
        + Duration::from_millis(u64::try_from(start.as_millis()).unwrap() + 1);
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let interval = intervals[usize::try_from(random.below(4)).unwrap()];
            let (captured, alive) = (Counted::new(&alive), Arc::clone(&alive));
            let (kind, turn) = (random.below(4), AtomicUsize::new(0));
            let task = Task::fallible(move || {
                let _ = &captured;
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                if turn % 3 == 0 {
                    thread::sleep(Duration::from_micros(300));
                }
                match kind {
                    0 if turn % 2 == 0 => Err("failed"),
                    1 if turn % 3 == 0 => Err("failed"),
                    _ => Ok(Counted::new(&alive)),
                }
            });
            let task = rules(task.trigger(Trigger::recur(interval)), &mut random);
            let task = task.starting(start).name(format!("task {number}"));
            (sched.add(task.conflict(Conflict::Replace)).unwrap(), interval)
        })
        .collect();
    let followers: Vec<_> = tasks
        .iter()
        .map(|(handle, _)| {
            let alive = Arc::clone(&alive);
            let task = Task::new(move || Counted::new(&alive)).after(handle).tag("a");
            sched.add(task.trigger(Trigger::once(Duration::from_micros(100))))
        })
        .filter_map(Result::ok)
        .collect();
    let end = Instant::now() + ms(20 + random.below(60));
    let mut futures = thread::scope(|scope| {
        let actors: Vec<_> = (0..3)
            .map(|actor| {
                let (sched, tasks, followers) = (&sched, &tasks, &followers);
                let mut random = Random::seeded(seed * 31 + actor);
                scope.spawn(move || {
                    let mut futures = Vec::new();
                    while Instant::now() < end {
                        let at = usize::try_from(random.below(8)).unwrap();
                        let handle = tasks.get(at).map(|it| &it.0);
                        let handle = handle.or_else(|| followers.get(at - 6));
                        if let Some(handle) = handle {
                            act(sched, handle, at % 2 == 0, &mut futures, &mut random);
                        }
                    }
                    futures
                })
            })
            .collect();
        actors.into_iter().flat_map(|actor| actor.join().unwrap()).collect::<Vec<_>>()
    });
    sched.set_limit("a", Some(2));
    if random.below(4) == 0 {
        let handle = &tasks[0].0;
        assert!(matches!(handle.cancel(), Ok(()) | Err(Error::UnknownTask(_))));
    }
    futures.extend(tasks.iter().map(|(handle, _)| handle.future()));
    match random.below(4) {
        0 => sched.shutdown(false),
        1 => drop(sched.shutdown_timeout(Duration::from_micros(random.below(2_000)))),
        2 => {
            sched.pause_all();
            sched.shutdown(true);
        }
        _ => {}
    }
    sched.shutdown(true);
    for future in &futures {
        assert!(future.done(), "seed {seed}: {:?}", future.execution());
    }
    assert!(sched.tasks().is_empty(), "seed {seed}: {:?}", sched.tasks());
    let stats = sched.stats();
    let left = (stats.queued, stats.waiting, stats.running, stats.overdue);
    assert_eq!(left, (0, 0, 0, 0), "seed {seed}");
    for (number, (handle, interval)) in tasks.iter().enumerate() {
        let at = format!("seed {seed}, task {number}");
        assert_one_fate_each(&sched, handle, *interval, number % 2 == 0, &at);
    }
    drop((futures, tasks, followers, sched));
    assert_eq!(alive.load(Ordering::SeqCst), 0, "seed {seed}");
}

#[test]
fn at_random() {
    let seconds = std::env::var("PYSCHED_STRESS_SECONDS");
    let seconds = seconds.map_or(1, |text| text.parse().expect("a whole number of seconds"));
    let seed = std::env::var("PYSCHED_SEED").map_or(1, |text| text.parse().unwrap());
    let end = Instant::now() + secs(seconds);
    for seed in seed.. {
        if Instant::now() >= end {
            break;
        }
        within(PATIENCE, move || round(seed));
    }
}
