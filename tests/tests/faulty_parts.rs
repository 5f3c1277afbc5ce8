//! Clocks and executors that fail: the job that they were given fails with the reason, and
//! everything else goes on.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{
    Clock, Executor, Handle, InlineExecutor, Job, ManualClock, Parker, Rejected, Scheduler, Status,
    SystemClock, Task, TaskError, TaskFuture, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::{
    ClockFaults, DropBomb, FaultyClock, OneAtATime, Submit, SubmitAll, assert_workers, within,
};
use pysched_tests::{Gate, PATIENCE, await_offers, occupy, offering, outcome};

const SECOND: Duration = Duration::from_secs(1);

/// How the jobs of an executor ended that were given to it in pairs, for a few times.
///
/// Beside it a sound pool of one runs a series, which has to go on.
fn ends(faulty: impl Executor) -> Vec<String> {
    within(PATIENCE, move || {
        let clock = ManualClock::new();
        let sched = Scheduler::builder()
            .executor(ThreadPoolExecutor::new(1))
            .named_executor("faulty", faulty)
            .clock(clock.clone())
            .build();
        sched.start().unwrap();
        let task = |text| Task::new(move || text).trigger(Trigger::recur(1)).executor("faulty");
        let pair = [sched.add(task("one ran")).unwrap(), sched.add(task("two ran")).unwrap()];
        let sound = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        let mut ends = Vec::new();
        for _ in 0..3 {
            clock.advance(SECOND);
            for handle in &pair {
                ends.push(match handle.wait().wait() {
                    Ok(text) => (*text).to_owned(),
                    Err(error) => error.to_string(),
                });
            }
            assert!(sound.wait().wait().is_ok());
        }
        assert_workers(&sched, 1);
        sched.shutdown(true);
        ends
    })
}

/// Checks that every end contains the text.
#[track_caller]
fn assert_all(ends: &[String], text: &str) {
    assert!(ends.iter().all(|end| end.contains(text)), "expected {text:?} in each of {ends:#?}");
}

#[test]
fn an_executor_that_panics_fails_the_job_it_was_given() {
    let ends = ends(Submit(|_job| panic!("out of paper")));
    assert_all(&ends, "the executor did not take the task: it panicked: out of paper");
}

#[test]
fn an_executor_that_panics_once() {
    let calls = AtomicUsize::new(0);
    let ends = ends(Submit(move |job: Job| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) > 0, "not ready");
        job.run();
        Ok(())
    }));
    assert!(ends[0].contains("it panicked: not ready"), "{ends:#?}");
    assert_eq!(ends[1..], ["two ran", "one ran", "two ran", "one ran", "two ran"]);
}

#[test]
fn an_executor_that_panics_after_it_has_run_the_job() {
    let ends = ends(Submit(|job: Job| {
        job.run();
        panic!("too late to matter");
    }));
    assert_all(&ends, "ran");
}

#[test]
fn an_executor_that_drops_its_jobs() {
    let ends = ends(Submit(|job| {
        drop(job);
        Ok(())
    }));
    assert_all(&ends, "the executor dropped the job without running it");
}

#[test]
fn an_executor_that_refuses_its_jobs() {
    let ends = ends(Submit(|job| Err(Rejected::Refused(job, "closed on Sundays".into()))));
    assert_all(&ends, "the executor did not take the task: closed on Sundays");
}

#[test]
fn an_executor_that_fails_its_jobs() {
    let ends = ends(Submit(|job: Job| {
        job.fail(TaskError::WorkerDied("the furnace went out".into()));
        Ok(())
    }));
    assert_all(&ends, "the task's worker died: the furnace went out");
}

#[test]
fn an_executor_that_is_full_for_a_while() {
    let calls = AtomicUsize::new(0);
    let ends = ends(Submit(move |job: Job| {
        if calls.fetch_add(1, Ordering::SeqCst) % 4 < 3 {
            return Err(Rejected::Full(job));
        }
        job.run();
        Ok(())
    }));
    assert_all(&ends, "ran");
}

#[test]
fn an_executor_that_panics_over_many_jobs_and_takes_none() {
    let ends = ends(SubmitAll(|_jobs: &mut VecDeque<Job>| panic!("too many")));
    assert_all(&ends, "it panicked: too many");
}

#[test]
fn an_executor_that_panics_with_many_jobs_in_hand() {
    let ends = ends(SubmitAll(|jobs: &mut VecDeque<Job>| {
        let _taken = std::mem::take(jobs);
        panic!("too many");
    }));
    assert_all(&ends, "it panicked: too many");
}

