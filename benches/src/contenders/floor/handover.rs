//! [`Handover`]: a thread that waits on a condition variable for a closure, and runs it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Job, NAME};
use crate::contenders::{Body, Contender, Once};

pub(crate) struct Handover {
    shared: Arc<Shared>,
}

struct Shared {
    job: Mutex<Option<Job>>,
    given: Condvar,
}

impl Shared {
    fn take(&self) -> Job {
        let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.given.wait_while(job, |job| job.is_none());
        let mut job = given.unwrap_or_else(PoisonError::into_inner);
        job.take().expect("waited while there was none")
    }
}

impl Contender for Handover {
    const NAME: &'static str = NAME;

    const SERIAL: bool = true;

    fn start(_workers: usize) -> Self {
        let shared = Arc::new(Shared { job: Mutex::new(None), given: Condvar::new() });
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
    /// At once: it knows no delay, and one closure at a time.
    fn add(&self, _delay: Duration, body: impl Body) {
        let job: Job = Box::new(body);
        *self.shared.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        self.shared.given.notify_one();
    }
}
