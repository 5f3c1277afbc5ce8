//! [`ProcessPoolBuilder`]: a process pool with limits, an environment and a start of your choice.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use super::ProcessPoolExecutor;
use super::hello::LONGEST_HOOK;
use super::start::Settings;
use crate::Task;
use crate::error::Error;
use crate::portable::Parcel;

/// How long a worker that was asked to end has, before it is killed.
const GRACE: Duration = Duration::from_secs(1);

/// How long a worker may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes the arguments or the result of a task may have, encoded.
const MESSAGE_LIMIT: u32 = 1 << 30;

/// Everything that a pool was told.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) max_workers: usize,
    pub(super) max_tasks_per_worker: Option<NonZeroU64>,
    pub(super) grace: Duration,
    pub(super) settings: Settings,
}

/// Builds a [`ProcessPoolExecutor`].
///
/// ```standalone_crate
/// use std::time::Duration;
/// use pysched::{ProcessPoolExecutor, task};
///
/// #[task(once, 0)]
/// fn home() -> Option<String> {
///     std::env::var("HOME").ok()
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     pysched::init();
///     let pool = ProcessPoolExecutor::builder()
///         .max_workers(2)
///         .max_tasks_per_worker(1000)
///         .memory_limit(1 << 30)
///         .cpu_limit(Duration::from_secs(60))
///         .nice(5)
///         .env("HOME", "/nowhere")
///         .build()?;
///     assert_eq!(pool.run(home::task())?.wait().unwrap().as_deref(), Some("/nowhere"));
///     Ok(())
/// }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ProcessPoolBuilder {
    options: Options,
    max_tasks_per_worker: u64,
    warm: bool,
    on_start: Option<Result<(String, String), Error>>,
}

impl ProcessPoolBuilder {
    pub(super) fn new() -> Self {
        let options = Options {
            max_workers: num_cpus::get(),
            max_tasks_per_worker: None,
            grace: GRACE,
            settings: Settings {
                start_timeout: START_TIMEOUT,
                frame_limit: MESSAGE_LIMIT,
                ..Settings::default()
            },
        };
        Self { options, max_tasks_per_worker: u64::MAX, warm: false, on_start: None }
    }

    /// Sets how many worker processes there are at most. As many as there are processors that this
    /// process may use, unless set.
    pub fn max_workers(mut self, max_workers: usize) -> Self {
        self.options.max_workers = max_workers;
        self
    }

    /// Replaces each worker by a new one after it has run `n` tasks, so that what tasks leak is given
    /// back. Never, unless set.
    pub fn max_tasks_per_worker(mut self, n: u64) -> Self {
        self.max_tasks_per_worker = n;
        self
    }

