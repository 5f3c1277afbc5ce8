//! Twenty threads that add and cancel: nothing is lost, nothing leaks, and memory returns to where
//! it was.
//!
//! Runs for three seconds, or for as many as the environment variable `PYSCHED_STRESS_SECONDS`
//! says: `PYSCHED_STRESS_SECONDS=60 cargo test --release --test stress` is the long form.
//!
//! Alone in its program, as it looks at the memory of the whole process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pysched::{Error, Handle, Scheduler, Task, TaskError, ThreadPoolExecutor, Trigger};
use pysched_tests::{MAILBOX, Random, outcome, resident_bytes, secs};

const THREADS: u64 = 20;

/// How many tasks a thread has out at a time.
const BATCH: usize = 100;

/// What all threads have counted together.
#[derive(Debug, Default)]
struct Counts {
    /// Single runs that were added.
    added: AtomicU64,

    /// How many of them ran, as their functions counted.
    ran: AtomicU64,

    /// How many of them ran, as their futures said.
    succeeded: AtomicU64,

    /// How many of them were cancelled, as their futures said.
    cancelled: AtomicU64,

    /// Values that tasks have captured and that have not been dropped.
    alive: AtomicUsize,
}

/// A captured value that is counted for as long as it lives.
struct Token(Arc<Counts>);

impl Token {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.alive.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counts))
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Cancels a task in one of the ways there are, which all may come too late.
fn cancel<T: Send + Sync + 'static>(sched: &Scheduler, handle: &Handle<T>, random: &mut Random) {
    let result = match random.below(3) {
        0 => handle.cancel(),
        1 => sched.cancel(handle),
        _ => {
            let _ = handle.future().cancel();
            return;
        }
    };
    assert!(matches!(result, Ok(()) | Err(Error::UnknownTask(_))), "{result:?}");
}

/// Adds single runs, cancels about half of them, and waits for all of them.
fn single_runs(sched: &Scheduler, counts: &Arc<Counts>, random: &mut Random) {
    let mut handles = Vec::with_capacity(BATCH);
    for _ in 0..BATCH {
        let token = Token::new(counts);
        let task = move || count(&token.0.ran);
        let trigger = Trigger::once(Duration::from_micros(random.below(3_000)));
        let priority = i32::try_from(random.below(5)).unwrap();
        let handle = sched.delay(trigger, priority, task).unwrap();
        count(&counts.added);
        handles.push((handle.future(), handle));
        if random.below(4) == 0 {
            let index = usize::try_from(random.below(handles.len() as u64)).unwrap();
            cancel(sched, &handles[index].1, random);
        }
    }
    for (_, handle) in &handles {
        if random.below(3) == 0 {
            cancel(sched, handle, random);
        }
    }
    for (future, handle) in &handles {
        match outcome(future) {
            Ok(()) => count(&counts.succeeded),
            Err(TaskError::Cancelled) => count(&counts.cancelled),
            Err(error) => panic!("{error}"),
        }
        assert!(sched.task(handle).is_none());
        assert_eq!(handle.futures().len(), 1, "one future, one fate");
    }
}

/// Lets a series run for a little while, with some of its runs cancelled, and ends it.
fn a_series(sched: &Scheduler, counts: &Arc<Counts>, random: &mut Random) {
    let (token, calls) = (Token::new(counts), Arc::new(AtomicU64::new(0)));
    let task = {
        let calls = Arc::clone(&calls);
        Task::new(move || {
            let _ = &token;
            count(&calls);
        })
    };
    let interval = Duration::from_micros(200 + random.below(1_000));
    let trigger = match random.below(2) {
        0 => Trigger::recur(interval),
        _ => Trigger::recur_after(interval),
    };
    let handle = sched.add(task.trigger(trigger)).unwrap();
    for _ in 0..random.below(5) {
        if random.below(2) == 0 {
            let _ = handle.future().cancel();
        }
        assert!(handle.wait().done());
    }
    handle.cancel().unwrap();
    let _ = outcome(&handle.future());
    assert!(sched.task(&handle).is_none());
    let succeeded = handle.futures().iter().filter(|it| outcome(it).is_ok()).count();
    assert_eq!(succeeded as u64, calls.load(Ordering::Relaxed));
}

/// Lets all threads work on a scheduler of their own for so long, then checks what they counted.
fn stress(duration: Duration, seed: u64) {
    let counts = Arc::new(Counts::default());
    let pool = ThreadPoolExecutor::new(4);
    let sched = Scheduler::builder().executor(pool).history(100_000).build();
    sched.start().unwrap();
    let end = Instant::now() + duration;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (sched, counts) = (&sched, &counts);
            let mut random = Random::seeded(seed * THREADS + thread);
            scope.spawn(move || {
                while Instant::now() < end {
                    single_runs(sched, counts, &mut random);
                    a_series(sched, counts, &mut random);
                }
            });
        }
    });
    assert!(sched.tasks().is_empty());
    sched.shutdown(true);

    let [added, ran, succeeded, cancelled] =
        [&counts.added, &counts.ran, &counts.succeeded, &counts.cancelled]
            .map(|it| it.load(Ordering::Relaxed));
    assert!(added >= THREADS * BATCH as u64);
    assert_eq!(ran, succeeded, "each ran as often as its future says");
    assert_eq!(succeeded + cancelled, added, "each ran or was cancelled");
    assert!(ran > 0 && cancelled > 0, "{counts:?}");
    assert_eq!(counts.alive.load(Ordering::Relaxed), 0, "each captured value was dropped");
}

/// How long it takes unless told otherwise: as much longer as more memory is allowed for.
const SECONDS: u64 = if cfg!(feature = "metrics") { 11 } else { 3 };

#[test]
fn twenty_threads_lose_and_leak_nothing() {
    let seconds = std::env::var("PYSCHED_STRESS_SECONDS");
    let seconds = seconds.map_or(SECONDS, |text| text.parse().expect("a whole number of seconds"));

    // The allocator keeps some of what a first round has used.
    stress(secs(1), 0);
    let before = resident_bytes();
    stress(secs(seconds), 1);
    let after = resident_bytes();
    assert!(
        after < before + (8 << 20) + MAILBOX,
        "{before} bytes were resident after a second, and {after} bytes after {seconds} more"
    );
}
