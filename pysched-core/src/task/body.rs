//! [`Body`]: a task's function, whatever its type, and how it is run and its outcome delivered.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::SystemTime;

use smallbox::{SmallBox, smallbox};

use super::asynchronous::TypedFuture;
use super::course::Ending;
use super::record::{AnyRecord, Record};
use super::simulated::TypedSimulated;
use crate::TaskId;
use crate::error::TaskError;
use crate::execution::{Details, Failure, Outcome, Reason, Run, Status, Stop, Times};
use crate::portable;
use crate::time::{Lent, SimulatedClock};
use crate::unwind::{catch, drop_quietly};

/// A function that several executions share, each with a reference of its own, and whose result type
/// is forgotten.
pub(crate) trait Function: Send + Sync {
    /// Calls the function, lets this reference go, and delivers the outcome. Runs code of users.
    fn run(self: Arc<Self>, sink: &dyn Sink);

    /// If the function gives a future, the call of it, to be polled. Otherwise it is let go.
    fn polled(self: Arc<Self>, ending: Landing) -> Result<Run, Landing>;

    /// Lets this reference go and delivers what became of the execution elsewhere, or an error. Runs
    /// code of users.
    fn conclude(self: Arc<Self>, outcome: portable::Outcome, sink: &dyn Sink);
}

/// A function whose result type is forgotten. What it captures, up to two words, is kept in place: a
/// pending task then needs no allocation of its own.
pub(crate) struct Body(SmallBox<dyn Call, [usize; 3]>);

/// What can be called for a `T`.
type Callable<T> = dyn Fn() -> Result<T, TaskError> + Send + Sync;

/// Where the outcome of a call is delivered that is polled. Kept in place, beside the future.
pub(crate) type Landing = SmallBox<dyn Ending, [usize; 9]>;

/// What a body can do, knowing its type.
pub(super) trait Call: Send + Sync {
    fn is_async(&self) -> bool {
        false
    }

    fn run(&mut self, sink: &dyn Sink);

    fn polled(&mut self, ending: Landing) -> Result<Run, Landing> {
        Err(ending)
    }

    fn conclude(&mut self, outcome: portable::Outcome, sink: &dyn Sink);

    fn record(&mut self, task: TaskId, history: usize) -> Arc<dyn AnyRecord>;

    fn split(&mut self) -> Option<(Body, Body)>;

    /// The same as a simulation runs it.
    fn simulated(&mut self, clock: &SimulatedClock) -> Option<Body> {
        let _ = clock;
        None
    }
}

/// Where the outcome of an execution goes.
pub(crate) trait Sink {
    /// Takes delivery. To be called once, without any lock, after the function and what it captured
    /// have been let go.
    fn deliver(&self, delivery: &mut dyn Delivery);

    /// What a future that waits is reached by, in order to end.
    fn stop(&self) -> Arc<Stop>;

    /// Whether a future that has not asked for its stop is to end.
    fn is_told(&self) -> bool;
}

impl Sink for Landing {
    fn deliver(&self, delivery: &mut dyn Delivery) {
        (**self).deliver(delivery);
    }

    fn stop(&self) -> Arc<Stop> {
        (**self).stop()
    }

    fn is_told(&self) -> bool {
        (**self).is_told()
    }
}

impl Ending for Landing {
    fn within(&self, f: &mut dyn FnMut()) {
        (**self).within(f);
    }
}

/// The outcome of an execution, whose type is forgotten. Its methods run no code of users, as they
/// are called under the scheduler's lock; what is left in it afterwards is dropped without.
pub(crate) trait Delivery {
    fn status(&self) -> Status;

    /// What the record of the execution says of an error.
    fn text(&self) -> Option<&str>;

    /// How it has failed, if it has.
    fn error(&self) -> Option<&TaskError>;

    /// Whether it ends as cancelled if it was told to end before it is delivered, whatever it has come to.
    fn gives_way(&self) -> bool;

    /// Takes the failure out of the outcome of an execution that has failed.
    fn take_failure(&mut self) -> Option<Box<Failure>>;

    /// Puts an error in place of the outcome, which is dropped later.
    fn replace(&mut self, error: TaskError);

