//! [`Jitter`]: the delay that is added to each run of a trigger.

use std::time::Duration;

use crate::time::Moment;

/// Random delays, each a function of its run: asked again, after the clock was set, it is the same.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jitter {
    max: Duration,

    /// Differs from task to task.
    seed: u64,
}

impl Jitter {
    pub(super) fn new(max: Duration) -> Self {
        Self { max, seed: fastrand::u64(..) }
    }

    /// The delay of the run at `nominal`, less than `room`, which is there up to the next run.
    pub(super) fn delay(&self, nominal: Moment, room: Duration) -> Duration {
        let room = room.saturating_sub(Duration::from_nanos(1));
        let most = Moment::from_origin(self.max.min(room)).nanos();
        let mut random = fastrand::Rng::with_seed(self.seed ^ nominal.nanos());
        Duration::from_nanos(random.u64(0..=most))
    }
}
