//! What the expansion of `#[task]` names. Not public: it changes with the attribute.
//!
//! The expansion spells every name out in full through this module, so that nothing a user has in
//! scope, or has renamed, can change its meaning.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::TaskError;
use crate::task::Converted;

pub use inventory;

pub use std::any::type_name;
pub use std::convert::Infallible;
pub use std::future::Future;
pub use std::option::Option::{None, Some};
pub use std::result::Result::{self, Ok};
pub use std::time::Duration;
pub use std::{file, line, stringify, unreachable};

pub use self::calendars::{Cron, Dst, calendar, dst};
#[cfg(all(feature = "fuzzing", unix))]
pub use crate::executor::fuzzing;
#[cfg(all(feature = "process", unix))]
pub use crate::executor::{WorkerTest, init};
pub use crate::portable::{
    Argument, BORROWED, Codec, Failure, Function, NotPortable, Outcome, Output, Parcel, Portable,
    Probe, Registered, Registration, UNNAMED, Unportable,
};
pub use crate::task::block_on;
pub use crate::{
    Conflict, Error, Handle, Interval, Misfire, Overlap, Retry, Scheduler, Task, Trigger,
};

/// Cron expressions, which the compiler reads.
#[cfg(feature = "cron")]
mod calendars {
    pub use crate::Dst;
    use crate::Trigger;
    pub use crate::trigger::Cron;

    /// The trigger of an expression. Whether there is such a time zone is found out when the trigger
    /// is used.
    #[must_use]
    pub const fn calendar(cron: &'static Cron, time_zone: Option<&'static str>) -> Trigger {
        Trigger::constant(cron, time_zone)
    }

    /// The trigger with what becomes of hours that come twice or never.
    #[must_use]
    pub fn dst(trigger: Trigger, policy: Dst) -> Trigger {
        trigger.dst(policy)
    }
}

/// What stands in for them without the feature. The expansion cannot know of it: so all that it names
/// is there, and reading an expression is what fails, with the caret on it.
#[cfg(not(feature = "cron"))]
mod calendars {
    use crate::Trigger;

    /// A cron expression, of which there is none.
    #[derive(Debug, Clone, Copy)]
    pub enum Cron {}

    /// What becomes of hours that come twice or never.
    #[derive(Debug, Clone, Copy)]
    pub enum Dst {
        /// As the policy of this name.
        Vixie,
        /// As the policy of this name.
        Skip,
        /// As the policy of this name.
        Literal,
        /// As the policy of this name.
        Shift,
    }

    impl Cron {
        /// Reads no literal, but says what it would take to.
        ///
        /// # Panics
        ///
        /// Always, while the user's crate is compiled.
        #[must_use]
        #[track_caller]
        pub const fn literal(_: &'static str) -> Self {
            panic!(
                "a cron expression needs the feature `cron` of pysched, which is off; add it to the \
                 dependency's `features` in Cargo.toml"
            )
        }
    }

    /// The trigger of an expression, of which there is none.
    #[must_use]
    pub const fn calendar(cron: &'static Cron, _: Option<&'static str>) -> Trigger {
        match *cron {}
    }

    /// The trigger as it is: it is no calendar.
    #[must_use]
    pub fn dst(trigger: Trigger, _: Dst) -> Trigger {
        trigger
    }
}

/// Delays each run of a trigger by up to `most`.
#[must_use]
pub fn jitter(trigger: Trigger, most: impl Into<Interval>) -> Trigger {
    trigger.jitter(duration(most.into()))
}

/// An interval as a rule takes it.
#[must_use]
pub const fn duration(interval: Interval) -> Duration {
    match interval.span() {
        Some(span) => span,
        // What is no span was refused where the interval was read.
        None => Duration::MAX,
    }
}

/// The policy that lets so many executions run at once.
#[must_use]
pub const fn allow(most: usize) -> Overlap {
    match NonZeroUsize::new(most) {
        Some(most) => Overlap::Allow(most),
        // 0 was refused where the number was read.
        None => Overlap::Allow(NonZeroUsize::MIN),
    }
}

/// Tries again after pauses that grow, from the first to the longest.
pub const fn growing(retry: Retry, [first, longest]: [Duration; 2]) -> Retry {
    retry.exponential(first, longest)
}

/// Tries again only after errors that `predicate` is true of.
pub fn retry_if(retry: Retry, predicate: fn(&TaskError) -> bool) -> Retry {
    retry.when(predicate)
}

/// Makes the task of a registered function.
pub fn task<A: Shared + 'static, T: Shared + 'static>(
    registration: &'static Registration,
    call: fn(&A) -> Result<T, Failure>,
    arguments: A,
) -> Task<T> {
    let arguments = Arc::new(arguments);
    let own: Arc<dyn Any + Send + Sync> = Arc::<A>::clone(&arguments);
    Task::fallible(move || call(&arguments)).register(registration, own)
}

