//! The crate `tokio-cron-scheduler`: jobs of boxed closures, looked through every 500 ms.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_cron_scheduler::{Job, JobScheduler};

use super::tokio::runtime;
use super::{Body, Contender, Once};

pub(crate) struct TokioCronScheduler {
    runtime: Runtime,
    scheduler: JobScheduler,
}

impl Contender for TokioCronScheduler {
    const NAME: &'static str = "tokio-cron-scheduler";

    fn start(workers: usize) -> Self {
        let runtime = runtime(workers);
        let scheduler = runtime.block_on(async {
            let scheduler = JobScheduler::new().await.expect("it needs nothing from outside");
            scheduler.start().await.expect("it has been started for the first time");
            scheduler
        });
        Self { runtime, scheduler }
    }
}

impl Once for TokioCronScheduler {
    fn add(&self, delay: Duration, body: impl Body) {
        let job = Job::new_one_shot(delay, move |_, _| body()).expect("the delay is in its range");
        self.runtime.block_on(self.scheduler.add(job)).expect("a scheduler that runs takes jobs");
    }
}
