//! Futures and handles: waiting, being called, awaiting, and cancelling before the start.

use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, SystemTime};

use pysched::{
    Error, Handle, InlineExecutor, ManualClock, Scheduler, Status, Task, TaskError, TaskFuture,
    Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, PATIENCE, by_hand, outcome, pool_by_hand};

const SECOND: Duration = Duration::from_secs(1);

/// A task that runs until the gate is opened, and has begun to.
fn held(sched: &Scheduler, gate: &Gate) -> Handle<i32> {
    let inner = gate.clone();
    let body = move || {
        inner.wait();
        7
    };
    let handle = sched.delay(Trigger::once(0), 0, body).unwrap();
    gate.await_arrivals(1);
    handle
}

/// A result that is not `Clone`.
#[derive(Debug, PartialEq)]
struct Unique(u32);

#[test]
fn many_threads_wait_for_one_result() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = Gate::new();
        let inner = gate.clone();
        let body = move || {
            inner.wait();
            Unique(7)
        };
        let future = sched.delay(Trigger::once(0), 0, body).unwrap().future();
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let future = future.clone();
                thread::spawn(move || {
                    let outcome = if number % 2 == 0 { future.wait() } else { outcome(&future) };
                    let result: *const Unique = outcome.unwrap();
                    result as usize
                })
            })
            .collect();
        gate.open();
        let found: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        // All of them see the one value, which is not copied.
        assert!(found.iter().all(|address| *address == found[0]));
        assert_eq!(future.wait().unwrap(), &Unique(7));
    });
}

#[test]
fn wait_timeout_gives_up_and_does_not_cancel() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = Gate::new();
        let future = held(&sched, &gate).future();
        assert!(future.wait_timeout(Duration::ZERO).is_none());
        assert!(future.wait_timeout(Duration::from_millis(2)).is_none());
        gate.open();
        assert_eq!(future.wait_timeout(Duration::MAX).unwrap().unwrap(), &7);
        assert_eq!(future.wait_timeout(Duration::ZERO).unwrap().unwrap(), &7);
    });
}

#[test]
fn a_future_tells_how_its_execution_stands() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let gate = Gate::new();
        let inner = gate.clone();
        let handle = sched.delay(Trigger::once(1), 0, move || inner.wait()).unwrap();
        let future = handle.future();
        let due = handle.next_run();

        let execution = future.execution();
        assert_eq!((execution.status, execution.task), (Status::Queued, handle.id()));
        assert_eq!((Some(execution.due), execution.started, execution.finished), (due, None, None));
        assert!(!future.running() && !future.done() && !future.cancelled());

        clock.advance(SECOND);
        gate.await_arrivals(1);
        let execution = future.execution();
        assert_eq!((execution.status, execution.started), (Status::Running, due));
        assert_eq!((execution.finished, execution.attempt), (None, 1));
        assert!(future.running() && !future.done() && !future.cancelled());
        assert!(!future.cancel(), "what runs is not cancelled");
        assert!(!future.cancelled());

        clock.advance(SECOND);
        gate.open();
        assert!(outcome(&future).is_ok());
        let execution = future.execution();
        assert_eq!(execution.status, Status::Succeeded);
        assert_eq!((execution.started, execution.error.clone()), (due, None));
        assert_eq!(execution.finished, due.map(|due| due + SECOND));
        assert!(!future.running() && future.done() && !future.cancelled());
        assert!(!future.cancel(), "what has run is not cancelled");
        assert_eq!(sched.results(&handle), [execution]);
    });
}

#[test]
fn callbacks_are_called_once_before_and_after_the_end() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = Gate::new();
        let future = held(&sched, &gate).future();
        let calls = Arc::new(Mutex::new(Vec::new()));
        let told = Gate::new();
        for number in 0..3 {
            let (calls, told) = (Arc::clone(&calls), told.clone());
            future.on_done(move |future| {
                assert!(future.done());
                let here = thread::current().name().map(str::to_owned);
                calls.lock().unwrap().push((number, *future.wait().unwrap(), here));
                if number == 2 {
                    told.open();
                }
            });
        }
        assert!(calls.lock().unwrap().is_empty(), "not before the end");
        gate.open();
        told.wait();
        let worker = Some("pysched-pool-0".to_owned());
        let expected: Vec<_> = (0..3).map(|number| (number, 7, worker.clone())).collect();
        assert_eq!(*calls.lock().unwrap(), expected);

        // From now on at once, on this thread.
        let here = thread::current().id();
        let late = Arc::clone(&calls);
        future.on_done(move |_| {
            assert_eq!(thread::current().id(), here);
            late.lock().unwrap().clear();
        });
        assert!(calls.lock().unwrap().is_empty());
    });
}

