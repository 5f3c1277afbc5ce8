//! [`Overlap`]: what to do with a run that is due while the one before still runs.

use std::num::NonZeroUsize;

/// What becomes of a run that is due while an earlier execution of the same task still runs.
///
/// An execution runs from its first attempt to the end of its last, also while it backs off between two,
/// and, if it went past its timeout on a thread, until its function has returned. (A future that waits is
/// dropped, and then nothing is left of it.) A run that is late
/// for another reason, because no worker was free, say, is not a matter of overlap, but of
/// [`Misfire`](crate::Misfire).
///
/// ```
/// use std::num::NonZeroUsize;
/// use pysched::{Overlap, Scheduler, Task, Trigger};
///
/// let two = Overlap::Allow(NonZeroUsize::new(2).unwrap());
/// let sched = Scheduler::new();
/// sched.add(Task::new(|| ()).trigger(Trigger::recur(60)).overlap(two))?;
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// The guide's page "overlap" shows each at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overlap {
    /// It is not run, and recorded as [`Skipped`](crate::Status::Skipped).
    #[default]
    Skip,

    /// It waits until the running one has ended. Only one waits; others are skipped.
    BufferOne,

    /// It waits until the running one, and all that wait before it, have ended. The queue has no bound:
    /// a task that always takes longer than its interval falls behind for ever.
    BufferAll,

    /// It runs beside the others, up to so many at once; beyond that it is skipped.
    Allow(NonZeroUsize),

    /// It runs beside the others.
    AllowAll,

    /// The running one is told to end, by its [token](crate::Current::token), by dropping its future where
    /// that waits or, in a worker process, by ending that. When it has, the new one runs.
    CancelOther,
}

impl Overlap {
    /// How many executions of a task may run at once.
    pub(crate) fn capacity(self) -> usize {
        match self {
            Self::Skip | Self::BufferOne | Self::BufferAll | Self::CancelOther => 1,
            Self::Allow(n) => n.get(),
            Self::AllowAll => usize::MAX,
        }
    }
}
