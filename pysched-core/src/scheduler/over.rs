//! [`Over`]: how it is noticed that a scheduler which was shut down is over, and who awaits that.
//!
//! It is over when it drains, its heart has ended, and no job is in flight. The three come about in any
//! order, each on a thread of its own, and it may be that nobody waits for them. So whoever brings one
//! about writes its word first, and then looks at all three, with a fence in between: of two that look,
//! at least one sees what the other has written, and so the one whose fence is the last sees all of it.
//! The fence of a job that has ended is in `InFlight::leave`. A job that does not see that the scheduler
//! drains has nothing else to look at: whoever lets it drain then sees that the job has ended.
//!
//! None of the three is taken back: once a scheduler drains, no heart is started and no job is counted in
//! but by those that are counted or by the heart. So more than one thread may see that it is over, and it
//! is settled once, by the first. The loom model is at the end.

use std::sync::Arc;

use super::drain::InFlight;
use crate::execution::{Awaited, Completion};
use crate::sync::atomic::{AtomicBool, Ordering, fence};

/// Whether a scheduler is over, and who awaits that.
pub(super) struct Over {
    /// Whether nothing is fired any more, by any shard.
    draining: AtomicBool,

    /// Whether the heart's thread is alive, which may have executions yet to be queued. Written under the
    /// lock of the life.
    beats: AtomicBool,

    /// Settled when it has been noticed.
    noticed: Arc<Completion<()>>,
}

impl Over {
    pub(super) fn not_yet() -> Self {
        Self {
            draining: AtomicBool::new(false),
            beats: AtomicBool::new(false),
            noticed: Arc::new(Completion::new()),
        }
    }

    /// From now on nothing is fired any more. To be followed by a look.
    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    pub(super) fn heart_begins(&self) {
        self.beats.store(true, Ordering::SeqCst);
    }

    /// To be followed by a look.
    pub(super) fn heart_ends(&self) {
        self.beats.store(false, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    pub(super) fn is_beating(&self) -> bool {
        self.beats.load(Ordering::SeqCst)
    }

    /// Looks at all three.
    pub(super) fn is_reached(&self, in_flight: &InFlight) -> bool {
        // In this order: none that is seen while draining, when the heart has ended, is none for good.
        self.is_draining() && !self.is_beating() && in_flight.is_none()
    }

    /// Tells those who await it, once. Runs code of users.
    pub(super) fn tell(&self) {
        if self.noticed.settle(()).is_ok() {
            self.noticed.announce();
        }
    }

    /// Ready when it was told.
    pub(super) fn awaited(&self) -> Awaited {
        Awaited::new(&self.noticed)
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread::{self, JoinHandle};

    /// What the threads of a scheduler that ends share.
    struct Scheduler {
        over: Over,
        in_flight: InFlight,

        /// How many of its parts have done all that they do.
        done: AtomicUsize,
        parts: usize,
    }

    impl Scheduler {
        fn of(parts: usize) -> Arc<Self> {
            let (over, in_flight) = (Over::not_yet(), InFlight::none(2));
            Arc::new(Self { over, in_flight, done: AtomicUsize::new(0), parts })
        }

        fn part_is_done(&self) {
            self.done.fetch_add(1, Ordering::Relaxed);
        }

        fn look(&self) {
            if self.over.is_reached(&self.in_flight) {
                assert_eq!(self.done.load(Ordering::Relaxed), self.parts, "it is really over");
                self.over.tell();
            }
        }

        fn job(sched: &Arc<Self>, stripe: usize) -> JoinHandle<()> {
            sched.in_flight.enter(stripe, 1);
            let sched = Arc::clone(sched);
            thread::spawn(move || {
                sched.part_is_done();
                sched.in_flight.leave(stripe);
                if sched.over.is_draining() {
                    sched.look();
                }
            })
        }

        fn heart(sched: &Arc<Self>) -> JoinHandle<()> {
            sched.over.heart_begins();
            let sched = Arc::clone(sched);
            thread::spawn(move || {
                sched.part_is_done();
                sched.over.heart_ends();
                sched.look();
            })
        }

        /// Lets it drain, and sees to it that somebody has noticed when all parts have ended.
        fn end(&self, parts: Vec<JoinHandle<()>>) {
            self.over.drain();
            self.look();
            for part in parts {
                part.join().unwrap();
            }
            assert!(self.over.awaited().is_done(), "nobody has noticed");
        }
    }

    #[test]
    fn loom_the_last_of_all_notices_the_end() {
        loom::model(|| {
            let sched = Scheduler::of(2);
            let parts = vec![Scheduler::heart(&sched), Scheduler::job(&sched, 0)];
            sched.end(parts);
        });
    }

    #[test]
    fn loom_the_last_of_two_jobs_notices_the_end() {
        loom::model(|| {
            let sched = Scheduler::of(2);
            let parts = vec![Scheduler::job(&sched, 0), Scheduler::job(&sched, 1)];
            sched.end(parts);
        });
    }
}
