//! A failure is a result: whatever a task, its values or its callbacks do, the error reaches the
//! future, the series and all other tasks go on, and no worker is lost.

use std::error::Error as StdError;
use std::fmt;
use std::num::ParseIntError;
use std::panic::panic_any;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use pysched::{
    InlineExecutor, Scheduler, Status, Task, TaskError, TaskFuture, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::{CloneBomb, DisplayBomb, DropBomb, assert_workers, within};
use pysched_tests::{Gate, PATIENCE, by_hand, outcome, pool_by_hand};

const SECOND: Duration = Duration::from_secs(1);

/// A pool with so many workers, for each number of workers that is worth a test: with one, a lost
/// worker stops everything; with two, it might go unnoticed.
fn pools(test: impl Fn(Scheduler, usize) + Send + 'static) {
    within(PATIENCE, move || {
        for workers in [1, 2] {
            let (sched, _clock) = pool_by_hand(workers);
            test(sched.clone(), workers);
            assert_workers(&sched, workers);
            sched.shutdown(true);
        }
    });
}

/// The text of a panic that ended an execution.
#[track_caller]
fn panic_of<T: fmt::Debug>(future: &TaskFuture<T>) -> String {
    match outcome(future) {
        Err(TaskError::Panicked(text)) => text.clone(),
        other => panic!("expected a panic, got {other:?}"),
    }
}

#[test]
fn a_panic_reaches_the_future_with_its_text() {
    pools(|sched, _| {
        let number = 7;
        type Body = Box<dyn Fn() + Send + Sync>;
        let bodies: [(Body, &str); 5] = [
            (Box::new(|| panic!("plain")), "plain"),
            (Box::new(move || panic!("number {number}")), "number 7"),
            (Box::new(|| panic_any("any".to_owned())), "any"),
            (Box::new(|| panic_any(7_u8)), "neither &str nor String"),
            (Box::new(|| panic_any(DropBomb("payload"))), "neither &str nor String"),
        ];
        for (body, text) in bodies {
            let handle = sched.add(Task::new(body)).unwrap();
            let future = handle.future();
            assert!(panic_of(&future).contains(text), "{:?}", future.execution());
            let execution = &sched.results(&handle)[0];
            assert_eq!(execution.status, Status::Failed);
            let told = execution.error.as_deref().unwrap();
            assert!(told.starts_with("the task panicked: ") && told.contains(text), "{told}");
        }
    });
}

/// An error with a cause.
#[derive(Debug)]
struct Unreadable(ParseIntError);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the meter is unreadable")
    }
}

impl StdError for Unreadable {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_reaches_the_future_with_its_text_type_and_source() {
    pools(|sched, _| {
        let read = || "three".parse::<i32>().map_err(Unreadable);
        let handle = sched.add(Task::fallible(read)).unwrap();
        let future = handle.future();
        let error = outcome(&future).unwrap_err();
        assert_eq!(error.to_string(), "the task failed: the meter is unreadable");
        let cause = error.source().unwrap();
        assert!(cause.is::<Unreadable>());
        assert_eq!(cause.source().unwrap().to_string(), "invalid digit found in string");
        assert_eq!(future.execution().status, Status::Failed);
        assert_eq!(future.execution().error, Some(error.to_string()));

        // Errors need not be types of their own.
        let handle = sched.add(Task::fallible(|| Err::<(), _>("no paper"))).unwrap();
        let text = outcome(&handle.future()).unwrap_err().to_string();
        assert_eq!(text, "the task failed: no paper");
    });
}

#[test]
fn a_series_goes_on_after_each_kind_of_failure() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let run = Arc::new(AtomicUsize::new(0));
        let body = move || match run.fetch_add(1, Ordering::SeqCst) {
            0 => panic!("plain"),
            1 => panic_any("any".to_owned()),
            2 => panic_any(DropBomb("payload")),
            3 => Err("no paper"),
            run => Ok(run),
        };
        let series = sched.add(Task::fallible(body).trigger(Trigger::recur(1))).unwrap();
        let other = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        for run in 0..6 {
            clock.advance(SECOND);
            assert_eq!(series.wait().wait().is_ok(), run > 3, "run {run}");
            assert!(other.wait().wait().is_ok(), "run {run}");
        }
        let failed = |status: &Status| *status == Status::Failed;
        let statuses: Vec<_> = sched.results(&series).iter().map(|it| it.status).collect();
        assert_eq!(statuses.iter().filter(|status| failed(status)).count(), 4, "{statuses:?}");
        assert_eq!(statuses.len(), 6);
    });
}

