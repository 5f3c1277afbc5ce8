//! Tasks on a tokio runtime.

mod admission;
mod ends;
mod flavors;
mod outcomes;

use std::future::pending;
use std::sync::mpsc;

use pysched::{Scheduler, Task, TokioExecutor, current};
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

/// Says when it is dropped, and whether that was on behalf of an execution.
struct Dropped(mpsc::Sender<bool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(current().is_execution());
    }
}

/// A task that says when it runs, waits for ever, and says when its future is dropped.
fn waits_for_ever() -> (Task<()>, mpsc::Receiver<()>, mpsc::Receiver<bool>) {
    let (started, has_started) = mpsc::channel();
    let (dropped, was_dropped) = mpsc::channel();
    let task = Task::future(move || {
        let (started, dropped) = (started.clone(), Dropped(dropped.clone()));
        async move {
            let _dropped = dropped;
            started.send(()).unwrap();
            pending().await
        }
    });
    (task, has_started, was_dropped)
}