#[test]
fn callbacks_see_a_scheduler_that_is_up_to_date() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = Gate::new();
        let handle = held(&sched, &gate);
        let (own, seen) = (sched.clone(), Arc::new(Mutex::new(None)));
        let (id, told, found) = (handle.id(), Gate::new(), Arc::clone(&seen));
        let done = told.clone();
        handle.future().on_done(move |_| {
            *found.lock().unwrap() = Some((own.task(id).is_none(), own.results(id)[0].status));
            own.delay(Trigger::once(0), 0, move || done.open()).unwrap();
        });
        gate.open();
        told.wait();
        assert_eq!(*seen.lock().unwrap(), Some((true, Status::Succeeded)));
    });
}

#[test]
fn tasks_use_futures() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(2);
        let own = sched.clone();
        let called = Gate::new();
        let open = called.clone();
        let outer = sched
            .delay(Trigger::once(0), 0, move || {
                let other = own.delay(Trigger::once(0), 0, || 6).unwrap();
                let future = other.future();
                let open = open.clone();
                future.on_done(move |_| open.open());
                let never = own.delay(Trigger::once(60), 0, || ()).unwrap().future();
                assert!(never.cancel());
                *future.wait().unwrap() * 7
            })
            .unwrap();
        assert_eq!(outcome(&outer.future()).unwrap(), &42);
        called.wait();
    });
}

#[test]
fn a_task_may_ask_for_its_own_future() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let own: Arc<Mutex<Option<Handle<bool>>>> = Arc::default();
        let (inner, told) = (Arc::clone(&own), Gate::new());
        let done = told.clone();
        let gate = Gate::new();
        let ready = gate.clone();
        let body = move || {
            ready.wait();
            let future = inner.lock().unwrap().as_ref().unwrap().future();
            let done = done.clone();
            future.on_done(move |_| done.open());
            future.running() && !future.cancel() && future.wait_timeout(Duration::ZERO).is_none()
        };
        let handle = sched.delay(Trigger::once(0), 0, body).unwrap();
        let future = handle.future();
        *own.lock().unwrap() = Some(handle);
        gate.open();
        assert_eq!(outcome(&future).unwrap(), &true);
        told.wait();
        own.lock().unwrap().take();
    });
}

