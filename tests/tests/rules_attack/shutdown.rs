//! Shutting down while rules keep something back: nothing hangs, and every future ends.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use Status::{Cancelled, Failed, Succeeded};
use pysched::{
    Conflict, Overlap, Reason, Retry, Scheduler, Status, Task, TaskError, ThreadPoolExecutor,
    Trigger,
};
use pysched_tests::faults::{OneAtATime, OpenOnDrop, within};
use pysched_tests::{Gate, is_cancelled, ms, occupy, outcome, secs};

use crate::guided::{End, Guided, backs_off, eventually};

/// How long a shutdown may take here.
const SOON: std::time::Duration = std::time::Duration::from_secs(60);

/// Shuts down on a thread of its own, and returns when that has begun.
fn begin(sched: &Scheduler) -> JoinHandle<()> {
    let own = sched.clone();
    let closer = thread::spawn(move || own.shutdown(true));
    eventually("it should have begun to", || sched.stopped().then_some(()));
    // Until all tasks have been ended.
    while sched.tasks().iter().any(|task| task.next_run.is_some()) {
        thread::yield_now();
    }
    closer
}

#[test]
fn a_run_that_was_to_follow_later_is_not_waited_for() {
    within(SOON, || {
        let it = Guided::new(2);
        let first = it.sched.add(it.task("first").trigger(Trigger::once(0))).unwrap();
        let task = it.task("after").after(&first).trigger(Trigger::once(3600));
        let handle = it.sched.add(task).unwrap();
        it.ends(it.begins("first"), End::Return);
        eventually("it should be brought to run", || handle.next_run());
        let future = handle.future();
        it.sched.shutdown(true);
        assert!(is_cancelled(&future));
        let fates = it.fates(&handle);
        assert_eq!(fates, [(3600, Cancelled, Some(Reason::ShutDown))]);
    });
}

#[test]
fn a_run_that_is_lost_has_no_successor_any_more() {
    within(SOON, || {
        let it = Guided::new(1);
        let gate = occupy(&it.sched, 1);
        let handle = it.sched.add(it.task("a").times(1).grace(secs(1))).unwrap();
        it.pass(secs(1));
        let future = handle.future();
        it.pass(secs(5));
        let closer = begin(&it.sched);
        gate.open();
        closer.join().unwrap();
        assert!(future.done(), "{:?}", future.execution());
        assert!(it.sched.tasks().is_empty());
    });
}

#[test]
fn what_waits_for_an_execution_that_is_given_up_is_run() {
    within(SOON, || {
        let it = Guided::new(1);
        let task = it.task("a").overlap(Overlap::BufferOne);
        let handle = it.sched.add(task.retry(Retry::times(9).fixed(secs(3600)))).unwrap();
        it.pass(secs(1));
        it.begins("a").end(End::Fail);
        backs_off(&handle.future(), 1);
        it.pass(secs(1));
        it.nothing_begins();
        let closer = begin(&it.sched);
        it.begins("a").end(End::Return);
        closer.join().unwrap();
        assert_eq!(it.fates(&handle)[..2], [(1, Failed, None), (2, Succeeded, None)]);
    });
}

#[test]
fn what_a_paused_scheduler_holds_back_is_cancelled() {
    within(SOON, || {
        let it = Guided::new(1);
        let handle = it.sched.add(it.task("a").overlap(Overlap::BufferOne)).unwrap();
        it.pass(secs(1));
        let begun = it.begins("a");
        it.pass(secs(1));
        it.sched.pause_all();
        let closer = begin(&it.sched);
        it.ends(begun, End::Return);
        closer.join().unwrap();
        let fates = it.fates(&handle);
        assert_eq!(fates[0], (1, Succeeded, None));
        assert_eq!(fates[1], (2, Cancelled, Some(Reason::ShutDown)));
    });
}

#[test]
fn a_pause_that_comes_too_late_hangs_nothing() {
    within(SOON, || {
        for all in [false, true] {
            let it = Guided::new(1);
            let handle = it.sched.add(it.task("a").overlap(Overlap::BufferOne)).unwrap();
            let queued = it.sched.delay(Trigger::once(2), 0, || 7_u32).unwrap();
            it.pass(secs(1));
            let begun = it.begins("a");
            it.pass(secs(1));
            let futures = [handle.future(), queued.future()];
            let closer = begin(&it.sched);
            if all {
                it.sched.pause_all();
            } else {
                handle.pause().unwrap();
                queued.pause().unwrap();
            }
            it.ends(begun, End::Return);
            closer.join().unwrap();
            assert_eq!(it.fates(&handle)[1], (2, Cancelled, Some(Reason::ShutDown)));
            // What an executor has goes on if it is the scheduler that is paused.
            assert_eq!(is_cancelled(&futures[1]), !all);
            assert!(futures.iter().all(|future| future.done()), "all: {all}");
            assert!(it.sched.tasks().is_empty(), "all: {all}");
        }
    });
}

