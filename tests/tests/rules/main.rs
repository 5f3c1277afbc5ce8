//! The rules of `docs/rules.md`: misfires, overlap, retries, timeouts, pausing and limits.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `scenario.rs` | the words that the model and the scheduler share |
//! | `model.rs` | what becomes of each run, straight from the rules |
//! | `model_itself.rs` | what was worked out by hand, to check the model |
//! | `combinations.rs`, `drawn.rs` | scenarios: each combination of rules with each disturbance, and random ones |
//! | `stage.rs` | the scheduler, led through a scenario |
//! | `table.rs`, `random.rs` | it does as the model says |
//! | `guided.rs` | tasks on a real pool that are led by hand, for all that follow |
//! | `misfire.rs`, `overlap.rs`, `retry.rs`, `timeout.rs`, `token.rs` | what a task is told |
//! | `pause.rs`, `control.rs`, `ending.rs` | what is asked of it when it is there |
//! | `limits.rs`, `after.rs`, `conflict.rs` | what other tasks have to do with it |
//! | `told.rs` | a listener, and whether what it is told is in order |
//! | `events.rs`, `events_drawn.rs` | what is told of tasks, by hand, at random and under load |
//! | `explain.rs` | a task explained in words |
//! | `attack_fates.rs` | where several of these meet |
//!
//! `PYSCHED_CASES=20` makes the random tests look at twenty times as many cases as they do by default.

mod after;
mod attack_fates;
mod combinations;
mod conflict;
mod control;
mod drawn;
mod ending;
mod events;
mod events_drawn;
mod explain;
mod guided;
mod limits;
mod misfire;
mod model;
mod model_itself;
mod overlap;
mod pause;
mod random;
mod retry;
mod scenario;
mod stage;
mod table;
mod timeout;
mod token;
mod told;
