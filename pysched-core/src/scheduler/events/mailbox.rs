//! [`Mailbox`]: what one listener has yet to be told, and how its thread sleeps and wakes.
//!
//! Whoever publishes puts an event into the queue, under the lock of the mailbox and, as it may hold
//! the lock of a shard, without running anything else. The listener's thread takes the whole queue out
//! at once, a *batch*, and calls the listener for each event of it without any lock. What is promised:
//!
//! * **No event lies there while the thread sleeps.** The thread looks at the queue and marks itself as
//!   asleep under the lock, and whoever puts an event in reads the mark under the same lock. So an event
//!   that the thread has not seen finds the mark, and notifies; the mark is taken away by the first to
//!   do so, and nobody notifies a thread that is awake.
//! * **Nothing is lost silently.** The queue holds so many events and no more; those that come while it is
//!   full are dropped and counted. It becomes empty only as a whole, with the count, so what is counted
//!   has always come after all that is queued, and before all that comes later: the listener is told of
//!   it in between, exactly, even if no other event ever comes.
//! * **A flush waits for what was put in before it**, and not for what comes meanwhile. It compares two
//!   counts that only grow: how many events have come, and how many have been delivered, or have been
//!   dropped and told of. The second grows by a batch at a time.
//! * **After `leave`, no call begins.** Both `leave` and the thread, before each call, exchange the
//!   value of one word, and an exchange always sees the latest: either the thread finds that the
//!   subscriber has left, or the call had begun before. Nobody waits for that call.
//!
//! The lock is the innermost of all: nothing else is locked, and nothing but events dropped, under
//! it. The loom models are at the end.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::{Event, EventKind};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::unwind::catch;

/// How many events a mailbox holds, beside the batch that its thread has taken out: half a megabyte of
/// references.
pub(super) const CAPACITY: usize = 65_536;

/// For how many events a batch keeps its room when it is done.
const KEPT: usize = 1024;

/// What one listener has yet to be told.
#[derive(Debug)]
pub(super) struct Mailbox {
    capacity: usize,
    state: Mutex<State>,

    /// Notified when something has come, or nothing will any more, if the thread is asleep.
    arrived: Condvar,

    /// Notified after each batch, if somebody waits for it.
    delivered: Condvar,

    /// Whether the subscriber is gone. Only ever exchanged, never merely read.
    left: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// The oldest first.
    queue: VecDeque<Arc<Event>>,

    /// What was dropped since the queue was last taken out. Only if the queue is full.
    missed: Option<Missed>,

    /// How many events have come, those included that were dropped.
    came: u64,

    /// How many of these the listener has been told, or told that it has missed them.
    done: u64,

    /// Whether the listener's thread sleeps and has not been notified.
    asleep: bool,

    /// How many threads wait in a flush; waking nobody would cost a system call.
    flushing: usize,

    /// Whether nothing comes any more.
    closed: bool,
}

/// Events that were dropped, one after the other.
#[derive(Debug, Clone, Copy)]
struct Missed {
    count: u64,

    /// When the first of them happened.
    since: SystemTime,
}

/// What the thread has taken out.
#[derive(Debug, Default)]
struct Batch {
    queue: VecDeque<Arc<Event>>,
    missed: Option<Missed>,

    /// How many events that is, those included that were dropped.
    count: u64,
}