#[test]
fn an_argument_that_panics_when_cloned() {
    pools(|sched, _| {
        let argument = CloneBomb("no second one");
        let body = move || drop(argument.clone());
        let future = sched.add(Task::new(body)).unwrap().future();
        assert_eq!(panic_of(&future), "no second one");
    });
}

#[test]
fn a_captured_value_that_panics_when_dropped() {
    pools(|sched, _| {
        let bomb = DropBomb("captured");
        let body = move || {
            bomb.hold();
            "the function itself was fine"
        };
        let future = sched.add(Task::new(body)).unwrap().future();
        assert_eq!(panic_of(&future), "captured");
    });
}

#[test]
fn the_panic_of_the_function_is_told_rather_than_that_of_its_drop() {
    pools(|sched, _| {
        let bomb = DropBomb("captured");
        let body = move || {
            bomb.hold();
            panic!("the function");
        };
        let future: TaskFuture<()> = sched.add(Task::new(body)).unwrap().future();
        assert_eq!(panic_of(&future), "the function");
    });
}

#[test]
fn a_captured_value_goes_with_the_last_execution_of_its_series() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let bomb = DropBomb("captured");
        let body = move || bomb.hold();
        let series = sched.add(Task::new(body).trigger(Trigger::recur(1)).times(3)).unwrap();
        for _ in 0..2 {
            clock.advance(SECOND);
            assert!(series.wait().wait().is_ok());
        }
        clock.advance(SECOND);
        assert_eq!(panic_of(&series.wait()), "captured");
        assert!(sched.task(&series).is_none());
        assert_workers(&sched, 1);
    });
}

#[test]
fn cancelling_a_task_whose_captured_value_panics_when_dropped() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = Gate::new();

        // While it waits for its time: there is no execution that could have failed.
        let bomb = DropBomb("captured");
        let later = sched.delay(Trigger::once(60), 0, move || bomb.hold()).unwrap();
        let future = later.future();
        later.cancel().unwrap();
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));

        // While it runs: the value goes with the execution.
        let (bomb, held) = (DropBomb("captured"), gate.clone());
        let running = sched
            .delay(Trigger::once(0), 0, move || {
                bomb.hold();
                held.wait();
            })
            .unwrap();
        let future = running.future();
        gate.await_arrivals(1);
        running.cancel().unwrap();
        gate.open();
        assert_eq!(panic_of(&future), "captured");

        // While it is queued.
        let gate = Gate::new();
        let held = gate.clone();
        sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap();
        gate.await_arrivals(1);
        let bomb = DropBomb("captured");
        let queued = sched.delay(Trigger::once(0), 0, move || bomb.hold()).unwrap();
        let future = queued.future();
        assert!(future.cancel());
        gate.open();
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
        assert_workers(&sched, 1);
    });
}

#[test]
fn shutting_down_tasks_whose_captured_values_panic_when_dropped() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let handles: Vec<_> = (0..5)
            .map(|_| {
                let bomb = DropBomb("captured");
                sched.delay(Trigger::once(60), 0, move || bomb.hold()).unwrap()
            })
            .collect();
        sched.shutdown(true);
        for handle in handles {
            assert!(matches!(outcome(&handle.future()), Err(TaskError::Cancelled)));
        }
    });
}

