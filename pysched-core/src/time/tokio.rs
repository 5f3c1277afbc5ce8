//! [`TokioClock`]: time as a tokio runtime has it, paused or not.
//!
//! How its paused time is kept from passing over a task is in `stand_in.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::stand_in::{Duty, Rest, StandIn};
use super::{Clock, Parker};
use crate::sync::Mutex;

/// A clock that follows the time of a tokio runtime, above all where that is paused: in tests with
/// `start_paused`, or after `tokio::time::pause`.
///
/// Paused time jumps whenever the runtime has nothing to do. With this clock it jumps to the next task
/// of the scheduler or to the next timer of the runtime, whichever comes first, and goes on when that
/// is done. So a task and the timers of a test take place in the order of their times, each at its
/// time, and a day takes no time at all. `tokio::time::advance` moves the time in one step, as
/// [`ManualClock::advance`](crate::ManualClock::advance) does. What is due at exactly the time at which
/// a sleep of the test ends may run before or after.
///
/// Clones are the same clock; several schedulers may share one. Its wall clock starts at the real time
/// of its creation, follows the runtime's time, and cannot be set.
///
/// # What the time waits for
///
/// While the scheduler is at work, time stands still, and so it does for tasks on an
/// [`InlineExecutor`](crate::InlineExecutor); one that blocks until time has passed blocks for ever.
/// So does a [`TaskFuture::wait`](crate::TaskFuture::wait) on the thread of the runtime: await it there.
///
/// Time does not wait for the threads of a [`ThreadPoolExecutor`](crate::ThreadPoolExecutor), nor for
/// others that tokio does not know. If such a thread adds a task while the runtime is idle, the time
/// may have jumped before the runtime hears of it. What a task of the runtime adds, a thread of its
/// `spawn_blocking` or a task on an `InlineExecutor`, is on time.
///
/// # Its resolution
///
/// Timers of tokio are for milliseconds, rounded up: a task that is due between two is late by less than
/// one. This clock also goes where time is not paused, and on a runtime with several threads, but takes
/// a thread of the runtime's `spawn_blocking` whenever the scheduler wakes up. In production a
/// [`SystemClock`](crate::SystemClock) is much more punctual and costs less.
///
/// # When the runtime ends
///
/// What tokio's clock shows then, this one shows, too: paused time stands still from there, other time
/// goes on. A scheduler can be shut down before that or afterwards. While a runtime lives but is not
/// driven, that is, nobody is inside its `block_on`, nothing becomes due. A
/// [`shutdown(true)`](crate::Scheduler::shutdown) on its thread keeps it from being driven: await what
/// needs the runtime first.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use pysched::{InlineExecutor, Scheduler, Task, TokioClock, Trigger};
/// use tokio::sync::mpsc;
/// use tokio::time::{Instant, sleep};
///
/// #[tokio::main(flavor = "current_thread", start_paused = true)] // or #[tokio::test(start_paused = true)]
/// async fn main() -> Result<(), pysched::Error> {
///     let clock = TokioClock::current();
///     let sched = Scheduler::builder().clock(clock).executor(InlineExecutor).build();
///     sched.start()?;
///
///     let (sender, mut runs) = mpsc::unbounded_channel();
///     let hourly = Task::new(move || sender.send("an hour").unwrap()).trigger(Trigger::recur(3600));
///     sched.add(hourly)?;
///
///     let begun = Instant::now();
///     assert_eq!(runs.recv().await, Some("an hour"));
///     assert_eq!(begun.elapsed(), Duration::from_secs(3600));
///
///     sleep(Duration::from_secs(23 * 3600 + 1)).await; // the rest of the day, and a second
///     assert_eq!(runs.len(), 23);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct TokioClock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    handle: Handle,

    /// Moment zero on the clock of the runtime.
    origin: Instant,

    /// The real wall-clock time of moment zero.
    started: SystemTime,

    /// Who stands in for the thread that waits on which parker.
    stand_ins: Mutex<Vec<(Parker, Arc<StandIn>)>>,
}

