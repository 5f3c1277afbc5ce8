//! pysched with asynchronous tasks, on the runtime that its peer has.

use std::time::Duration;

use pysched::{Scheduler, Task, TokioExecutor, Trigger};
use tokio::runtime::Runtime;

use super::tokio::runtime;
use super::{Body, Contender, Once};

pub(crate) struct PyschedTokio {
    scheduler: Scheduler,

    /// What it runs on, for as long as it lives.
    _runtime: Runtime,
}

impl PyschedTokio {
    /// Adds a task whose future is made by `make`.
    pub(crate) fn add_future<F>(
        &self,
        delay: Duration,
        make: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = Task::future(make).trigger(Trigger::once(delay));
        self.scheduler.add(task).expect("a scheduler that runs takes tasks");
    }
}

impl Contender for PyschedTokio {
    const NAME: &'static str = "pysched, TokioExecutor";

    fn start(workers: usize) -> Self {
        let runtime = runtime(workers);
        let executor = TokioExecutor::new(runtime.handle().clone());
        let scheduler = Scheduler::builder().executor(executor).build();
        scheduler.start().expect("it has not been shut down");
        Self { scheduler, _runtime: runtime }
    }
}

impl Once for PyschedTokio {
    fn add(&self, delay: Duration, body: impl Body) {
        self.add_future(delay, move || {
            let body = body.clone();
            async move { body() }
        });
    }
}
