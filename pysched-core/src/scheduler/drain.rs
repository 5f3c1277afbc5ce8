//! [`InFlight`]: how many jobs are out, and who waits for them to be over.
//!
//! A job is counted in before it leaves the scheduler's lock and counted out when all that follows
//! from it has been done. A shutdown that waits first sees to it, under that same lock, that no
//! job is counted in any more by anything but jobs that are still counted, then waits here for
//! zero. The one who counts down to zero takes the lock of the waiters before notifying them; a
//! waiter looks at the count under that lock before each sleep. So it either sees zero or is asleep
//! when the notification comes. The loom model is at the end.
//!
//! Where nobody waits, either the last job finds that the scheduler is draining, or whoever lets it
//! drain finds that no job is left: each writes its word before it reads the other's, and all four
//! accesses are sequentially consistent.
//!
//! The count is in stripes, one for each shard, or all workers would write the same word for each
//! job. To see zero is to see zero in all of them, one after the other, which is only meaningful once
//! no job is counted in any more. Of two jobs that are the last of their stripes, each writes its own
//! before it reads the other's, with a fence in between: so at least one of them sees zero in both.

use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::sync::atomic::{AtomicUsize, Ordering, fence};
use crate::sync::{Condvar, Mutex};

/// A count of jobs that one can wait on.
#[derive(Debug)]
pub(super) struct InFlight {
    stripes: Box<[CachePadded<AtomicUsize>]>,

    /// How many threads wait; waking nobody would cost a system call.
    waiters: Mutex<usize>,

    /// Notified when the count has come to zero.
    zero: Condvar,
}

impl InFlight {
    pub(super) fn none(stripes: usize) -> Self {
        Self {
            stripes: (0..stripes).map(|_| CachePadded::new(AtomicUsize::new(0))).collect(),
            waiters: Mutex::new(0),
            zero: Condvar::new(),
        }
    }

    pub(super) fn enter(&self, stripe: usize, jobs: usize) {
        self.stripes[stripe].fetch_add(jobs, Ordering::Relaxed);
    }

    /// Counts one job out. What it did happens before the return of whoever waited for zero.
    pub(super) fn leave(&self, stripe: usize) {
        let last = self.stripes[stripe].fetch_sub(1, Ordering::SeqCst) == 1;
        if last {
            fence(Ordering::SeqCst);
            if self.is_none() && *self.waiters.lock() > 0 {
                self.zero.notify_all();
            }
        }
    }

    pub(super) fn is_none(&self) -> bool {
        self.stripes.iter().all(|stripe| stripe.load(Ordering::SeqCst) == 0)
    }

    /// Waits for zero, until `deadline` if there is one; says whether it was reached.
    pub(super) fn wait_for_none(&self, deadline: Option<Instant>) -> bool {
        let mut waiters = self.waiters.lock();
        while !self.is_none() {
            let rest = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            if rest == Some(Duration::ZERO) {
                return false;
            }
            *waiters += 1;
            waiters = match rest {
                None => self.zero.wait(waiters),
                Some(rest) => self.zero.wait_timeout(waiters, rest),
            };
            *waiters -= 1;
        }
        true
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    /// Two jobs, on stripes of their own or on the same.
    fn model(stripes: usize) {
        loom::model(move || {
            let in_flight = Arc::new(InFlight::none(stripes));
            let jobs = [0, 1].map(|job| {
                in_flight.enter(job % stripes, 1);
                job
            });
            let jobs = jobs.map(|job| {
                let in_flight = Arc::clone(&in_flight);
                thread::spawn(move || in_flight.leave(job % stripes))
            });
            assert!(in_flight.wait_for_none(None));
            for job in jobs {
                job.join().unwrap();
            }
        });
    }

    #[test]
    fn loom_a_drain_sees_zero() {
        model(1);
        model(2);
    }
}