impl Mailbox {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            state: Mutex::new(State::default()),
            arrived: Condvar::new(),
            delivered: Condvar::new(),
            left: AtomicBool::new(false),
        }
    }

    /// Puts an event in, or counts it as missed.
    pub(super) fn put(&self, event: &Arc<Event>) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        state.came += 1;
        if state.queue.len() < self.capacity {
            state.queue.push_back(Arc::clone(event));
        } else {
            state.missed.get_or_insert(Missed { count: 0, since: event.at }).count += 1;
        }
        self.wake(state);
    }

    /// Says that nothing comes any more. What is there is still delivered.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        self.wake(state);
    }

    /// Says that the subscriber is gone: nothing is delivered any more.
    pub(super) fn leave(&self) {
        self.left.swap(true, Ordering::AcqRel);
        let mut state = self.state.lock();
        state.closed = true;
        let discarded = mem::take(&mut state.queue);
        state.missed = None;
        self.wake(state);
        drop(discarded);
    }

    /// Wakes the listener's thread if it sleeps.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let asleep = mem::take(&mut state.asleep);
        // Before it is woken: it needs the lock, and would go back to sleep for it.
        drop(state);
        if asleep {
            self.arrived.notify_one();
        }
    }

    /// Whether the listener may still be called. What it has been told, or will be.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state.lock();
        !state.closed || state.done < state.came
    }

    /// Waits until all that has come has been delivered, until `deadline` if there is one; says whether
    /// it was.
    pub(super) fn flush(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        let goal = state.came;
        while state.done < goal {
            let rest = deadline.map(|it| it.saturating_duration_since(Instant::now()));
            if rest == Some(Duration::ZERO) {
                return false;
            }
            state.flushing += 1;
            state = match rest {
                None => self.delivered.wait(state),
                Some(rest) => self.delivered.wait_timeout(state, rest),
            };
            state.flushing -= 1;
        }
        true
    }

    /// The life of the listener's thread: tells it of all that comes, until nothing does any more.
    pub(super) fn deliver(&self, listener: impl Fn(&Event)) {
        let mut batch = Batch::default();
        while self.take(&mut batch, true) {
            self.tell_all(&listener, &mut batch);
        }
    }

    /// Tells a listener that has no thread of all that has come; says whether there was any.
    pub(super) fn deliver_what_came(&self, listener: impl Fn(&Event)) -> bool {
        let mut batch = Batch::default();
        let came = self.take(&mut batch, false);
        if came {
            self.tell_all(&listener, &mut batch);
            drop(self.put_down(&mut batch));
        }
        came
    }

    fn tell_all(&self, listener: &impl Fn(&Event), batch: &mut Batch) {
        for event in batch.queue.drain(..) {
            self.tell(listener, &event);
        }
        if let Some(Missed { count, since }) = batch.missed.take() {
            let kind = EventKind::Lagged { missed: count };
            self.tell(listener, &Event::of_scheduler(since, kind));
        }
        batch.queue.shrink_to(KEPT);
    }

    /// Takes note that a batch is done.
    fn put_down(&self, batch: &mut Batch) -> MutexGuard<'_, State> {
        let mut state = self.state.lock();
        state.done += mem::take(&mut batch.count);
        if state.flushing > 0 {
            self.delivered.notify_all();
        }
        state
    }

    /// Takes all that has come out, into a batch that is done; says whether there was anything. If it
    /// `waits`, there is, unless nothing comes any more.
    fn take(&self, batch: &mut Batch, waits: bool) -> bool {
        let mut state = self.put_down(batch);
        while state.queue.is_empty() {
            if state.closed || !waits {
                return false;
            }
            state.asleep = true;
            state = self.arrived.wait(state);
        }
        state.asleep = false;
        mem::swap(&mut state.queue, &mut batch.queue);
        batch.missed = state.missed.take();
        batch.count = batch.queue.len() as u64 + batch.missed.map_or(0, |missed| missed.count);
        true
    }

    fn tell(&self, listener: &impl Fn(&Event), event: &Event) {
        // An exchange that changes nothing, and not a load: see the top of the file.
        if !self.left.fetch_or(false, Ordering::AcqRel) {
            // The panic hook has reported a panic; the next event is another matter.
            let _ = catch(|| listener(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn event(second: u64) -> Arc<Event> {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        Arc::new(Event::of_scheduler(at, EventKind::SchedulerPaused))
    }

    /// What a listener is told of events that were put in before its thread began: for each the second,
    /// and how many it has missed.
    fn told(mailbox: &Mailbox) -> Vec<(u64, Option<u64>)> {
        let told = RefCell::new(Vec::new());
        mailbox.deliver(|event| {
            let missed = match event.kind {
                EventKind::Lagged { missed } => Some(missed),
                _ => None,
            };
            let second = event.at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            told.borrow_mut().push((second, missed));
        });
        told.into_inner()
    }

    #[test]
    fn what_is_too_much_is_counted_and_told_of_in_its_place() {
        let mailbox = Mailbox::new(3);
        (0..10).for_each(|second| mailbox.put(&event(second)));
        mailbox.close();
        mailbox.put(&event(10));
        assert!(mailbox.is_open());
        assert_eq!(told(&mailbox), [(0, None), (1, None), (2, None), (3, Some(7))]);
        assert!(!mailbox.is_open());
        assert!(mailbox.flush(None), "all that came has been told of");
    }

    #[test]
    fn after_a_lag_it_goes_on() {
        let mailbox = Mailbox::new(1);
        mailbox.put(&event(0));
        mailbox.put(&event(1));
        let told = RefCell::new(Vec::new());
        mailbox.deliver(|event| {
            told.borrow_mut().push(event.kind.clone());
            match told.borrow().len() {
                // While the batch is out, there is room for one again.
                1 => (2..4).for_each(|second| mailbox.put(&self::event(second))),
                4 => mailbox.close(),
                _ => {}
            }
        });
        let (event, lag) = (EventKind::SchedulerPaused, EventKind::Lagged { missed: 1 });
        assert_eq!(told.into_inner(), [event.clone(), lag.clone(), event, lag]);
    }

    #[test]
    fn whoever_has_left_is_told_nothing() {
        let mailbox = Mailbox::new(1);
        (0..3).for_each(|second| mailbox.put(&event(second)));
        mailbox.leave();
        mailbox.put(&event(3));
        assert_eq!(told(&mailbox), []);

        let mailbox = Mailbox::new(2);
        (0..3).for_each(|second| mailbox.put(&event(second)));
        let calls = RefCell::new(0);
        mailbox.deliver(|_| {
            *calls.borrow_mut() += 1;
            mailbox.leave();
        });
        assert_eq!(*calls.borrow(), 1, "neither the rest of the batch nor what was missed");
    }

    #[test]
    fn a_burst_gives_its_memory_back() {
        let mailbox = Mailbox::new(CAPACITY);
        let event = event(0);
        (0..CAPACITY).for_each(|_| mailbox.put(&event));
        mailbox.close();
        let mut batch = Batch::default();
        assert!(mailbox.take(&mut batch, true));
        assert_eq!(mailbox.state.lock().queue.capacity(), 0, "it was exchanged");
        mailbox.put(&event);
        batch.queue.clear();
        batch.queue.shrink_to(KEPT);
        assert!(batch.queue.capacity() <= KEPT);
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::models::check;
    use loom::sync::atomic::AtomicU64;
    use loom::thread;

    fn event() -> Arc<Event> {
        Arc::new(Event::of_scheduler(SystemTime::UNIX_EPOCH, EventKind::SchedulerPaused))
    }

    /// A listener on a thread of its own, and how many events it has been told, those included that it
    /// has missed.
    fn listener(mailbox: &Arc<Mailbox>) -> (thread::JoinHandle<()>, loom::sync::Arc<AtomicU64>) {
        let told = loom::sync::Arc::new(AtomicU64::new(0));
        let thread = thread::spawn({
            let (mailbox, told) = (Arc::clone(mailbox), loom::sync::Arc::clone(&told));
            move || {
                mailbox.deliver(|event| {
                    let count = match event.kind {
                        EventKind::Lagged { missed } => missed,
                        _ => 1,
                    };
                    told.fetch_add(count, Ordering::SeqCst);
                });
            }
        });
        (thread, told)
    }

    #[test]
    fn loom_each_event_is_told_of_before_a_flush_returns() {
        check(3, || {
            // Room for one, so that the second may be dropped.
            let mailbox = Arc::new(Mailbox::new(1));
            let (thread, told) = listener(&mailbox);
            let other = thread::spawn({
                let mailbox = Arc::clone(&mailbox);
                move || mailbox.put(&event())
            });
            mailbox.put(&event());
            assert!(mailbox.flush(None));
            assert!(told.load(Ordering::SeqCst) >= 1);
            other.join().unwrap();
            mailbox.close();
            thread.join().unwrap();
            assert_eq!(told.load(Ordering::SeqCst), 2);
            assert!(!mailbox.is_open());
        });
    }

    #[test]
    fn loom_no_call_begins_when_the_subscriber_has_left() {
        loom::model(|| {
            let mailbox = Arc::new(Mailbox::new(2));
            let (thread, told) = listener(&mailbox);
            mailbox.put(&event());
            mailbox.put(&event());
            mailbox.leave();
            let begun = told.load(Ordering::SeqCst);
            thread.join().unwrap();
            // The one more had begun, but had not counted yet.
            assert!(told.load(Ordering::SeqCst) <= begun + 1);
        });
    }
}
