//! The `#[task]` attribute of the [`pysched`](https://docs.rs/pysched) crate, which re-exports it.

mod attribute;
mod document;
mod errors;
mod expand;
mod fallback;
mod function;
mod inherited;
mod output;
mod parameters;
mod shown;
mod signature;

use proc_macro2::TokenStream;

/// Makes a function a task: gives it `delay`, which adds it to a scheduler, and `task`, which makes
/// it a value.
///
/// ```
/// use once_cell::sync::Lazy;
/// use pysched::{Handle, Scheduler, Task, task};
///
/// static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
///
/// /// Every 3 seconds, with priority 2.
/// #[task(SCHED, recur, 3, 2)]
/// fn double(cost: u64) -> u64 {
///     cost * 2
/// }
///
/// # fn main() -> Result<(), pysched::Error> {
/// assert_eq!(double(1), 2); // the function is what it was
/// let handle: Handle<u64> = double::delay(1)?; // adds it to SCHED
/// let task: Task<u64> = double::task(1); // the same as a value
///
/// SCHED.start()?;
/// let handle = SCHED.add(task.trigger(pysched::Trigger::once(0)))?;
/// assert_eq!(handle.wait().wait().unwrap(), &2);
/// # SCHED.shutdown(false);
/// # Ok(())
/// # }
/// ```
///
/// # Grammar
///
/// ```text
/// #[task( [SCHEDULER,] TRIGGER, INTERVAL [, PRIORITY] [, OPTION = VALUE]* )]
/// ```
///
/// | argument | what it is | example |
/// | --- | --- | --- |
/// | scheduler | an expression that derefs to a `Scheduler`, evaluated on each `delay`; without it there is only `task` | `SCHED`, `APP.sched`, `sched()` |
/// | trigger | `recur`: every interval; `recur_after`: an interval after each run has ended; `once` and `cron`: one run after the interval. Also as a string | `recur`, `"recur"` |
/// | interval | a number of seconds, or a text with units | `3`, `0.25`, `"1h 30m"` |
/// | priority | a whole number, 0 if left out; of the tasks that are due, the lowest runs first | `2`, `-1` |
///
/// | option | what it sets | if left out |
/// | --- | --- | --- |
/// | `name = ".."` | the task's stable name, unique in the program | the path of the function |
/// | `executor = ".."` | the named executor that runs it | the scheduler's own |
/// | `crate = path` | where `pysched` is found, if it is renamed | `::pysched` |
///
/// The interval is checked while the program is compiled: whoever writes `-3`, `"1 fortnight"` or a
/// task that recurs every 0 seconds is told so at that word.
///
/// ```compile_fail
/// # use pysched::task;
/// #[task(recur, "1 fortnight")]
/// fn never() {}
/// ```
///
/// # What is generated
///
/// Beside the untouched function stands an empty enum of its name and visibility. It has
///
/// * `fn task(..) -> Task<R>`,
/// * `fn delay(..) -> Result<Handle<R>, Error>`, which is `task` and `Scheduler::add` in one,
///
/// with exactly the function's parameters. `R` is what the function returns; if it returns a type
/// called `Result`, `R` is the `Ok` type, and an `Err` is a failed execution:
///
/// ```
/// use pysched::{Scheduler, Task, TaskError, task};
///
/// #[task(once, 0)]
/// fn read(path: String) -> std::io::Result<String> {
///     std::fs::read_to_string(path)
/// }
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let task: Task<String> = read::task("no such file".to_owned());
/// let future = sched.add(task)?.wait();
/// assert!(matches!(future.wait(), Err(TaskError::Failed(_))));
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// One `use` imports both the function and the enum. No other type or module beside them can have
/// this name. Their documentation is generated too; to link
/// to the function, write ``[`fn@double`]``.
///
/// # The function
///
/// A task runs later, more than once, on another thread. So it is a free function, neither generic,
/// `async`, `unsafe` nor `extern`, that owns its parameters: each is
/// `Clone + Send + Sync + 'static`, and each run takes a copy. What it returns is
/// `Send + Sync + 'static`; `impl Trait` will do. An error is whatever turns into a
/// `Box<dyn Error + Send + Sync>`.
///
/// It may stand in the body of another function, with types of that body, but not in an `impl`: an
/// attribute cannot see where its function stands, and the compiler then says that an enum is not
/// supported there.
///
/// ```
/// # use pysched::{Error, Scheduler};
/// fn greet_later(sched: &Scheduler) -> Result<(), Error> {
///     #[derive(Clone)]
///     struct Greeting(&'static str);
///
///     // `sched` is a variable, which `delay` cannot reach: so `task`, and `add`.
///     #[pysched::task(once, 5)]
///     fn greet(Greeting(text): Greeting) {
///         println!("{text}");
///     }
///
///     sched.add(greet::task(Greeting("hello")))?;
///     Ok(())
/// }
/// # greet_later(&Scheduler::new()).unwrap();
/// ```
///
/// # Names
///
/// A task is registered under its path, such as `app::jobs::now`, or its `name`, so that other
/// processes can find it. If two have one name, adding either is `Error::DuplicateTask`, which says
/// where both stand.
///
/// With the feature `serde` of `pysched`, a function whose parameters and result are `Serialize`
/// and `Deserialize` is *portable*: it can run in another process. This is found out without any
/// further attribute. Its values travel as JSON; what would not arrive as it was sent, such as NaN
/// or a `&'static str`, is refused. (Inside of an `Option`, NaN arrives as `None`: JSON writes both
/// as `null`.)
#[proc_macro_attribute]
pub fn task(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    expand_or_explain(&arguments.into(), &item.into()).into()
}

/// The attribute without the compiler's types, which exist only inside of the compiler.
fn expand_or_explain(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    expand::expand(arguments.clone(), item.clone())
        .unwrap_or_else(|error| fallback::emit(arguments, item, &error))
}