#[test]
fn what_was_asked_for_before_the_start_is_cancelled() {
    within(SOON, || {
        for wait in [true, false] {
            let sched = Scheduler::new();
            let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(60))).unwrap();
            handle.run_now().unwrap();
            let future = handle.future();
            sched.shutdown(wait);
            assert!(future.done(), "wait: {wait}");
            assert!(is_cancelled(&future));
            assert!(sched.tasks().is_empty());
        }
    });
}

/// A limit of 0 is a pause in all but name.
#[test]
fn what_a_limit_of_none_holds_back_hangs_nothing() {
    within(SOON, || {
        let sched = Scheduler::builder().limit("db", 0).build();
        sched.start().unwrap();
        let future = sched.add(Task::new(|| ()).tag("db")).unwrap().future();
        eventually("it should wait", || (sched.stats().waiting == 1).then_some(()));
        sched.shutdown(true);
        assert!(future.done());
    });
}

#[test]
fn what_has_timed_out_and_was_to_be_tried_again_has_failed_at_once() {
    within(SOON, || {
        for way in 0..3 {
            let it = Guided::new(1);
            let task = it.task("hung").trigger(Trigger::once(0)).timeout(secs(1));
            let handle = it.sched.add(task.retry(Retry::times(5).fixed(secs(3600)))).unwrap();
            let (begun, future) = (it.begins("hung"), handle.future());
            it.pass(secs(1));
            backs_off(&future, 1);
            match way {
                0 => handle.cancel().unwrap(),
                1 => it.sched.shutdown(false),
                _ => drop(it.sched.shutdown_timeout(ms(1))),
            }
            assert!(future.done(), "way {way}: its function need not return for that");
            assert!(matches!(outcome(&future), Err(TaskError::TimedOut(_))));
            begun.end(End::Return);
            it.sched.shutdown(true);
            assert_eq!(it.fates(&handle), [(0, Failed, None)]);
        }
    });
}

#[test]
fn an_executor_without_room_and_much_that_waits() {
    within(SOON, || {
        for way in 0..3 {
            let sched = Scheduler::builder().executor(OneAtATime::default()).limit("db", 3).build();
            sched.start().unwrap();
            let gate = Gate::new();
            let _open = OpenOnDrop(gate.clone());
            let held = gate.clone();
            let first = sched.add(Task::new(move || held.wait()).tag("db")).unwrap().future();
            gate.await_arrivals(1);
            let futures: Vec<_> = (0..50)
                .map(|_| sched.add(Task::new(|| ()).tag("db").retry(Retry::times(3))).unwrap())
                .map(|handle| handle.future())
                .collect();
            match way {
                0 => {
                    let closer = begin(&sched);
                    gate.open();
                    closer.join().unwrap();
                }
                1 => sched.shutdown(false),
                _ => {
                    let left = sched.shutdown_timeout(ms(5)).unwrap_err().executions;
                    assert_eq!(left.len(), 51);
                }
            }
            assert!(futures.iter().all(|future| future.done()), "way {way}");
            assert!(futures.iter().all(|future| future.wait().is_ok() == (way == 0)));
            gate.open();
            outcome(&first).unwrap();
            sched.shutdown(true);
        }
    });
}

/// From a predicate, a callback of a token, one of a future, a listener.
#[test]
fn from_code_of_users_that_the_rules_call() {
    within(SOON, || {
        for wait in [true, false] {
            for place in 0..4 {
                let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
                let own = sched.clone();
                let shut_down = move || own.shutdown(wait);
                let mut task = Task::fallible(|| Err::<(), _>("failed"));
                let mut listening = None;
                match place {
                    0 => {
                        let when = move |_: &TaskError| {
                            shut_down();
                            true
                        };
                        task = task.retry(Retry::times(9).fixed(secs(3600)).when(when));
                    }
                    1 => {
                        let shut_down = Arc::new(shut_down);
                        task = Task::fallible(move || {
                            let (token, own) = (pysched::current().token(), Arc::clone(&shut_down));
                            token.on_cancel(move || own());
                            while !token.wait_timeout(ms(1)) {}
                            token.check()
                        })
                        .timeout(ms(5))
                        .retry(Retry::times(9).fixed(secs(3600)));
                    }
                    2 => task = task.retry(Retry::times(1).fixed(secs(0))),
                    _ => {
                        task = task.retry(Retry::times(9).fixed(secs(3600)));
                        let own = sched.clone();
                        listening = Some(sched.subscribe(move |event| {
                            if let pysched::EventKind::Retried { .. } = event.kind {
                                own.shutdown(wait);
                            }
                        }));
                    }
                }
                let waits = Task::new(|| ()).tag("db").trigger(Trigger::recur(60));
                let others = [
                    sched.add(waits).unwrap(),
                    sched.add(Task::new(|| ()).name("n").conflict(Conflict::Keep)).unwrap(),
                ];
                let future = sched.add(task).unwrap().future();
                if place == 2 {
                    let own = sched.clone();
                    future.on_done(move |_| own.shutdown(wait));
                }
                sched.start().unwrap();
                assert!(outcome(&future).is_err(), "place {place}");
                eventually("it should be shut down", || sched.stopped().then_some(()));
                sched.shutdown(true);
                assert!(others.iter().all(|other| other.future().done()));
                drop(listening);
            }
        }
    });
}
