//! The crate `delay_timer`: a timing wheel of seconds that is filled through a channel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use delay_timer::prelude::TaskBuilder;

use super::{Body, Contender, Once};

pub(crate) struct DelayTimer {
    timer: delay_timer::prelude::DelayTimer,

    /// Tasks are told apart by a number that the caller chooses.
    next: AtomicU64,
}

impl Contender for DelayTimer {
    const NAME: &'static str = "delay_timer";

    /// How many threads run tasks cannot be chosen.
    fn start(_workers: usize) -> Self {
        let timer = delay_timer::prelude::DelayTimerBuilder::default().build();
        Self { timer, next: AtomicU64::new(1) }
    }
}

impl Once for DelayTimer {
    fn add(&self, delay: Duration, body: impl Body) {
        let mut builder = TaskBuilder::default();
        builder.set_frequency_once_by_seconds(delay.as_secs());
        builder.set_task_id(self.next.fetch_add(1, Ordering::Relaxed));
        let task = builder.spawn_routine(body).expect("the delay is in its range");
        self.timer.add_task(task).expect("a timer that runs takes tasks");
    }
}
