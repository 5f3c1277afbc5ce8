//! What users' values do when they are dropped: they panic, block, and call back.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use pysched::{
    Conflict, Error, Overlap, Retry, Scheduler, Task, TaskError, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::{DisplayBomb, DropBomb, within};
use pysched_tests::{Gate, by_hand, ms, outcome, secs};

use crate::OnDrop;
use crate::guided::{End, Guided, eventually};

const SOON: std::time::Duration = std::time::Duration::from_secs(5);

fn pool(workers: usize) -> Scheduler {
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(workers)).build();
    sched.start().unwrap();
    sched
}

/// A predicate that captures a value which panics when dropped.
fn bomb() -> Retry {
    let bomb = DropBomb("a predicate went off");
    Retry::times(3).fixed(secs(0)).when(move |_| {
        bomb.hold();
        true
    })
}

#[test]
fn a_predicate_that_panics_when_it_is_dropped() {
    within(SOON, || {
        for ends_well in [true, false] {
            let sched = pool(2);
            let function = move || if ends_well { Ok(()) } else { Err("failed") };
            let future = sched.add(Task::fallible(function).retry(bomb())).unwrap().future();
            assert_eq!(outcome(&future).is_ok(), ends_well);
            sched.shutdown(true);
        }
    });
}

/// The scheduler's own thread is the last to know the predicate.
#[test]
fn a_predicate_that_is_dropped_on_the_thread_of_the_scheduler() {
    within(SOON, || {
        let it = Guided::new(2);
        let (gate, bomb) = (Gate::new(), DropBomb("a predicate went off"));
        let retry = {
            let gate = gate.clone();
            Retry::times(1).when(move |_| {
                bomb.hold();
                if thread::current().name() == Some("pysched-heart") {
                    gate.wait();
                }
                false
            })
        };
        let task = it.task("hung").trigger(Trigger::once(1)).timeout(secs(1)).retry(retry);
        let handle = it.sched.add(task).unwrap();
        it.pass(secs(1));
        let begun = it.begins("hung");
        let clock = it.clock.clone();
        let passing = thread::spawn(move || clock.advance(secs(1)));
        gate.await_arrivals(1);
        begun.end(End::Return);
        assert!(outcome(&handle.future()).is_err());
        eventually("it should be over", || it.sched.task(&handle).is_none().then_some(()));
        gate.open();
        passing.join().unwrap();
        assert!(!it.sched.stopped(), "the scheduler lives on");
        let other = it.sched.add(Task::new(|| 7)).unwrap().future();
        assert_eq!(outcome(&other).unwrap(), &7);
    });
}

/// Two panics at once would end the program.
#[test]
fn many_predicates_that_panic_when_they_are_dropped_together() {
    within(SOON, || {
        for wait in [true, false] {
            let sched = pool(2);
            for _ in 0..50 {
                let task = Task::new(|| ()).trigger(Trigger::once(3600)).retry(bomb());
                sched.add(task).unwrap();
            }
            sched.shutdown(wait);
        }
    });
}

#[test]
fn results_that_panic_when_they_are_dropped_together() {
    within(SOON, || {
        let (sched, clock) = by_hand();
        let task = Task::new(|| DropBomb("a result went off")).trigger(Trigger::recur(1)).times(3);
        sched.add(task).unwrap();
        let callbacks = Task::new(|| {
            for _ in 0..2 {
                let bomb = DropBomb("a callback went off");
                pysched::current().token().on_cancel(move || bomb.hold());
            }
        });
        sched.add(callbacks.trigger(Trigger::once(1))).unwrap();
        for _ in 0..4 {
            clock.advance(secs(1));
        }
        assert!(sched.tasks().is_empty());
        sched.shutdown(true);
    });
}

#[test]
fn a_task_that_is_refused_and_wants_its_own_name() {
    within(SOON, || {
        let named = |trigger| {
            let task = Task::new(|| ()).name("nightly").conflict(Conflict::Error);
            task.trigger(trigger)
        };
        for shut_down in [false, true] {
            let (sched, _clock) = by_hand();
            if shut_down {
                sched.shutdown(true);
            }
            let result = Arc::new(OnceLock::new());
            let captured = {
                let (sched, result) = (sched.clone(), Arc::clone(&result));
                OnDrop::new(move || {
                    let added = sched.add(named(Trigger::recur(60))).map(|handle| handle.id());
                    result.set(added).unwrap();
                })
            };
            let task = Task::new(move || captured.hold()).name("nightly");
            let task = task.conflict(Conflict::Error).trigger(Trigger::recur(-1));
            assert!(sched.add(task).is_err());
            match result.get().expect("it was dropped") {
                Ok(id) => assert_eq!(sched.named("nightly").ids(), [*id]),
                Err(error) => assert!(shut_down && matches!(error, Error::Shutdown), "{error}"),
            }
        }
    });
}

