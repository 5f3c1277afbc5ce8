//! pysched itself, by its public interface and with its defaults: histories, handles and futures.

use std::time::Duration;

use pysched::{Scheduler, Task, TaskId, ThreadPoolExecutor, Trigger};

use super::{Body, Cancel, Contender, Once, Prioritise, Recur};

/// Tasks are added by [`Scheduler::delay`].
#[derive(Debug)]
pub(crate) struct Pysched {
    scheduler: Scheduler,
}

const TAKES: &str = "a scheduler that runs takes tasks";

impl Contender for Pysched {
    const NAME: &'static str = "pysched";

    fn start(workers: usize) -> Self {
        let scheduler = Scheduler::builder().executor(ThreadPoolExecutor::new(workers)).build();
        scheduler.start().expect("it has not been shut down");
        Self { scheduler }
    }
}

impl Once for Pysched {
    fn add(&self, delay: Duration, body: impl Body) {
        self.scheduler.delay(Trigger::once(delay), 0, body).expect(TAKES);
    }
}

impl Cancel for Pysched {
    type Ticket = TaskId;

    const FREES: bool = true;

    fn add_with_ticket(&self, delay: Duration, body: impl Body) -> TaskId {
        self.scheduler.delay(Trigger::once(delay), 0, body).expect(TAKES).id()
    }

    fn cancel(&self, ticket: TaskId) {
        self.scheduler.cancel(ticket).expect("the task is pending");
    }
}

impl Recur for Pysched {
    fn recur(&self, interval: Duration, body: impl Body) {
        self.scheduler.delay(Trigger::recur(interval), 0, body).expect(TAKES);
    }
}

impl Prioritise for Pysched {
    const BY_PRIORITY: bool = true;

    fn submit(&self, priority: i32, body: impl Body) {
        self.scheduler.delay(Trigger::once(Duration::ZERO), priority, body).expect(TAKES);
    }
}

/// The same, with tasks added as values, by [`Scheduler::add`].
#[derive(Debug)]
pub(crate) struct PyschedTask(Pysched);

impl Contender for PyschedTask {
    const NAME: &'static str = "pysched, Task::new";

    fn start(workers: usize) -> Self {
        Self(Pysched::start(workers))
    }
}

impl Once for PyschedTask {
    fn add(&self, delay: Duration, body: impl Body) {
        self.0.scheduler.add(Task::new(body).trigger(Trigger::once(delay))).expect(TAKES);
    }
}
