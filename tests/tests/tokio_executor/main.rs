//! Tasks on a tokio runtime.

mod admission;
mod ends;
mod flavors;
mod outcomes;

use pysched::{Scheduler, TokioExecutor};
use pysched_tests::started_on;
use tokio::runtime::{Builder, Runtime};

/// A runtime of so many threads, with timers.
fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_time().build().unwrap()
}

/// A scheduler, started, on the runtime.
fn on_runtime(runtime: &Runtime) -> Scheduler {
    started_on(TokioExecutor::new(runtime.handle().clone()))
}