#[test]
fn results_that_panic_when_dropped() {
    within(PATIENCE, || {
        // Those that fall out of the history, on a worker and on the scheduler's own thread.
        for history in [0, 1, 3] {
            let clock = pysched::ManualClock::new();
            let sched = Scheduler::builder()
                .executor(ThreadPoolExecutor::new(1))
                .named_executor("inline", InlineExecutor)
                .history(history)
                .clock(clock.clone())
                .build();
            sched.start().unwrap();
            // Nobody asks for these results, so they go off when they fall out.
            let runs = Arc::new(AtomicUsize::new(0));
            let task = || {
                let runs = Arc::clone(&runs);
                let body = move || {
                    runs.fetch_add(1, Ordering::SeqCst);
                    DropBomb("result")
                };
                Task::new(body).trigger(Trigger::recur(1))
            };
            sched.add(task()).unwrap();
            sched.add(task().executor("inline")).unwrap();
            let other = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
            for _ in 0..10 {
                clock.advance(SECOND);
                assert!(other.wait().wait().is_ok());
            }
            assert_eq!(runs.load(Ordering::SeqCst), 20);
            assert_workers(&sched, 1);
        }
    });
}

#[test]
fn a_task_ends_with_many_results_that_panic_when_dropped() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let count = Arc::new(AtomicUsize::new(0));
        let body = {
            let count = Arc::clone(&count);
            move || {
                count.fetch_add(1, Ordering::SeqCst);
                DropBomb("result")
            }
        };
        // Nobody holds the task: all of its results go at once, at its end or at its cancellation.
        let task = Task::new(body).trigger(Trigger::recur(1));
        drop(sched.add(task.clone().times(5)).unwrap());
        let cancelled = sched.add(task).unwrap().id();
        for _ in 0..5 {
            clock.advance(SECOND);
        }
        sched.cancel(cancelled).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 10);
        assert!(sched.tasks().is_empty());
        assert_workers(&sched, 1);
    });
}

#[test]
fn an_error_that_panics_when_dropped() {
    #[derive(Debug)]
    struct Heavy(#[expect(dead_code, reason = "only its drop counts")] DropBomb);

    impl fmt::Display for Heavy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("too heavy")
        }
    }

    impl StdError for Heavy {}

    pools(|sched, _| {
        let id = sched
            .add(Task::fallible(|| Err::<(), _>(Heavy(DropBomb("error")))))
            .map(|handle| {
                let text = outcome(&handle.future()).unwrap_err().to_string();
                assert_eq!(text, "the task failed: too heavy");
                // The value goes wherever the last reference does; not here.
                std::mem::forget(handle.future());
                handle.id()
            })
            .unwrap();
        let told = sched.results(id)[0].error.clone();
        assert_eq!(told.as_deref(), Some("the task failed: too heavy"));
    });
}

#[test]
fn an_error_that_panics_when_shown() {
    pools(|sched, _| {
        let handle = sched.add(Task::fallible(|| Err::<(), _>(DisplayBomb))).unwrap();
        let future = handle.future();
        assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));
        for execution in [future.execution(), sched.results(&handle)[0].clone()] {
            assert_eq!(execution.status, Status::Failed);
            let told = execution.error.unwrap();
            assert!(told.contains("nothing to see here"), "{told}");
        }
    });
}

#[test]
fn an_error_may_use_the_scheduler_when_it_is_shown() {
    #[derive(Debug)]
    struct Busy(Scheduler);

    impl fmt::Display for Busy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {} tasks", self.0.tasks().len())
        }
    }

    impl StdError for Busy {}

    pools(|sched, _| {
        let own = sched.clone();
        let body = move || Err::<(), _>(Busy(own.clone()));
        let handle = sched.add(Task::fallible(body)).unwrap();
        assert!(outcome(&handle.future()).is_err());
        let told = sched.results(&handle)[0].error.clone().unwrap();
        assert!(told.starts_with("the task failed: one of "), "{told}");
    });
}

