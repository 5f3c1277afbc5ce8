//! Priorities: when there are more tasks than workers, the most urgent starts first, whatever was
//! added first.
//!
//! Run it with `cargo run --example priorities`. It takes about a second.

use std::thread;
use std::time::Duration;

use pysched::{Error, Scheduler, ThreadPoolExecutor, Trigger};

fn main() -> Result<(), Error> {
    // One worker, so that one thing happens after the other.
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(1)).build();
    sched.start()?;

    sched.delay(Trigger::once(0), 0, || {
        println!("the only worker is busy for half a second");
        thread::sleep(Duration::from_millis(500));
    })?;

    // All of these become due meanwhile. A lower number is more urgent; equal ones run in the order
    // in which they were due.
    let errands = [
        ("water the plants", 20, 0.10),
        ("answer the second letter", 10, 0.12),
        ("answer the first letter", 10, 0.11),
        ("open the door", 0, 0.13),
        ("put out the fire", -10, 0.14),
    ];
    let mut handles = Vec::new();
    for (number, (errand, priority, delay)) in (1..).zip(errands) {
        handles.push(sched.delay(Trigger::once(delay), priority, move || {
            println!("  added as number {number}, with priority {priority:>3}: {errand}");
        })?);
    }

    for handle in handles {
        handle.wait();
    }
    sched.shutdown(true);
    Ok(())
}
