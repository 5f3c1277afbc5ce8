//! [`Course`]: a call of an asynchronous function, from its first poll to its outcome.
//!
//! A course ends in one of three ways: its future is ready, or panics, or the execution is told to end
//! while the future waits. In the last case the future is dropped where it waits. Whichever it is, the future
//! and the function are gone before the outcome is delivered.
//!
//! The first time that its future has to wait, a course asks for the stop of its execution
//! (`execution/stop.rs`), which wakes the same waker. Most futures never have to, and need none.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::blocking::block_on;
use super::body::{Sink, deliver};
use crate::error::TaskError;
use crate::execution::{Advance, Stop};
use crate::unwind::{catch, drop_quietly};

/// What is polled until it has delivered its outcome, whatever its types.
pub(super) trait Deliver {
    /// Goes on with it, as [`Advance::advance`]; ready once the outcome has been delivered to `sink`.
    fn proceed(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        again: bool,
        sink: &dyn Sink,
    ) -> Poll<()>;

    /// Ends it with an error. Runs code of users; never panics.
    fn abandon(self: Pin<&mut Self>, error: TaskError, sink: &dyn Sink);
}

pin_project! {
    /// See the top of this file.
    pub(super) struct Course<G, Fut> {
        // Gives the future. `None` once it has been let go.
        function: Option<G>,

        // `None` before the first poll, and once it is over.
        #[pin]
        future: Option<Fut>,

        // `None` as long as the future has not had to wait.
        stop: Option<Arc<Stop>>,
    }
}

impl<T, G, Fut> Course<G, Fut>
where
    T: Send + Sync + 'static,
    G: Fn() -> Fut,
    Fut: Future<Output = Result<T, TaskError>>,
{
    pub(super) fn new(function: G) -> Self {
        Self { function: Some(function), future: None, stop: None }
    }

    fn outcome(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        again: bool,
        sink: &dyn Sink,
    ) -> Poll<Result<T, TaskError>> {
        let is_told = match &self.stop {
            Some(stop) => stop.is_told(),
            // It may have been told to end during its first poll.
            None => self.future.is_some() && sink.is_told(),
        };
        if is_told {
            return Poll::Ready(Err(TaskError::Cancelled));
        }
        match catch(|| self.as_mut().poll(context)) {
            Ok(Poll::Pending) if again => return Poll::Pending,
            Ok(Poll::Pending) => {}
            Ok(ready) => return ready,
            Err(text) => return Poll::Ready(Err(TaskError::Panicked(text))),
        }
        let stop = self.project().stop.get_or_insert_with(|| sink.stop());
        match catch(|| stop.poll(context)) {
            Ok(polled) => polled.map(|()| Err(TaskError::Cancelled)),
            // Nobody would reach it.
            Err(text) => Poll::Ready(Err(TaskError::Panicked(text))),
        }
    }

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fut::Output> {
        let mut this = self.project();
        if this.future.is_none() {
            this.future.set(this.function.as_ref().map(|function| function()));
        }
        let future = this.future.as_pin_mut();
        future.map_or(Poll::Ready(Err(TaskError::Cancelled)), |future| future.poll(context))
    }

    /// Lets the future and the function go, and delivers the outcome. If one of them panics in that, this
    /// is the outcome in place of a value.
    fn finish(self: Pin<&mut Self>, outcome: Result<T, TaskError>, sink: &dyn Sink) {
        let mut this = self.project();
        if let Some(stop) = this.stop.take() {
            stop.leave();
        }
        let future = catch(|| this.future.set(None));
        let function = drop_quietly(this.function.take());
        let outcome = match (future.and(function), outcome) {
            (Err(text), Ok(value)) => {
                let _ = drop_quietly(value);
                Err(TaskError::Panicked(text))
            }
            (_, outcome) => outcome,
        };
        deliver(outcome, true, sink);
    }
}

impl<T, G, Fut> Deliver for Course<G, Fut>
where
    T: Send + Sync + 'static,
    G: Fn() -> Fut,
    Fut: Future<Output = Result<T, TaskError>>,
{
    fn proceed(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        again: bool,
        sink: &dyn Sink,
    ) -> Poll<()> {
        self.as_mut().outcome(context, again, sink).map(|outcome| self.finish(outcome, sink))
    }

    fn abandon(self: Pin<&mut Self>, error: TaskError, sink: &dyn Sink) {
        self.finish(Err(error), sink);
    }
}

/// Where the outcome of an execution goes that is polled, which owns it. Dropping it says that the
/// execution is over, with all that follows from that.
pub(crate) trait Ending: Sink + Send {
    /// Calls `f`, which is code that runs on behalf of the execution.
    fn within(&self, f: &mut dyn FnMut());
}

pin_project! {
    /// An execution that is polled.
    pub(super) struct Polled<C: Deliver, E: Ending> {
        #[pin]
        course: C,

        // `None` once the outcome has been delivered.
        ending: Option<E>,
    }

    impl<C: Deliver, E: Ending> PinnedDrop for Polled<C, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(ending) = this.ending.take() else { return };
            ending.within(&mut || {
                let lost = "its runtime dropped the future before that was ready, as one does that is \
                            shut down";
                let error = TaskError::WorkerDied(lost.to_owned());
                this.course.as_mut().abandon(error, &ending);
            });
        }
    }
}

impl<C: Deliver, E: Ending> Polled<C, E> {
    pub(super) fn new(course: C, ending: E) -> Self {
        Self { course, ending: Some(ending) }
    }
}

impl<C: Deliver, E: Ending> Advance for Polled<C, E> {
    fn advance(self: Pin<&mut Self>, context: &mut Context<'_>, again: bool) -> Poll<()> {
        let mut this = self.project();
        let Some(ending) = this.ending.as_ref() else { return Poll::Ready(()) };
        let mut polled = Poll::Pending;
        ending.within(&mut || polled = this.course.as_mut().proceed(context, again, ending));
        if polled.is_ready() {
            *this.ending = None;
        }
        polled
    }
}

/// Polls on this thread, which sleeps meanwhile, until the outcome has been delivered.
pub(super) fn run(course: impl Deliver, sink: &dyn Sink) {
    let mut course = pin!(course);
    block_on(poll_fn(|context| course.as_mut().proceed(context, false, sink)));
}