#[test]
fn cancelling_before_the_start() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let gate = Gate::new();
        held(&sched, &gate);
        let ran = Arc::new(AtomicUsize::new(0));
        let task = |delay| {
            let ran = Arc::clone(&ran);
            let body = move || ran.fetch_add(1, Ordering::SeqCst);
            sched.delay(Trigger::once(delay), 0, body).unwrap()
        };
        // One waits for its time, the other for a worker.
        for handle in [task(1), task(0)] {
            let future = handle.future();
            let calls = Arc::new(AtomicUsize::new(0));
            let called = Arc::clone(&calls);
            future.on_done(move |_| {
                called.fetch_add(1, Ordering::SeqCst);
            });
            assert!(future.cancel());
            assert_eq!(calls.load(Ordering::SeqCst), 1, "told at once");
            assert!(future.cancel(), "still true");
            assert!(future.cancelled() && future.done() && !future.running());
            assert!(matches!(future.wait(), Err(TaskError::Cancelled)));
            assert!(matches!(handle.wait().wait(), Err(TaskError::Cancelled)));
            let execution = future.execution();
            assert_eq!((execution.status, execution.started), (Status::Cancelled, None));
            assert!(execution.finished.is_some() && execution.error.is_none());
            assert_eq!(sched.results(&handle), [execution]);
            assert!(sched.task(&handle).is_none(), "it was the only run");
            assert!(matches!(handle.cancel(), Err(Error::UnknownTask(_))));
        }
        gate.open();
        clock.advance(2 * SECOND);
        sched.shutdown(true);
        assert_eq!(ran.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn cancelling_one_execution_of_a_series() {
    within(PATIENCE, || {
        for trigger in [Trigger::recur(1), Trigger::recur_after(1)] {
            let (sched, clock) = by_hand();
            let run = AtomicUsize::new(0);
            let body = move || run.fetch_add(1, Ordering::SeqCst);
            let handle = sched.delay(trigger, 0, body).unwrap();
            clock.advance(SECOND);
            assert!(handle.future().cancel());
            for _ in 0..3 {
                clock.advance(SECOND);
            }
            let futures = handle.futures();
            let results: Vec<_> = futures.iter().map(|it| it.wait().copied().ok()).collect();
            assert_eq!(results[..3], [Some(0), None, Some(1)]);
        }
    });
}

#[test]
fn cancelling_an_execution_of_a_series_that_waits_for_a_worker() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let gate = Gate::new();
        let run = AtomicUsize::new(0);
        let body = move || run.fetch_add(1, Ordering::SeqCst);
        let handle = sched.delay(Trigger::recur(1), 0, body).unwrap();
        let blocking = held(&sched, &gate).future();
        clock.advance(SECOND);
        let queued = handle.future();
        assert!(queued.cancel());
        gate.open();
        assert!(outcome(&blocking).is_ok());
        clock.advance(SECOND);
        assert!(matches!(handle.wait().wait(), Err(TaskError::Cancelled)));
        assert_eq!(handle.wait().wait().unwrap(), &0, "the cancelled one has not run");
    });
}

#[test]
fn cancelling_from_many_threads() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(2);
        for _ in 0..200 {
            let ran = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&ran);
            let body = move || count.fetch_add(1, Ordering::SeqCst);
            let future = sched.delay(Trigger::once(1), 0, body).unwrap().future();
            let cancellers = [(); 3].map(|()| {
                let future = future.clone();
                thread::spawn(move || future.cancel())
            });
            clock.advance(SECOND);
            let said = cancellers.map(|canceller| canceller.join().unwrap());
            let cancelled = matches!(outcome(&future), Err(TaskError::Cancelled));
            assert_eq!(said, [cancelled; 3], "all are told the same");
            assert_eq!(ran.load(Ordering::SeqCst), usize::from(!cancelled));
        }
    });
}

/// A waker that unparks a thread, and counts.
struct Unpark(Thread, AtomicUsize);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.unpark();
    }
}

fn unpark_here() -> Arc<Unpark> {
    Arc::new(Unpark(thread::current(), AtomicUsize::new(0)))
}

/// The simplest executor there is.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(unpark_here());
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park_timeout(PATIENCE),
        }
    }
}

#[test]
fn futures_can_be_awaited() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(2);
        let gate = Gate::new();
        let future = held(&sched, &gate).future();
        let failing = sched.add(Task::fallible(|| Err::<(), _>("no paper"))).unwrap().future();
        let later = sched.delay(Trigger::once(1), 0, || 5).unwrap().future();
        let cancelled = sched.delay(Trigger::once(60), 0, || ()).unwrap().future();
        let threads = [(); 3].map(|()| {
            let (future, later) = (future.clone(), later.clone());
            thread::spawn(move || {
                block_on(async move { future.await.unwrap() + later.await.unwrap() })
            })
        });
        gate.open();
        clock.advance(SECOND);
        assert_eq!(threads.map(|thread| thread.join().unwrap()), [12; 3]);
        assert_eq!(block_on(future).unwrap(), 7, "also when it is done");
        assert_eq!(block_on(failing).unwrap_err().to_string(), "the task failed: no paper");
        assert!(cancelled.cancel());
        assert!(matches!(block_on(cancelled), Err(TaskError::Cancelled)));
    });
}

fn poll<F: Future + Unpin>(future: &mut F, waker: &Arc<Unpark>) -> Poll<F::Output> {
    let waker = Waker::from(Arc::clone(waker));
    Pin::new(future).poll(&mut Context::from_waker(&waker))
}

