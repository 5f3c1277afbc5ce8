//! The `DelayQueue` of `tokio-util`: a hashed timing wheel of milliseconds, here with boxed
//! closures in it. It is no scheduler by itself: one task of a tokio runtime takes out what has
//! expired, and runs it on the spot.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio_util::time::delay_queue::{self, Key};

use super::tokio::runtime;
use super::{Body, Cancel, Contender, Job, Once, Recur};

/// A queue that is filled from any thread and emptied by one task.
struct Shared<T> {
    queue: Mutex<delay_queue::DelayQueue<T>>,
}

impl<T> Shared<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self { queue: Mutex::new(delay_queue::DelayQueue::new()) })
    }

    fn lock(&self) -> MutexGuard<'_, delay_queue::DelayQueue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An empty queue says that it has ended; this one waits. The queue keeps the waker in both
    /// cases, and an insertion that is due earlier wakes it.
    fn poll(&self, context: &mut Context<'_>) -> Poll<T> {
        match self.lock().poll_expired(context) {
            Poll::Ready(Some(expired)) => Poll::Ready(expired.into_inner()),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

pub(crate) struct DelayQueue {
    runtime: Runtime,
    shared: Arc<Shared<Job>>,
}

impl Contender for DelayQueue {
    const NAME: &'static str = "tokio-util DelayQueue";

    const SERIAL: bool = true;

    fn start(workers: usize) -> Self {
        let (runtime, shared) = (runtime(workers), Shared::new());
        let driven = Arc::clone(&shared);
        runtime.spawn(async move {
            loop {
                let job: Job = poll_fn(|context| driven.poll(context)).await;
                job();
            }
        });
        Self { runtime, shared }
    }

    /// An insertion that is due earlier than all others sets a timer, which needs the runtime.
    fn context(&self) -> impl Sized {
        self.runtime.enter()
    }
}

impl Once for DelayQueue {
    fn add(&self, delay: Duration, body: impl Body) {
        self.add_with_ticket(delay, body);
    }
}

impl Cancel for DelayQueue {
    type Ticket = Key;

    const FREES: bool = true;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> Key {
        let job = Box::new(body);
        self.shared.lock().insert(job, delay)
    }

    fn cancel(&self, ticket: Key) {
        let removed = self.shared.lock().remove(&ticket);
        drop(removed); // the lock having been released
    }
}

/// A task that recurs, and when it is next due.
struct Series {
    due: Instant,
    interval: Duration,
    run: Box<dyn Fn() + Send>,
}

/// The same for tasks that recur: they are put back, an interval after they were due.
pub(crate) struct DelayQueueSeries {
    runtime: Runtime,
    shared: Arc<Shared<Series>>,
}

impl Contender for DelayQueueSeries {
    const NAME: &'static str = DelayQueue::NAME;

    const SERIAL: bool = true;

    fn start(workers: usize) -> Self {
        let (runtime, shared) = (runtime(workers), Shared::new());
        let driven = Arc::clone(&shared);
        runtime.spawn(async move {
            loop {
                let mut series: Series = poll_fn(|context| driven.poll(context)).await;
                (series.run)();
                series.due += series.interval;
                let due = series.due.into();
                driven.lock().insert_at(series, due);
            }
        });
        Self { runtime, shared }
    }

    fn context(&self) -> impl Sized {
        self.runtime.enter()
    }
}

impl Recur for DelayQueueSeries {
    fn recur(&self, interval: Duration, body: impl Body) {
        let due = Instant::now() + interval;
        let series = Series { due, interval, run: Box::new(body) };
        self.shared.lock().insert_at(series, due.into());
    }
}
