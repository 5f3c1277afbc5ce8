//! Rules: what becomes of runs that fail, take too long, overlap, or are held back.
//!
//! Run it with `cargo run --example rules`. It ends after about three seconds.

use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{
    Error, Execution, Overlap, Retry, Scheduler, Status, Task, TaskError, ThreadPoolExecutor,
    Trigger,
};

fn main() -> Result<(), Error> {
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(8)).build();
    sched.start()?;
    retry(&sched)?;
    timeout(&sched)?;
    overlap(&sched)?;
    control(&sched)?;
    sched.shutdown(true);
    Ok(())
}

/// What fails is tried again, after pauses that keep no worker. All attempts are one execution.
fn retry(sched: &Scheduler) -> Result<(), Error> {
    println!("A download that fails twice:");
    let download = Task::fallible(|| match pysched::current().attempt() {
        attempt @ (1 | 2) => Err(format!("no connection, at attempt {attempt}")),
        attempt => Ok(attempt),
    });
    let pauses = Retry::times(5).exponential(ms(50), ms(500)).without_jitter();
    let future = sched.add(download.name("download").retry(pauses))?.future();
    let outcome = future.wait();
    for attempt in future.execution().attempts {
        println!("    {}", attempt.error);
    }
    println!("    then {outcome:?}, at attempt {}", future.execution().attempt);
    Ok(())
}

/// What takes too long has failed at once, and is told to end. The function looks at its token.
fn timeout(sched: &Scheduler) -> Result<(), Error> {
    println!("\nAn import that would take a minute, and may take 300 ms:");
    let import = Task::fallible(|| -> Result<(), TaskError> {
        let token = pysched::current().token();
        for _ in 0..60 {
            // Sleeps, but not longer than it may; a loop without sleep would call `check` only.
            let told_to_end = token.wait_timeout(Duration::from_secs(1));
            println!("    the function looks at its token: told to end? {told_to_end}");
            token.check()?;
        }
        Ok(())
    });
    let future = sched.add(import.name("import").timeout(ms(300)))?.future();
    println!("    whoever waits for it is told: {:?}", future.wait().unwrap_err().to_string());
    while sched.stats().overdue > 0 {
        thread::yield_now(); // its function has not returned yet
    }
    Ok(())
}

/// What is due while the last one runs is skipped, waits, runs beside it, or ends it.
fn overlap(sched: &Scheduler) -> Result<(), Error> {
    println!("\nA report every 150 ms that takes 400 ms; its five runs, by policy:");
    let two = NonZeroUsize::new(2).unwrap();
    let policies = [Overlap::Skip, Overlap::BufferOne, Overlap::Allow(two), Overlap::CancelOther];
    let mut handles = Vec::new();
    for policy in policies {
        let report = Task::fallible(|| {
            let token = pysched::current().token();
            let _ = token.wait_timeout(ms(400)); // stands for work that can be interrupted
            token.check()
        });
        let five = Trigger::recur(0.15).until(SystemTime::now() + ms(800));
        handles.push(sched.add(report.trigger(five).overlap(policy))?);
    }
    for (policy, handle) in policies.iter().zip(handles) {
        while sched.task(&handle).is_some() {
            let _ = handle.wait().wait();
        }
        let mut runs = sched.results(&handle);
        runs.sort_by_key(|run| run.due);
        let fates: Vec<_> =
            runs.iter().map(|run| format!("{:<9}", format!("{:?}", run.status))).collect();
        println!("    {:<12} {}", format!("{policy:?}"), fates.join(" ").trim_end());
    }
    Ok(())
}

/// A task can be paused, run now and resumed; what it has missed is recorded.
fn control(sched: &Scheduler) -> Result<(), Error> {
    println!("\nA heartbeat every 100 ms, paused for 350 ms:");
    let beat = sched.add(Task::new(|| ()).name("heartbeat").trigger(Trigger::recur(0.1)))?;
    beat.wait();
    beat.pause()?;
    println!("    {}", sched.explain(&beat));
    thread::sleep(ms(350));
    beat.run_now()?; // also while it is paused
    beat.wait();
    beat.resume()?;
    beat.wait();
    let start = sched.results(&beat)[0].due;
    let mut runs = sched.results(&beat);
    runs.sort_by_key(|run| run.due);
    for run in runs {
        let due = run.due.duration_since(start).unwrap_or_default().as_millis();
        println!("    due at {due:>3} ms: {}", told(&run));
    }
    println!("    {}", sched.explain(&beat));
    Ok(())
}

/// What became of a run, and why.
fn told(run: &Execution) -> String {
    match (run.status, &run.error, run.reason) {
        (Status::Succeeded, ..) => "succeeded".to_owned(),
        (status, Some(error), _) => format!("{status:?}: {error}"),
        (status, None, Some(reason)) => format!("{status:?}: {reason}"),
        (status, None, None) => format!("{status:?}"),
    }
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}