/// Makes the task of a registered asynchronous function.
pub fn future_task<A: Shared + 'static, T: Shared + 'static, Fut>(
    registration: &'static Registration,
    call: impl Fn(&A) -> Fut + Send + Sync + 'static,
    arguments: A,
) -> Task<T>
where
    Fut: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let arguments = Arc::new(arguments);
    let own: Arc<dyn Any + Send + Sync> = Arc::<A>::clone(&arguments);
    Task::fallible_future(move || call(&arguments)).register(registration, own)
}

/// What becomes of the call of an asynchronous function: that which `outcome` makes of what its future
/// gives.
pub fn attempt<Fut: Future, T>(
    future: Fut,
    outcome: impl Fn(Fut::Output) -> Result<T, Failure>,
) -> impl Future<Output = Result<T, Failure>> {
    Converted::new(future, outcome)
}

/// Adds a task to what the attribute's first argument derefs to.
///
/// # Errors
///
/// Those of [`Scheduler::add`].
pub fn add<T: Shared + 'static>(scheduler: &Scheduler, task: Task<T>) -> Result<Handle<T>, Error> {
    scheduler.add(task)
}

/// The copy of an argument that one run of a task takes.
pub fn copy<T: Copied>(argument: &T) -> T {
    argument.clone()
}

/// Turns what a function has returned as its `Result` into what [`task`] calls for.
///
/// # Errors
///
/// The function's own.
pub fn outcome<R: Fallible<Err = E>, E: Explains>(returned: R) -> Result<R::Ok, Failure> {
    returned.into_result().map_err(E::into_failure)
}

/// Asserts that a value can be an argument, with the caret on its type.
pub const fn assert_argument<T: Shared + 'static>() {}

/// The types of which every run of a task can have a copy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a task: it is not `Clone`",
    label = "every run of the task takes a copy of its arguments",
    note = "implement `Clone` for it, or share one value between the runs in an `Arc`"
)]
pub trait Copied: Clone {}

#[diagnostic::do_not_recommend]
impl<T: Clone> Copied for T {}

/// The types that the scheduler can hold in one thread and a worker can use in another.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot go to another thread: it is not `Send` and `Sync`",
    label = "the arguments and the result of a task are shared between threads",
    note = "use `Arc` in place of `Rc`, and `Mutex` or an atomic in place of `Cell`"
)]
pub trait Shared: Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: Send + Sync> Shared for T {}

/// The return types that are `Result`s, whatever they are called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `std::result::Result`",
    label = "this return type is called `Result`, and is another type",
    note = "`#[task]` takes every return type that is called `Result` for the one of the \
            standard library, to tell a failed execution; give this type another name"
)]
pub trait Fallible {
    /// The value of a successful execution.
    type Ok;

    /// The error of a failed one.
    type Err;

    /// The return value as what it is.
    ///
    /// # Errors
    ///
    /// The function's own.
    fn into_result(self) -> Result<Self::Ok, Self::Err>;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;

    fn into_result(self) -> Self {
        self
    }
}

/// The errors that a task may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a task",
    label = "expected an error that is `std::error::Error + Send + Sync`, or a `String`",
    note = "a task may return every `Result<_, E>` where \
            `E: Into<Box<dyn std::error::Error + Send + Sync>>`"
)]
pub trait Explains: Sized {
    /// The error as a task keeps it.
    fn into_failure(self) -> Failure;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Failure>> Explains for E {
    fn into_failure(self) -> Failure {
        self.into()
    }
}

/// The interval of a text in the attribute, read while the user's crate is compiled.
///
/// # Panics
///
/// When the text is not an interval, which is a compile error at the text.
#[must_use]
#[track_caller]
pub const fn interval(text: &'static str) -> Interval {
    Interval::literal(text)
}

/// As [`interval`], for a task that recurs, which an interval of nothing would never let rest.
///
/// # Panics
///
/// Also when the interval is zero.
#[must_use]
#[track_caller]
pub const fn recurring(text: &'static str) -> Interval {
    let interval = Interval::literal(text);
    assert!(!interval.is_zero(), "a task cannot recur every 0s; `once` runs it a single time");
    interval
}

/// As [`interval`], for the time that an attempt may take.
///
/// # Panics
///
/// Also when the interval is zero.
#[must_use]
#[track_caller]
pub const fn timeout(text: &'static str) -> Interval {
    let limit = Interval::literal(text);
    assert!(
        !limit.is_zero(),
        "a timeout of 0s leaves no time to run; without `timeout` there is no limit"
    );
    limit
}

/// The first and the longest of pauses that grow, looked at while the user's crate is compiled.
///
/// # Panics
///
/// When the first is longer than the longest, which is a compile error at them.
#[must_use]
#[track_caller]
pub const fn pauses(first: Duration, longest: Duration) -> [Duration; 2] {
    assert!(
        first.as_nanos() <= longest.as_nanos(),
        "the first pause is longer than the longest; write the shorter one first, as in \
         (\"1s\", \"1m\")"
    );
    [first, longest]
}