#[test]
fn the_last_scheduler_is_dropped_inside_a_task_while_others_wait() {
    within(SOON, || {
        for _ in 0..50 {
            let sched =
                Scheduler::builder().executor(ThreadPoolExecutor::new(2)).limit("db", 1).build();
            sched.start().unwrap();
            let cell = Arc::new(std::sync::Mutex::new(None));
            let gate = Gate::new();
            let first = {
                let (cell, gate) = (Arc::clone(&cell), gate.clone());
                let task = Task::new(move || {
                    gate.wait();
                    drop(cell.lock().unwrap().take());
                });
                sched.add(task.tag("db")).unwrap().future()
            };
            let others: Vec<_> = (0..10)
                .map(|_| sched.add(Task::new(|| ()).tag("db").retry(Retry::times(1))).unwrap())
                .collect();
            let buffered = sched
                .add(Task::new(|| ()).trigger(Trigger::recur(0.0001)).overlap(Overlap::BufferAll))
                .unwrap();
            *cell.lock().unwrap() = Some(sched);
            gate.open();
            outcome(&first).unwrap();
            for other in others {
                let _ = outcome(&other.future());
            }
            let _ = outcome(&buffered.future());
        }
    });
}

/// Everything that is dropped calls the scheduler, which may hold no lock then.
#[test]
fn values_that_call_back_wherever_they_are_dropped() {
    within(SOON, || {
        let sched = Scheduler::builder()
            .executor(ThreadPoolExecutor::new(3))
            .limit("db", 2)
            .history(1)
            .build();
        sched.start().unwrap();
        let calls = Arc::new(AtomicU32::new(0));
        let call = {
            let (sched, calls) = (sched.clone(), Arc::clone(&calls));
            move || {
                calls.fetch_add(1, Ordering::SeqCst);
                let _ = sched.tasks();
                let _ = sched.stats();
                sched.set_limit("db", Some(2));
                let _ = sched.named("a").pause();
                let _ = sched.named("a").resume();
                let _ = sched.named("a").run_now();
            }
        };
        #[derive(Debug)]
        struct Loud {
            _on_drop: Box<dyn std::any::Any + Send + Sync>,
        }
        impl std::fmt::Display for Loud {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("loud")
            }
        }
        impl std::error::Error for Loud {}
        let value = {
            let call = call.clone();
            move || {
                let call = call.clone();
                Loud { _on_drop: Box::new(OnDrop::new(call)) }
            }
        };
        let mut handles = Vec::new();
        for overlap in [Overlap::Skip, Overlap::BufferAll, Overlap::CancelOther, Overlap::AllowAll]
        {
            let (turn, value) = (AtomicBool::new(false), value.clone());
            let (captured, predicate) = (value(), value());
            let task = Task::fallible(move || {
                let _ = &captured;
                let kept = value();
                pysched::current().token().on_cancel(move || drop(kept));
                if turn.fetch_xor(true, Ordering::SeqCst) { Ok(value()) } else { Err(value()) }
            });
            let retry = Retry::times(2).fixed(secs(0)).when(move |_| {
                let _ = &predicate;
                true
            });
            let task = task.name("a").conflict(Conflict::Replace).tag("db").timeout(ms(50));
            let task = task.trigger(Trigger::recur(0.0005)).overlap(overlap).retry(retry);
            let handle = sched.add(task).unwrap();
            for _ in 0..20 {
                let _ = handle.run_now();
                let _ = handle.future().cancel();
                let _ = handle.pause();
                let _ = handle.resume();
            }
            handle.reschedule(Trigger::recur(0.0003)).ok();
            handles.push(handle);
        }
        thread::sleep(ms(100));
        sched.shutdown(true);
        drop(handles);
        assert!(calls.load(Ordering::SeqCst) > 20);
    });
}

#[test]
fn errors_that_cannot_be_shown_are_tried_again() {
    let (sched, _clock) = by_hand();
    let task = Task::fallible(|| Err::<(), _>(DisplayBomb));
    let future = sched.add(task.retry(Retry::times(2).fixed(secs(0)))).unwrap().future();
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
    assert_eq!(future.execution().attempts.len(), 2);
    assert!(future.execution().error.unwrap().contains("Display panicked"));
}
