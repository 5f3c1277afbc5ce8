//! [`Subscription`]: a listener, its thread, and how it ends.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::Event;
use super::bus::Bus;
use super::feed::Inline;
use super::mailbox::Mailbox;
use crate::unwind::{catch, drop_quietly};

/// What is called with each event.
pub(in crate::scheduler) type Listener = Box<dyn Fn(&Event) + Send + Sync>;

/// A listener of a scheduler's events, as [`Scheduler::subscribe`](crate::Scheduler::subscribe) gives
/// it. Dropping it ends the subscription.
///
/// The listener is called on a thread of its own, `pysched-events-N`, one event after the other, in the
/// order in which they happened. So it may take its time, and may call anything of the scheduler. The
/// thread sleeps while nothing happens. If the listener panics, that event counts as delivered, and it
/// is called with the next.
///
/// A listener that is slower than what happens has up to 65,536 events waiting for it, beside those
/// that its thread has taken up already. Further ones are dropped, and the listener is told how many,
/// by [`EventKind::Lagged`](crate::EventKind::Lagged), before the next one that it gets.
///
/// In a [`Simulation`](crate::sim::Simulation), which has no threads, it is called between two things that
/// happen there.
///
/// When the scheduler is over, the listener is called with what is left, and is then dropped, and its
/// thread ends. The scheduler does not wait for that; [`flush`](Self::flush) does.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::time::Duration;
/// use pysched::Scheduler;
///
/// let count = Arc::new(AtomicUsize::new(0));
/// let sched = Scheduler::new();
/// let subscription = sched.subscribe({
///     let count = Arc::clone(&count);
///     move |_| drop(count.fetch_add(1, Ordering::Relaxed))
/// });
/// sched.start()?;
/// assert!(subscription.flush(Duration::from_secs(10)));
/// assert_eq!(count.load(Ordering::Relaxed), 1); // the scheduler was started
///
/// drop(subscription);
/// sched.shutdown(true);
/// assert_eq!(count.load(Ordering::Relaxed), 1); // nobody was there to be told of its end
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// Dropping it does not wait for the listener: no call begins after that, but one that has begun may
/// still be running. What had not been delivered is discarded. It may be dropped by the listener
/// itself.
#[must_use = "dropping it unsubscribes; `detach` keeps listening until the scheduler ends"]
pub struct Subscription {
    bus: Arc<Bus>,

    /// `None` if the operating system has refused the thread, so that nothing is ever delivered.
    mailbox: Option<Arc<Mailbox>>,

    /// The listener's thread. `None` if it was never started.
    thread: Option<ThreadId>,

    /// The listener itself, in a simulation.
    inline: Option<Arc<Inline>>,

    /// Whether it goes on when this is dropped.
    detached: bool,
}

impl Subscription {
    /// Starts the thread of a listener.
    pub(super) fn begin(
        bus: &Arc<Bus>,
        mailbox: Arc<Mailbox>,
        listener: Listener,
        number: usize,
    ) -> Self {
        let thread = thread::Builder::new().name(format!("pysched-events-{number}"));
        let life = {
            let mailbox = Arc::clone(&mailbox);
            move || {
                mailbox.deliver(&listener);
                // What it has captured may panic; the panic hook has reported it.
                let _ = drop_quietly(listener);
            }
        };
        // As it may on this thread, if the listener is not to have one.
        let started = catch(|| thread.spawn(life));
        let thread = started.ok().and_then(Result::ok).map(|it| it.thread().id());
        let mailbox = thread.map(|_| mailbox);
        Self { bus: Arc::clone(bus), mailbox, thread, inline: None, detached: false }
    }

    /// Of a listener in a simulation.
    pub(super) fn inline(bus: &Arc<Bus>, inline: Arc<Inline>) -> Self {
        let mailbox = Some(Arc::clone(inline.mailbox()));
        Self { bus: Arc::clone(bus), mailbox, thread: None, inline: Some(inline), detached: false }
    }

    pub(super) fn mailbox(&self) -> Option<&Arc<Mailbox>> {
        self.mailbox.as_ref()
    }

    /// Waits until everything that happened before this call has been delivered, for at most `limit`;
    /// says whether it was. What was dropped counts as delivered when the listener has been told of
    /// that.
    ///
    /// It blocks the calling thread: on a runtime's, have the listener send what it gets on a channel of
    /// the runtime, and await that.
    ///
    /// Called by the listener itself it would wait for itself: it returns false at once. It also does
    /// if the operating system has refused the listener a thread.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// use pysched::Scheduler;
    ///
    /// let (sender, events) = mpsc::channel();
    /// let sched = Scheduler::new();
    /// let subscription = sched.subscribe(move |event| sender.send(event.clone()).unwrap());
    /// sched.start()?;
    /// sched.shutdown(true);
    /// assert!(subscription.flush(Duration::from_secs(10)));
    /// assert_eq!(events.try_iter().count(), 2);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    #[must_use = "it may have run out of time"]
    pub fn flush(&self, limit: Duration) -> bool {
        let Some(mailbox) = &self.mailbox else { return false };
        if let Some(inline) = &self.inline {
            return inline.deliver().is_some();
        }
        if self.thread == Some(thread::current().id()) {
            return false;
        }
        // A limit beyond what the clock can name is no limit.
        mailbox.flush(Instant::now().checked_add(limit))
    }

    /// Keeps listening until the scheduler ends, with nothing to hold on to.
    ///
    /// If the listener has captured a clone of the scheduler, that keeps it alive: only a
    /// [`shutdown`](crate::Scheduler::shutdown) ends it then.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use pysched::{EventKind, Scheduler};
    ///
    /// let (sender, kinds) = mpsc::channel();
    /// let sched = Scheduler::new();
    /// sched.subscribe(move |event| sender.send(event.kind.clone()).unwrap()).detach();
    /// sched.start()?;
    /// sched.shutdown(true);
    /// // Ends with the listener.
    /// let kinds: Vec<_> = kinds.iter().collect();
    /// assert_eq!(kinds, [EventKind::SchedulerStarted, EventKind::ShutDown]);
    /// # Ok::<(), pysched::Error>(())
    /// ```
    pub fn detach(mut self) {
        self.detached = true;
    }

    /// Whether the listener may be called again: not if the scheduler is over and all has been
    /// delivered. Nor, from the start, if the operating system has refused it a thread; then the
    /// listener is gone, and to subscribe again is to try again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pysched::Scheduler;
    ///
    /// let sched = Scheduler::new();
    /// let subscription = sched.subscribe(|event| println!("{event:?}"));
    /// assert!(subscription.is_alive());
    /// sched.shutdown(true);
    /// assert!(subscription.flush(Duration::from_secs(10)));
    /// assert!(!subscription.is_alive());
    /// ```
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.mailbox.as_ref().is_some_and(|mailbox| mailbox.is_open())
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(mailbox) = &self.mailbox
            && !self.detached
        {
            self.bus.unsubscribe(mailbox);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("alive", &self.is_alive()).finish_non_exhaustive()
    }
}
