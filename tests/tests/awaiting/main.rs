//! Awaiting: executions, the end of a scheduler, and being told to end, on any runtime and on none.

mod handles;
mod paths;
mod races;
mod runtimes;
mod shutdown;

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use pysched::{Handle, Scheduler, Task, TaskFuture, Trigger};
use pysched_tests::PATIENCE;

const SECOND: Duration = Duration::from_secs(1);

/// A task that counts its runs, from 0.
fn counting() -> Task<u32> {
    let count = AtomicU32::new(0);
    Task::new(move || count.fetch_add(1, Ordering::Relaxed))
}

/// A series that counts its runs, one each second.
fn series(sched: &Scheduler) -> Handle<u32> {
    sched.add(counting().trigger(Trigger::recur(1))).unwrap()
}

/// The value of an execution that was given: its future is done.
#[track_caller]
fn value<T: Clone>(execution: Option<TaskFuture<T>>) -> T {
    let execution = execution.expect("an execution has ended");
    assert!(execution.done());
    execution.wait().unwrap().clone()
}

/// What `future` comes to. On whichever runtime, it fails if that takes too long.
async fn soon<F: Future>(future: F) -> F::Output {
    let late = async {
        smol::Timer::after(PATIENCE).await;
        panic!("a hang: not ready within {PATIENCE:?}")
    };
    smol::future::or(future, late).await
}

/// Blocks on what comes soon.
fn block_on<F: Future>(future: F) -> F::Output {
    smol::block_on(soon(future))
}

/// A waker that counts how often it was woken.
#[derive(Default)]
struct Bell {
    rings: Mutex<usize>,
    rung: Condvar,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        *self.rings.lock().unwrap() += 1;
        self.rung.notify_all();
    }
}

impl Bell {
    fn rings(&self) -> usize {
        *self.rings.lock().unwrap()
    }

    /// Waits until it was rung so often.
    #[track_caller]
    fn wait(&self, rings: usize) {
        let guard = self.rings.lock().unwrap();
        let (_guard, result) =
            self.rung.wait_timeout_while(guard, PATIENCE, |count| *count < rings).unwrap();
        assert!(!result.timed_out(), "nobody was woken");
    }
}

/// A future that is polled by hand, and so sees whether it was woken.
struct ByHand<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

impl<F: Future> ByHand<F> {
    fn new(future: F) -> Self {
        let bell = Arc::<Bell>::default();
        Self { future: Box::pin(future), waker: Waker::from(Arc::clone(&bell)), bell }
    }

    /// A future that has been polled, and was not ready.
    #[track_caller]
    fn pending(future: F) -> Self {
        let mut this = Self::new(future);
        assert!(this.poll().is_pending(), "there is nothing yet");
        this
    }

    fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&self.waker))
    }

    /// Waits until it was woken, and is ready then.
    #[track_caller]
    fn woken(&mut self) -> F::Output {
        self.bell.wait(1);
        match self.poll() {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("it was woken for nothing"),
        }
    }
}

/// What a future is ready with at once.
#[track_caller]
fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it is to be ready at once"),
    }
}

/// How many there are of something that is dropped now and then.
fn references<T>(arc: &Arc<T>) -> usize {
    Arc::strong_count(arc)
}

/// A counter that tasks share.
fn counter() -> Arc<AtomicUsize> {
    Arc::default()
}
