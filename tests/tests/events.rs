//! What a scheduler tells those who subscribe.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, SystemTime};

use pysched::{Event, EventKind, InlineExecutor, ManualClock, Scheduler, Subscription, Trigger};
use pysched_tests::faults::within;
use pysched_tests::{PATIENCE, occupy, outcome, secs};

/// The kinds of the events that concern the scheduler as a whole.
fn listen(sched: &Scheduler) -> (Subscription, Receiver<EventKind>) {
    let (sender, kinds) = mpsc::channel();
    let subscription = sched.subscribe(move |event: &Event| {
        if event.task.is_none() {
            sender.send(event.kind.clone()).unwrap();
        }
    });
    (subscription, kinds)
}

fn told(subscription: &Subscription, kinds: &Receiver<EventKind>) -> Vec<EventKind> {
    assert!(subscription.flush(PATIENCE));
    kinds.try_iter().collect()
}

#[test]
fn the_begin_and_the_end_are_told_once() {
    let sched = Scheduler::new();
    let (subscription, kinds) = listen(&sched);
    assert_eq!(told(&subscription, &kinds), []);
    sched.start().unwrap();
    sched.start().unwrap();
    assert_eq!(told(&subscription, &kinds), [EventKind::SchedulerStarted]);
    sched.shutdown(true);
    sched.shutdown(false);
    assert_eq!(told(&subscription, &kinds), [EventKind::ShutDown]);
    assert!(!subscription.is_alive());

    let never_started = Scheduler::new();
    let (subscription, kinds) = listen(&never_started);
    drop(never_started);
    assert_eq!(told(&subscription, &kinds), [EventKind::ShutDown]);
    assert!(!subscription.is_alive());
}

#[test]
fn a_subscription_lasts_until_the_last_task_has_ended() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        let (subscription, kinds) = listen(&sched);
        sched.start().unwrap();
        let gate = occupy(&sched, 1);
        sched.shutdown(false);
        assert!(subscription.is_alive());
        gate.open();
        drop(sched);
        // A detached one ends with the scheduler, and its listener with it.
        subscription.detach();
        let kinds: Vec<_> = kinds.iter().collect();
        assert_eq!(kinds, [EventKind::SchedulerStarted, EventKind::ShutDown]);
    });
}

#[test]
fn whoever_comes_late_is_told_what_comes_after() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    let (subscription, kinds) = listen(&sched);
    sched.shutdown(true);
    assert_eq!(told(&subscription, &kinds), [EventKind::ShutDown]);
    let (subscription, kinds) = listen(&sched);
    assert!(!subscription.is_alive());
    assert_eq!(kinds.iter().next(), None, "the listener is gone");
}

#[test]
fn a_step_of_the_wall_clock_is_told_once() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    // Something that waits for the wall clock, so that the scheduler looks at it.
    let far = SystemTime::now() + secs(1_000_000_000);
    sched.delay(Trigger::at(far), 0, || ()).unwrap();
    sched.start().unwrap();
    let (subscription, kinds) = listen(&sched);
    let stepped = || {
        let kinds = told(&subscription, &kinds);
        assert_eq!(kinds.len(), 1, "{kinds:?}");
        match kinds[0] {
            EventKind::ClockStepped { from, to, .. } => (from, to),
            ref other => panic!("expected a step, found {other:?}"),
        }
    };

    let begin = pysched::Clock::wall(&clock);
    clock.set_wall(begin + secs(3600));
    assert_eq!(stepped(), (begin, begin + secs(3600)));
    clock.advance(secs(60));
    assert_eq!(told(&subscription, &kinds), []);
    clock.set_wall(begin);
    assert_eq!(stepped(), (begin + secs(3660), begin));

    // The everyday correction of a clock is no step.
    clock.set_wall(begin + Duration::from_millis(50));
    clock.advance(secs(1));
    assert_eq!(told(&subscription, &kinds), []);
}

#[test]
fn a_listener_may_call_the_scheduler() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        let (sender, done) = mpsc::channel();
        let own = sched.clone();
        let subscription = sched.subscribe(move |event| match event.kind {
            EventKind::SchedulerStarted => {
                let added = own.delay(Trigger::once(0), 0, || 7).unwrap();
                assert_eq!(outcome(&added.future()).unwrap(), &7);
                own.shutdown(true);
            }
            EventKind::ShutDown => sender.send(own.stopped()).unwrap(),
            _ => {}
        });
        sched.start().unwrap();
        assert!(done.recv().unwrap());
        assert!(subscription.flush(PATIENCE));
    });
}
