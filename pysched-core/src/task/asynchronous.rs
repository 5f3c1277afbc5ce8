//! Bodies whose function gives a future: how that is run on a thread, and how it is polled elsewhere.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use super::body::{Body, Call, Function, Landing, Sink, deliver};
use super::course::{self, Course, Polled};
use super::record::{AnyRecord, Record};
use super::simulated::after_time_taken;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::Run;
use crate::portable;
use crate::time::SimulatedClock;
use crate::unwind::drop_quietly;

/// A function that gives a future.
pub(super) struct TypedFuture<T, F> {
    /// `None` once it has been let go.
    f: Option<F>,
    result: PhantomData<fn() -> T>,
}

/// A function that gives a future at each run of a series.
struct RepeatedFuture<T, F> {
    f: F,
    result: PhantomData<fn() -> T>,
}

impl<T, F> TypedFuture<T, F> {
    pub(super) fn new(f: F) -> Self {
        Self { f: Some(f), result: PhantomData }
    }
}

/// What gives futures for a `T`, of which it does not know the type.
type Callable<T> = dyn Fn() -> Boxed<T> + Send + Sync;

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, TaskError>> + Send>>;

/// A body of a shared function, whose own type it does not know, as with `Body::sharing`.
fn sharing<T: Send + Sync + 'static>(function: Arc<Callable<T>>) -> Body {
    Body::future(move || function())
}

impl<T, F, Fut> Call for TypedFuture<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, TaskError>> + Send + 'static,
{
    fn is_async(&self) -> bool {
        true
    }

    fn run(&mut self, sink: &dyn Sink) {
        if let Some(f) = self.f.take() {
            course::run(Course::new(f), sink);
        }
    }

    fn polled(&mut self, ending: Landing) -> Result<Run, Landing> {
        match self.f.take() {
            Some(f) => Ok(Box::pin(Polled::new(Course::new(f), ending))),
            None => Err(ending),
        }
    }

    fn conclude(&mut self, outcome: portable::Outcome, sink: &dyn Sink) {
        let _ = drop_quietly(self.f.take());
        deliver::<T>(portable::typed(outcome), false, sink);
    }

    fn record(&mut self, task: TaskId, history: usize) -> Arc<dyn AnyRecord> {
        let share = |f| Arc::new(RepeatedFuture { f, result: PhantomData }) as Arc<dyn Function>;
        Arc::new(Record::<T>::new(task, self.f.take().map(share), history))
    }

    fn split(&mut self) -> Option<(Body, Body)> {
        let f = self.f.take()?;
        let mine: Arc<Callable<T>> = Arc::new(move || Box::pin(f()));
        let yours = Arc::clone(&mine);
        Some((sharing(mine), sharing(yours)))
    }

    fn simulated(&mut self, clock: &SimulatedClock) -> Option<Body> {
        let (f, clock) = (Arc::new(self.f.take()?), clock.clone());
        // Without a type of its own, or there would be one more for each that could be simulated in turn.
        let call: Arc<Callable<T>> = Arc::new(move || {
            let (f, clock) = (Arc::clone(&f), clock.clone());
            let call = {
                let clock = clock.clone();
                async move {
                    clock.meet_fault();
                    f().await
                }
            };
            Box::pin(after_time_taken(call, clock))
        });
        Some(sharing(call))
    }
}

impl<T, F, Fut> Function for RepeatedFuture<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<T, TaskError>> + Send + 'static,
{
    fn run(self: Arc<Self>, sink: &dyn Sink) {
        course::run(Course::new(move || (self.f)()), sink);
    }

    fn polled(self: Arc<Self>, ending: Landing) -> Result<Run, Landing> {
        Ok(Box::pin(Polled::new(Course::new(move || (self.f)()), ending)))
    }

    fn conclude(self: Arc<Self>, outcome: portable::Outcome, sink: &dyn Sink) {
        let _ = drop_quietly(self);
        deliver::<T>(portable::typed(outcome), false, sink);
    }
}
