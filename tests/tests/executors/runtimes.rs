//! Executors on async runtimes.

use std::sync::Arc;
use std::sync::LazyLock;

use pysched::{Executor, Job, Rejected, TokioExecutor};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).build().unwrap());

/// At most so many at a time, on a runtime that all cases share.
pub fn on_tokio(workers: usize) -> TokioExecutor {
    TokioExecutor::new(RUNTIME.handle().clone()).concurrency(workers)
}

/// An executor of a user's, on smol, made of nothing but what is public. It has no queue, and gives back what
/// it has no room for.
pub struct OnSmol {
    workers: usize,

    /// One reference more for each job.
    running: Arc<()>,
}

impl OnSmol {
    pub fn new(workers: usize) -> Self {
        Self { workers, running: Arc::new(()) }
    }
}

impl Executor for OnSmol {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        if Arc::strong_count(&self.running) > self.workers {
            return Err(Rejected::Full(job));
        }
        let running = Arc::clone(&self.running);
        if job.is_async() {
            smol::spawn(async move {
                let _running = running;
                job.into_future().await;
            })
            .detach();
        } else {
            smol::unblock(move || {
                let _running = running;
                job.run();
            })
            .detach();
        }
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {} // what runs finishes, and nothing waits here
}
