//! Async: tasks on a tokio runtime, asynchronous functions beside plain ones; their results, awaited; and
//! what a timeout and a cancellation end.
//!
//! Run it with `cargo run --example async_tasks`. It takes about a second.

use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_lite::StreamExt;
use once_cell::sync::Lazy;
use pysched::{Scheduler, Task, TaskError, TokioExecutor, task};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Used first on the runtime, which it then runs on, with at most 200 executions at a time.
static SCHED: Lazy<Scheduler> =
    Lazy::new(|| Scheduler::builder().executor(TokioExecutor::current().concurrency(200)).build());

/// Runs as a task of the runtime, and takes no thread while it waits.
#[task(SCHED, once, 0)]
async fn fetch(page: usize) -> usize {
    sleep(Duration::from_millis(200)).await; // stands for a request
    page
}

/// May block or compute: it runs on a thread of the runtime that is there for that.
#[task(SCHED, once, 0)]
fn compress(text: String) -> usize {
    thread::sleep(Duration::from_millis(100)); // stands for work
    text.len()
}

/// Every 50 ms, five times. An `Err` is the end of one run, not of the series.
#[task(SCHED, recur, 0.05, times = 5)]
async fn poll(service: String) -> Result<String, String> {
    sleep(Duration::from_millis(5)).await; // stands for a request
    if service.is_empty() { Err("no service".to_owned()) } else { Ok(service + " is up") }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    SCHED.start()?;
    functions().await?;
    series().await?;
    timeout().await?;
    cancel().await?;
    SCHED.shutdown_async().await; // what is running finishes first, and blocks no thread
    println!("\nshut down");

    priorities().await
}

/// A hundred requests at a time, beside a function that blocks a thread.
async fn functions() -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let compressed = compress::delay("a long text".into())?.future();
    let fetched: Result<Vec<_>, _> = (1..=100).map(fetch::delay).collect();

    let mut sum = 0;
    for page in fetched? {
        sum += page.future().await?; // a future gives what the function has returned
    }
    assert_eq!(sum, 5_050);
    println!("100 pages of 200 ms each, fetched in {:?}", begun.elapsed());
    println!("a text, compressed to {} bytes", compressed.await?);

    assert_eq!(fetch(7).await, 7); // the function is what it was
    Ok(())
}

/// The executions of a series, one by one and as a stream.
async fn series() -> Result<(), Box<dyn Error>> {
    println!("\nA series of five:");
    let polled = poll::delay("the weather".into())?;
    for _ in 0..2 {
        let Some(run) = polled.next().await else { break }; // `None` once the series is over
        println!("    next:   {}", run.await?);
    }
    // A stream goes on from there.
    let mut runs = polled.stream();
    let mut count = 0;
    while let Some(run) = runs.next().await {
        println!("    stream: {}", run.await?);
        count += 1;
    }
    assert_eq!(count, 3);
    Ok(())
}

/// What a future holds while it waits, such as a connection.
struct Connection {
    closed: Arc<Notify>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        println!("    the connection is closed");
        self.closed.notify_one();
    }
}

/// A future that takes too long is dropped, with all that it holds.
async fn timeout() -> Result<(), Box<dyn Error>> {
    println!("\nAn answer that never comes, and is waited for for 100 ms:");
    let closed = Arc::new(Notify::new());
    let theirs = Arc::clone(&closed);
    let hang = Task::future(move || {
        let connection = Connection { closed: Arc::clone(&theirs) };
        async move {
            pending::<()>().await;
            drop(connection);
        }
    });
    let answer = SCHED.add(hang.timeout(Duration::from_millis(100)))?.future();
    closed.notified().await;
    match answer.await {
        Err(error @ TaskError::TimedOut(_)) => println!("    {error}"),
        other => panic!("expected a timeout, got {other:?}"),
    }
    Ok(())
}

/// So is one that is cancelled while it runs. To cancel a task lets its run finish, and ends the series.
async fn cancel() -> Result<(), Box<dyn Error>> {
    println!("\nAn upload, cancelled while it runs:");
    let (begun, closed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let theirs = (Arc::clone(&begun), Arc::clone(&closed));
    let upload = Task::future(move || {
        let connection = Connection { closed: Arc::clone(&theirs.1) };
        let begun = Arc::clone(&theirs.0);
        async move {
            begun.notify_one();
            pending::<()>().await;
            drop(connection);
        }
    });
    let uploaded = SCHED.add(upload)?.future();
    begun.notified().await;
    assert!(uploaded.cancel(), "a future that waits can be ended; a function on a thread cannot");
    closed.notified().await;
    println!("    {}", uploaded.await.unwrap_err());

    let polled = SCHED.add(poll::task("the news".into()).times(1_000))?;
    if let Some(run) = polled.next().await {
        println!("    {}, and then the series is cancelled", run.await?);
    }
    polled.cancel()?;
    let ends: Vec<_> = polled.stream().map(|run| run.execution().status).collect().await;
    println!("    it ends with {ends:?}");
    Ok(())
}

/// When as many run as may, the most urgent is next.
async fn priorities() -> Result<(), Box<dyn Error>> {
    println!("\nOne at a time, in the order of their priority:");
    let executor = TokioExecutor::current().concurrency(1);
    let sched = Scheduler::builder().executor(executor).build();

    let errands = [("water the plants", 20), ("open the door", 0), ("put out the fire", -10)];
    let mut handles = Vec::new();
    for (errand, priority) in errands {
        let run = move || async move {
            println!("    {priority:>3}: {errand}");
            sleep(Duration::from_millis(10)).await; // while it waits, it still counts
        };
        handles.push(sched.add(Task::future(run).priority(priority))?);
    }
    sched.start()?; // all of them are due
    for handle in handles {
        handle.future().await?;
    }
    sched.shutdown_async().await;
    Ok(())
}