#[test]
fn an_executor_that_leaves_jobs_behind() {
    let ends = ends(SubmitAll(|_jobs: &mut VecDeque<Job>| Ok(())));
    assert_all(&ends, "the executor dropped the job without running it");
}

#[test]
fn an_executor_that_takes_the_last_job_first() {
    let ends = ends(SubmitAll(|jobs: &mut VecDeque<Job>| {
        let last = jobs.pop_back().unwrap();
        if jobs.is_empty() {
            last.run();
            return Ok(());
        }
        Err(Rejected::Full(last))
    }));
    assert_all(&ends, "ran");
}

/// An executor that leaves its jobs to somebody else.
fn to(sender: mpsc::Sender<Job>) -> impl Executor {
    let sender = Mutex::new(sender);
    Submit(move |job| {
        sender.lock().unwrap().send(job).unwrap();
        Ok(())
    })
}

/// Hands each job to one thread, which survives the panics of what it does with them.
fn on_a_thread(work: impl Fn(Job) + Send + 'static) -> impl Executor {
    let (sender, receiver) = mpsc::channel::<Job>();
    thread::spawn(move || {
        for job in receiver {
            let _ = catch_unwind(AssertUnwindSafe(|| work(job)));
        }
    });
    to(sender)
}

#[test]
fn a_worker_that_panics_before_it_runs_the_job() {
    let ends = ends(on_a_thread(|_job| panic!("stumbled")));
    assert_all(&ends, "the executor dropped the job without running it");
}

#[test]
fn a_worker_that_stumbles_now_and_then() {
    let count = AtomicUsize::new(0);
    let ends = ends(on_a_thread(move |job| {
        assert!(count.fetch_add(1, Ordering::SeqCst) & 1 == 1, "stumbled");
        job.run();
    }));
    let (fell, ran) = ("the task's worker died", "two ran");
    assert!(ends.iter().step_by(2).all(|end| end.starts_with(fell)), "{ends:#?}");
    assert!(ends.iter().skip(1).step_by(2).all(|end| end == ran), "{ends:#?}");
}

#[test]
fn a_thread_that_dies_with_its_jobs() {
    let ends = ends(Submit(|job: Job| {
        thread::spawn(move || {
            let _jobs = [job];
            panic!("struck by lightning");
        });
        Ok(())
    }));
    assert_all(&ends, "the executor dropped the job without running it");
}

#[test]
fn an_executor_that_panics_when_it_is_shut_down() {
    struct Stubborn;

    impl Executor for Stubborn {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            job.run();
            Ok(())
        }

        fn shutdown(&self, _wait: bool) {
            panic!("I am not going anywhere");
        }
    }

    for wait in [true, false] {
        assert_all(&ends(Stubborn), "ran");
        within(PATIENCE, move || {
            let pool = ThreadPoolExecutor::new(1);
            let sched = Scheduler::builder()
                .executor(Stubborn)
                .named_executor("pool", pool)
                .named_executor("other", Stubborn)
                .build();
            sched.start().unwrap();
            let gate = Gate::new();
            let held = gate.clone();
            let task = Task::new(move || held.wait()).executor("pool");
            let future = sched.add(task).unwrap().future();
            gate.await_arrivals(1);
            gate.open();
            sched.shutdown(wait);
            sched.shutdown(wait);
            assert!(outcome(&future).is_ok());
        });
    }
}

#[test]
fn an_executor_that_panics_when_it_is_dropped() {
    struct Rusty;

    impl Executor for Rusty {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            job.run();
            Ok(())
        }

        fn shutdown(&self, _wait: bool) {}
    }

    impl Drop for Rusty {
        fn drop(&mut self) {
            panic!("it came apart");
        }
    }

    within(PATIENCE, || {
        let sched = Scheduler::builder().executor(Rusty).build();
        sched.start().unwrap();
        let future = sched.delay(Trigger::once(0), 0, || 7).unwrap().future();
        assert_eq!(outcome(&future).unwrap(), &7);
        let later = sched.delay(Trigger::once(60), 0, || ()).unwrap().future();
        // The last reference may be this one or the scheduler's own thread's.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(sched)));
        assert!(matches!(outcome(&later), Err(TaskError::Cancelled)));
    });
}

