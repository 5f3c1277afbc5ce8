//! The `#[task]` attribute and the `cron!` macro of the [`pysched`](https://docs.rs/pysched) crate, which re-exports them.

mod attribute;
mod calls;
mod constants;
mod cron;
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
/// | trigger | `recur`: every interval; `recur_after`: an interval after each run has ended; `once`: one run after the interval; `cron`: the times of a cron expression. Also as a string | `recur`, `"recur"` |
/// | interval | a number of seconds, or a text with units; after `cron`, a text is a cron expression, and a number the seconds to a single run | `3`, `0.25`, `"1h 30m"`, `"0 9 * * MON-FRI"` |
/// | priority | a whole number, 0 if left out; of the tasks that are due, the lowest runs first | `2`, `-1` |
///
/// | option | what it sets | if left out |
/// | --- | --- | --- |
/// | `name = ".."` | the task's stable name, unique in the program | the path of the function |
/// | `executor = ".."` | the named executor that runs it | the scheduler's own |
/// | `tz = ".."` | the time zone of a cron expression, by its IANA name | UTC |
/// | `dst = ..` | what becomes of its runs in hours that come twice or never: `vixie`, `skip`, `literal` or `shift`, the policies of `Dst` | `vixie` |
/// | `jitter = ..` | delays each run by a random time of up to this interval, a number of seconds or a text with units | no delay |
/// | `overlap = ..` | what becomes of a run that is due while the one before still runs: `skip`, `buffer_one`, `buffer_all`, `allow(3)`, `allow_all` or `cancel_other`, the policies of `Overlap` | `skip` |
/// | `misfire = ..` | what becomes of runs that could not start at their time: `run_once`, `run_all` or `skip`, the policies of `Misfire` | `run_once` |
/// | `grace = ..` | how late a run may start: an interval, as for `jitter` | no run is too late |
/// | `retry = 3` | how often an execution that has failed is tried again | it is not |
/// | `backoff = ..` | the pause before each further attempt, an interval; or two, `("1s", "1m")`, the first and the longest of pauses that are doubled each time. Goes with `retry` | `("1s", "1m")` |
/// | `retry_if = path` | a function, `fn(&TaskError) -> bool`, that says after which errors. Goes with `retry` | after all |
/// | `timeout = ..` | how long an attempt may take: an interval above 0 | no limit |
/// | `times = 5` | after how many executions the task is finished; at least 1 | never, or when the trigger ends |
/// | `tag = ".."`, `tags = ["..", ".."]` | the task's tags, one or a list | none |
/// | `conflict = ..` | what becomes of the task if another one of the scheduler has its name: `error`, `replace` or `keep`, the policies of `Conflict` | both stay |
/// | `crate = path` | where `pysched` is found, if it is renamed | `::pysched` |
///
/// The words may be strings, as the trigger may: `overlap = "buffer_one"`. What these options cannot
/// say, the methods of `Task` can: `now::task(..)` is a value to adjust.
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
/// # Cron expressions
///
/// A text after `cron` is a cron expression of five to seven fields; `Trigger::cron` of `pysched` has
/// the table of what can stand in them. It needs the feature `cron`, which is on by default.
///
/// ```
/// use once_cell::sync::Lazy;
/// use pysched::{Scheduler, task};
///
/// static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
///
/// /// At 9 in the morning on weekdays, by the clocks of Rome.
/// #[task(SCHED, cron, "0 9 * * MON-FRI", 1, tz = "Europe/Rome")]
/// fn open() {}
///
/// /// Every night at half past two; on the day on which clocks skip that hour, at half past three. Not
/// /// to the second, since others do the same then.
/// #[task(SCHED, cron, "30 2 * * *", tz = "Europe/Rome", dst = shift, jitter = "5m")]
/// fn back_up() {}
///
/// let handle = open::delay()?;
/// assert!(handle.next_run().is_some());
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// The compiler reads the expression: a mistake in it is a compile error, also where nobody calls
/// `delay`, and nothing is left to read when the program runs.
///
/// ```compile_fail
/// # use pysched::task;
/// #[task(cron, "0 25 * * *")] // in the hour, at column 3, found `25`: expected 0 to 23
/// fn never() {}
/// ```
///
/// Time zones are for the machine to know that the program runs on: with an unknown one, `delay` is
/// `Error::UnknownTimeZone`, which suggests the nearest names.
///
/// A number after `cron`, as in `cron, 5`, is one run after so many seconds.
///
/// # Rules
///
/// Most options are the methods of `Task` that have their names, and say what becomes of runs that are
/// late, overlap or fail.
///
/// ```
/// use once_cell::sync::Lazy;
/// use pysched::{Scheduler, TaskError, task};
///
/// static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);
///
/// /// Every minute, if it is no more than 5 seconds late. While it still sweeps, the next one waits.
/// #[task(SCHED, recur, "1m", overlap = buffer_one, grace = "5s", tags = ["db", "slow"])]
/// fn sweep(table: String) {
///     println!("sweeps {table}");
/// }
///
/// /// An error is followed by up to three further attempts, after 1, 2 and 4 seconds or a bit less; a
/// /// panic is not.
/// #[task(SCHED, cron, "@daily", retry = 3, backoff = ("1s", "1m"), retry_if = is_transient)]
/// fn report() -> std::io::Result<()> {
///     std::fs::write("report.txt", "all is well")
/// }
///
/// fn is_transient(error: &TaskError) -> bool {
///     matches!(error, TaskError::Failed(_))
/// }
///
/// /// At most one of these at a time: whoever adds a second one is given the handle of the first.
/// #[task(SCHED, recur, 30, name = "heartbeat", conflict = keep)]
/// fn beat() {}
///
/// sweep::delay("users".to_owned())?;
/// report::delay()?;
/// beat::delay()?;
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// They are checked by the compiler, too.
///
/// ```compile_fail
/// # use pysched::task;
/// #[task(recur, 3, overlap = wait)] // unknown overlap policy `wait`: expected one of `skip`, ..
/// fn never() {}
/// ```
///
/// ```compile_fail
/// # use pysched::task;
/// #[task(recur, 3, backoff = "10s")] // without `retry` there are no further attempts
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
/// with exactly the function's parameters. `R` is what the function returns, or what an `async` one
/// gives when it is awaited; if that is a type called `Result`, `R` is the `Ok` type, and an `Err` is a
/// failed execution:
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
/// `unsafe` nor `extern`, that owns its parameters: each is `Clone + Send + Sync + 'static`, and each run takes a copy. What it returns is
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
/// # Asynchronous functions
///
/// An `async fn` is a task like any other. Each run calls it with copies of the arguments, and awaits
/// what it gives.
///
/// ```
/// use pysched::{Scheduler, Task, task};
///
/// async fn fetch(page: u32) -> String {
///     format!("page {page}")
/// }
///
/// #[task(recur, "1h", timeout = "10s", times = 1)]
/// async fn count(pages: u32) -> usize {
///     let mut letters = 0;
///     for page in 0..pages {
///         letters += fetch(page).await.len();
///     }
///     letters
/// }
///
/// let sched = Scheduler::new();
/// sched.start()?;
/// let task: Task<usize> = count::task(3);
/// let handle = sched.add(task)?;
/// handle.run_now()?;
/// assert_eq!(handle.wait().wait().unwrap(), &18);
/// # sched.shutdown(true);
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// * On a `TokioExecutor`, of the feature `tokio`, the runtime polls it. On every other executor a
///   thread does, which sleeps while the function waits, and runs nothing else until it has ended; in a
///   worker process it is the same. What it awaits has to work there: the timers and sockets of tokio
///   do not outside of its runtime, those of `smol` do.
/// * It can be ended where it waits. A `timeout`, `overlap = cancel_other` and `TaskFuture::cancel` drop
///   it at that `.await`, and in a worker process they end the process, as with every other task.
/// * `current()` is its execution, before and after each `.await`.
/// * What it keeps across an `.await` is `Send`, as any thread may poll it. If it is not, the compiler
///   names the variable:
///
/// ```compile_fail
/// # use pysched::task;
/// #[task(recur, 3)]
/// async fn never() {
///     let shared = std::rc::Rc::new(1);
///     std::future::ready(()).await; // with `shared`, which is not `Send`
///     drop(shared);
/// }
/// ```
///
/// # Names
///
/// A task is registered under its path, such as `app::jobs::now`, or its `name`, so that other
/// processes can find it. If two have one name, adding either is `Error::DuplicateTask`, which says
/// where both stand. On one scheduler, there may be any number of tasks of one function, unless
/// `conflict` is given: then the name is that of a single one.
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