#[test]
fn the_latest_waker_of_each_clone_is_woken_and_no_other_kept() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = Gate::new();
        let mut future = held(&sched, &gate).future();
        let (early, late, other, gone) =
            (unpark_here(), unpark_here(), unpark_here(), unpark_here());
        // One future polled again and again, as in a `select!` in a loop.
        for _ in 0..1000 {
            assert!(poll(&mut future, &early).is_pending());
        }
        assert_eq!(Arc::strong_count(&early), 2, "kept once, whatever the number of polls");
        assert!(poll(&mut future, &late).is_pending());
        assert_eq!(Arc::strong_count(&early), 1, "replaced");
        // Clones have wakers of their own, and take them along when they go.
        let mut clone = future.clone();
        assert!(poll(&mut clone, &other).is_pending());
        for _ in 0..1000 {
            let mut clone = future.clone();
            assert!(poll(&mut clone, &gone).is_pending());
        }
        assert_eq!(Arc::strong_count(&gone), 1, "forgotten");
        let told = Gate::new();
        let last = told.clone();
        future.on_done(move |_| last.open());
        gate.open();
        told.wait();
        let woken = [&early, &late, &other, &gone].map(|it| it.1.load(Ordering::SeqCst));
        assert_eq!(woken, [0, 1, 1, 0]);
        assert!(matches!(poll(&mut future, &early), Poll::Ready(Ok(7))));
        assert!(matches!(poll(&mut clone, &early), Poll::Ready(Ok(7))));
        let held = [&early, &late, &other].map(Arc::strong_count);
        assert_eq!(held, [1; 3], "nothing is kept of what is done");
    });
}

#[test]
fn a_handle_waits_for_one_execution_after_the_other() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let run = AtomicUsize::new(0);
        let body = move || run.fetch_add(1, Ordering::SeqCst);
        let handle = sched.add(Task::new(body).trigger(Trigger::recur(1)).times(4)).unwrap();
        clock.advance(SECOND);
        clock.advance(SECOND);
        let next = |handle: &Handle<usize>| *handle.wait().wait().unwrap();
        assert_eq!([next(&handle), next(&handle)], [0, 1], "none is passed over");
        // Clones count for themselves, from where the original stood.
        let clone = handle.clone();
        let waiter = thread::spawn(move || [next(&clone), next(&clone)]);
        clock.advance(SECOND);
        clock.advance(SECOND);
        assert_eq!(waiter.join().unwrap(), [2, 3]);
        assert_eq!([next(&handle), next(&handle)], [2, 3]);
        // The task is finished: the last is returned again, at once.
        assert_eq!([next(&handle), next(&handle)], [3, 3]);
        assert_eq!(next(&handle.clone()), 3);
    });
}

#[test]
fn each_thread_that_waits_on_a_handle_gets_another_execution() {
    within(PATIENCE, || {
        let (sched, clock) = by_hand();
        let run = AtomicUsize::new(0);
        let body = move || run.fetch_add(1, Ordering::SeqCst);
        let handle = Arc::new(sched.delay(Trigger::recur(1), 0, body).unwrap());
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let handle = Arc::clone(&handle);
                thread::spawn(move || [(); 4].map(|()| *handle.wait().wait().unwrap()))
            })
            .collect();
        // No more than are retained, in case that a thread begins late.
        for _ in 0..32 {
            clock.advance(SECOND);
        }
        let mut seen: Vec<_> =
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..32).collect::<Vec<_>>());
    });
}

#[test]
fn those_who_wait_on_a_handle_are_told_of_its_end() {
    within(PATIENCE, || {
        let end: [fn(&Scheduler, &Handle<()>); 3] = [
            |_, handle| handle.cancel().unwrap(),
            |sched, _| sched.shutdown(true),
            |sched, _| sched.shutdown(false),
        ];
        for end in end {
            let (sched, _clock) = pool_by_hand(1);
            let handle = sched.delay(Trigger::recur(60), 0, || ()).unwrap();
            let waiters = [(); 3].map(|()| {
                let handle = handle.clone();
                thread::spawn(move || handle.wait().cancelled())
            });
            end(&sched, &handle);
            assert_eq!(waiters.map(|waiter| waiter.join().unwrap()), [true; 3]);
        }
    });
}

