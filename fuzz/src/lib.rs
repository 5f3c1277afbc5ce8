//! What is fuzzed, as plain functions: they take any bytes, say whether those are what is read there, and
//! panic if pysched does wrong.

mod macros;
mod parse;
mod step;
mod texts;
mod wire;

pub use macros::attribute;
pub use parse::cron_parse;
pub use step::{HEADER, cron_step};
pub use texts::{identifier, interval, trigger};
pub use wire::{frames, orders, outcome, request};
