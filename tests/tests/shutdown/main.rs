//! Shutting down: nobody hangs, and every future ends.

mod dropping;
mod full_executor;
mod inside;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use pysched::{
    Clock, Error, Executor, Handle, InlineExecutor, Job, Parker, Rejected, Scheduler, Status,
    SystemClock, Task, TaskFuture, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::{DropBomb, OneAtATime, OpenOnDrop, within};
use pysched_tests::{
    Gate, PATIENCE, assert_closed, await_offers, is_cancelled, offering, outcome, pool_by_hand,
};

/// The ways to shut down that wait or may wait.
const WAYS: [fn(&Scheduler); 3] = [
    |sched| sched.shutdown(true),
    |sched| sched.shutdown(false),
    |sched| drop(sched.shutdown_timeout(PATIENCE)),
];

/// A scheduler with a pool of one, whose worker is busy until the gate is opened.
fn busy() -> (Scheduler, Gate, TaskFuture<()>) {
    let sched = offering(ThreadPoolExecutor::new(1));
    let gate = Gate::new();
    let held = gate.clone();
    let running = sched.add(Task::new(move || held.wait()).name("running")).unwrap().future();
    gate.await_arrivals(1);
    (sched, gate, running)
}

fn add(sched: &Scheduler, delay: i32) -> TaskFuture<i32> {
    sched.delay(Trigger::once(delay), 0, move || delay).unwrap().future()
}

/// Begins a shutdown that waits, on a thread of its own; returns when nothing more is fired.
fn begin_shutdown(sched: &Scheduler) -> thread::JoinHandle<()> {
    let sentinel = add(sched, 60);
    let closer = thread::spawn({
        let sched = sched.clone();
        move || sched.shutdown(true)
    });
    assert!(is_cancelled(&sentinel));
    closer
}

#[test]
fn with_waiting_what_is_queued_or_running_is_finished() {
    within(PATIENCE, || {
        let (sched, gate, running) = busy();
        let queued: Vec<_> = (0..10).map(|_| add(&sched, 0)).collect();
        let pending = [add(&sched, 60), sched.delay(Trigger::recur(60), 0, || 0).unwrap().future()];
        let after = add(&sched, 0);
        await_offers(&sched);
        let closer = thread::spawn({
            let (sched, running, queued) = (sched.clone(), running.clone(), queued.clone());
            move || {
                sched.shutdown(true);
                assert!(running.done() && queued.iter().all(TaskFuture::done));
                assert_closed(&sched);
            }
        });
        for future in &pending {
            assert!(is_cancelled(future), "cancelled at once, whoever waits for the others");
        }
        assert!(!running.done() && !after.done());
        assert_closed(&sched);
        gate.open();
        closer.join().unwrap();
        assert!(queued.iter().all(|future| future.wait().is_ok()));
        assert!(after.wait().is_ok() && running.wait().is_ok());
        assert!(sched.tasks().is_empty());
    });
}

/// Whether the heart has come to look at a task or not: if it is due when the call comes, it runs.
#[test]
fn what_is_due_by_now_is_run_and_what_is_not_is_cancelled() {
    within(PATIENCE, || {
        for _ in 0..200 {
            let sched = Scheduler::new();
            sched.start().unwrap();
            let due: Vec<_> = (0..20).map(|_| add(&sched, 0)).collect();
            let later = add(&sched, 60);
            sched.shutdown(true);
            assert!(due.iter().all(|future| future.wait().is_ok()));
            assert!(is_cancelled(&later));
        }
    });
}

#[test]
fn without_waiting_what_is_queued_is_cancelled() {
    within(PATIENCE, || {
        let (sched, gate, running) = busy();
        let _open = OpenOnDrop(gate.clone());
        let queued: Vec<_> = (0..10).map(|_| add(&sched, 0)).collect();
        let pending = add(&sched, 60);
        sched.shutdown(false);
        assert_closed(&sched);
        // When it returns, which is at once, all of these are done.
        assert!(pending.done() && queued.iter().all(TaskFuture::done));
        assert!(is_cancelled(&pending) && queued.iter().all(is_cancelled));
        assert!(running.running());
        gate.open();
        assert!(outcome(&running).is_ok(), "what runs finishes unattended");
        sched.shutdown(true);
    });
}

#[test]
fn before_the_start() {
    within(PATIENCE, || {
        for wait in [true, false] {
            let sched = Scheduler::new();
            let futures = [add(&sched, 0), add(&sched, 60)];
            assert!(sched.stopped());
            sched.shutdown(wait);
            assert!(futures.iter().all(is_cancelled));
            assert_closed(&sched);
            sched.shutdown(wait);
        }
        let sched = Scheduler::new();
        let future = add(&sched, 0);
        assert!(sched.shutdown_timeout(Duration::ZERO).is_ok());
        assert!(is_cancelled(&future));
        assert_closed(&sched);
    });
}

#[test]
fn twice_in_any_combination() {
    within(PATIENCE, || {
        for first in [true, false] {
            for second in [true, false] {
                let (sched, _clock) = pool_by_hand(1);
                let future = add(&sched, 0);
                sched.shutdown(first);
                assert!(outcome(&future).is_ok() || is_cancelled(&future));
                sched.shutdown(second);
                assert!(sched.shutdown_timeout(Duration::ZERO).is_ok());
                assert_closed(&sched);
            }
        }
    });
}

#[test]
fn the_second_may_be_more_urgent() {
    within(PATIENCE, || {
        let (sched, gate, running) = busy();
        let _open = OpenOnDrop(gate.clone());
        let queued = add(&sched, 0);
        let sentinel = add(&sched, 60);
        let patient = thread::spawn({
            let sched = sched.clone();
            move || sched.shutdown(true)
        });
        assert!(is_cancelled(&sentinel));
        sched.shutdown(false);
        assert!(is_cancelled(&queued));
        assert!(!patient.is_finished(), "there is one that runs");
        gate.open();
        patient.join().unwrap();
        assert!(running.wait().is_ok());
    });
}

#[test]
fn from_many_threads_at_once() {
    within(PATIENCE, || {
        for round in 0..20 {
            let (sched, gate, running) = busy();
            let queued: Vec<_> = (0..10).map(|_| add(&sched, 0)).collect();
            let together = Arc::new(Barrier::new(17));
            let closers: Vec<_> = (0..16)
                .map(|number| {
                    let (sched, together) = (sched.clone(), Arc::clone(&together));
                    thread::spawn(move || {
                        together.wait();
                        match (round + number) % 4 {
                            0 if round % 2 == 0 => sched.shutdown(false),
                            1 => drop(sched.shutdown_timeout(PATIENCE)),
                            _ => sched.shutdown(true),
                        }
                    })
                })
                .collect();
            together.wait();
            gate.open();
            for closer in closers {
                closer.join().unwrap();
            }
            assert!(outcome(&running).is_ok());
            for future in &queued {
                assert!(outcome(future).is_ok() || is_cancelled(future));
            }
            assert_closed(&sched);
        }
    });
}

#[test]
fn while_a_future_is_being_cancelled() {
    /// A clock that keeps whoever calls it while the gate is shut.
    struct Slow(SystemClock, Arc<Mutex<Option<(thread::ThreadId, Gate)>>>);

    impl Clock for Slow {
        fn now(&self) -> Duration {
            let held = self.1.lock().unwrap().clone();
            if let Some((thread, gate)) = held
                && thread == thread::current().id()
            {
                gate.wait();
            }
            self.0.now()
        }

        fn wall(&self) -> std::time::SystemTime {
            self.0.wall()
        }

        fn wait(&self, parker: &Parker, until: Option<Duration>) {
            self.0.wait(parker, until);
        }
    }

    within(PATIENCE, || {
        let held = Arc::default();
        let clock = Slow(SystemClock::new(), Arc::clone(&held));
        let sched = Scheduler::builder().clock(clock).build();
        sched.start().unwrap();
        let future = add(&sched, 60);
        let gate = Gate::new();
        let canceller = thread::spawn({
            let (future, gate) = (future.clone(), gate.clone());
            move || {
                *held.lock().unwrap() = Some((thread::current().id(), gate));
                future.cancel()
            }
        });
        gate.await_arrivals(1);
        sched.shutdown(true);
        assert!(future.done());
        assert!(sched.tasks().is_empty());
        gate.open();
        assert!(canceller.join().unwrap(), "it will never run");
        assert!(is_cancelled(&future));
    });
}

#[test]
fn everything_is_told_when_it_returns() {
    within(PATIENCE, || {
        // The pool is not its own, so that it is not the end of a worker that it waits for.
        let pool = Arc::new(ThreadPoolExecutor::new(1));
        let sched = Scheduler::builder().executor(Arc::clone(&pool)).build();
        sched.start().unwrap();
        let gate = Gate::new();
        let held = gate.clone();
        let running = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
        gate.await_arrivals(1);
        let told = Arc::new(AtomicUsize::new(0));
        for future in [&running, &sched.delay(Trigger::once(60), 0, || ()).unwrap().future()] {
            let told = Arc::clone(&told);
            future.on_done(move |_| {
                // Long enough for a shutdown that does not wait for it to return before.
                thread::sleep(Duration::from_millis(20));
                told.fetch_add(1, Ordering::SeqCst);
            });
        }
        gate.open();
        sched.shutdown(true);
        assert_eq!(told.load(Ordering::SeqCst), 2);
    });
}

#[test]
fn ten_thousand_queued_executions_are_run_or_cancelled() {
    within(PATIENCE, || {
        for wait in [true, false] {
            let (sched, gate, _) = busy();
            let ran = Arc::new(AtomicUsize::new(0));
            let futures: Vec<_> = (0..10_000)
                .map(|_| {
                    let ran = Arc::clone(&ran);
                    let body = move || ran.fetch_add(1, Ordering::SeqCst);
                    sched.delay(Trigger::once(0), 0, body).unwrap().future()
                })
                .collect();
            await_offers(&sched);
            if wait {
                let opener = thread::spawn(move || gate.open());
                sched.shutdown(true);
                opener.join().unwrap();
            } else {
                sched.shutdown(false);
                gate.open();
            }
            assert!(futures.iter().all(TaskFuture::done), "when it returns");
            let succeeded = futures.iter().filter(|future| future.wait().is_ok()).count();
            assert_eq!(succeeded, if wait { 10_000 } else { 0 });
            sched.shutdown(true);
            assert_eq!(ran.load(Ordering::SeqCst), succeeded);
        }
    });
}

#[test]
fn while_twenty_threads_add() {
    within(PATIENCE, || {
        for round in 0..6 {
            let (sched, _clock) = pool_by_hand(2);
            let begun = Arc::new(Barrier::new(21));
            let adders: Vec<_> = (0..20)
                .map(|_| {
                    let (sched, begun) = (sched.clone(), Arc::clone(&begun));
                    thread::spawn(move || {
                        let mut futures = Vec::new();
                        for delay in [0, 0, 60].into_iter().cycle() {
                            match sched.delay(Trigger::once(delay), 0, || ()) {
                                Ok(handle) => futures.push(handle.future()),
                                Err(Error::Shutdown) => return futures,
                                Err(error) => panic!("{error}"),
                            }
                            if futures.len() == 1 {
                                begun.wait();
                            }
                            thread::yield_now();
                        }
                        unreachable!("the scheduler is shut down meanwhile")
                    })
                })
                .collect();
            begun.wait();
            sched.shutdown(round % 2 == 0);
            let futures = adders.into_iter().flat_map(|adder| adder.join().unwrap());
            for future in futures {
                assert!(outcome(&future).is_ok() || is_cancelled(&future));
            }
            assert!(sched.tasks().is_empty());
        }
    });
}

#[test]
fn tasks_that_add_while_it_drains_are_refused() {
    within(PATIENCE, || {
        let (sched, gate, _) = busy();
        let own = sched.clone();
        let adding = sched
            .delay(Trigger::once(0), 0, move || own.delay(Trigger::once(0), 0, || ()).is_err())
            .unwrap()
            .future();
        await_offers(&sched);
        let closer = begin_shutdown(&sched);
        gate.open();
        closer.join().unwrap();
        assert_eq!(adding.wait().unwrap(), &true);
    });
}

#[test]
fn a_series_ends_with_the_execution_that_runs() {
    within(PATIENCE, || {
        for trigger in [Trigger::recur(0.001), Trigger::recur_after(0.001)] {
            let sched = Scheduler::new();
            sched.start().unwrap();
            let gate = Gate::new();
            let held = gate.clone();
            let handle = sched.delay(trigger, 0, move || held.wait()).unwrap();
            gate.await_arrivals(1);
            let running = handle.future();
            let closer = begin_shutdown(&sched);
            gate.open();
            closer.join().unwrap();
            assert!(running.wait().is_ok());
            assert!(sched.task(&handle).is_none());
            let after = sched.results(&handle);
            assert!(after.iter().all(|execution| execution.status.is_final()), "{after:#?}");
        }
    });
}

#[test]
fn a_limit_that_is_long_enough() {
    within(PATIENCE, || {
        for limit in [PATIENCE, Duration::MAX] {
            let (sched, gate, running) = busy();
            let queued = add(&sched, 0);
            gate.open();
            sched.shutdown_timeout(limit).unwrap();
            assert!(running.wait().is_ok());
            assert!(queued.done());
            assert_closed(&sched);
        }
    });
}

#[test]
fn a_limit_that_is_too_short_tells_what_was_left() {
    within(PATIENCE, || {
        for limit in [Duration::ZERO, Duration::from_millis(5)] {
            let (sched, gate, running) = busy();
            let _open = OpenOnDrop(gate.clone());
            let queued = sched.add(Task::new(|| ()).name("queued")).unwrap();
            let nameless = sched.add(Task::new(|| ())).unwrap();
            await_offers(&sched);
            let begun = Instant::now();
            let unfinished = sched.shutdown_timeout(limit).unwrap_err();
            assert!(begun.elapsed() >= limit);
            let found: Vec<_> = unfinished
                .executions
                .iter()
                .map(|left| (left.name.as_deref(), left.execution.status))
                .collect();
            let expected = [
                (Some("running"), Status::Running),
                (Some("queued"), Status::Queued),
                (None, Status::Queued),
            ];
            assert_eq!(found, expected);
            assert_eq!(unfinished.executions[2].execution.task, nameless.id());
            assert_eq!(
                unfinished.to_string(),
                format!(
                    "the scheduler was shut down with 3 unfinished executions: \"running\" \
                     (running), \"queued\" (queued), task {} (queued)",
                    nameless.id()
                )
            );
            assert!(is_cancelled(&queued.future()) && is_cancelled(&nameless.future()));
            gate.open();
            assert!(outcome(&running).is_ok());
            sched.shutdown(true);
        }
    });
}

#[test]
fn on_the_schedulers_own_thread_what_is_queued_is_finished() {
    within(PATIENCE, || {
        let sched = Scheduler::builder().executor(InlineExecutor).build();
        let gate = Gate::new();
        let held = gate.clone();
        let running = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
        let queued: Vec<_> = (0..100).map(|_| add(&sched, 0)).collect();
        sched.start().unwrap();
        gate.await_arrivals(1);
        let (late, pending) = (add(&sched, 0), add(&sched, 60));
        let closer = thread::spawn({
            let sched = sched.clone();
            move || sched.shutdown(true)
        });
        assert!(is_cancelled(&pending), "at once, while the scheduler's thread is busy");
        gate.open();
        closer.join().unwrap();
        assert!(running.wait().is_ok() && queued.iter().all(|future| future.wait().is_ok()));
        assert!(late.wait().is_ok(), "it was due, though the scheduler had not come to it");
    });
}

#[test]
fn start_is_idempotent_until_then() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        let starters = [(); 4].map(|()| {
            let sched = sched.clone();
            thread::spawn(move || sched.start())
        });
        assert!(starters.map(|starter| starter.join().unwrap()).iter().all(Result::is_ok));
        assert!(!sched.stopped());
        assert_eq!(outcome(&add(&sched, 0)).unwrap(), &0);
        sched.shutdown(true);
        assert_closed(&sched);
    });
}

#[test]
fn while_others_start_and_cancel() {
    within(PATIENCE, || {
        for round in 0..100 {
            let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
            let handles: Vec<_> =
                (0..10).map(|_| sched.delay(Trigger::recur(0.0001), 0, || ()).unwrap()).collect();
            let futures: Vec<_> = handles.iter().map(Handle::future).collect();
            let together = Arc::new(Barrier::new(3));
            let starter = thread::spawn({
                let (sched, together) = (sched.clone(), Arc::clone(&together));
                move || {
                    together.wait();
                    matches!(sched.start(), Ok(()) | Err(Error::Shutdown))
                }
            });
            let canceller = thread::spawn({
                let together = Arc::clone(&together);
                move || {
                    together.wait();
                    handles.iter().filter(|handle| handle.cancel().is_ok()).count()
                }
            });
            together.wait();
            sched.shutdown(round % 2 == 0);
            assert!(starter.join().unwrap());
            canceller.join().unwrap();
            assert!(futures.iter().all(|future| outcome(future).is_ok() || is_cancelled(future)));
            assert_closed(&sched);
            // What ran when nobody waited for it has ended then.
            sched.shutdown(true);
            assert!(sched.tasks().is_empty());
        }
    });
}
