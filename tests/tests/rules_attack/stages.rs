//! Futures and handles of executions in every stage, and executors that are told that it is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use Status::{Cancelled, Failed, Queued, Running, Succeeded};
use pysched::{
    Executor, Handle, Job, Overlap, Reason, Rejected, Retry, Scheduler, Status, Task, TaskError,
    TaskFuture, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, is_cancelled, ms, occupy, outcome, secs};

use crate::guided::{End, Guided, backs_off, eventually};

fn poll<T: Clone>(future: &TaskFuture<T>) -> Poll<Result<T, TaskError>> {
    let mut future = future.clone();
    std::pin::Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Checks that it is told of as one that has not ended.
#[track_caller]
fn assert_pending(handle: &Handle<u32>, status: Status) {
    let (future, same) = (handle.future(), handle.clone().future());
    assert!(!future.done() && !same.done() && !future.cancelled());
    assert_eq!(future.execution().status, status);
    assert_eq!(future.execution(), same.execution());
    assert_eq!(future.running(), status == Running);
    assert!(poll(&future).is_pending());
    assert!(handle.futures().is_empty());
}

#[test]
fn cancelled_in_each_stage() {
    // Held by a pause.
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::once(1))).unwrap();
    handle.pause().unwrap();
    it.pass(secs(2));
    assert_pending(&handle, Queued);
    assert!(handle.future().cancel());
    assert!(it.sched.task(&handle).is_none());
    assert_eq!(it.fates(&handle), [(1, Cancelled, Some(Reason::FutureCancelled))]);

    // Kept back by a limit.
    let it = Guided::built(1, |builder| builder.limit("x", 0));
    let handle = it.sched.add(it.task("a").trigger(Trigger::once(0)).tag("x")).unwrap();
    it.settle();
    assert_pending(&handle, Queued);
    assert!(handle.future().cancel());
    assert!(is_cancelled(&handle.future()));
    assert!(it.sched.task(&handle).is_none());

    // Queued.
    let it = Guided::new(1);
    let gate = occupy(&it.sched, 1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::once(0)).grace(secs(9))).unwrap();
    it.settle();
    assert_pending(&handle, Queued);
    assert!(handle.future().cancel());
    assert!(is_cancelled(&handle.wait()));
    gate.open();
    it.nothing_begins();

    // Running: it cannot be stopped, and is told.
    for end in [End::Return, End::Fail, End::Panic] {
        let it = Guided::new(1);
        let handle = it.sched.add(it.task("a").trigger(Trigger::once(0)).grace(secs(9))).unwrap();
        let begun = it.begins("a");
        assert_pending(&handle, Running);
        let future = handle.future();
        assert!(!future.cancel());
        assert!(begun.token.is_cancelled() && !future.done());
        begun.end(end);
        match end {
            End::Return => assert!(outcome(&future).is_ok()),
            _ => assert!(is_cancelled(&future)),
        }
        assert!(poll(&future).is_ready());
    }

    // Backing off, and queued for another attempt.
    for queued in [false, true] {
        let it = Guided::new(1);
        let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(3).fixed(secs(9)));
        let handle = it.sched.add(task).unwrap();
        let (begun, future) = (it.begins("a"), handle.future());
        begun.end(End::Fail);
        backs_off(&future, 1);
        let gate = occupy(&it.sched, 1);
        if queued {
            it.pass(secs(9));
        }
        assert_pending(&handle, Queued);
        assert!(future.cancel());
        assert!(is_cancelled(&future));
        gate.open();
        it.pass(secs(9));
        it.nothing_begins();
        assert_eq!(it.fates(&handle), [(0, Cancelled, Some(Reason::FutureCancelled))]);
    }

    // Past its limit, with and without another attempt.
    for again in [true, false] {
        let it = Guided::new(2);
        let task = it.task("a").trigger(Trigger::once(0)).timeout(secs(1));
        let retry = Retry::times(u32::from(again)).fixed(secs(9));
        let handle = it.sched.add(task.retry(retry)).unwrap();
        let (begun, future) = (it.begins("a"), handle.future());
        it.pass(secs(1));
        if again {
            backs_off(&future, 1);
            assert!(future.cancel());
            assert!(is_cancelled(&future));
        } else {
            assert!(matches!(outcome(&future), Err(TaskError::TimedOut(_))));
            assert!(!future.cancel());
        }
        assert!(it.sched.task(&handle).is_some(), "its function runs");
        begun.end(End::Return);
        eventually("it should be over", || it.sched.task(&handle).is_none().then_some(()));
        let expected = if again { Cancelled } else { Failed };
        assert_eq!(it.fates(&handle).iter().map(|it| it.1).collect::<Vec<_>>(), [expected]);
    }

    // Over.
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::once(0)).grace(secs(9))).unwrap();
    it.ends(it.begins("a"), End::Return);
    let future = handle.future();
    assert!(!future.cancel() && outcome(&future).is_ok());
    assert_eq!(it.fates(&handle), [(0, Succeeded, None)]);
    assert_eq!(handle.futures().len(), 1);
}

