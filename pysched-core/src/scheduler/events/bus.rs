//! [`Bus`]: where a scheduler tells what happens in it, and who listens.
//!
//! # Ground rules
//!
//! * `publish` is called under the lock of a shard, or of the scheduler's life, so that events come in the
//!   order of what they tell of. It puts a reference into the mailbox of each subscription (`mailbox.rs`),
//!   and runs no code of users. Its lock, and then those of the mailboxes, are the innermost of all.
//! * All mailboxes get an event under one lock, so that all listeners are told in the same order.
//! * Nobody is called on the thread that publishes: each subscription has a thread of its own
//!   (`subscription.rs`), so a listener that is slow, hangs or panics is in nobody's way. In a simulation,
//!   which has no threads, whoever drives it calls them, without any lock (`feed.rs`).
//! * While nobody listens, an event costs one load. Whoever wants to tell asks `is_listening` first, and
//!   does not even build the event otherwise. Whoever subscribed before, in whatever way threads agree on
//!   that, is seen: the number was written before.

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::sync::atomic::AtomicI64;
use std::time::SystemTime;

use super::feed::{Feed, Inline};
use super::mailbox::{CAPACITY, Mailbox};
#[cfg(feature = "tracing")]
use super::span::Span;
use super::span::Spans;
use super::subscription::{Listener, Subscription};
use super::{Event, EventKind};
#[cfg(feature = "tracing")]
use crate::TaskId;
#[cfg(feature = "tracing")]
use crate::execution::Subject;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Where a scheduler tells what happens in it.
pub(in crate::scheduler) struct Bus {
    /// How many subscriptions there are. Written under the lock of the register.
    listening: AtomicUsize,
    register: Mutex<Register>,

    /// Whether the listeners that features bring along have been subscribed.
    observed: AtomicBool,

    /// The spans of executions.
    spans: Spans,

    /// In a simulation, who writes down what happens, and who calls the listeners.
    pub(super) feed: Option<Arc<Feed>>,

    /// How many tasks have been added and not finished. Counted here, as here no event is missed.
    #[cfg(feature = "metrics")]
    pub(super) tasks: Arc<AtomicI64>,
}

#[derive(Debug, Default)]
struct Register {
    mailboxes: Vec<Arc<Mailbox>>,

    /// How many subscriptions there have ever been; names their threads.
    subscribed: usize,

    /// Whether the scheduler is over, and nothing is published any more.
    closed: bool,
}

impl Bus {
    pub(in crate::scheduler) fn new() -> Arc<Self> {
        Self::with_feed(None)
    }

    /// A bus that writes all that happens into `feed`, if there is one.
    pub(in crate::scheduler) fn with_feed(feed: Option<Arc<Feed>>) -> Arc<Self> {
        Arc::new(Self {
            listening: AtomicUsize::new(usize::from(feed.is_some())),
            feed,
            register: Mutex::new(Register::default()),
            observed: AtomicBool::new(false),
            spans: Spans::new(),
            #[cfg(feature = "metrics")]
            tasks: Arc::new(AtomicI64::new(0)),
        })
    }

    /// Whether an event is of interest to anybody.
    #[inline]
    pub(in crate::scheduler) fn is_listening(&self) -> bool {
        // Tasks are counted from the first one on.
        cfg!(feature = "metrics") || self.listening.load(Ordering::Relaxed) > 0
    }

    /// Whether an event is to name its task: not if only a simulation writes it down, which knows.
    pub(in crate::scheduler) fn names(&self, kind: &EventKind) -> bool {
        match &self.feed {
            Some(feed) => feed.is_listening() || matches!(kind, EventKind::Added),
            None => true,
        }
    }

