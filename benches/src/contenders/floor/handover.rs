//! [`Handover`]: a thread that waits on a condition variable for closures, and runs them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Job, NAME};
use crate::contenders::{Body, Contender, Once};

pub(crate) struct Handover {
    shared: Arc<Shared>,
}

struct Shared {
    /// One at a time, unless the thread was held up.
    jobs: Mutex<VecDeque<Job>>,
    given: Condvar,
}

impl Shared {
    fn take(&self) -> Job {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.given.wait_while(jobs, |jobs| jobs.is_empty());
        let mut jobs = given.unwrap_or_else(PoisonError::into_inner);
        jobs.pop_front().expect("waited while there was none")
    }
}

impl Contender for Handover {
    const NAME: &'static str = NAME;

    const SERIAL: bool = true;

    fn start(_workers: usize) -> Self {
        let shared = Arc::new(Shared { jobs: Mutex::new(VecDeque::new()), given: Condvar::new() });
        let taken = Arc::clone(&shared);
        thread::spawn(move || {
            loop {
                taken.take()();
            }
        });
        Self { shared }
    }
}

impl Once for Handover {
    /// At once: it knows no delay.
    fn add(&self, _delay: Duration, body: impl Body) {
        let job: Job = Box::new(body);
        self.shared.jobs.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
        self.shared.given.notify_one();
    }
}
