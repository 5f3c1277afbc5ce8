//! The guide, where there is more to say than on the [front page](crate): one page a module. There
//! is no code in here but that of the examples.

pub mod clocks;
pub mod failure;
pub mod late_runs;
pub mod observing;
pub mod overlap;
#[cfg(feature = "process")]
pub mod processes;
pub mod results;
pub mod shutdown;
#[cfg(feature = "tokio")]
pub mod sync_and_async;
pub mod testing;
#[cfg(feature = "cron")]
pub mod time_zones;