/// A pool that notes what it is told.
#[derive(Default)]
struct Noted {
    out: AtomicUsize,
    closed: AtomicUsize,

    /// How many were out when it was closed.
    early: AtomicUsize,
}

struct Noting(ThreadPoolExecutor, Arc<Noted>);

impl Executor for Noting {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        assert_eq!(self.1.closed.load(Ordering::SeqCst), 0, "it was closed");
        Executor::submit(&self.0, job)
    }

    fn shutdown(&self, wait: bool) {
        self.1.closed.fetch_add(1, Ordering::SeqCst);
        self.1.early.fetch_add(self.1.out.load(Ordering::SeqCst), Ordering::SeqCst);
        Executor::shutdown(&self.0, wait);
    }
}

/// Nobody waits for the shutdown: the last to leave closes.
#[test]
fn executors_are_closed_when_it_is_over() {
    within(secs(60), || {
        let noted = Arc::new(Noted::default());
        let pool = Noting(ThreadPoolExecutor::new(2), Arc::clone(&noted));
        let sched = Scheduler::builder().executor(pool).limit("x", 1).build();
        sched.start().unwrap();
        let gate = Gate::new();
        let work = |gate: Option<Gate>| {
            let noted = Arc::clone(&noted);
            move || {
                noted.out.fetch_add(1, Ordering::SeqCst);
                if let Some(gate) = &gate {
                    gate.wait();
                }
                noted.out.fetch_sub(1, Ordering::SeqCst);
            }
        };
        // One that is overdue when all else is over, others that wait for room, one that is buffered.
        let overdue = Task::new(work(Some(gate.clone()))).timeout(ms(1));
        let overdue = sched.add(overdue).unwrap().future();
        gate.await_arrivals(1);
        assert!(outcome(&overdue).is_err());
        let inner = Gate::new();
        let held = Task::new(work(Some(inner.clone()))).tag("x");
        let held = sched.add(held.trigger(Trigger::recur(3600)).overlap(Overlap::BufferAll));
        let held = held.unwrap();
        (0..5).for_each(|_| held.run_now().unwrap());
        inner.await_arrivals(1);
        let waiting: Vec<_> =
            (0..5).map(|_| sched.add(Task::new(work(None)).tag("x")).unwrap().future()).collect();
        let own = sched.clone();
        waiting[0].on_done(move |_| own.shutdown(true));
        let token = sched.add(Task::new(|| ()).trigger(Trigger::once(3600))).unwrap();
        inner.open();
        for future in &waiting {
            outcome(future).unwrap();
        }
        assert!(is_cancelled(&token.future()));
        eventually("all but one should be over", || (sched.tasks().len() == 1).then_some(()));
        thread::sleep(ms(10));
        assert_eq!(noted.closed.load(Ordering::SeqCst), 0, "one still runs");
        gate.open();
        eventually("it should be closed", || {
            (noted.closed.load(Ordering::SeqCst) == 1).then_some(())
        });
        assert_eq!(noted.early.load(Ordering::SeqCst), 0);
        sched.shutdown(true);
    });
}

/// A panic or a refusal of an executor is an outcome like any other, with another attempt.
#[test]
fn executors_that_refuse_and_panic() {
    struct Moody(AtomicUsize);

    impl Executor for Moody {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            match self.0.fetch_add(1, Ordering::SeqCst) % 4 {
                0 => Err(Rejected::Refused(job, "not in the mood".to_owned())),
                1 => panic!("in a bad mood"),
                2 => {
                    drop(job);
                    Ok(())
                }
                _ => {
                    thread::spawn(move || job.run());
                    Ok(())
                }
            }
        }

        fn shutdown(&self, _wait: bool) {}
    }

    within(secs(60), || {
        let sched = Scheduler::builder().executor(Moody(AtomicUsize::new(0))).limit("x", 1).build();
        sched.start().unwrap();
        let futures: Vec<_> = (0..40)
            .map(|number| {
                let task = Task::new(move || number).tag("x").timeout(secs(60));
                sched.add(task.retry(Retry::times(50).fixed(ms(0)))).unwrap().future()
            })
            .collect();
        for (number, future) in futures.iter().enumerate() {
            assert_eq!(outcome(future).unwrap(), &number);
        }
        let failing: Vec<_> = (0..40)
            .map(|_| sched.add(Task::new(|| ()).tag("x").overlap(Overlap::BufferAll)).unwrap())
            .collect();
        sched.shutdown(true);
        assert!(failing.iter().all(|handle| handle.future().done()));
        assert!(sched.tasks().is_empty());
    });
}
