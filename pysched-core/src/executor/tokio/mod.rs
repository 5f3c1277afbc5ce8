//! Executions on a tokio runtime: the executor (`executor.rs`); the runtime, and which of its threads work for
//! it (`desk.rs`); who begins executions there (`driver.rs`); what is let in when (`admission.rs`), which knows of
//! no runtime.

#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "a model does not do all that an executor does")
)]
mod admission;
#[cfg(feature = "tokio")]
mod desk;
#[cfg(feature = "tokio")]
mod driver;
#[cfg(feature = "tokio")]
mod executor;

#[cfg(feature = "tokio")]
pub use executor::TokioExecutor;