    /// Puts the outcome of the execution `run` into its task's record; says whether there is
    /// something to flush there.
    fn settle(&mut self, record: &dyn AnyRecord, run: u64, at: SystemTime) -> bool;

    /// Puts the outcome of the only execution of a task into a record that is made for it.
    fn record(
        &mut self,
        task: TaskId,
        history: usize,
        times: Times,
        details: Option<Arc<Details>>,
    ) -> Arc<dyn AnyRecord>;
}

struct Typed<T, F> {
    /// `None` once it has been let go.
    f: Option<F>,
    result: PhantomData<fn() -> T>,
}

/// A function that is called at each run of a series.
struct Repeated<T, F> {
    f: F,
    result: PhantomData<fn() -> T>,
}

impl Body {
    pub(crate) fn new<T, F>(f: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Result<T, TaskError> + Send + Sync + 'static,
    {
        Self(smallbox!(Typed { f: Some(f), result: PhantomData }))
    }

    /// A body of a shared function, whose own type it does not know: else there would be no end to
    /// the types of bodies that are split.
    fn sharing<T: Send + Sync + 'static>(function: Arc<Callable<T>>) -> Self {
        Self::new(move || function())
    }

    /// A body whose function gives a future.
    pub(crate) fn future<T, F, Fut>(f: F) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, TaskError>> + Send + 'static,
    {
        Self(smallbox!(TypedFuture::new(f)))
    }

    /// A body as a simulation runs it.
    pub(super) fn simulated<T, F>(f: F, clock: SimulatedClock) -> Self
    where
        T: Send + Sync + 'static,
        F: Fn() -> Result<T, TaskError> + Send + Sync + 'static,
    {
        Self(smallbox!(TypedSimulated::new(f, clock)))
    }

    /// Has it be as a simulation runs it, and lends this thread the randomness of that.
    #[cold]
    pub(crate) fn simulate(&mut self, clock: &SimulatedClock) -> Lent {
        if let Some(simulated) = self.0.simulated(clock) {
            *self = simulated;
        }
        clock.lend_randomness()
    }

    /// Whether its function gives a future.
    pub(crate) fn is_async(&self) -> bool {
        self.0.is_async()
    }

    /// Calls the function once and lets it go.
    pub(crate) fn run(mut self, sink: &dyn Sink) {
        self.0.run(sink);
    }

    /// If the function gives a future, the call of it, to be polled. Otherwise it is let go.
    pub(crate) fn polled(mut self, ending: Landing) -> Result<Run, Landing> {
        self.0.polled(ending)
    }

    /// Ends an execution without running it here.
    pub(crate) fn conclude(mut self, outcome: portable::Outcome, sink: &dyn Sink) {
        self.0.conclude(outcome, sink);
    }

    /// Makes the record of its task, which runs it from then on.
    pub(crate) fn into_record(mut self, task: TaskId, history: usize) -> Arc<dyn AnyRecord> {
        self.0.record(task, history)
    }

    /// Makes two bodies of one, which share the function.
    pub(crate) fn split(mut self) -> (Self, Self) {
        self.0.split().unwrap_or_else(|| {
            debug_assert!(false, "a body that was let go has been split");
            let gone = || Self::new(|| Err::<(), _>(TaskError::Cancelled));
            (gone(), gone())
        })
    }
}

impl<T, F> Call for Typed<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Result<T, TaskError> + Send + Sync + 'static,
{
    fn run(&mut self, sink: &dyn Sink) {
        if let Some(f) = self.f.take() {
            deliver(call(f, |f| f()), false, sink);
        }
    }

    fn conclude(&mut self, outcome: portable::Outcome, sink: &dyn Sink) {
        let _ = drop_quietly(self.f.take());
        deliver::<T>(portable::typed(outcome), false, sink);
    }

    fn record(&mut self, task: TaskId, history: usize) -> Arc<dyn AnyRecord> {
        let share = |f| Arc::new(Repeated { f, result: PhantomData }) as Arc<dyn Function>;
        Arc::new(Record::<T>::new(task, self.f.take().map(share), history))
    }

    fn split(&mut self) -> Option<(Body, Body)> {
        let mine: Arc<Callable<T>> = Arc::new(self.f.take()?);
        let yours = Arc::clone(&mine);
        Some((Body::sharing(mine), Body::sharing(yours)))
    }

