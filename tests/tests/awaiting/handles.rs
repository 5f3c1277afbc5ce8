//! `Handle::next` and `Handle::stream`: which execution is given to whom.

use std::collections::BTreeSet;

use pysched::{Handle, InlineExecutor, ManualClock, Next, Scheduler, TaskError, TaskStream};
use pysched_tests::faults::within;
use pysched_tests::{by_hand, is_cancelled};
use smol::stream::{Stream as _, StreamExt as _};

use super::*;

#[test]
fn each_execution_is_given_once_and_then_none() {
    let (sched, clock) = by_hand();
    let handle = sched.add(counting().trigger(Trigger::recur(1)).times(3)).unwrap();
    let mut next = ByHand::pending(handle.next());
    clock.advance(SECOND);
    assert_eq!(value(next.woken()), 0);
    assert_eq!(next.bell.rings(), 1);
    (0..2).for_each(|_| clock.advance(SECOND));
    assert_eq!(value(at_once(handle.next())), 1);
    assert_eq!(value(at_once(handle.next())), 2);
    for _ in 0..2 {
        assert!(at_once(handle.next()).is_none());
    }
    assert_eq!(handle.wait().wait().unwrap(), &2, "where `wait` gives the last again");
}

#[test]
fn a_result_that_is_not_clone_is_lent() {
    struct Unique(u32);
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || Unique(7)).unwrap();
    let mut next = ByHand::pending(handle.next());
    clock.advance(SECOND);
    assert_eq!(next.woken().unwrap().wait().unwrap().0, 7);
}

#[test]
fn it_goes_on_where_wait_has_left_off_and_the_other_way_round() {
    let (sched, clock) = by_hand();
    let handle = series(&sched);
    (0..4).for_each(|_| clock.advance(SECOND));
    assert_eq!(handle.wait().wait().unwrap(), &0);
    assert_eq!(value(at_once(handle.next())), 1);
    assert_eq!(handle.wait().wait().unwrap(), &2);
    let copy = handle.clone();
    assert_eq!(value(at_once(handle.next())), 3);
    assert_eq!(value(at_once(copy.next())), 3, "a clone counts for itself");
}

#[test]
fn one_that_is_dropped_half_way_loses_nothing() {
    let (sched, clock) = by_hand();
    let handle = series(&sched);
    let dropped = ByHand::pending(handle.next());
    let bell = Arc::clone(&dropped.bell);
    drop(dropped);
    clock.advance(SECOND);
    assert_eq!(bell.rings(), 0, "it has taken its waker back");
    assert_eq!(references(&bell), 1);
    assert_eq!(value(at_once(handle.next())), 0);
    // Woken, and dropped before it has looked.
    let woken = ByHand::pending(handle.next());
    clock.advance(SECOND);
    woken.bell.wait(1);
    drop(woken);
    assert_eq!(value(at_once(handle.next())), 1);
}

#[test]
fn several_that_wait_on_one_handle_share_what_ends() {
    let (sched, clock) = by_hand();
    let handle = series(&sched);
    let mut nexts: Vec<_> = (0..3).map(|_| ByHand::pending(handle.next())).collect();
    for round in 0..3 {
        clock.advance(SECOND);
        // All of them were woken, and whoever looks first has it.
        for next in &nexts {
            next.bell.wait(1);
        }
        let mut first = nexts.remove(0);
        assert_eq!(value(first.woken()), round);
        for next in &mut nexts {
            assert!(next.poll().is_pending());
            *next.bell.rings.lock().unwrap() = 0;
        }
    }
}

#[test]
fn tasks_that_wait_on_one_handle_get_all_of_a_series_between_them() {
    within(PATIENCE, || {
        let sched = Scheduler::builder().history(200).build();
        let task = counting().trigger(Trigger::recur_after(0.001)).times(200);
        let handle = sched.add(task).unwrap();
        sched.start().unwrap();
        let takers = (0..8).map(|_| async {
            let mut taken = Vec::new();
            while let Some(execution) = handle.next().await {
                taken.push(*execution.wait().unwrap());
            }
            taken
        });
        let executor = smol::LocalExecutor::new();
        let tasks: Vec<_> = takers.map(|taker| executor.spawn(taker)).collect();
        let mut taken = BTreeSet::new();
        block_on(executor.run(async {
            for task in tasks {
                for number in task.await {
                    assert!(taken.insert(number), "{number} was given twice");
                }
            }
        }));
        assert!(taken.into_iter().eq(0..200), "all were given");
    });
}

#[test]
fn a_stream_ends_with_its_series() {
    let (sched, clock) = by_hand();
    let handle = sched.add(counting().trigger(Trigger::recur(1)).times(3)).unwrap();
    let (first, second) = (handle.stream(), handle.stream());
    (0..3).for_each(|_| clock.advance(SECOND));
    for stream in [first, second] {
        // It is over by now, and each stream has all of it.
        let values = block_on(stream.map(|it| *it.wait().unwrap()).collect::<Vec<_>>());
        assert_eq!(values, [0, 1, 2]);
    }
    assert_eq!(value(at_once(handle.next())), 0, "its handle has not moved");
}

