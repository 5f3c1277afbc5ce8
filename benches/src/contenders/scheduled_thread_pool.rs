//! The crate `scheduled-thread-pool`: a heap of boxed closures behind one lock.

use std::time::Duration;

use scheduled_thread_pool::JobHandle;

use super::{Body, Cancel, Contender, Once, Recur};

pub(crate) struct ScheduledThreadPool {
    pool: scheduled_thread_pool::ScheduledThreadPool,
}

impl Contender for ScheduledThreadPool {
    const NAME: &'static str = "scheduled-thread-pool";

    fn start(workers: usize) -> Self {
        let builder = scheduled_thread_pool::ScheduledThreadPool::builder();
        Self { pool: builder.num_threads(workers).build() }
    }
}

impl Once for ScheduledThreadPool {
    fn add(&self, delay: Duration, body: impl Body) {
        self.pool.execute_after(delay, body);
    }
}

impl Cancel for ScheduledThreadPool {
    type Ticket = JobHandle;

    /// A flag is set; the entry stays in the heap, with the closure, until it is due.
    const FREES: bool = false;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> JobHandle {
        self.pool.execute_after(delay, body)
    }

    fn cancel(&self, ticket: JobHandle) {
        ticket.cancel();
    }
}

impl Recur for ScheduledThreadPool {
    fn recur(&self, interval: Duration, body: impl Body) {
        self.pool.execute_at_fixed_rate(interval, interval, body);
    }
}
