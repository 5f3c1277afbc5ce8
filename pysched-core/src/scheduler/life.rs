//! [`Life`]: where a scheduler stands between being built and being over.

use super::fire::Harvest;
use crate::executor::Job;
use crate::time::Moment;

/// Where a scheduler stands in its life. It only ever goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Built; tasks can be added and wait.
    Created,
    Running,

    /// Fires nothing more; what is queued or running ends.
    Draining,

    /// What was queued has been cancelled or has ended.
    Closed,
}

/// What the threads that begin and end a scheduler share.
pub(super) struct Life {
    pub(super) stage: Stage,

    /// When it was started.
    pub(super) started: Option<Moment>,

    /// Whether the heart's thread is alive.
    pub(super) heart_beats: bool,

    /// What a shutdown that waits has found due, until the heart hands it over.
    pub(super) last_harvest: Option<Harvest>,

    /// Jobs that others than the heart have been given back, and the lanes that they were offered to,
    /// until the heart takes them over. An executor may give back another job than it was offered.
    pub(super) returned: Vec<(u32, Job)>,
}

impl Life {
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Created,
            started: None,
            heart_beats: false,
            last_harvest: None,
            returned: Vec::new(),
        }
    }
}
