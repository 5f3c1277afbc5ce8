//! What listeners can rely on, without a scheduler.

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "serde")]
mod serialised;
#[cfg(feature = "tracing")]
mod tracing;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use super::mailbox::CAPACITY;
use super::{Bus, Event, EventKind, Subscription};

/// How long a test waits for what should come at once before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

fn event(number: u64) -> Event {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(number);
    Event::of_scheduler(at, EventKind::SchedulerPaused)
}

fn number(event: &Event) -> u64 {
    event.at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// A listener that passes the numbers of its events on.
fn numbers(bus: &Arc<Bus>) -> (Subscription, Receiver<u64>) {
    let (sender, receiver) = mpsc::channel();
    let listener = move |event: &Event| sender.send(number(event)).unwrap();
    (bus.subscribe(Box::new(listener)), receiver)
}

/// A listener that hangs in its first call, and passes each event on when it is called; what lets it
/// go on.
fn hanging(bus: &Arc<Bus>) -> (Subscription, Receiver<Event>, mpsc::SyncSender<()>) {
    let (sender, receiver) = mpsc::channel();
    let (release, gate) = mpsc::sync_channel(0);
    let gate = Mutex::new(gate);
    let subscription = bus.subscribe(Box::new(move |event| {
        sender.send(event.clone()).unwrap();
        // Once it is released for good, there is nobody to wait for.
        let _ = gate.lock().unwrap().recv();
    }));
    (subscription, receiver, release)
}

/// Waits until the listener is gone that held the other end.
fn assert_over<T>(receiver: &Receiver<T>) {
    loop {
        match receiver.recv_timeout(PATIENCE) {
            Ok(_) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => panic!("the listener's thread should have ended"),
        }
    }
}

#[test]
fn nobody_listens_before_and_after() {
    let bus = Bus::new();
    let count = |bus: &Bus| format!("{bus:?}");
    let none = count(&bus);
    bus.publish(event(0));
    let (subscription, numbers) = numbers(&bus);
    assert!(bus.is_listening());
    assert_ne!(count(&bus), none);
    bus.publish(event(1));
    assert!(subscription.flush(PATIENCE));
    drop(subscription);
    assert_eq!(count(&bus), none);
    bus.publish(event(2));
    assert_eq!(numbers.iter().collect::<Vec<_>>(), [1]);
    if cfg!(not(feature = "metrics")) {
        assert!(!bus.is_listening());
    }
}

#[test]
fn all_listeners_are_told_everything_in_one_order() {
    const PUBLISHERS: u64 = 4;
    const EACH: u64 = 2_000;
    let bus = Bus::new();
    let ((first, of_first), (second, of_second)) = (numbers(&bus), numbers(&bus));
    thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let bus = &bus;
            scope.spawn(move || {
                (0..EACH).for_each(|count| bus.publish(event(publisher * EACH + count)));
            });
        }
    });
    assert!(first.flush(PATIENCE) && second.flush(PATIENCE));
    let order: Vec<_> = of_first.try_iter().collect();
    assert_eq!(order, of_second.try_iter().collect::<Vec<_>>());
    for publisher in 0..PUBLISHERS {
        let own = order.iter().copied().filter(|number| number / EACH == publisher);
        assert!(own.eq(publisher * EACH..(publisher + 1) * EACH));
    }
}

#[test]
fn a_listener_that_hangs_harms_nobody_and_learns_what_it_has_missed() {
    let bus = Bus::new();
    let (hung, events, release) = hanging(&bus);
    bus.publish(event(0));
    assert_eq!(number(&events.recv_timeout(PATIENCE).unwrap()), 0);

    let (subscription, numbers) = numbers(&bus);
    let last = CAPACITY as u64 + 7;
    for number in 1..=last {
        bus.publish(event(number));
        if number % 1000 == 0 {
            assert!(subscription.flush(PATIENCE));
        }
    }
    assert!(subscription.flush(PATIENCE));
    assert!(numbers.try_iter().eq(1..=last));
    assert!(!hung.flush(Duration::ZERO));

    drop(release);
    assert!(hung.flush(PATIENCE));
    bus.publish(event(last + 1));
    assert!(hung.flush(PATIENCE));
    let told: Vec<_> = events.try_iter().collect();
    let (lag, rest) = (&told[CAPACITY], &told[CAPACITY + 1..]);
    assert!(told[..CAPACITY].iter().map(number).eq(1..=CAPACITY as u64));
    assert_eq!(lag.kind, EventKind::Lagged { missed: 7 });
    assert_eq!(number(lag), CAPACITY as u64 + 1, "the time of the first that it has missed");
    assert!(rest.iter().map(number).eq([last + 1]));
}

