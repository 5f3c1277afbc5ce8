//! Resident memory with many fates counted. Alone in its binary, as it measures the whole process.
#![cfg(target_os = "linux")]

use std::env;
use std::time::Duration;

use pysched::{Scheduler, Trigger};
use pysched_tests::{MAILBOX, Random, by_hand, resident_bytes, secs};

/// How many executions there are: in full if asked for, and without a debugger's burden.
const IN_FULL: u64 = 1_000_000;
const IN_BRIEF: u64 = if cfg!(feature = "metrics") { 300_000 } else { 50_000 };

/// How many become due at once.
const BATCH: u64 = 1_000;

/// How much the memory may differ from one look to the next, as allocators come and go, beside
/// [`MAILBOX`]. It is less than 5 bytes for each execution in full.
const NOISE: usize = 4 << 20;

#[test]
fn what_is_counted_takes_no_memory() {
    let in_full = env::var_os("PYSCHED_FULL").is_some() || !cfg!(debug_assertions);
    let (sched, clock) = by_hand();
    let mut random = Random::seeded(7);
    let mut run = |sched: &Scheduler, count: u64| {
        for _ in 0..count / BATCH {
            for _ in 0..BATCH {
                // Late by anything from nanoseconds to minutes.
                let late = Duration::from_nanos(random.below(1 << 37) >> random.below(37));
                sched.delay(Trigger::once(secs(200) - late), 0, || ()).unwrap();
            }
            clock.advance(secs(200));
        }
    };
    // Until the history of finished tasks is as long as it gets.
    run(&sched, 30_000);
    let before = resident_bytes();
    let count = if in_full { IN_FULL } else { IN_BRIEF };
    run(&sched, count);
    let after = resident_bytes();
    assert!(after < before + NOISE + MAILBOX, "from {before} to {after} bytes");
    assert_eq!(sched.stats().counts.succeeded, 30_000 + count);
    assert_eq!(sched.stats().lateness.count, 30_000 + count);
}
