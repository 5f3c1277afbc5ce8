//! What is fuzzed, as plain functions: they take any bytes, and panic if pysched does wrong.

mod parse;
mod step;

pub use parse::cron_parse;
pub use step::{HEADER, cron_step};