    /// Limits the memory of each worker to `bytes` of address space (`RLIMIT_AS`), its program and the
    /// stacks of its threads included. A Rust program that gets no more memory aborts, which ends the
    /// task with [`TaskError::WorkerDied`](crate::TaskError::WorkerDied). None, unless set.
    ///
    /// Allow for some 100 MiB that no task has asked for: a program and its libraries take address
    /// space, and so does each thread. macOS takes the limit, and does not keep it.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.options.settings.memory_limit = Some(bytes);
        self
    }

    /// Limits the processor time that each task may use, all its threads together (`RLIMIT_CPU`, moved
    /// on before each task). It counts whole seconds, and is rounded up. A task that goes past it ends
    /// with [`TaskError::WorkerDied`](crate::TaskError::WorkerDied), which names the signal `SIGXCPU`.
    /// None, unless set.
    pub fn cpu_limit(mut self, limit: Duration) -> Self {
        self.options.settings.cpu_limit = Some(limit);
        self
    }

    /// Sets how nice the workers are to other processes, from this one's own niceness on: up to 19 for
    /// work that can wait. Less than 0 takes a privilege. 0 unless set.
    pub fn nice(mut self, increment: i32) -> Self {
        self.options.settings.nice = Some(increment);
        self
    }

    /// Sets a variable in the environment of the workers, which is otherwise that of this process.
    pub fn env(mut self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.options.settings.environment.push((key.into(), Some(value.into())));
        self
    }

    /// Removes a variable from the environment of the workers.
    pub fn env_remove(mut self, key: impl Into<OsString>) -> Self {
        self.options.settings.environment.push((key.into(), None));
        self
    }

    /// Gives the workers no variable of this process's environment, but those that are
    /// [set](Self::env).
    pub fn env_clear(mut self) -> Self {
        self.options.settings.clear_environment = true;
        self.options.settings.environment.clear();
        self
    }

    /// Sets the working directory of the workers. That of this process, unless set.
    pub fn current_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.options.settings.current_dir = Some(directory.into());
        self
    }

    /// Has each worker run a task before it takes any other: to load a model, to open a connection. It
    /// runs once in each process, with none of the task's own rules; if it fails, so does the start.
    /// Its arguments may have 2 KiB.
    ///
    /// ```standalone_crate
    /// use std::sync::OnceLock;
    /// use pysched::{ProcessPoolExecutor, task};
    ///
    /// static MODEL: OnceLock<String> = OnceLock::new();
    ///
    /// #[task(once, 0)]
    /// fn load(path: String) {
    ///     MODEL.get_or_init(|| format!("the model of {path}"));
    /// }
    ///
    /// #[task(once, 0)]
    /// fn ask() -> Option<String> {
    ///     MODEL.get().cloned()
    /// }
    ///
    /// fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     pysched::init();
    ///     let pool =
    ///         ProcessPoolExecutor::builder().on_start(load::task("weights.bin".into())).build()?;
    ///     assert_eq!(pool.run(ask::task())?.wait().unwrap().as_deref(), Some("the model of weights.bin"));
    ///     assert_eq!(MODEL.get(), None, "this process has not loaded it");
    ///     Ok(())
    /// }
    /// ```
    pub fn on_start<T: Send + Sync + 'static>(mut self, task: Task<T>) -> Self {
        self.on_start = Some(hook(task));
        self
    }

    /// Starts all workers in [`build`](Self::build), which returns when they are ready. Otherwise each
    /// starts when there is the first task that no other is free for. `false` unless set.
    pub fn warm(mut self, warm: bool) -> Self {
        self.warm = warm;
        self
    }

    /// Sets how long a worker may take to start, its [hook](Self::on_start) included. 30 s unless set.
    pub fn start_timeout(mut self, limit: Duration) -> Self {
        self.options.settings.start_timeout = limit;
        self
    }

    /// Sets how long a worker that is to end has left. At a timeout or when its task is cancelled, its
    /// process group gets `SIGTERM`, and, after this long, `SIGKILL`; in a shutdown it has no more work
    /// and as long to go by itself. 1 s unless set.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.options.grace = grace;
        self
    }

    /// Sets how many bytes the arguments or the result of one task may have when they are encoded. The
    /// arguments come with the names of the function and the task, and some 40 bytes more. 1 GiB
    /// unless set, and never 4 GiB or more.
    pub fn message_limit(mut self, bytes: usize) -> Self {
        self.options.settings.frame_limit = u32::try_from(bytes).unwrap_or(u32::MAX);
        self
    }

    /// Builds the pool. With a [warm](Self::warm) worker, it blocks the calling thread until that has
    /// started: on a runtime's, call it on a thread for blocking calls (`spawn_blocking`).
    ///
    /// # Errors
    ///
    /// * [`Error::WorkerProcess`] if `main` does not begin with [`init`](crate::init()), if
    ///   `max_workers` or `max_tasks_per_worker` is 0, or if a [warm](Self::warm) worker does not
    ///   start.
    /// * [`Error::NotPortable`] if the task of [`on_start`](Self::on_start) cannot leave this process.
    /// * [`Error::Unsupported`] on systems other than Unix.
    pub fn build(mut self) -> Result<ProcessPoolExecutor, Error> {
        self.options.settings.on_start = self.on_start.take().transpose()?;
        self.options.max_tasks_per_worker = match self.max_tasks_per_worker {
            u64::MAX => None,
            n => Some(NonZeroU64::new(n).ok_or_else(|| none("max_tasks_per_worker"))?),
        };
        if self.options.max_workers == 0 {
            return Err(none("max_workers"));
        }
        ProcessPoolExecutor::over(self.options, self.warm)
    }
}

fn none(option: &str) -> Error {
    Error::WorkerProcess(format!("{option} is 0: nothing would ever run; give at least 1"))
}

/// The name and the arguments of a task that workers run first.
fn hook<T>(task: Task<T>) -> Result<(String, String), Error> {
    let (_, _, _, rare) = task.into_parts();
    let rare = rare.unwrap_or_default();
    let parcel = Parcel::new(rare.registered, rare.name, None)?;
    let refused = |error: crate::portable::NotPortable| Error::NotPortable(error.to_string());
    let name = parcel.registered().map_err(refused)?.registration.name();
    let arguments = parcel.arguments().map_err(refused)?;
    let length = name.len() + arguments.len();
    if length > LONGEST_HOOK {
        return Err(Error::NotPortable(format!(
            "the arguments of `{name}` are too long for a hook: with its name they have {length} \
             bytes, and {LONGEST_HOOK} are allowed; leave the rest in a file"
        )));
    }
    Ok((name.to_owned(), arguments.to_string()))
}

impl fmt::Debug for ProcessPoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPoolBuilder")
            .field("options", &self.options)
            .field("warm", &self.warm)
            .finish_non_exhaustive()
    }
}
