//! A user's crate with strict lints: no expansion of `#[task]` or `cron!` may break them.
//!
//! Everything is checked while it compiles, by `cargo clippy` and, for the lints of the compiler,
//! by every build.

#![forbid(unsafe_code)]
#![deny(
    warnings,
    future_incompatible,
    let_underscore,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::nursery,
    clippy::pedantic
)]
// Of the restrictions, those that an expansion could come into conflict with.
#![deny(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::exhaustive_enums,
    clippy::expect_used,
    clippy::min_ident_chars,
    clippy::multiple_inherent_impl,
    clippy::panic,
    clippy::same_name_method,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::undocumented_unsafe_blocks,
    clippy::unreachable,
    clippy::unwrap_used
)]

use std::future::{pending, ready};
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use pysched::{Error, Handle, Scheduler, Task, TaskError, Trigger, cron, task};

/// The scheduler of the tasks below.
pub static SCHED: LazyLock<Scheduler> = LazyLock::new(Scheduler::new);

/// A scheduler inside of something else.
#[derive(Debug)]
pub struct App {
    /// The scheduler.
    pub sched: Scheduler,
}

/// An application.
pub static APP: LazyLock<App> = LazyLock::new(|| App { sched: Scheduler::new() });

/// Lends the scheduler.
#[must_use]
pub fn sched() -> &'static Scheduler {
    &SCHED
}

/// Gives the scheduler away.
#[must_use]
pub fn own() -> Scheduler {
    Scheduler::clone(&SCHED)
}

/// Without parameters or a result.
#[task(SCHED, recur, 3, 2)]
pub const fn nothing() {}

/// With both.
#[task(sched(), recur_after, 0.25)]
#[must_use]
pub const fn number(cost: u64) -> u64 {
    cost
}

/// Its parameter is cheaper to borrow.
#[task(own(), once, "1h 30m", -2)]
#[must_use]
pub fn text(text: String) -> usize {
    text.len()
}

/// A task that can fail.
///
/// # Errors
///
/// When it does.
#[task(APP.sched, cron, 5, 1, name = "fallible", executor = "slow")]
pub fn fallible(shared: Arc<str>) -> io::Result<usize> {
    if shared.is_empty() { Err(io::Error::other("empty")) } else { Ok(shared.len()) }
}

/// At the times of an expression.
#[task(SCHED, cron, "0 9 * * MON-FRI", 1)]
pub const fn expression() {}

/// With all that an expression can have.
#[task(SCHED, cron, "@daily", tz = "Europe/Rome", dst = shift, jitter = "5m")]
pub const fn calendar() {}

/// With a number of seconds.
#[task(SCHED, recur, "1h", jitter = 0.5)]
pub const fn jittered() {}

/// With all rules as words, numbers and texts.
#[task(
    SCHED,
    recur,
    "1h",
    overlap = allow(3),
    misfire = run_all,
    grace = "5s",
    retry = 3,
    backoff = ("1s", "1m"),
    retry_if = transient,
    timeout = "10s",
    times = 5,
    tags = ["db", "slow"],
    tag = "new",
    conflict = keep
)]
pub const fn ruled() {}

/// With rules in their other forms.
#[task(SCHED, recur, 3, overlap = "buffer_one", grace = 5, retry = 1, backoff = 0.5, timeout = 10)]
#[must_use]
pub const fn ruled_too(cost: u64) -> u64 {
    cost
}

/// Whether to try again.
#[must_use]
pub const fn transient(error: &TaskError) -> bool {
    matches!(error, TaskError::Panicked(_))
}

/// A trigger as a constant.
pub const NIGHTLY: Trigger = cron!("0 2 * * *", tz = "Europe/Rome");

/// A trigger as a static.
pub static WEEKLY: Trigger = cron!("@weekly");

/// Triggers of a type.
#[derive(Debug, Clone, Copy)]
pub struct Office;

impl Office {
    /// In the morning.
    pub const OPENS: Trigger = cron!("0 9 * * MON-FRI");

    /// In the evening.
    #[must_use]
    pub const fn closes() -> Trigger {
        cron!("0 17 * * MON-FRI")
    }
}

/// A trigger of a type parameter.
pub trait Opens {
    /// In the morning.
    const OPENS: Trigger;
}

impl Opens for Office {
    const OPENS: Trigger = cron!("0 8 * * *");
}

/// Uses what is constant, by reference and by value.
pub fn triggers() -> impl Iterator<Item = Trigger> {
    let first = cron!("0 9 * * *").jitter(Duration::from_secs(1));
    let same = NIGHTLY == Office::OPENS || WEEKLY == first;
    let last = if same { WEEKLY.clone() } else { <Office as Opens>::OPENS };
    let described = NIGHTLY.describe();
    [first, NIGHTLY, Office::closes(), last]
        .into_iter()
        .filter(move |it| it.describe() != described)
}

/// Patterns in place of names.
#[task(SCHED, recur, 3)]
#[must_use]
pub const fn patterns((first, second): (u8, u8), mut third: u8, _: u8, [fourth]: [u8; 1]) -> u8 {
    third += first;
    third + second + fourth
}

/// A name that is a word of the language.
#[task(SCHED, recur, 3)]
#[must_use]
pub const fn r#type(r#fn: u8) -> u8 {
    r#fn
}

/// Never returns.
#[task(SCHED, recur, 3)]
pub fn never() -> ! {
    std::process::exit(1)
}

/// A result without a name.
#[task(SCHED, recur, 3)]
pub fn opaque() -> impl Iterator<Item = u8> + Send + Sync {
    [1, 2].into_iter()
}

