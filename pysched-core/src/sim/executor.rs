//! [`SimulatedExecutor`]: an executor of a simulation, as its scheduler sees it.

use std::fmt;
use std::sync::Arc;

use super::workers::Workers;
use crate::executor::{Executor, Job, Rejected};

/// Hands jobs to the virtual workers.
pub(super) struct SimulatedExecutor {
    workers: Arc<Workers>,

    /// Which of the executors of the simulation it is.
    lane: usize,
}

impl SimulatedExecutor {
    pub(super) fn new(workers: &Arc<Workers>, lane: usize) -> Self {
        Self { workers: Arc::clone(workers), lane }
    }
}

impl Executor for SimulatedExecutor {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.workers.submit(self.lane, job).map_err(|job| {
            Rejected::Refused(job, "the simulated executor has been shut down".to_owned())
        })
    }

    fn waits_for_this_thread(&self, _is_async: bool) -> bool {
        // Nothing runs but what whoever drives the simulation calls.
        true
    }

    fn workers(&self) -> Option<usize> {
        Some(self.workers.size(self.lane).1)
    }

    fn shutdown(&self, wait: bool) {
        self.workers.close(self.lane, wait);
    }
}

impl fmt::Debug for SimulatedExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (busy, workers) = self.workers.size(self.lane);
        f.debug_struct("SimulatedExecutor").field("workers", &workers).field("busy", &busy).finish()
    }
}
