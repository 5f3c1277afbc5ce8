//! [`Feed`]: how a simulation learns what happens in its scheduler, and how listeners are called in it.
//!
//! A simulation has no threads. What happens is written down at once, by its recorder, under the lock of
//! whoever publishes. The listeners of users are called by whoever drives the simulation, between two
//! things that happen, without any lock.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Event;
use super::mailbox::Mailbox;
use super::subscription::Listener;
use crate::sync::Mutex;

/// Writes down what happens. May not call anything of the scheduler.
pub(crate) type Recorder = Box<dyn Fn(&Event) + Send + Sync>;

/// See the top of this file.
pub(crate) struct Feed {
    recorder: Recorder,

    /// How many listeners there are, so that nobody takes the lock for none.
    listening: AtomicUsize,
    listeners: Mutex<Vec<Arc<Inline>>>,
}

impl Feed {
    pub(crate) fn new(recorder: Recorder) -> Arc<Self> {
        let listeners = Mutex::default();
        Arc::new(Self { recorder, listening: AtomicUsize::new(0), listeners })
    }

    pub(super) fn is_listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed) > 0
    }

    pub(super) fn record(&self, event: &Event) {
        (self.recorder)(event);
    }

    /// Has a listener called from now on.
    pub(super) fn tell(&self, listener: Arc<Inline>) {
        let mut listeners = self.listeners.lock();
        listeners.push(listener);
        self.listening.store(listeners.len(), Ordering::Relaxed);
    }

    /// Calls the listeners with what they have not been told yet, and not with what comes of that; says whether
    /// there was any. To be called without any lock.
    pub(crate) fn deliver(&self) -> bool {
        if !self.is_listening() {
            return false;
        }
        let listeners = self.listeners.lock().clone();
        let mut delivered = false;
        for listener in &listeners {
            delivered |= listener.deliver() == Some(true);
        }
        let gone: Vec<_> = {
            let mut listeners = self.listeners.lock();
            let gone = listeners.extract_if(.., |it| !it.mailbox.is_open()).collect();
            self.listening.store(listeners.len(), Ordering::Relaxed);
            gone
        };
        // What they have captured goes without a lock.
        drop(gone);
        delivered
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("listening", &self.listening).finish_non_exhaustive()
    }
}

/// A listener without a thread.
pub(super) struct Inline {
    mailbox: Arc<Mailbox>,
    listener: Listener,

    /// Whether it is being called.
    busy: AtomicBool,
}

impl Inline {
    pub(super) fn new(mailbox: Arc<Mailbox>, listener: Listener) -> Self {
        Self { mailbox, listener, busy: AtomicBool::new(false) }
    }

    pub(super) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// Calls it with what it has not been told yet, and says whether there was any; `None` if it is being called,
    /// which may be by whoever asks.
    pub(super) fn deliver(&self) -> Option<bool> {
        if self.busy.swap(true, Ordering::Acquire) {
            return None;
        }
        let delivered = self.mailbox.deliver_what_came(&self.listener);
        self.busy.store(false, Ordering::Release);
        Some(delivered)
    }
}