#[test]
fn a_stream_begins_where_its_handle_stands() {
    let (sched, clock) = by_hand();
    let handle = series(&sched);
    (0..2).for_each(|_| clock.advance(SECOND));
    handle.wait();
    let mut stream = handle.stream();
    assert_eq!(value(at_once(stream.next())), 1);
    let mut next = ByHand::pending(stream.next());
    clock.advance(SECOND);
    assert_eq!(value(next.woken()), 2);
    drop(next);
    handle.cancel().unwrap();
    assert!(is_cancelled(&at_once(stream.next()).unwrap()));
    for _ in 0..2 {
        assert!(at_once(stream.next()).is_none(), "it stays at its end");
    }
}

#[test]
fn a_stream_outlives_its_handle_and_its_scheduler() {
    let (sched, clock) = by_hand();
    let handle = series(&sched);
    let mut stream = handle.stream();
    assert_eq!(stream.id(), handle.id());
    drop(handle);
    clock.advance(SECOND);
    drop(sched);
    assert_eq!(value(block_on(stream.next())), 0);
    assert!(is_cancelled(&block_on(stream.next()).unwrap()));
    assert!(block_on(stream.next()).is_none());
}

#[test]
fn a_stream_that_is_dropped_takes_its_waker_back() {
    let (sched, _clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    let bell = Arc::<Bell>::default();
    let waker = Waker::from(Arc::clone(&bell));
    let mut stream = handle.stream();
    let polled = Pin::new(&mut stream).poll_next(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    assert_eq!(references(&bell), 3);
    drop(stream);
    assert_eq!(references(&bell), 2);
}

#[test]
fn what_is_no_longer_retained_is_passed_over() {
    let clock = ManualClock::new();
    let sched =
        Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).history(2).build();
    sched.start().unwrap();
    let handle = series(&sched);
    let mut stream = handle.stream();
    (0..5).for_each(|_| clock.advance(SECOND));
    assert_eq!(value(at_once(handle.next())), 3);
    assert_eq!(value(at_once(stream.next())), 3);
    assert_eq!(value(at_once(stream.next())), 4);
    assert_eq!(value(at_once(handle.next())), 4);
    ByHand::pending(handle.next());
}

#[test]
fn with_no_history_each_execution_is_given_to_whoever_awaits_it() {
    let clock = ManualClock::new();
    let sched =
        Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).history(0).build();
    sched.start().unwrap();
    let handle = sched.add(counting().trigger(Trigger::recur(1)).times(2)).unwrap();
    for expected in 0..2 {
        let mut next = ByHand::pending(handle.next());
        clock.advance(SECOND);
        assert_eq!(value(next.woken()), expected);
    }
    assert!(at_once(handle.next()).is_none());
}

#[test]
fn a_failure_is_given_as_a_value_is() {
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || -> u32 { panic!("out of paper") }).unwrap();
    let mut next = ByHand::pending(handle.next());
    clock.advance(SECOND);
    let given = next.woken().unwrap();
    assert!(matches!(given.wait(), Err(TaskError::Panicked(text)) if text == "out of paper"));
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    struct Grenade;
    impl Wake for Grenade {
        fn wake(self: Arc<Self>) {
            panic!("the waker panicked");
        }
    }
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || 7).unwrap();
    let waker = Waker::from(Arc::new(Grenade));
    let mut bad = handle.next();
    assert!(Pin::new(&mut bad).poll(&mut Context::from_waker(&waker)).is_pending());
    let mut good = ByHand::pending(handle.next());
    clock.advance(SECOND);
    assert_eq!(value(good.woken()), 7);
}

#[test]
fn a_next_that_moves_to_another_task_wakes_that() {
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || 7).unwrap();
    let mut next = handle.next();
    let bells = [(); 2].map(|()| Arc::<Bell>::default());
    for bell in &bells {
        let waker = Waker::from(Arc::clone(bell));
        assert!(Pin::new(&mut next).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    clock.advance(SECOND);
    bells[1].wait(1);
    assert_eq!(bells[0].rings(), 0);
    assert_eq!(references(&bells[0]), 1, "the waker before is gone");
}

#[test]
fn they_can_be_sent_moved_and_shown() {
    fn is<T: Send + Unpin + std::fmt::Debug>(it: &T) -> String {
        format!("{it:?}")
    }
    let sched = Scheduler::new();
    let handle: Handle<u32> = series(&sched);
    let next: Next<'_, u32> = handle.next();
    let stream: TaskStream<u32> = handle.stream();
    let id = handle.id().to_string();
    assert!(is(&next).contains(&id), "{next:?}");
    assert!(is(&stream).contains(&id), "{stream:?}");
    assert!(is(&sched.shutdown_async()).contains("is_ready: true"));
    assert!(is(&pysched::current().token().cancelled()).contains("is_ready: false"));
}