#[test]
fn a_handle_waits_even_if_no_history_is_kept() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let sched =
            Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).history(0).build();
        sched.start().unwrap();
        let handle = sched.delay(Trigger::recur(1), 0, || 7).unwrap();
        for _ in 0..3 {
            clock.advance(SECOND);
            assert_eq!(handle.wait().wait().unwrap(), &7);
        }
        assert!(handle.futures().is_empty() && sched.results(&handle).is_empty());
    });
}

#[test]
fn the_future_of_a_handle_is_that_of_the_execution_that_runs_or_comes_next() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let gate = Gate::new();
        let (inner, run) = (gate.clone(), AtomicUsize::new(0));
        let body = move || {
            let run = run.fetch_add(1, Ordering::SeqCst);
            if run == 1 {
                inner.wait();
            }
            run
        };
        let task = Task::new(body).trigger(Trigger::recur(1)).times(3);
        let handle = sched.add(task).unwrap();
        let first = handle.future();
        assert!(!first.done());
        clock.advance(SECOND);
        assert_eq!(outcome(&first).unwrap(), &0);

        let next = handle.future();
        assert!(!next.done(), "the one that comes next");
        assert_eq!(next.execution().due, handle.next_run().unwrap());
        clock.advance(SECOND);
        gate.await_arrivals(1);
        assert!(next.running() && handle.future().running(), "the one that runs");
        gate.open();
        assert_eq!(outcome(&next).unwrap(), &1);

        let last = handle.future();
        clock.advance(SECOND);
        assert_eq!(outcome(&last).unwrap(), &2);
        assert_eq!(handle.future().wait().unwrap(), &2, "the last");
        let all: Vec<_> = handle.futures().iter().map(|it| *it.wait().unwrap()).collect();
        assert_eq!(all, [0, 1, 2]);
    });
}

#[test]
fn asking_for_futures_does_not_keep_them() {
    within(PATIENCE, || {
        let clock = ManualClock::new();
        let sched =
            Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).history(2).build();
        sched.start().unwrap();
        let value = Arc::new(());
        let result = Arc::clone(&value);
        let handle = sched.delay(Trigger::recur(1), 0, move || Arc::clone(&result)).unwrap();
        for _ in 0..10 {
            let future = handle.future();
            clock.advance(SECOND);
            assert!(future.wait().is_ok());
        }
        // This one, the function's, and two that are retained.
        assert_eq!(Arc::strong_count(&value), 4);
        assert_eq!(handle.futures().len(), 2);
    });
}

#[test]
fn futures_outlive_their_scheduler() {
    within(PATIENCE, || {
        let (sched, clock) = pool_by_hand(1);
        let gate = Gate::new();
        let done = sched.delay(Trigger::once(0), 0, || Unique(1)).unwrap();
        assert!(outcome(&done.future()).is_ok());
        let running = held(&sched, &gate);
        let queued = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        let pending = sched.delay(Trigger::once(60), 0, || ()).unwrap();
        let [queued, pending] = [queued.future(), pending.future()];
        let (running, done) = (running.future(), done.future());
        drop((sched, clock));
        for future in [&queued, &pending] {
            assert!(matches!(outcome(future), Err(TaskError::Cancelled)));
            assert!(future.cancel() && future.cancelled());
        }
        assert!(!running.cancel() && running.running());
        gate.open();
        assert_eq!(outcome(&running).unwrap(), &7, "it finishes unattended");
        assert_eq!(done.wait().unwrap(), &Unique(1));
    });
}

#[test]
fn futures_of_a_scheduler_that_never_started() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        let handle = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        let [one, other] = [handle.future(), handle.future()];
        assert!(one.cancel());
        assert!(other.cancelled());
        let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        let future: TaskFuture<()> = handle.future();
        let before = SystemTime::now();
        drop(sched);
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
        assert!(future.execution().due >= before - SECOND);
        assert!(matches!(handle.wait().wait(), Err(TaskError::Cancelled)));
    });
}
