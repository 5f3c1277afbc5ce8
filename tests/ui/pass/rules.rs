//! Rules in all the forms that they can have.

#![deny(warnings)]

use once_cell::sync::Lazy;
use pysched::{Error, Scheduler, TaskError, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

#[task(SCHED, recur, 3, overlap = skip, misfire = run_once, conflict = error)]
fn as_unless_told() {}

#[task(SCHED, recur, 3, 1, overlap = "buffer_one", misfire = "run_all", conflict = "replace")]
fn as_texts() {}

#[task(SCHED, recur_after, 3, overlap = buffer_all, misfire = skip, conflict = keep)]
fn as_words() {}

#[task(cron, "@daily", overlap = allow_all, tz = "Europe/Rome", name = "everywhere")]
fn at_once() {}

#[task(SCHED, once, 0, overlap = cancel_other)]
fn one_after_another() {}

#[task(SCHED, recur, 3, overlap = allow(3))]
fn three() {}

#[task(SCHED, recur, 3, overlap = "allow(0x10)")]
fn sixteen() {}

#[task(SCHED, recur, 3, overlap = allow(3_usize,))]
fn three_of_a_type() {}

#[task(SCHED, recur, 3, grace = "5s")]
fn late() {}

#[task(SCHED, recur, 3, grace = 0)]
fn on_time() {}

#[task(SCHED, recur, 3, retry = 3)]
fn repeated() {}

#[task(SCHED, recur, 3, backoff = "10s", retry = 3_u32)]
fn repeated_after_a_pause() -> Result<(), String> {
    Ok(())
}

#[task(SCHED, recur, 3, retry = 0, backoff = (0.5, "1m",), retry_if = errors::transient::<u8>)]
fn repeated_after_growing_pauses() {}

#[task(SCHED, recur, 3, retry = 1, retry_if = <Transient as errors::Decides>::decides)]
fn repeated_if_a_trait_says_so() {}

#[task(SCHED, recur, 3, retry = 1, retry_if = ALWAYS)]
fn repeated_if_a_constant_says_so() {}

#[task(SCHED, recur, 3, timeout = "10s")]
fn short() {}

#[task(SCHED, recur, 3, timeout = 1e-9, times = 18_446_744_073_709_551_615)]
fn very_short() {}

#[task(SCHED, recur, 3, tag = "db")]
fn tagged() {}

#[task(SCHED, recur, 3, tags = ["db", "slow", r"raw",], tag = "new")]
fn tagged_often() {}

#[task(SCHED, recur, 3, tags = [], times = 1)]
fn not_tagged() {}

#[task(
    SCHED, recur, "1h 30m", -1,
    name = "everything", executor = "slow", jitter = "5m", overlap = buffer_one, misfire = run_all,
    grace = "1h", retry = 3, backoff = ("1s", "1m"), retry_if = errors::transient::<String>,
    timeout = "10m", times = 100, tags = ["db", "slow"], conflict = keep, crate = ::pysched,
)]
fn everything(number: u64) -> u64 {
    number
}

struct Transient;

mod errors {
    use super::{TaskError, Transient};

    pub(super) fn transient<T>(error: &TaskError) -> bool {
        matches!(error, TaskError::Panicked(text) if text == std::any::type_name::<T>())
    }

    pub(super) trait Decides {
        fn decides(error: &TaskError) -> bool;
    }

    impl Decides for Transient {
        fn decides(_: &TaskError) -> bool {
            true
        }
    }
}

const ALWAYS: fn(&TaskError) -> bool = |_| true;

macro_rules! declare {
    ($name:ident, $most:literal, $policy:ident, $pause:literal, $longest:expr, $path:path, $times:expr, $tag:literal) => {
        #[task(
            SCHED, recur, 3,
            overlap = allow($most), misfire = $policy, retry = $times, backoff = ($pause, $longest),
            retry_if = $path, times = $times, tags = [$tag, "fixed"], grace = $longest,
            timeout = $pause,
        )]
        fn $name() {}
    };
    ($name:ident, $overlap:expr, $backoff:expr, $tags:expr) => {
        #[task(SCHED, recur, 3, overlap = $overlap, retry = 3, backoff = $backoff, tags = $tags)]
        fn $name() {}
    };
}

declare!(by_parts, 3, skip, "1s", 60, errors::transient::<u8>, 5, "db");
declare!(by_expressions, allow(2), ("1s", "1m"), ["db", "slow"]);

fn main() -> Result<(), Error> {
    fn local(_: &TaskError) -> bool {
        false
    }

    #[task(SCHED, once, 0, retry = 1, retry_if = local)]
    fn in_a_body() {}

    as_unless_told::delay()?;
    as_texts::delay()?;
    as_words::delay()?;
    SCHED.add(at_once::task())?;
    one_after_another::delay()?;
    three::delay()?;
    sixteen::delay()?;
    three_of_a_type::delay()?;
    late::delay()?;
    on_time::delay()?;
    repeated::delay()?;
    repeated_after_a_pause::delay()?;
    repeated_after_growing_pauses::delay()?;
    repeated_if_a_trait_says_so::delay()?;
    repeated_if_a_constant_says_so::delay()?;
    let _ = (short::task(), short::delay());
    let _ = (very_short::task(), very_short::delay());
    tagged::delay()?;
    tagged_often::delay()?;
    not_tagged::delay()?;
    let _ = everything::delay(1);
    let _ = by_parts::delay();
    by_expressions::delay()?;
    in_a_body::delay()?;
    Ok(())
}
