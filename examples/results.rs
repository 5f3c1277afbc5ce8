//! Results: values, errors, panics and cancellations all reach the future, and the series goes on.
//!
//! Run it with `cargo run --example results`. It ends at once. What Rust prints about the panic
//! goes to the standard error, as always.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pysched::{Error, Scheduler, Task, TaskError, Trigger};

fn main() -> Result<(), Error> {
    let sched = Scheduler::new();
    sched.start()?;

    // A value. It is lent, not cloned: any number of threads may wait for it.
    let answer = sched.add(Task::new(|| 6 * 7))?.future();
    println!("value: {:?}", answer.wait());

    // A callback, for those who do not want to wait.
    answer.on_done(|future| println!("callback: {:?}", future.wait()));

    // An error, with its type.
    let number = sched.add(Task::fallible(|| "forty-two".parse::<u32>()))?.future();
    match number.wait() {
        Err(TaskError::Failed(error)) => println!("error: {error}"),
        other => println!("unexpected: {other:?}"),
    }

    // A panic is an error too. It costs no worker.
    let printed = sched.add(Task::new(|| -> u32 { panic!("out of paper") }))?.future();
    if let Err(error) = printed.wait() {
        println!("panic: {error}");
    }

    // A cancellation, before the start.
    let late = sched.delay(Trigger::once(3600), 0, || ())?.future();
    println!("not done after 10 ms: {:?}", late.wait_timeout(Duration::from_millis(10)));
    println!("cancelled: {}, so it ends with {:?}", late.cancel(), late.wait());

    // A series goes on whatever becomes of one execution. Each `wait` returns the next one.
    let turn = AtomicU32::new(0);
    let only_even = Task::fallible(move || match turn.fetch_add(1, Ordering::Relaxed) {
        even if even % 2 == 0 => Ok(even),
        odd => Err(format!("{odd} is odd")),
    });
    let series = sched.add(only_even.trigger(Trigger::recur(0.01)).times(4))?;
    for _ in 0..4 {
        println!("series: {:?}", series.wait().wait().map_err(ToString::to_string));
    }

    // What is remembered of it, without the values.
    for execution in sched.results(&series) {
        println!("history: {:?} {:?}", execution.status, execution.error);
    }

    sched.shutdown(true);
    Ok(())
}
