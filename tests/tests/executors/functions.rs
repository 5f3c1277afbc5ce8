//! What the executors run: annotated functions, and the same as async functions.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use pysched::Task;
use pysched_tests::traces::wait;

/// The functions of the suite, as tasks.
pub trait Functions {
    /// Whether they are async functions.
    const ARE_ASYNC: bool;

    fn double(number: u64) -> Task<u64>;

    fn echo(
        text: String,
        numbers: Vec<i32>,
        flag: Option<bool>,
    ) -> Task<(String, Vec<i32>, Option<bool>)>;

    fn parse(text: String) -> Task<u32>;

    fn fail(text: String) -> Task<()>;

    /// Leaves a trace.
    fn mark(trace: String, text: String) -> Task<()>;

    /// Leaves a trace, and does not return before there is another one.
    fn hold(arrived: String, until: String) -> Task<u8>;

    /// Returns when it is told to end, or is dropped.
    fn hold_until_told() -> Task<()>;
}

/// Makes tasks of the functions of a module.
macro_rules! functions {
    ($name:ident, $module:ident, $are_async:literal) => {
        pub enum $name {}

        impl Functions for $name {
            const ARE_ASYNC: bool = $are_async;

            fn double(number: u64) -> Task<u64> {
                $module::double::task(number)
            }

            fn echo(
                text: String,
                numbers: Vec<i32>,
                flag: Option<bool>,
            ) -> Task<(String, Vec<i32>, Option<bool>)> {
                $module::echo::task(text, numbers, flag)
            }

            fn parse(text: String) -> Task<u32> {
                $module::parse::task(text)
            }

            fn fail(text: String) -> Task<()> {
                $module::fail::task(text)
            }

            fn mark(trace: String, text: String) -> Task<()> {
                $module::mark::task(trace, text)
            }

            fn hold(arrived: String, until: String) -> Task<u8> {
                $module::hold::task(arrived, until)
            }

            fn hold_until_told() -> Task<()> {
                $module::hold_until_told::task()
            }
        }
    };
}

functions!(Plain, plain, false);
functions!(Async, asynchronous, true);

mod plain {
    use pysched::task;
    use pysched_tests::PATIENCE;
    use pysched_tests::traces::{leave, wait};

    #[task(once, 0)]
    pub(super) fn double(number: u64) -> u64 {
        2 * number
    }

    #[task(once, 0)]
    pub(super) fn echo(
        text: String,
        numbers: Vec<i32>,
        flag: Option<bool>,
    ) -> (String, Vec<i32>, Option<bool>) {
        (text, numbers, flag)
    }

    #[task(once, 0)]
    pub(super) fn parse(text: String) -> Result<u32, std::num::ParseIntError> {
        text.parse()
    }

    #[task(once, 0)]
    pub(super) fn fail(text: String) {
        panic!("{text}");
    }

    #[task(once, 0)]
    pub(super) fn mark(trace: String, text: String) {
        leave(&trace, &text);
    }

    #[task(once, 0)]
    pub(super) fn hold(arrived: String, until: String) -> u8 {
        leave(&arrived, "x");
        wait(&until);
        7
    }

    #[task(once, 0)]
    pub(super) fn hold_until_told() {
        while !pysched::current().token().wait_timeout(PATIENCE) {}
    }
}

mod asynchronous {
    use pysched::task;
    use pysched_tests::traces::leave;

    use super::{Left, yield_once};

    #[task(once, 0)]
    pub(super) async fn double(number: u64) -> u64 {
        if number.is_multiple_of(3) {
            yield_once().await;
        }
        2 * number
    }

    #[task(once, 0)]
    pub(super) async fn echo(
        text: String,
        numbers: Vec<i32>,
        flag: Option<bool>,
    ) -> (String, Vec<i32>, Option<bool>) {
        yield_once().await;
        (text, numbers, flag)
    }

    #[task(once, 0)]
    pub(super) async fn parse(text: String) -> Result<u32, std::num::ParseIntError> {
        yield_once().await;
        text.parse()
    }

    #[task(once, 0)]
    pub(super) async fn fail(text: String) {
        yield_once().await;
        panic!("{text}");
    }

    #[task(once, 0)]
    pub(super) async fn mark(trace: String, text: String) {
        leave(&trace, &text);
    }

    #[task(once, 0)]
    pub(super) async fn hold(arrived: String, until: String) -> u8 {
        leave(&arrived, "x");
        Left::at(until).await;
        7
    }

    #[task(once, 0)]
    pub(super) async fn hold_until_told() {
        std::future::pending().await
    }
}

/// Waits once, and is woken at once, on any runtime.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Ready when a trace is there, for which a thread waits.
struct Left {
    thread: Option<thread::JoinHandle<()>>,
    trace: String,
}

impl Left {
    fn at(trace: String) -> Self {
        Self { thread: None, trace }
    }
}

impl Future for Left {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::path::Path::new(&self.trace).exists() {
            return Poll::Ready(());
        }
        // One for each poll, as the waker may be another one.
        let (trace, waker) = (self.trace.clone(), context.waker().clone());
        self.thread = Some(thread::spawn(move || {
            wait(&trace);
            waker.wake();
        }));
        Poll::Pending
    }
}
