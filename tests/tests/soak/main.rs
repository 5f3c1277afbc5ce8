//! Soak: random load on several schedulers at once, with faults, and nothing is lost, duplicated, leaked or
//! early.
//!
//! Runs for five seconds, or for as many as the environment variable `PYSCHED_SOAK_SECONDS` says;
//! `ci/soak` runs it longer, in release, and shows the figures. `PYSCHED_SEED` repeats what was drawn; what
//! threads do to each other is not repeated.
//!
//! It goes in rounds. In each, schedulers are built, put under load, and ended while the load goes on.
//! Then what the functions of tasks have written down, what events, futures and statistics say is compared,
//! execution by execution (`ledger.rs`), and the process has to be as it was before: its threads,
//! descriptors and children. The resident memory is compared at the end.
//!
//! Alone in its program, as it looks at all of the process.

#![cfg(target_os = "linux")]

mod clock;
mod faults;
mod figures;
mod ledger;
mod load;
mod tasks;
mod witness;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, panic, thread};

use pysched::{ProcessPoolExecutor, ThreadPoolExecutor, TokioExecutor};
use pysched_tests::process::{children, descriptors, threads};
use pysched_tests::{MAILBOX, PATIENCE, Random, ms, resident_bytes, secs};

use self::faults::mischief;
use self::figures::Figures;
use self::world::{Shared, World};

pysched::worker_test!();

/// How many schedulers there are at once.
const SCHEDULERS: usize = 3;

/// By how much the resident memory may grow: the allocator keeps what the busiest moment has used, in as
/// many arenas as threads were in its way.
const GROWTH: usize = 48 << 20;

/// The number that an environment variable has.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

/// Panics that are meant are not shown.
fn hide_what_is_meant() {
    let shown = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let text = panic.payload_as_str().unwrap_or_default();
        if text != "on purpose" && !text.ends_with("is out of order") {
            shown(panic);
        }
    }));
}

/// One round. Gives what was complained of.
fn round(random: &mut Random, figures: &Arc<Figures>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_time().build().unwrap();
    let processes = ProcessPoolExecutor::builder().max_workers(2).max_tasks_per_worker(200);
    let shared = Shared {
        tokio: Arc::new(TokioExecutor::new(runtime.handle().clone()).concurrency(8)),
        processes: Arc::new(processes.grace(ms(50)).build().unwrap()),
        pool: Arc::new(ThreadPoolExecutor::new(2)),
        calm: Arc::default(),
    };
    let length = ms(100 + random.below(2000));
    let mut worlds: Vec<_> =
        (0..SCHEDULERS).map(|_| World::new(&shared, random, figures)).collect();
    let clocks: Vec<_> = worlds.iter().map(World::clock).collect();
    let stop = AtomicBool::new(false);
    let mut own = Random::seeded(random.below(u64::MAX));
    let complaints = thread::scope(|scope| {
        scope.spawn(|| mischief(&clocks, &mut own, figures, &stop));
        let mut complaints = Vec::new();
        while let Some(world) = worlds.pop() {
            thread::sleep(length / 3);
            complaints.extend(world.end(random));
        }
        stop.store(true, Ordering::Relaxed);
        complaints
    });
    let Shared { tokio, processes, pool, .. } = shared;
    processes.shutdown(true);
    pool.shutdown(true);
    drop((tokio, processes, pool));
    runtime.shutdown_timeout(PATIENCE);
    complaints
}

/// Waits until the process has no more of anything than it had; what is gone may take a moment to be.
fn settle(before: &(Vec<String>, usize), figures: &Figures) -> Option<String> {
    let begun = Instant::now();
    loop {
        let (threads, descriptors, children) = (threads(), descriptors(), children());
        if threads == before.0 && descriptors <= before.1 && children.is_empty() {
            return None;
        }
        if begun.elapsed() > PATIENCE {
            figures.count("found", "leaked");
            let now = format!("{threads:?}, {descriptors} descriptors, children {children:?}");
            return Some(format!("leaked: {before:?} before, now {now}"));
        }
        thread::sleep(ms(1));
    }
}

#[test]
fn nothing_is_lost_duplicated_leaked_or_early() {
    let length = secs(number("PYSCHED_SOAK_SECONDS").unwrap_or(5));
    let seed = number("PYSCHED_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("soak: {length:?}, PYSCHED_SEED={seed}");
    hide_what_is_meant();
    let figures = Arc::new(Figures::default());
    let mut random = Random::seeded(seed);
    let began = Instant::now();
    // This thread and the main one; that of the other test ends at once.
    let begun = Instant::now();
    while threads().len() > 2 && begun.elapsed() < PATIENCE {
        thread::yield_now();
    }
    let before = (threads(), descriptors());
    let (mut complaints, mut memory) = (Vec::new(), Vec::new());
    // At least two, so that there is one to compare with.
    while complaints.is_empty() && (began.elapsed() < length || memory.len() < 2) {
        complaints.extend(round(&mut random, &figures));
        complaints.extend(settle(&before, &figures));
        memory.push(resident_bytes());
        figures.count("schedulers", "rounds");
    }
    // The allocator keeps some of what the first rounds have used.
    let quarter = memory.len().div_ceil(4);
    let first = memory[..quarter].iter().max().copied().unwrap_or(0);
    let last = memory[memory.len() - quarter..].iter().min().copied().unwrap_or(0);
    if last > first + GROWTH + MAILBOX {
        figures.count("found", "leaked");
        complaints.push(format!("leaked: from {first} to {last} resident bytes"));
    }
    for kind in ["lost", "duplicated", "leaked", "early", "contradicted"] {
        figures.add("found", kind, 0);
    }
    let mebibytes = |bytes: Option<&usize>| bytes.map_or(0, |bytes| (*bytes as u64) >> 20);
    figures.add("resident memory, MiB", "after the first round", mebibytes(memory.first()));
    figures.add("resident memory, MiB", "after the last", mebibytes(memory.last()));
    figures.add("resident memory, MiB", "the most after a round", mebibytes(memory.iter().max()));
    println!("{figures}");
    assert!(complaints.is_empty(), "PYSCHED_SEED={seed}:\n{}", complaints.join("\n"));
    if length >= Duration::from_secs(5) {
        let kinds = ["executor panics", "listener panics", "listener blocks", "clock panics"];
        for kind in kinds.into_iter().chain(["worker process killed"]) {
            assert!(figures.get("faults", kind) > 0, "no fault of the kind: {kind}");
        }
        assert_eq!(figures.sum("found"), 0);
        let unheard = figures.get("schedulers", "whose events were not all heard");
        assert!(unheard <= figures.get("schedulers", "started") / 2, "{unheard} were not compared");
        assert!(figures.get("executions", "attempts begun") > 0);
    }
}
