//! `TokioClock`: the paused time of a tokio runtime goes to each due task, and past none.

mod beside;
mod ends;
mod moves;
mod runs;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{
    Clock, EventKind, Executor, InlineExecutor, Job, Overlap, Parker, Rejected, Scheduler, Status,
    Task, ThreadPoolExecutor, TokioClock, Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, Log, PATIENCE, Random, ms, outcome, secs};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, advance, pause, resume, sleep, timeout};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A runtime whose time is paused.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Runs a test as `#[tokio::test(start_paused = true)]` does; a hang is a failure.
#[track_caller]
fn in_paused_time<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    within(PATIENCE, || paused().block_on(async { test().await }));
}

fn on(clock: &TokioClock) -> Scheduler {
    let sched = Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).build();
    sched.start().unwrap();
    sched
}

/// A scheduler, started, on the clock of the runtime on which this is called.
fn here() -> (Scheduler, TokioClock) {
    let clock = TokioClock::current();
    (on(&clock), clock)
}

/// A function that writes down when it is called.
fn noting(times: &Log<Duration>, clock: &TokioClock) -> impl Fn() + Send + Sync + 'static {
    let (times, clock) = (times.clone(), clock.clone());
    move || times.push(clock.now())
}

/// The multiples of `step` up to `end`.
fn every(step: Duration, end: Duration) -> Vec<Duration> {
    (1..).map(|count| step * count).take_while(|&time| time <= end).collect()
}