impl TokioClock {
    /// Makes a clock that follows the time of the runtime to which `handle` belongs.
    ///
    /// # Panics
    ///
    /// If the runtime was built without `enable_time`.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Clock, TokioClock};
    ///
    /// let runtime =
    ///     tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    /// let clock = TokioClock::new(runtime.handle().clone());
    /// runtime.block_on(async { tokio::time::sleep(Duration::from_secs(60)).await });
    /// assert_eq!(clock.now(), Duration::from_secs(60));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new(handle: Handle) -> Self {
        let origin = {
            let _entered = handle.enter();
            // Panics without timers, here rather than in a task that nobody looks at.
            drop(sleep(Duration::ZERO));
            Instant::now()
        };
        let started = SystemTime::now();
        Self { shared: Arc::new(Shared { handle, origin, started, stand_ins: Mutex::default() }) }
    }

    /// Makes a clock that follows the time of the runtime on which it is called.
    ///
    /// # Panics
    ///
    /// If it is called outside a runtime, as [`Handle::current`] does, or if the runtime was built
    /// without `enable_time`.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::{Clock, TokioClock};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let clock = TokioClock::current();
    /// tokio::time::advance(Duration::from_secs(5)).await;
    /// assert_eq!(clock.now(), Duration::from_secs(5));
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn current() -> Self {
        Self::new(Handle::current())
    }

    /// What the wall clock shows so long after moment zero.
    pub(super) fn wall_at(&self, time: Duration) -> SystemTime {
        self.shared.started.checked_add(time).unwrap_or(self.shared.started)
    }

    /// As [`wait`](Clock::wait), for at most `limit` of real time.
    pub(super) fn wait_at_most(&self, parker: &Parker, until: Option<Duration>, limit: Duration) {
        self.sleep(parker, until, Some(limit));
    }

    fn sleep(&self, parker: &Parker, until: Option<Duration>, limit: Option<Duration>) {
        if until.is_some_and(|until| until <= self.now()) {
            return;
        }
        let stand_in = {
            let stand_ins = self.shared.stand_ins.lock();
            stand_ins.iter().find(|(place, _)| place.is(parker)).map(|(_, it)| Arc::clone(it))
        };
        let Some(stand_in) = stand_in else {
            // A clock that is made of this one, and has not passed `attach` on.
            self.attach(parker);
            self.sleep(parker, until, limit);
            return self.detach(parker);
        };
        match stand_in.fall_asleep(|| parker.has_token(), until) {
            Rest::Asleep => {
                park(parker, limit);
                stand_in.called();
            }
            Rest::Called => {
                let _ = parker.take_token();
            }
            Rest::Alone => self.sleep_alone(parker, until, limit),
        }
    }

    /// Sleeps in real time, as there is no runtime any more.
    fn sleep_alone(&self, parker: &Parker, until: Option<Duration>, limit: Option<Duration>) {
        let before = self.now();
        let rest = until.map(|until| until.saturating_sub(before));
        let called = park(parker, rest.into_iter().chain(limit).min());
        if !called && limit.is_none() && self.now() == before {
            // Time stands still, and nobody is left to move it.
            parker.park();
        }
    }
}

/// Parks for at most `limit`, if there is one; says whether it was called, which it was if there is none.
fn park(parker: &Parker, limit: Option<Duration>) -> bool {
    let Some(limit) = limit else {
        parker.park();
        return true;
    };
    parker.parked_timeout(limit)
}

impl Clock for TokioClock {
    fn now(&self) -> Duration {
        // The paused time is that of the runtime that has been entered.
        let _entered = self.shared.handle.enter();
        Instant::now().saturating_duration_since(self.shared.origin)
    }

    fn wall(&self) -> SystemTime {
        self.wall_at(self.now())
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.sleep(parker, until, None);
    }