#[test]
fn a_callback_that_panics_keeps_no_other_from_being_called() {
    pools(|sched, _| {
        let gate = Gate::new();
        let held = gate.clone();
        let future = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
        let called = Arc::new(Mutex::new(Vec::new()));
        for number in 0..4 {
            let called = Arc::clone(&called);
            future.on_done(move |_| {
                called.lock().unwrap().push(number);
                match number {
                    0 => panic!("callback"),
                    1 => panic_any(DropBomb("payload")),
                    _ => {}
                }
            });
        }
        let all = Gate::new();
        let last = all.clone();
        future.on_done(move |_| last.open());
        gate.open();
        all.wait();
        assert_eq!(*called.lock().unwrap(), [0, 1, 2, 3]);
        assert_eq!(outcome(&future).unwrap(), &());

        // On the caller's own thread, once the future is done.
        future.on_done(|_| panic!("late callback"));
    });
}

#[test]
fn a_callback_that_panics_on_cancellation() {
    pools(|sched, _| {
        let handle = sched.delay(Trigger::once(60), 0, || ()).unwrap();
        handle.future().on_done(|_| panic!("callback"));
        handle.cancel().unwrap();
        let future = sched.delay(Trigger::once(60), 0, || ()).unwrap().future();
        future.on_done(|_| panic!("callback"));
        assert!(future.cancel());
    });
}

#[test]
fn a_captured_value_of_a_callback_that_panics_when_dropped() {
    pools(|sched, _| {
        let gate = Gate::new();
        let held = gate.clone();
        let future = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
        let bomb = DropBomb("captured by a callback");
        future.on_done(move |_| bomb.hold());
        gate.open();
        assert!(outcome(&future).is_ok());
    });
}

/// A waker that panics, or one that opens a gate.
struct Alarm(Option<Gate>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        match &self.0 {
            None => panic!("the alarm is broken"),
            Some(gate) => gate.open(),
        }
    }
}

#[test]
fn a_waker_that_panics_keeps_no_other_from_being_woken() {
    pools(|sched, _| {
        let (gate, woken, called) = (Gate::new(), Gate::new(), Gate::new());
        let held = gate.clone();
        let future = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
        let (mut broken, mut sound) = (pin!(future.clone()), pin!(future.clone()));
        let broken_waker = Waker::from(Arc::new(Alarm(None)));
        let sound_waker = Waker::from(Arc::new(Alarm(Some(woken.clone()))));
        assert!(broken.as_mut().poll(&mut Context::from_waker(&broken_waker)).is_pending());
        assert!(sound.as_mut().poll(&mut Context::from_waker(&sound_waker)).is_pending());
        let last = called.clone();
        future.on_done(move |_| last.open());
        gate.open();
        woken.wait();
        called.wait();
        let polled = sound.as_mut().poll(&mut Context::from_waker(&sound_waker));
        assert!(matches!(polled, Poll::Ready(Ok(()))));
    });
}

#[test]
fn failures_on_the_schedulers_own_thread_do_not_stop_it() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let bomb = DropBomb("captured");
        let failures = [
            sched.delay(Trigger::once(1), 0, || panic!("plain")).unwrap(),
            sched.delay(Trigger::once(1), 0, || panic_any(DropBomb("payload"))).unwrap(),
            sched.delay(Trigger::once(1), 0, move || bomb.hold()).unwrap(),
            sched.add(Task::fallible(|| Err(DisplayBomb)).trigger(Trigger::once(1))).unwrap(),
        ];
        for failure in &failures {
            failure.future().on_done(|_| panic!("callback"));
        }
        let series = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        for _ in 0..3 {
            clock.advance(SECOND);
            assert!(series.wait().wait().is_ok());
        }
        assert!(failures.iter().all(|failure| failure.future().wait().is_err()));
    });
}
