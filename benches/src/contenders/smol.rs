//! smol: a spawned task that awaits a timer of async-io, on an executor that several threads run.

use std::future::pending;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use smol::stream::StreamExt;
use smol::{Executor, Task, Timer};

use super::{Body, Cancel, Contender, Once, PATIENCE, Recur};
use crate::measure::{Counter, wait_for};

/// Tasks that a worker has begun to poll. A timer is registered by the first poll; counted just
/// before it, so that at most one task a worker is ahead of its timer.
static REGISTERED: Counter = Counter::new();

pub(crate) struct Smol {
    executor: Arc<Executor<'static>>,
}

impl Smol {
    /// A task that is due at once needs no timer, and nobody would give it one.
    fn spawn(&self, delay: Duration, body: impl Body) -> Task<()> {
        if delay.is_zero() {
            return self.executor.spawn(async move { body() });
        }
        let due = Instant::now() + delay;
        self.executor.spawn(async move {
            REGISTERED.count();
            Timer::at(due).await;
            body();
        })
    }
}

impl Contender for Smol {
    const NAME: &'static str = "smol";

    fn start(workers: usize) -> Self {
        let executor = Arc::new(Executor::new());
        for _ in 0..workers {
            let executor = Arc::clone(&executor);
            thread::spawn(move || smol::block_on(executor.run(pending::<()>())));
        }
        Self { executor }
    }
}

impl Once for Smol {
    fn add(&self, delay: Duration, body: impl Body) {
        self.spawn(delay, body).detach();
    }

    fn settle(&self, tasks: usize) -> Result<(), String> {
        wait_for(&REGISTERED, tasks, PATIENCE).map(drop)
    }
}

impl Cancel for Smol {
    type Ticket = Task<()>;

    const FREES: bool = true;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> Task<()> {
        self.spawn(delay, body)
    }

    fn cancel(&self, ticket: Task<()>) {
        drop(ticket);
    }
}

impl Recur for Smol {
    fn recur(&self, interval: Duration, body: impl Body) {
        let first = Instant::now() + interval;
        let series = self.executor.spawn(async move {
            let mut ticks = Timer::interval_at(first, interval);
            while ticks.next().await.is_some() {
                body();
            }
        });
        series.detach();
    }
}
