//! Tasks without the attribute: closures, triggers, a name, an end, a second executor, and a
//! cancellation.
//!
//! Run it with `cargo run --example functional`. It takes about a second.

use std::thread;
use std::time::Duration;

use pysched::{Error, Interval, Scheduler, Task, ThreadPoolExecutor, Trigger};

fn main() -> Result<(), Error> {
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(2))
        .named_executor("reports", ThreadPoolExecutor::new(1))
        .build();

    // A closure, when it runs, and its priority. Tasks may be added before the start.
    let greeting = "hello";
    let hello = sched.delay(Trigger::once(0.2), 0, move || println!("{greeting}, once"))?;

    // The same with more to say: a task is a value until it is added.
    let countdown = Task::new(|| println!("every 250 ms, three times"))
        .name("countdown")
        .trigger(Trigger::recur("250ms".parse::<Interval>()?))
        .times(3);
    let countdown = sched.add(countdown)?;

    // On an executor of its own, a slow task is in nobody's way.
    let report = Task::new(|| {
        thread::sleep(Duration::from_millis(300));
        "42 pages"
    });
    let report = sched.add(report.executor("reports"))?;

    let never = sched.delay(Trigger::once(3600), 0, || println!("in an hour"))?;

    println!("the tasks, by their next run:");
    for task in sched.tasks() {
        println!("  {} {}", task.id, task.name.as_deref().unwrap_or("-"));
    }

    sched.start()?;
    sched.cancel(&never)?;
    if let Err(error) = sched.cancel(&never) {
        println!("cancelled twice: {error}");
    }

    hello.wait();
    if let Ok(pages) = report.future().wait() {
        println!("the report has {pages}");
    }
    for _ in 0..3 {
        countdown.wait();
    }

    sched.shutdown(true);
    Ok(())
}
