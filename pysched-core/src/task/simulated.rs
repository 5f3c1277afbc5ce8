//! Bodies as a simulation runs them: what has said that it works has its outcome held back until that time
//! has passed.
//!
//! A function runs to its end at once, at the moment at which it begins, and its outcome is delivered when
//! the time is over that it has taken. Until then nothing ends it, as nothing ends a function on a thread.
//! A future is polled as anywhere else; what it takes in a poll comes before whatever it does next.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use super::body::{Body, Call, Function, Landing, Sink, call, deliver};
use super::course::{Deliver, Polled};
use super::record::{AnyRecord, Record};
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::Run;
use crate::portable;
use crate::time::SimulatedClock;
use crate::unwind::{catch, drop_quietly};

/// A function in a simulation.
pub(super) struct TypedSimulated<T, F> {
    /// `None` once it has been let go.
    f: Option<F>,
    clock: SimulatedClock,
    result: PhantomData<fn() -> T>,
}

/// A function in a simulation that is called at each run of a series.
struct RepeatedSimulated<T, F> {
    f: F,
    clock: SimulatedClock,
    result: PhantomData<fn() -> T>,
}

impl<T, F> TypedSimulated<T, F> {
    pub(super) fn new(f: F, clock: SimulatedClock) -> Self {
        Self { f: Some(f), clock, result: PhantomData }
    }
}

/// What can be called for a `T`.
type Callable<T> = dyn Fn() -> Result<T, TaskError> + Send + Sync;

/// A body of a shared function, whose own type it does not know, as with `Body::sharing`.
fn sharing<T: Send + Sync + 'static>(function: Arc<Callable<T>>, clock: SimulatedClock) -> Body {
    Body::simulated(move || function(), clock)
}

impl<T, F> Call for TypedSimulated<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Result<T, TaskError> + Send + Sync + 'static,
{
    fn run(&mut self, sink: &dyn Sink) {
        if let Some(f) = self.f.take() {
            deliver(call(f, |f| f()), false, sink);
        }
    }

    fn polled(&mut self, ending: Landing) -> Result<Run, Landing> {
        match self.f.take() {
            Some(f) => Ok(Box::pin(Polled::new(Held::new(f, self.clock.clone()), ending))),
            None => Err(ending),
        }
    }

    fn conclude(&mut self, outcome: portable::Outcome, sink: &dyn Sink) {
        let _ = drop_quietly(self.f.take());
        deliver::<T>(portable::typed(outcome), false, sink);
    }

    fn record(&mut self, task: TaskId, history: usize) -> Arc<dyn AnyRecord> {
        let clock = self.clock.clone();
        let share =
            |f| Arc::new(RepeatedSimulated { f, clock, result: PhantomData }) as Arc<dyn Function>;
        Arc::new(Record::<T>::new(task, self.f.take().map(share), history))
    }

    fn split(&mut self) -> Option<(Body, Body)> {
        let mine: Arc<Callable<T>> = Arc::new(self.f.take()?);
        let yours = Arc::clone(&mine);
        Some((sharing(mine, self.clock.clone()), sharing(yours, self.clock.clone())))
    }
}

impl<T, F> Function for RepeatedSimulated<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Result<T, TaskError> + Send + Sync + 'static,
{
    fn run(self: Arc<Self>, sink: &dyn Sink) {
        deliver(call(self, |repeated| (repeated.f)()), false, sink);
    }

    fn polled(self: Arc<Self>, ending: Landing) -> Result<Run, Landing> {
        let clock = self.clock.clone();
        Ok(Box::pin(Polled::new(Held::new(move || (self.f)(), clock), ending)))
    }

    fn conclude(self: Arc<Self>, outcome: portable::Outcome, sink: &dyn Sink) {
        let _ = drop_quietly(self);
        deliver::<T>(portable::typed(outcome), false, sink);
    }
}

/// A call of a function whose outcome may have to wait.
enum Held<T, F> {
    /// It has not been called.
    Before(F, SimulatedClock),

    /// It has come to this.
    After(Result<T, TaskError>),
    Over,
}

impl<T, F> Held<T, F> {
    fn new(f: F, clock: SimulatedClock) -> Self {
        Self::Before(f, clock)
    }
}

// Nothing in it is ever pinned: the function is called by reference, and no future is in there.
impl<T, F> Unpin for Held<T, F> {}

impl<T, F> Deliver for Held<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Result<T, TaskError>,
{
    fn proceed(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _again: bool,
        sink: &dyn Sink,
    ) -> Poll<()> {
        match mem::replace(&mut *self, Self::Over) {
            Self::Before(f, clock) => {
                let outcome = call(f, |f| {
                    clock.meet_fault();
                    f()
                });
                if clock.taken().is_zero() {
                    deliver(outcome, false, sink);
                    return Poll::Ready(());
                }
                *self = Self::After(outcome);
                Poll::Pending
            }
            Self::After(outcome) => {
                deliver(outcome, false, sink);
                Poll::Ready(())
            }
            Self::Over => Poll::Ready(()),
        }
    }

    fn abandon(mut self: Pin<&mut Self>, error: TaskError, sink: &dyn Sink) {
        let _ = drop_quietly(mem::replace(&mut *self, Self::Over));
        deliver::<T>(Err(error), false, sink);
    }
}

/// Gives the outcome of a future, a panic included, when the time is over that its last poll has taken: at
/// once if it has taken none, and otherwise at the next poll, before which the driver lets that time pass.
pub(super) async fn after_time_taken<T>(
    future: impl Future<Output = Result<T, TaskError>>,
    clock: SimulatedClock,
) -> Result<T, TaskError> {
    let mut future = pin!(future);
    let mut outcome = None;
    poll_fn(move |context| {
        if let Some(outcome) = outcome.take() {
            return Poll::Ready(outcome);
        }
        let polled = catch(|| future.as_mut().poll(context))
            .unwrap_or_else(|text| Poll::Ready(Err(TaskError::Panicked(text))));
        match polled {
            Poll::Ready(early) if !clock.taken().is_zero() => {
                outcome = Some(early);
                Poll::Pending
            }
            polled => polled,
        }
    })
    .await
}
