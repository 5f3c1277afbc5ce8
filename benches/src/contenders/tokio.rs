//! tokio: a spawned task that sleeps until it is due, on the runtime of several threads.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{Body, Cancel, Contender, Once, PATIENCE, Recur};
use crate::measure::{Counter, wait_for};

/// Tasks that a worker has begun to poll. A timer is registered by the first poll, not by `spawn`;
/// counted just before it, so that at most one task a worker is ahead of its timer.
static REGISTERED: Counter = Counter::new();

pub(crate) struct Tokio {
    runtime: Runtime,
}

/// A runtime with nothing but timers, and otherwise as it is by default.
pub(crate) fn runtime(workers: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(workers).enable_time().build().expect("threads can be started")
}

impl Tokio {
    /// A task that is due at once needs no timer, and nobody would give it one.
    fn spawn(&self, delay: Duration, body: impl Body) -> JoinHandle<()> {
        if delay.is_zero() {
            return self.runtime.spawn(async move { body() });
        }
        let due = Instant::now() + delay;
        self.runtime.spawn(async move {
            REGISTERED.count();
            sleep_until(due).await;
            body();
        })
    }
}

impl Contender for Tokio {
    const NAME: &'static str = "tokio";

    fn start(workers: usize) -> Self {
        Self { runtime: runtime(workers) }
    }
}

impl Once for Tokio {
    fn add(&self, delay: Duration, body: impl Body) {
        drop(self.spawn(delay, body)); // which detaches it
    }

    fn settle(&self, tasks: usize) -> Result<(), String> {
        wait_for(&REGISTERED, tasks, PATIENCE).map(drop)
    }
}

impl Cancel for Tokio {
    type Ticket = JoinHandle<()>;

    const FREES: bool = true;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> JoinHandle<()> {
        self.spawn(delay, body)
    }

    fn cancel(&self, ticket: JoinHandle<()>) {
        ticket.abort();
    }
}

impl Recur for Tokio {
    fn recur(&self, interval: Duration, body: impl Body) {
        let first = Instant::now() + interval;
        self.runtime.spawn(async move {
            let mut ticks = interval_at(first, interval);
            // The default, said aloud: what was missed is made up for in a burst.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            loop {
                ticks.tick().await;
                body();
            }
        });
    }
}