#[test]
fn a_listener_that_panics_is_told_the_next() {
    let bus = Bus::new();
    let (sender, numbers) = mpsc::channel();
    let subscription = bus.subscribe(Box::new(move |event| {
        sender.send(number(event)).unwrap();
        assert!(number(event) != 1, "this listener panics on purpose");
    }));
    (0..3).for_each(|number| bus.publish(event(number)));
    assert!(subscription.flush(PATIENCE), "the one that it panicked at was delivered");
    assert_eq!(numbers.try_iter().collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_listener_may_drop_its_own_subscription_and_cannot_flush_it() {
    let bus = Bus::new();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let (sender, flushed) = mpsc::channel();
    let listener = {
        let own = Arc::clone(&own);
        move |_: &Event| {
            let own = own.lock().unwrap().take().unwrap();
            sender.send(own.flush(PATIENCE)).unwrap();
            drop(own);
        }
    };
    let mut place = own.lock().unwrap();
    *place = Some(bus.subscribe(Box::new(listener)));
    (0..3).for_each(|number| bus.publish(event(number)));
    drop(place);
    assert!(!flushed.recv_timeout(PATIENCE).unwrap());
    assert_over(&flushed);
    assert!(own.lock().unwrap().is_none());
}

#[test]
fn dropping_does_not_wait_for_a_listener_that_hangs() {
    let bus = Bus::new();
    let (hung, events, release) = hanging(&bus);
    (0..3).for_each(|number| bus.publish(event(number)));
    assert_eq!(number(&events.recv_timeout(PATIENCE).unwrap()), 0);
    drop(hung);
    bus.publish(event(3));
    drop(release);
    assert_eq!(events.iter().count(), 0, "what it had not been told is discarded");
}

#[test]
fn what_is_left_is_delivered_when_the_scheduler_is_over() {
    let bus = Bus::new();
    let (hung, events, release) = hanging(&bus);
    let (detached, numbers) = numbers(&bus);
    detached.detach();
    (0..3).for_each(|number| bus.publish(event(number)));
    bus.close();
    bus.close();
    bus.publish(event(3));
    assert!(hung.is_alive());
    assert_eq!(numbers.iter().collect::<Vec<_>>(), [0, 1, 2]);
    drop(release);
    assert!(hung.flush(PATIENCE));
    assert!(!hung.is_alive());
    assert_eq!(events.iter().count(), 3);

    let late = bus.subscribe(Box::new(|_| ()));
    assert!(!late.is_alive() && late.flush(PATIENCE));
}

#[test]
fn what_a_listener_has_captured_may_panic() {
    struct Bomb {
        _over: mpsc::Sender<()>,
    }
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("this value panics on purpose");
        }
    }
    let bus = Bus::new();
    let (sender, over) = mpsc::channel();
    let bomb = Bomb { _over: sender };
    let subscription = bus.subscribe(Box::new(move |_| {
        let _whole = &bomb;
    }));
    drop(subscription);
    assert_over(&over);
}

#[test]
fn subscriptions_come_and_go_while_others_publish() {
    let bus = Bus::new();
    let (calls, begun) = (Arc::new(AtomicUsize::new(0)), Barrier::new(3));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                begun.wait();
                (0..2_000).for_each(|number| bus.publish(event(number)));
            });
        }
        scope.spawn(|| {
            begun.wait();
            for _ in 0..50 {
                let calls = Arc::clone(&calls);
                let subscription = bus.subscribe(Box::new(move |_| {
                    calls.fetch_add(1, Ordering::Relaxed);
                }));
                assert!(subscription.flush(PATIENCE));
            }
        });
    });
    bus.publish(event(0));
}

#[test]
fn subscriptions_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Subscription>();
}