    fn attach(&self, parker: &Parker) {
        let stand_in = Arc::new(StandIn::new());
        self.shared.stand_ins.lock().push((parker.clone(), Arc::clone(&stand_in)));
        parker.set_stand_in(Some(&stand_in));
        let (parker, origin) = (parker.clone(), self.shared.origin);
        // A runtime that has been shut down drops it at once.
        drop(self.shared.handle.spawn(Service { stand_in, parker, origin, timer: None }));
    }

    fn watch_wall(&self, _: &Parker) -> bool {
        // It goes with `now` and cannot be set: there is nothing to tell.
        true
    }

    fn detach(&self, parker: &Parker) {
        parker.set_stand_in(None);
        let mut stand_ins = self.shared.stand_ins.lock();
        for (_, stand_in) in stand_ins.extract_if(.., |(place, _)| place.is(parker)) {
            stand_in.end();
        }
    }
}

/// The task of the runtime that stands in for a scheduler's thread.
struct Service {
    stand_in: Arc<StandIn>,

    /// Where that thread waits.
    parker: Parker,

    /// Moment zero of the clock.
    origin: Instant,

    timer: Option<Pin<Box<Sleep>>>,
}

impl Service {
    /// Calls the heart at that time.
    fn call_at(&mut self, time: Duration, context: &mut Context<'_>) {
        // What tokio cannot count to does not come.
        let Some(deadline) = self.origin.checked_add(time) else { return self.timer = None };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(context).is_ready() {
            // This wakes us in turn.
            self.parker.unpark();
        }
    }
}

impl Future for Service {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.stand_in.duty(context.waker()) {
            Duty::Hold(hold) => drop(spawn_blocking(move || hold.keep())),
            Duty::Held => {}
            Duty::Call(None) => self.timer = None,
            Duty::Call(Some(time)) => self.call_at(time, context),
            Duty::End => return Poll::Ready(()),
        }
        Poll::Pending
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.stand_in.leave() {
            self.parker.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::tokio::runtime::{Builder, Runtime};
    use ::tokio::time::advance;

    fn paused() -> (Runtime, TokioClock) {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let clock = TokioClock::new(runtime.handle().clone());
        (runtime, clock)
    }

    #[test]
    fn both_clocks_follow_the_runtime_from_anywhere() {
        let (runtime, clock) = paused();
        let wall = clock.wall();
        let step = Duration::from_millis(1500);
        runtime.block_on(advance(step));
        assert_eq!((clock.now(), clock.wall()), (step, wall + step));
        let later = TokioClock::new(runtime.handle().clone());
        runtime.block_on(advance(step));
        assert_eq!((clock.now(), later.now()), (2 * step, step));
    }

    #[test]
    #[should_panic(expected = "no reactor running")]
    fn there_is_no_current_one_outside_a_runtime() {
        let _ = TokioClock::current();
    }

    #[test]
    #[should_panic(expected = "timers are disabled")]
    fn a_runtime_without_timers_is_refused() {
        let runtime = Builder::new_current_thread().build().unwrap();
        let _ = TokioClock::new(runtime.handle().clone());
    }

    #[test]
    fn nothing_is_left_on_the_runtime_at_the_end() {
        let (runtime, clock) = paused();
        let parker = Parker::new();
        clock.attach(&parker);
        runtime.block_on(advance(Duration::ZERO));
        assert_eq!(runtime.metrics().num_alive_tasks(), 1);
        clock.detach(&parker);
        runtime.block_on(async { sleep(Duration::from_secs(1)).await });
        assert_eq!(clock.now(), Duration::from_secs(1));
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
        assert!(!parker.has_token());
    }

    #[test]
    fn a_wait_ends_at_its_time_at_a_token_and_at_its_limit() {
        let (runtime, clock) = paused();
        let (parker, moment) = (Parker::new(), Duration::from_millis(1));
        clock.wait(&parker, Some(Duration::ZERO));
        parker.unpark();
        clock.wait(&parker, None);
        assert!(!parker.has_token());
        clock.wait_at_most(&parker, None, moment);
        drop(runtime);
        clock.wait_at_most(&parker, Some(Duration::from_hours(1)), moment);
        assert_eq!(clock.now(), Duration::ZERO);
    }
}
