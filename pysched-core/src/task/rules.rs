//! [`Rules`]: what a task was told beyond its time, its priority and its name.

use std::sync::Arc;
use std::time::Duration;

use super::{Misfire, Overlap, Retry};

/// The rules of a task. Most tasks have none, and then the engine keeps none for them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    pub(crate) overlap: Overlap,
    pub(crate) misfire: Misfire,

    /// How late a run may start.
    pub(crate) grace: Option<Duration>,
    pub(crate) retry: Option<Retry>,

    /// How long an attempt may take, where the scheduler has to see to that.
    pub(crate) timeout: Option<Duration>,

    /// In order, and each once.
    pub(crate) tags: Vec<Arc<str>>,
}

impl Rules {
    pub(crate) fn tag_names(&self) -> Vec<String> {
        self.tags.iter().map(|tag| tag.as_ref().to_owned()).collect()
    }

    /// How late a run may start, whichever rule says so.
    pub(crate) fn grace(&self) -> Option<Duration> {
        self.misfire.grace(self.grace)
    }
}
