//! Cancelling races with firing: each run is run or cancelled, never both.

use super::*;

/// Lets bursts of one-shots become due while two threads cancel them, and checks that each has
/// run or was cancelled, and that everyone agrees which.
fn race(cancel: impl Fn(&Scheduler, &Handle<()>) -> bool + Sync, workers: usize) {
    const ROUNDS: usize = 100;
    const BURST: usize = 100;
    let (sched, clock) = pool_by_hand(workers);
    for round in 0..ROUNDS {
        let runs: Arc<Vec<_>> = Arc::new((0..BURST).map(|_| AtomicUsize::new(0)).collect());
        let handles: Vec<_> = (0..BURST)
            .map(|number| {
                let runs = Arc::clone(&runs);
                let task = move || {
                    runs[number].fetch_add(1, Ordering::SeqCst);
                };
                sched.delay(Trigger::once(1), 0, task).unwrap()
            })
            .collect();
        let futures: Vec<_> = handles.iter().map(Handle::future).collect();
        let start = Barrier::new(3);
        let cancelled: Vec<_> = thread::scope(|scope| {
            let cancel_all = |from_behind: bool| {
                let (sched, handles, start, cancel) = (&sched, &handles, &start, &cancel);
                move || {
                    start.wait();
                    let mut cancelled = vec![false; BURST];
                    for step in 0..BURST {
                        let number = if from_behind { BURST - 1 - step } else { step };
                        cancelled[number] = cancel(sched, &handles[number]);
                    }
                    cancelled
                }
            };
            // One begins where the workers do, the other at the far end.
            let threads = [true, round % 2 == 0].map(|it| scope.spawn(cancel_all(it)));
            start.wait();
            clock.advance(secs(1));
            let [one, other] = threads.map(|thread| thread.join().unwrap());
            one.into_iter().zip(other).map(|(one, other)| one || other).collect()
        });
        for (number, future) in futures.iter().enumerate() {
            let outcome = outcome(future);
            let ran = runs[number].load(Ordering::SeqCst);
            match outcome {
                Ok(()) => assert_eq!(ran, 1),
                Err(TaskError::Cancelled) => {
                    assert_eq!(ran, 0);
                    assert!(cancelled[number], "nobody else would");
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!(sched.results(&handles[number]), [future.execution()]);
        }
        assert!(sched.tasks().is_empty());
    }
    sched.shutdown(true);
}

#[test]
fn by_handle_or_scheduler() {
    for workers in [1, 2] {
        race(
            |sched, handle| match sched.cancel(handle) {
                Ok(()) => true,
                Err(Error::UnknownTask(id)) => {
                    assert_eq!(id, handle.id());
                    false
                }
                Err(error) => panic!("{error}"),
            },
            workers,
        );
    }
}

#[test]
fn by_future() {
    race(
        |_, handle| {
            let future = handle.future();
            let cancelled = future.cancel();
            // From here on both agree for ever.
            assert_eq!(future.cancelled(), cancelled);
            cancelled
        },
        2,
    );
}

#[test]
fn by_both() {
    let turn = AtomicBool::new(false);
    race(
        |_, handle| {
            if turn.fetch_xor(true, Ordering::Relaxed) {
                handle.cancel().is_ok()
            } else {
                handle.future().cancel()
            }
        },
        2,
    );
}

#[test]
fn of_a_series_in_real_time() {
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).history(100_000).build();
    sched.start().unwrap();
    let mut random = Random::seeded(5);
    for _ in 0..300 {
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(Trigger::recur(0.0001))).unwrap();
        for _ in 0..random.below(3) {
            assert!(handle.wait().done());
        }
        for _ in 0..random.below(200) {
            std::hint::spin_loop();
        }
        handle.cancel().unwrap();
        // What runs finishes: the future is then of that execution.
        let _ = outcome(&handle.future());
        let succeeded = |sched: &Scheduler| {
            let results = sched.results(&handle);
            results.iter().filter(|it| it.status == Status::Succeeded).count()
        };
        let ran = runs.load(Ordering::SeqCst);
        assert_eq!(succeeded(&sched), ran);
        assert!(sched.task(&handle).is_none());
        // Nothing comes after.
        outcome(&sched.delay(Trigger::once(0.0002), 0, || ()).unwrap().future()).unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), ran);
    }
}

type Interruption = Box<dyn FnOnce() + Send>;

/// A manual clock that, once armed, calls a function while the scheduler reads the time on a
/// thread of the test: a way to stop in the middle of a call.
#[derive(Clone, Default)]
struct Interrupting {
    clock: ManualClock,
    interruption: Arc<Mutex<Option<Interruption>>>,
}

impl Interrupting {
    fn next(&self, interruption: impl FnOnce() + Send + 'static) {
        *self.interruption.lock().unwrap() = Some(Box::new(interruption));
    }
}

impl Clock for Interrupting {
    fn now(&self) -> Duration {
        let of_the_heart = thread::current().name() == Some("pysched-heart");
        let interruption =
            if of_the_heart { None } else { self.interruption.lock().unwrap().take() };
        if let Some(interruption) = interruption {
            interruption();
        }
        self.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.clock.wait(parker, until);
    }

    fn attach(&self, parker: &Parker) {
        self.clock.attach(parker);
    }

    fn detach(&self, parker: &Parker) {
        self.clock.detach(parker);
    }
}

fn interrupting() -> (Scheduler, Interrupting) {
    let clock = Interrupting::default();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    sched.start().unwrap();
    (sched, clock)
}

#[test]
fn the_series_is_cancelled_in_the_middle_of_cancelling_its_upcoming_run() {
    for trigger in [Trigger::once(1), Trigger::recur(1), Trigger::recur_after(1)] {
        let (sched, clock) = interrupting();
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(trigger)).unwrap();
        let future = handle.future();
        clock.next({
            let handle = handle.clone();
            move || handle.cancel().unwrap()
        });
        assert!(future.cancel());
        assert!(is_cancelled(&future));
        clock.clock.advance(secs(5));
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        assert!(sched.tasks().is_empty());
        assert_eq!(sched.results(&handle), [future.execution()], "it has one fate");
    }
}

#[test]
fn a_run_becomes_due_in_the_middle_of_being_cancelled() {
    for trigger in [Trigger::once(1), Trigger::recur(1), Trigger::recur_after(1)] {
        let (sched, clock) = interrupting();
        let added = clock.wall();
        let (task, runs) = counting();
        let handle = sched.add(task.trigger(trigger.clone())).unwrap();
        let future = handle.future();
        clock.next({
            let clock = clock.clock.clone();
            move || clock.advance(secs(1))
        });
        assert!(!future.cancel(), "it was too late");
        assert!(!future.cancelled());
        assert_eq!(future.execution().status, Status::Succeeded);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(sched.results(&handle), [future.execution()], "it has one fate");
        if trigger == Trigger::once(1) {
            assert!(sched.tasks().is_empty());
        } else {
            assert_eq!(handle.next_run(), Some(added + secs(2)));
            clock.clock.advance(secs(1));
            assert_eq!(runs.load(Ordering::SeqCst), 2);
        }
    }
}