#[test]
fn an_executor_may_use_the_scheduler() {
    within(PATIENCE, || {
        let own: Arc<Mutex<Option<Scheduler>>> = Arc::default();
        let count = Arc::new(AtomicUsize::new(0));
        let executor = Submit({
            let (own, count) = (Arc::clone(&own), Arc::clone(&count));
            move |job: Job| {
                let sched = own.lock().unwrap().clone().unwrap();
                assert!(sched.task(job.task()).is_some());
                job.run();
                if count.fetch_add(1, Ordering::SeqCst) < 3 {
                    sched.delay(Trigger::once(0), 0, || ()).unwrap();
                } else {
                    sched.shutdown(true);
                }
                Ok(())
            }
        });
        let sched = Scheduler::builder().executor(executor).build();
        *own.lock().unwrap() = Some(sched.clone());
        sched.delay(Trigger::once(0), 0, || ()).unwrap();
        sched.start().unwrap();
        while !sched.stopped() {
            thread::yield_now();
        }
        sched.shutdown(true);
        assert_eq!(count.load(Ordering::SeqCst), 4);
        own.lock().unwrap().take();
    });
}

#[test]
fn a_full_executor_gets_the_most_urgent_job_next() {
    within(PATIENCE, || {
        let sched = offering(OneAtATime::default());
        let (gate, order) = (occupy(&sched, 1), Arc::new(Mutex::new(Vec::new())));
        let futures: Vec<_> = [5, 3, 4, 1, 2, 3]
            .map(|priority| {
                let order = Arc::clone(&order);
                let body = move || order.lock().unwrap().push(priority);
                sched.delay(Trigger::once(0), priority, body).unwrap().future()
            })
            .into();
        await_offers(&sched);
        gate.open();
        for future in &futures {
            assert!(outcome(future).is_ok());
        }
        sched.shutdown(true);
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 3, 4, 5]);
    });
}

/// Runs a few tasks on a clock of which something is set to fail, on pools of one and two.
fn survives(set: impl Fn(&ClockFaults) + Send + Sync + 'static) {
    within(PATIENCE, move || {
        for workers in [1, 2] {
            for at_once in [true, false] {
                let (clock, faults) = FaultyClock::new(SystemClock::new());
                if at_once {
                    set(&faults);
                }
                let sched = Scheduler::builder()
                    .executor(ThreadPoolExecutor::new(workers))
                    .clock(clock)
                    .build();
                let before = sched.delay(Trigger::recur(0.002), 0, || ()).unwrap();
                sched.start().unwrap();
                assert!(before.wait().wait().is_ok());
                set(&faults);
                let after = sched.delay(Trigger::recur(0.002), 0, || ()).unwrap();
                let time = SystemTime::now() + Duration::from_millis(2);
                let at = sched.delay(Trigger::at(time), 0, || ()).unwrap();
                for _ in 0..3 {
                    assert!(before.wait().wait().is_ok());
                    assert!(after.wait().wait().is_ok());
                }
                assert!(outcome(&at.future()).is_ok());
                before.cancel().unwrap();
                after.cancel().unwrap();
                assert_workers(&sched, workers);
                sched.shutdown(true);
            }
        }
    });
}

#[test]
fn a_clock_whose_now_panics() {
    survives(|faults| faults.now.set(1));
    survives(|faults| faults.now.set(u32::MAX));
}

#[test]
fn a_clock_whose_wall_panics() {
    survives(|faults| faults.wall.set(1));
    survives(|faults| faults.wall.set(u32::MAX));
}

#[test]
fn a_clock_whose_wait_panics() {
    survives(|faults| faults.wait.set(1));
    survives(|faults| faults.wait.set(u32::MAX));
}

#[test]
fn a_clock_whose_watch_panics() {
    survives(|faults| faults.watch_wall.set(u32::MAX));
    survives(|faults| faults.unwatch_wall.set(u32::MAX));
}

#[test]
fn a_clock_that_panics_in_everything() {
    survives(|faults| {
        for fuse in [
            &faults.now,
            &faults.wall,
            &faults.wait,
            &faults.attach,
            &faults.detach,
            &faults.watch_wall,
            &faults.unwatch_wall,
        ] {
            fuse.set(u32::MAX);
        }
    });
}

#[test]
fn a_wall_clock_that_panics_once_does_not_let_a_task_run_early() {
    within(PATIENCE, || {
        // On this wall clock it is 1970, so to go by the real one would be decades off.
        let manual = ManualClock::new();
        manual.set_wall(SystemTime::UNIX_EPOCH);
        let (clock, faults) = FaultyClock::new(manual.clone());
        let sched = Scheduler::builder().executor(InlineExecutor).clock(clock).build();
        sched.start().unwrap();
        let time = SystemTime::UNIX_EPOCH + 60 * SECOND;
        let handle = sched.delay(Trigger::at(time), 0, || ()).unwrap();
        let other = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        faults.wall.set(2);
        for _ in 0..59 {
            manual.advance(SECOND);
            assert!(outcome(&other.wait()).is_ok());
        }
        assert!(faults.wall.is_out());
        assert!(!handle.future().done());
        assert_eq!(handle.next_run(), Some(time));
        manual.advance(SECOND);
        assert!(handle.future().done());
    });
}

