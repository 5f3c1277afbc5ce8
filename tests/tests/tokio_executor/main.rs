//! Tasks on a tokio runtime.

mod admission;
mod ends;
mod flavors;
mod outcomes;

use pysched::{Scheduler, TokioExecutor};
use tokio::runtime::{Builder, Runtime};

/// A runtime of so many threads, with timers.
fn runtime(workers: usize) -> Runtime {
    Builder::new_multi_thread().worker_threads(workers).enable_time().build().unwrap()
}

/// A scheduler, started, on this executor.
fn on(executor: TokioExecutor) -> Scheduler {
    let sched = Scheduler::builder().executor(executor).build();
    sched.start().unwrap();
    sched
}

/// A scheduler, started, on the runtime.
fn on_runtime(runtime: &Runtime) -> Scheduler {
    on(TokioExecutor::new(runtime.handle().clone()))
}