/// A result without a name that may fail.
///
/// # Errors
///
/// Never.
#[task(SCHED, recur, 3)]
pub fn opaque_or_not() -> Result<impl Iterator<Item = u8> + Send + Sync, String> {
    [1, 2].first().map(|first| [*first].into_iter()).ok_or_else(String::new)
}

/// An asynchronous task.
#[task(SCHED, recur, 3, 2)]
pub async fn asynchronous() {
    ready(()).await;
}

/// An asynchronous task with a parameter and a result.
#[task(sched(), recur_after, 0.25)]
#[must_use]
pub async fn awaited(cost: u64) -> u64 {
    ready(cost).await
}

/// An asynchronous task that can fail, and whose parameter is cheaper to borrow.
///
/// # Errors
///
/// When it does.
#[task(APP.sched, cron, "@daily", 1, name = "awaited", timeout = "10s", retry = 3)]
pub async fn fallible_later(text: String) -> io::Result<usize> {
    ready(()).await;
    if text.is_empty() { Err(io::Error::other("empty")) } else { Ok(text.len()) }
}

/// An asynchronous task that never returns.
#[task(SCHED, recur, 3)]
pub async fn never_later() -> ! {
    pending().await
}

/// An asynchronous task whose result has no name.
#[task(SCHED, recur, 3)]
pub async fn opaque_later(text: &'static str) -> impl Iterator<Item = u8> + Send + Sync {
    ready(text.bytes()).await
}

/// An asynchronous task with patterns in place of names.
#[task(SCHED, recur, 3)]
pub async fn patterns_later((first, _): (u8, u8), mut second: u8, _: u8, [third]: [u8; 1]) -> u8 {
    second += ready(first).await;
    second + third
}

/// An asynchronous task that awaits nothing, gives another future and is large, which it allows itself.
#[task(SCHED, recur, 3)]
#[expect(clippy::unused_async, clippy::too_many_arguments, reason = "a task like any other")]
pub async fn many_later(
    aa: [u8; 1 << 15],
    bb: u8,
    cc: u8,
    dd: u8,
    ee: u8,
    ff: u8,
    gg: u8,
    hh: u8,
) -> std::future::Ready<u8> {
    ready(aa[0] + bb + cc + dd + ee + ff + gg + hh)
}

/// An old asynchronous task, with an old type.
#[task(SCHED, recur, 3)]
#[deprecated(note = "use `awaited`")]
#[expect(deprecated, reason = "until it is gone")]
pub async fn old_later(old: Old) -> Old {
    ready(old).await
}

#[task(recur, 3)]
async fn private_later(_: u8) {
    ready(()).await;
}

/// Many parameters, which the function allows itself.
#[task(SCHED, recur, 3)]
#[expect(clippy::too_many_arguments, reason = "a task like any other")]
#[must_use]
pub const fn many(aa: u8, bb: u8, cc: u8, dd: u8, ee: u8, ff: u8, gg: u8, hh: u8) -> u8 {
    aa + bb + cc + dd + ee + ff + gg + hh
}

/// An old task, with an old type.
#[task(SCHED, recur, 3)]
#[deprecated(note = "use `number`")]
#[must_use]
pub const fn old(old: u8) -> u8 {
    old
}

/// A type to move away from.
#[deprecated]
#[derive(Debug, Clone, Copy)]
pub struct Old;

/// A task with an old type.
#[task(SCHED, recur, 3)]
#[expect(deprecated, reason = "until it is gone")]
pub const fn with_old(_: Old) {}

/// Not on this target.
#[task(NOWHERE, recur, 3)]
#[cfg(not(any(unix, windows, target_family = "wasm")))]
pub fn elsewhere(_: Nothing) {}

/// Not on this target either.
#[task(NOWHERE, recur, 3)]
#[cfg_attr(all(), cfg(not(any(unix, windows, target_family = "wasm"))), inline)]
pub fn elsewhere_too(_: Nothing) {}

/// Hidden.
#[task(SCHED, recur, 3)]
#[doc(hidden)]
pub const fn hidden() {}

#[task(recur, 3)]
const fn private(_: u8) {}

#[task(SCHED, recur, 3)]
const fn never_added(_: u8) {}

/// Tasks of a module.
pub mod inner {
    use super::{SCHED, task};

    #[task(SCHED, recur, 3)]
    pub(super) const fn above() {}

    #[task(SCHED, recur, 3)]
    pub(crate) const fn anywhere() {}
}

/// Uses all of them.
///
/// # Errors
///
/// Those of the schedulers.
pub fn tasks() -> Result<Handle<u64>, Error> {
    #[task(SCHED, recur, 3)]
    const fn local(cost: u64) -> u64 {
        cost
    }

    let in_a_closure = || {
        #[task(SCHED, recur, 3)]
        const fn closed() {}

        closed::delay()
    };
    drop(in_a_closure()?);
    drop(text::delay(String::new())?);
    drop(inner::above::delay()?);
    drop(inner::anywhere::delay()?);
    let value: Task<()> = private::task(1);
    drop(SCHED.add(value)?);
    drop(fallible_later::delay(String::new())?);
    drop(SCHED.add(private_later::task(1))?);
    drop(never::task().priority(1));
    local::delay(1)
}

#[cfg(test)]
mod tests {
    use super::{Error, SCHED, task};

    #[test]
    fn a_test_declares_its_own_task() -> Result<(), Error> {
        #[derive(Debug, Clone, Copy)]
        struct Local(u8);

        #[task(SCHED, once, 0)]
        const fn now(local: Local) -> u8 {
            local.0
        }

        now::delay(Local(1)).map(drop)
    }
}