#[test]
fn a_clock_at_the_end_of_time_hangs_nothing() {
    struct Leaping(Arc<AtomicBool>, SystemTime);

    impl Clock for Leaping {
        fn now(&self) -> Duration {
            if self.0.load(Ordering::SeqCst) { Duration::MAX } else { Duration::ZERO }
        }

        fn wall(&self) -> SystemTime {
            self.1
        }

        fn wait(&self, parker: &Parker, _: Option<Duration>) {
            parker.park_timeout(Duration::from_millis(1)); // nobody tells of the leap
        }
    }

    within(PATIENCE, || {
        let (leapt, wall) = (Arc::new(AtomicBool::new(false)), SystemTime::now());
        let clock = Leaping(Arc::clone(&leapt), wall);
        let sched = Scheduler::builder().clock(clock).executor(InlineExecutor).build();
        sched.start().unwrap();
        let series = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        let at = sched.delay(Trigger::at(wall + SECOND), 0, || ()).unwrap();
        leapt.store(true, Ordering::SeqCst);
        let now = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        assert!(outcome(&now.future()).is_ok());
        assert!(outcome(&series.future()).is_ok());
        assert_eq!(at.next_run(), Some(wall + SECOND), "the wall clock has not come to it");
        sched.shutdown(true);
        assert!(at.future().cancelled());
    });
}

#[test]
fn a_clock_that_panics_in_the_middle_of_a_call_breaks_no_call() {
    struct Broken;

    impl Clock for Broken {
        fn now(&self) -> Duration {
            panic!("no time");
        }

        fn wall(&self) -> SystemTime {
            panic!("no date");
        }

        fn wait(&self, _: &Parker, _: Option<Duration>) {
            panic!("no patience");
        }
    }

    within(PATIENCE, || {
        let sched = Scheduler::builder().clock(Broken).build();
        let handle = sched.delay(Trigger::once(60), 0, || ()).unwrap();
        assert!(handle.next_run().is_some());
        assert!(handle.future().cancel());
        let handle = sched.delay(Trigger::recur(60), 0, || ()).unwrap();
        sched.start().unwrap();
        assert!(handle.future().cancel());
        handle.cancel().unwrap();
        let soon = sched.delay(Trigger::once(0.001), 0, || ()).unwrap();
        assert!(outcome(&soon.future()).is_ok(), "real time goes on");
        sched.shutdown(true);
    });
}

#[test]
fn an_error_that_comes_too_late_may_panic_when_it_is_dropped() {
    #[derive(Debug)]
    struct Error(#[expect(dead_code, reason = "it is there to be dropped")] DropBomb);

    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("too late")
        }
    }

    impl std::error::Error for Error {}

    within(PATIENCE, || {
        let (sender, jobs) = mpsc::channel();
        let sched = Scheduler::builder().executor(to(sender)).build();
        sched.start().unwrap();
        let handle = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        let job = jobs.recv().unwrap();
        handle.cancel().unwrap();
        job.fail(TaskError::Failed(Arc::new(Error(DropBomb("late")))));
        assert!(matches!(handle.future().wait(), Err(TaskError::Cancelled)));
        sched.shutdown(true);
    });
}

#[test]
fn what_was_refused_was_never_started() {
    /// Asks for the future of its own task when it is dropped, and so for a record.
    struct Curious(mpsc::Receiver<Handle<()>>, mpsc::Sender<TaskFuture<()>>);

    impl Drop for Curious {
        fn drop(&mut self) {
            self.1.send(self.0.recv().unwrap().future()).unwrap();
        }
    }

    within(PATIENCE, || {
        let (sender, jobs) = mpsc::channel();
        let sched = Scheduler::builder().executor(to(sender)).build();
        sched.start().unwrap();
        let (handles, own_handle) = mpsc::channel();
        let (answer, future) = mpsc::channel();
        let curious = Mutex::new(Curious(own_handle, answer));
        let body = move || {
            let _ = &curious;
        };
        let handle = sched.delay(Trigger::once(0), 0, body).unwrap();
        handles.send(handle.clone()).unwrap();
        jobs.recv().unwrap().fail(TaskError::Refused("the machine room is closed".into()));
        assert!(future.recv().unwrap().wait().is_err());
        let [execution] = &sched.results(&handle)[..] else { panic!("one execution") };
        assert_eq!((execution.status, execution.started), (Status::Failed, None));
    });
}