    /// Tells all who listen. May be called under any lock but those of this folder.
    pub(in crate::scheduler) fn publish(&self, event: Event) {
        #[cfg(feature = "metrics")]
        match event.kind {
            EventKind::Added => self.tasks.fetch_add(1, Ordering::Relaxed),
            EventKind::Finished => self.tasks.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        if self.listening.load(Ordering::Relaxed) == 0 {
            return;
        }
        if let Some(feed) = &self.feed {
            feed.record(&event);
        }
        let register = self.register.lock();
        if register.mailboxes.is_empty() {
            return;
        }
        let event = Arc::new(event);
        for mailbox in &register.mailboxes {
            mailbox.put(&event);
        }
    }

    /// An event that concerns the scheduler as a whole, if anybody listens. Where `wall` reads the clock,
    /// which is code of a user, this is called before any lock is taken.
    pub(in crate::scheduler) fn announcement(
        &self,
        wall: impl FnOnce() -> SystemTime,
        kind: EventKind,
    ) -> Option<Event> {
        self.is_listening().then(|| Event::of_scheduler(wall(), kind))
    }

    /// Has a listener called with each event from now on. To be called without any lock.
    pub(in crate::scheduler) fn subscribe(self: &Arc<Self>, listener: Listener) -> Subscription {
        let (number, closed) = {
            let mut register = self.register.lock();
            let number = register.subscribed;
            register.subscribed += 1;
            (number, register.closed)
        };
        let mailbox = Arc::new(Mailbox::new(CAPACITY));
        if closed {
            mailbox.close();
        }
        let subscription = match &self.feed {
            Some(feed) => {
                let inline = Arc::new(Inline::new(mailbox, listener));
                feed.tell(Arc::clone(&inline));
                Subscription::inline(self, inline)
            }
            None => Subscription::begin(self, mailbox, listener, number),
        };
        if let Some(mailbox) = subscription.mailbox() {
            let mut register = self.register.lock();
            if register.closed {
                mailbox.close();
            } else {
                register.mailboxes.push(Arc::clone(mailbox));
                self.heed(register.mailboxes.len());
            }
        }
        subscription
    }

    /// Ends a subscription.
    pub(super) fn unsubscribe(&self, mailbox: &Arc<Mailbox>) {
        {
            let mut register = self.register.lock();
            register.mailboxes.retain(|other| !Arc::ptr_eq(other, mailbox));
            self.heed(register.mailboxes.len());
        }
        mailbox.leave();
    }

    /// Notes how many subscriptions there are. Called under the lock of the register.
    fn heed(&self, subscriptions: usize) {
        let listening = subscriptions + usize::from(self.feed.is_some());
        self.listening.store(listening, Ordering::Relaxed);
    }

    /// Says that nothing more will be published. The listeners are told what they have not been told
    /// yet, and their threads end; nobody waits for that.
    pub(in crate::scheduler) fn close(&self) {
        let mut register = self.register.lock();
        register.closed = true;
        for mailbox in register.mailboxes.drain(..) {
            mailbox.close();
        }
        self.listening.store(0, Ordering::Relaxed);
    }

    /// Subscribes what the features `tracing` and `metrics` bring along, once. To be called without any
    /// lock, when the scheduler is started.
    pub(in crate::scheduler) fn observe(self: &Arc<Self>) {
        if !self.observed.swap(true, Ordering::Relaxed) {
            for listener in self.observers() {
                self.subscribe(listener).detach();
            }
        }
    }

    fn observers(&self) -> impl Iterator<Item = Listener> {
        #[cfg(feature = "metrics")]
        let meter = Some(super::metrics::listener(Arc::clone(&self.tasks)));
        #[cfg(not(feature = "metrics"))]
        let meter = None;
        [self.spans.capture(), meter].into_iter().flatten()
    }

    /// Enters the span of an execution on this thread, until what it gives is dropped, on the same
    /// thread. To be called without any lock, as is the drop, around the user's function and around
    /// what catches its panics. What there is to know of it is asked only if somebody records it.
    #[cfg(feature = "tracing")]
    pub(in crate::scheduler) fn span(
        &self,
        task: TaskId,
        subject: impl FnOnce() -> Option<Subject>,
    ) -> Span {
        self.spans.of(task, subject)
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("listening", &self.listening).finish_non_exhaustive()
    }
}
