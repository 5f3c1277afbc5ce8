//! [`Precision`]: how much a punctual wake-up may cost.

use std::time::Duration;

use super::pace::Terms;

/// How punctually a [`SystemClock`](crate::SystemClock) wakes its scheduler, and at what price.
///
/// A thread that sleeps until a deadline is woken some 50 to 100 µs after it, and sometimes much
/// later. So a clock may have it woken a little too early, by about as much as it was lately woken
/// too late, and spend the rest of the time in a short loop (*spinning*). And where deadlines lie so
/// densely that to wake up for each would cost more than to run the tasks, a clock may be late by a
/// little and serve several with one wake-up.
///
/// Both are limited to shares of the time that passes. A scheduler that waits for nothing, or for
/// something far away, costs nothing with any of the three.
///
/// | | woken early by | spins at most | timed wake-ups, in the long run | late by choice |
/// | --- | --- | --- | --- | --- |
/// | `Precise` | 500 µs at most | half of the time | 20,000 a second | 0.1 ms at most |
/// | `Balanced` | 150 µs at most | a tenth of the time | 2,000 a second | 0.75 ms at most |
/// | `Economical` | nothing | never | 500 a second | 4 ms at most |
///
/// None of them is ever early.
///
/// ```
/// use pysched::{Precision, Scheduler, SystemClock};
///
/// let clock = SystemClock::new().precision(Precision::Economical);
/// let sched = Scheduler::builder().clock(clock).build();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Precision {
    /// As punctual as can be, if it takes a whole core: for measuring and controlling, with thousands
    /// of deadlines a second each of which is to be met. Up to 2000 a second it gains little over
    /// `Balanced`, for about twice the price.
    Precise,

    /// Within a microsecond of the deadline nine times out of ten, for a little more than twice what
    /// the same wake-ups cost without spinning: 5 % of a core instead of 2 % for a thousand a second.
    #[default]
    Balanced,

    /// As few wake-ups as possible, and no spinning: for a machine that runs on a battery or has
    /// a single core, and for tasks that may be some milliseconds late.
    Economical,
}

impl Precision {
    pub(super) fn terms(self) -> Terms {
        let micros = Duration::from_micros;
        let millis = Duration::from_millis;
        match self {
            Self::Precise => Terms {
                longest_lead: micros(500),
                lead_up: Duration::from_nanos(1980),
                lead_down: Duration::from_nanos(20),
                spin_price: 2,
                spin_credit: millis(100),
                wake_price: micros(50),
                late_price: micros(100),
                wake_credit: millis(100),
            },
            Self::Balanced => Terms {
                longest_lead: micros(150),
                lead_up: Duration::from_nanos(1840),
                lead_down: Duration::from_nanos(160),
                spin_price: 10,
                spin_credit: millis(100),
                wake_price: micros(500),
                late_price: micros(750),
                wake_credit: millis(150),
            },
            Self::Economical => Terms {
                longest_lead: Duration::ZERO,
                lead_up: Duration::ZERO,
                lead_down: Duration::ZERO,
                spin_price: 1,
                spin_credit: Duration::ZERO,
                wake_price: millis(2),
                late_price: millis(4),
                wake_credit: millis(200),
            },
        }
    }
}
