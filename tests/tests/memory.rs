//! Resident memory. Alone in its binary, as it measures the whole process.
#![cfg(target_os = "linux")]

use std::env;

use pysched::{Scheduler, ThreadPoolExecutor, Trigger};
use pysched_tests::{MAILBOX, outcome, resident_bytes};

/// How many one-shots are run: in full if asked for, and without a debugger's burden.
const IN_FULL: usize = 10_000_000;
const IN_BRIEF: usize = if cfg!(feature = "metrics") { 2_000_000 } else { 300_000 };

/// How many are on their way at once.
const BATCH: usize = 1000;

/// How much the memory may differ from one look to the next, as allocators come and go. A leak of
/// 16 bytes a task would already be more, also together with [`MAILBOX`].
const NOISE: usize = 4 << 20;

fn run_one_shots(sched: &Scheduler, count: usize) {
    for _ in 0..count / BATCH {
        for _ in 1..BATCH {
            sched.delay(Trigger::once(0), 0, || [0_u8; 16]).unwrap();
        }
        // The least urgent one: when it has run, so have the others, or they are about to.
        let last = sched.delay(Trigger::once(0), 1, || [0; 16]).unwrap();
        assert!(outcome(&last.future()).is_ok());
    }
}

#[test]
fn fire_and_forget_keeps_memory_flat() {
    let in_full = env::var_os("PYSCHED_FULL").is_some() || !cfg!(debug_assertions);
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
    sched.start().unwrap();

    // Until the history of finished tasks is as long as it gets.
    run_one_shots(&sched, 30_000);
    let before = resident_bytes();
    run_one_shots(&sched, if in_full { IN_FULL } else { IN_BRIEF });
    let after = resident_bytes();
    assert!(after < before + NOISE + MAILBOX, "from {before} to {after} bytes");
    sched.shutdown(true);
}