/// A cron expression as a constant [`Trigger`], read by the compiler.
///
/// ```
/// use pysched::{Scheduler, Trigger, cron};
///
/// const NIGHTLY: Trigger = cron!("0 2 * * *", tz = "Europe/Rome");
/// static WEEKLY: Trigger = cron!("@weekly");
///
/// let sched = Scheduler::new();
/// sched.delay(NIGHTLY, 0, || println!("back up"))?;
/// sched.delay(WEEKLY.clone(), 0, || println!("tidy up"))?;
/// sched.delay(cron!("0 9 * * MON-FRI"), 0, || println!("open"))?;
///
/// // The same as what is read while the program runs, which can fail.
/// assert_eq!(WEEKLY, Trigger::cron("@weekly").unwrap());
/// assert_eq!(NIGHTLY, Trigger::cron_in("0 2 * * *", "Europe/Rome").unwrap());
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// What is no expression is a compile error at the text:
///
/// ```compile_fail
/// # use pysched::cron;
/// // In the day of the week, at column 9, found `FRY`.
/// let weekdays = cron!("0 9 * * MON-FRY");
/// ```
///
/// | option | what it sets | if left out |
/// | --- | --- | --- |
/// | `tz = ".."` | the time zone, by its IANA name | UTC |
/// | `crate = path` | where `pysched` is found, if it is renamed | `::pysched` |
///
/// A constant cannot look up a time zone, which is on the machine that the program runs on: an
/// unknown one is `Error::UnknownTimeZone` when a task is added. What else a trigger can have is set
/// on the value, as in `NIGHTLY.dst(Dst::Shift)`.
///
/// [`Trigger`]: https://docs.rs/pysched/latest/pysched/struct.Trigger.html
#[proc_macro]
pub fn cron(arguments: proc_macro::TokenStream) -> proc_macro::TokenStream {
    cron::expand(arguments.into()).unwrap_or_else(|error| cron::explain(&error)).into()
}

/// The attribute without the compiler's types, which exist only inside of the compiler.
fn expand_or_explain(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    expand::expand(arguments.clone(), item.clone())
        .unwrap_or_else(|error| fallback::emit(arguments, item, &error))
}