    fn simulated(&mut self, clock: &SimulatedClock) -> Option<Body> {
        self.f.take().map(|f| Body::simulated(f, clock.clone()))
    }
}

impl<T, F> Function for Repeated<T, F>
where
    T: Send + Sync + 'static,
    F: Fn() -> Result<T, TaskError> + Send + Sync,
{
    fn run(self: Arc<Self>, sink: &dyn Sink) {
        deliver(call(self, |repeated| (repeated.f)()), false, sink);
    }

    fn polled(self: Arc<Self>, ending: Landing) -> Result<Run, Landing> {
        let _ = drop_quietly(self);
        Err(ending)
    }

    fn conclude(self: Arc<Self>, outcome: portable::Outcome, sink: &dyn Sink) {
        let _ = drop_quietly(self);
        deliver::<T>(portable::typed(outcome), false, sink);
    }
}

/// Calls a function and then lets it go. A panic is its outcome, in whichever of the two.
pub(super) fn call<T, F>(
    f: F,
    call: impl FnOnce(&F) -> Result<T, TaskError>,
) -> Result<T, TaskError> {
    let outcome = catch(|| call(&f)).unwrap_or_else(|text| Err(TaskError::Panicked(text)));
    match (drop_quietly(f), outcome) {
        (Err(text), Ok(value)) => {
            let _ = drop_quietly(value);
            Err(TaskError::Panicked(text))
        }
        (_, outcome) => outcome,
    }
}

/// Delivers an outcome. If it `gives_way`, it is in place of that that the execution was told to end.
pub(super) fn deliver<T>(outcome: Result<T, TaskError>, gives_way: bool, sink: &dyn Sink)
where
    T: Send + Sync + 'static,
{
    let mut delivered = Delivered { outcome: Some(outcome.into()), gives_way, replaced: None };
    sink.deliver(&mut delivered);
    if delivered.outcome.is_some() || delivered.replaced.is_some() {
        // What nobody has asked for, and what it may do when it is dropped, is told to nobody.
        let _ = drop_quietly(delivered);
    }
}

/// A delivery; empty once its outcome has been settled.
struct Delivered<T> {
    outcome: Option<Outcome<T>>,
    gives_way: bool,

    /// What it came to, if it came too late.
    replaced: Option<Outcome<T>>,
}

impl<T: Send + Sync + 'static> Delivery for Delivered<T> {
    fn status(&self) -> Status {
        self.outcome.as_ref().map_or(Status::Cancelled, Outcome::status)
    }

    fn text(&self) -> Option<&str> {
        self.outcome.as_ref().and_then(Outcome::text)
    }

    fn replace(&mut self, error: TaskError) {
        self.replaced = self.outcome.replace(Err(error).into());
    }

    fn gives_way(&self) -> bool {
        self.gives_way
    }

    fn error(&self) -> Option<&TaskError> {
        self.outcome.as_ref().and_then(Outcome::error)
    }

    fn take_failure(&mut self) -> Option<Box<Failure>> {
        match self.outcome.take().map(Outcome::into_failure) {
            Some(Err(failure)) => Some(failure),
            Some(Ok(value)) => {
                debug_assert!(false, "what has not failed has no failure");
                self.outcome = Some(Ok(value).into());
                None
            }
            None => None,
        }
    }

    fn settle(&mut self, record: &dyn AnyRecord, run: u64, at: SystemTime) -> bool {
        let record = (record as &dyn Any).downcast_ref::<Record<T>>();
        debug_assert!(record.is_some(), "the record of a task has its type of result");
        record
            .zip(self.outcome.take())
            .is_some_and(|(record, outcome)| record.end(run, outcome, at))
    }

    fn record(
        &mut self,
        task: TaskId,
        history: usize,
        times: Times,
        details: Option<Arc<Details>>,
    ) -> Arc<dyn AnyRecord> {
        let outcome = self.outcome.take();
        debug_assert!(outcome.is_some(), "an outcome is settled once");
        let outcome = outcome.unwrap_or_else(|| Outcome::cancelled(Reason::TaskCancelled));
        Arc::new(Record::<T>::of_one(task, history, times, outcome, details))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}
