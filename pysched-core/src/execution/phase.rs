//! [`Phase`]: the one word that decides whether an execution runs or is cancelled.
//!
//! Invariant: of all `begin` and `withdraw` calls on one phase, exactly one returns `true`. Whoever
//! that is owns the execution from then on and alone may settle its outcome; everyone else leaves
//! it alone. Nothing else in the crate decides this race. The loom model is at the end.

use crate::sync::atomic::{AtomicU8, Ordering};

const QUEUED: u8 = 0;
const BEGUN: u8 = 1;
const WITHDRAWN: u8 = 2;

/// Whether an execution is still to be had, and who has it.
#[derive(Debug)]
pub(super) struct Phase(AtomicU8);

impl Phase {
    pub(super) fn queued() -> Self {
        Self(AtomicU8::new(QUEUED))
    }

    /// Claims the execution in order to run it.
    pub(super) fn begin(&self) -> bool {
        self.claim(BEGUN)
    }

    /// Claims the execution in order to cancel it.
    pub(super) fn withdraw(&self) -> bool {
        self.claim(WITHDRAWN)
    }

    pub(super) fn is_queued(&self) -> bool {
        self.0.load(Ordering::Acquire) == QUEUED
    }

    pub(super) fn is_begun(&self) -> bool {
        self.0.load(Ordering::Acquire) == BEGUN
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.0.load(Ordering::Acquire) == WITHDRAWN
    }

    fn claim(&self, to: u8) -> bool {
        self.0.compare_exchange(QUEUED, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn loom_one_claim_of_three_succeeds() {
        loom::model(|| {
            let phase = Arc::new(Phase::queued());
            let worker = thread::spawn({
                let phase = Arc::clone(&phase);
                move || phase.begin()
            });
            let canceller = thread::spawn({
                let phase = Arc::clone(&phase);
                move || phase.withdraw()
            });
            let here = phase.withdraw();
            let (began, withdrew) = (worker.join().unwrap(), canceller.join().unwrap());
            assert_eq!([began, withdrew, here].iter().filter(|won| **won).count(), 1);
            assert_eq!(phase.is_begun(), began);
            assert_eq!(phase.is_withdrawn(), withdrew || here);
        });
    }
}
