//! Nothing that a user has in scope changes what an expansion means.

#![no_implicit_prelude]
#![allow(dead_code, unused_macros, non_camel_case_types)]

mod scheduler {
    use ::pysched::Scheduler;
    use ::std::sync::LazyLock;

    pub(crate) static SCHED: LazyLock<Scheduler> = LazyLock::new(Scheduler::new);

    pub(crate) fn sched() -> &'static Scheduler {
        &SCHED
    }
}

use scheduler::{SCHED, sched};

mod pysched {}
mod std {}
mod core {}
mod alloc {}
mod inventory {}
struct Option;
struct Result2;
struct Some;
struct None;
struct Ok;
struct Err;
struct Clone;
struct Copy;
struct Send;
struct Sync;
struct Task;
struct Handle;
struct Arc;
struct Duration;
struct Registration;
type bool = ();
type str = ();
type usize = ();
type u64 = ::std::primitive::u64;
type i32 = ();
fn drop() {}

macro_rules! panic {
    () => {
        compile_error!("captured")
    };
}
macro_rules! file {
    () => {
        compile_error!("captured")
    };
}
macro_rules! line {
    () => {
        compile_error!("captured")
    };
}

/// Its parameters have the names of what stands around them.
#[::pysched::task(sched(), recur, 0.5, -1, name = "everything")]
fn everything(sched: u64, everything: u64, task: u64, delay: u64) -> ::std::io::Result<u64> {
    ::std::result::Result::Ok(sched + everything + task + delay)
}

#[::pysched::task(SCHED, recur, "1h 30m", 2)]
fn task(argument_1: u64, (_, _): (u64, u64)) {}

#[::pysched::task(SCHED, once, 0)]
fn delay(r#fn: u64) -> u64 {
    r#fn
}

struct Future;
struct Failure;
struct Output;
struct future_task;
struct block_on;
struct attempt;
struct arguments;
struct returned;
struct future;

/// Its parameters have the names of what stands around them.
#[::pysched::task(sched(), recur, 0.5, name = "asynchronous")]
async fn asynchronous(sched: u64, asynchronous: u64, task: u64, r#await: u64) -> ::std::io::Result<u64> {
    ::std::result::Result::Ok(sched + asynchronous + task + r#await)
}

#[::pysched::task(SCHED, once, 0)]
async fn opaque(_: &'static ::std::primitive::str) -> impl ::std::marker::Send + ::std::marker::Sync {}

struct Cron;
struct Dst;
struct Trigger;
macro_rules! cron {
    () => {
        compile_error!("captured")
    };
}

#[::pysched::task(SCHED, cron, "@daily", tz = "UTC", dst = skip, jitter = "5m")]
fn cron(skip: u64) {}

struct Overlap;
struct Misfire;
struct Retry;
struct Conflict;
struct NonZeroUsize;
struct TaskError;

fn transient(_: &::pysched::TaskError) -> ::std::primitive::bool {
    true
}

/// Its parameters have the names of what its options name.
#[::pysched::task(
    SCHED, recur, 3, overlap = allow(3), misfire = skip, grace = "5s", retry = 3,
    backoff = ("1s", "1m"), retry_if = transient, times = 5, tags = ["db", "slow"], conflict = keep,
)]
fn rules(transient: u64, skip: u64, keep: u64) -> u64 {
    transient + skip + keep
}

#[::pysched::task(SCHED, recur, 3, overlap = buffer_one, retry = 3, backoff = 5, timeout = "10s")]
fn timeout() {}

const CRON: ::pysched::Trigger = ::pysched::cron!("@daily", tz = "UTC");

fn main() {
    ::std::assert!(cron::delay(1).is_ok());
    ::std::assert!(SCHED.delay(CRON, 0, || ()).is_ok());
    ::std::assert!(rules::delay(1, 2, 3).is_ok());
    ::std::mem::drop(timeout::delay());
    ::std::assert!(everything::delay(1, 2, 3, 4).is_ok());
    ::std::assert!(asynchronous::delay(1, 2, 3, 4).is_ok());
    ::std::assert!(opaque::delay("text").is_ok());
    ::std::assert!(task::delay(1, (2, 3)).is_ok());
    ::std::assert!(delay::delay(1).is_ok());
}
