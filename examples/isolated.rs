//! Isolated: tasks that crash, leak and hang take nothing with them when they run in worker processes.
//!
//! Run it with `cargo run --example isolated`. It ends after about two seconds. What the dying workers
//! print goes to the standard error, as always. It needs Unix.

use std::thread;
use std::time::Duration;

use once_cell::sync::Lazy;
use pysched::{ProcessPoolExecutor, Scheduler, TaskFuture, task};

static SCHED: Lazy<Scheduler> = Lazy::new(|| {
    let pool = ProcessPoolExecutor::builder()
        .max_workers(2)
        .memory_limit(512 << 20) // bytes of address space for each worker
        .build();
    let pool = pool.expect("`main` begins with `pysched::init()`");
    Scheduler::builder().executor(pool).build()
});

/// Writes where there is nothing, as a faulty C library might.
#[task(SCHED, once, 0)]
#[allow(unsafe_code, reason = "the crash is what this example is about")]
fn crash() {
    let nowhere = std::ptr::null_mut::<u8>();
    // SAFETY: there is none: this process is meant to end here.
    unsafe { nowhere.write_volatile(1) };
}

/// Takes memory until it gets no more.
#[task(SCHED, once, 0)]
fn leak() -> usize {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 16 << 20]);
    }
}

/// Never returns.
#[task(SCHED, once, 0)]
fn hang() {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

/// Takes its time, and would rather be cancelled.
#[task(SCHED, once, 0)]
fn dawdle() {
    thread::sleep(Duration::from_secs(3600));
}

/// Does what it should. Its arguments and its result cross the border as JSON.
#[task(SCHED, once, 0)]
fn work(words: Vec<String>) -> String {
    words.join(" ")
}

fn main() -> Result<(), pysched::Error> {
    pysched::init(); // in a worker process, this never returns

    SCHED.start()?;
    let crashed = crash::delay()?.future();
    let leaked = leak::delay()?.future();
    let hung = SCHED.add(hang::task().timeout(Duration::from_secs(1)))?.future();
    let worked = work::delay(vec!["all".into(), "is".into(), "well".into()])?.future();
    tell("crash", &crashed);
    tell("leak", &leaked);
    tell("hang", &hung);
    tell("work", &worked);

    // What runs can be cancelled, too.
    let dawdled = dawdle::delay()?.future();
    while !dawdled.running() {
        thread::sleep(Duration::from_millis(1));
    }
    println!("dawdle: cancelled while it runs: {}", dawdled.cancel());
    tell("dawdle", &dawdled);

    // A closure cannot leave this process, and is told so at once.
    if let Err(error) = SCHED.delay(pysched::Trigger::once(0), 0, || ()) {
        println!("closure: {error}");
    }

    SCHED.shutdown(true);
    println!("this process has not noticed");
    Ok(())
}

fn tell<T: std::fmt::Debug>(name: &str, future: &TaskFuture<T>) {
    match future.wait() {
        Ok(value) => println!("{name}: {value:?}"),
        Err(error) => println!("{name}: {error}"),
    }
}
