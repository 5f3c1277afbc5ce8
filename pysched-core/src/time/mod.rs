//! Time: intervals, moments, and the clocks they are read from.

mod clock;
mod elapsed;
mod function;
mod guarded;
mod interval;
mod manual;
mod moment;
mod pace;
mod parker;
mod precision;
mod simulated;
mod slack;
#[cfg(any(feature = "tokio", all(test, loom)))]
mod stand_in;
mod system;
#[cfg(feature = "tokio")]
mod tokio;
#[cfg(target_os = "linux")]
mod watch;

#[cfg(feature = "tokio")]
pub use self::tokio::TokioClock;
pub use clock::Clock;
pub use function::FnClock;
pub(crate) use guarded::{AnyClock, GuardedClock};
pub use interval::Interval;
pub use manual::ManualClock;
pub(crate) use moment::{Moment, Timeline};
pub use parker::Parker;
pub use precision::Precision;
pub(crate) use simulated::{Lent, SimulatedClock};
pub use system::SystemClock;
