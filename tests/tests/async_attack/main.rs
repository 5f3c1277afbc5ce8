//! What could go wrong with tasks that are futures, tried on purpose.

mod by_hand;
mod ends;
mod gone;
mod self_waits;
mod stress;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use pysched::{Scheduler, TokioExecutor};
use pysched_tests::{PATIENCE, started_on};
use tokio::runtime::{Builder, Runtime};

/// A runtime of so many threads, with timers.
fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_time().build().unwrap()
}

/// A runtime that runs on whichever thread is in its `block_on`.
fn single() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// A scheduler, started, on the runtime.
fn on_runtime(runtime: &Runtime) -> Scheduler {
    started_on(TokioExecutor::new(runtime.handle().clone()))
}

/// What comes of `f` on a thread of its own: its value or its panic, but no hang.
#[track_caller]
fn without_hanging<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Result<R, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(f)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap()
        });
        let _ = sender.send(outcome);
    });
    receiver.recv_timeout(PATIENCE).expect("it hangs")
}
