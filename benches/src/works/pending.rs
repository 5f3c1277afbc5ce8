//! Tasks that stay pending: what several works begin with.

use std::hint::black_box;
use std::time::Duration;

use crate::contenders::{Body, Once};
use crate::measure::Random;

const HOUR: Duration = Duration::from_hours(1);

/// Why the two slow ones are left out of most works.
pub(super) const WHOLE_SECONDS: &str = "whole seconds only";
pub(super) const POLLS: &str = "whole seconds only, looked for every 500 ms";

/// A delay after which no work is still there to see the task become due.
pub(super) fn delay(random: &mut Random) -> Duration {
    random.between(HOUR..2 * HOUR)
}

/// A body with 16 captured bytes, which does nothing.
pub(super) fn body(random: &mut Random, index: usize) -> impl Body {
    let captured = (random.next(), index as u64);
    move || {
        black_box(captured);
    }
}

/// Adds `tasks` of them. Each thread that does so has a `seed` of its own.
pub(super) fn add(contender: &impl Once, tasks: usize, seed: u64) {
    let _context = contender.context();
    let mut random = Random::new(seed);
    for index in 0..tasks {
        let delay = delay(&mut random);
        contender.add(delay, body(&mut random, index));
    }
}
