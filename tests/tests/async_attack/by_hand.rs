//! Futures of jobs that are polled by hand, in ways that no decent runtime has.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use pysched::{Executor, Job, JobFuture, Rejected, Scheduler, Status, Task, TaskError, current};
use pysched_tests::{PATIENCE, outcome};

/// Hands its jobs to the test.
struct Window(mpsc::Sender<Job>);

impl Executor for Window {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.0.send(job).unwrap();
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

fn window() -> (Scheduler, mpsc::Receiver<Job>) {
    let (sender, receiver) = mpsc::channel();
    let sched = Scheduler::builder().executor(Window(sender)).build();
    sched.start().unwrap();
    (sched, receiver)
}

fn poll(future: &mut JobFuture, waker: &Waker) -> Poll<()> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Waits so many times, then gives the number of its polls.
fn waits(times: u32) -> Task<u32> {
    Task::future(move || {
        let mut polls = 0;
        poll_fn(move |_| {
            polls += 1;
            if polls <= times { Poll::Pending } else { Poll::Ready(polls) }
        })
    })
}

/// A waker of which the last clone panics as it is dropped.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("a waker goes off");
    }
}

#[test]
fn a_waker_that_panics_when_it_is_dropped_changes_no_outcome() {
    let (sched, jobs) = window();
    // As the future is ready, as it gets another waker, as it was told to end, and as the job is dropped.
    for how in 0..4 {
        let future = sched.add(waits(if how == 1 { 2 } else { 1 })).unwrap().future();
        let mut job = jobs.recv_timeout(PATIENCE).unwrap().into_future();
        let waker = Waker::from(Arc::new(Bomb));
        assert!(poll(&mut job, &waker).is_pending());
        // The last one is in the job.
        drop(waker);
        match how {
            0 => {}
            1 => assert!(poll(&mut job, Waker::noop()).is_pending()),
            2 => assert!(future.cancel()),
            _ => {
                drop(job);
                let error = outcome(&future).unwrap_err();
                assert!(matches!(error, TaskError::WorkerDied(_)), "{error}");
                continue;
            }
        }
        assert!(poll(&mut job, Waker::noop()).is_ready());
        match outcome(&future) {
            Ok(polls) => assert_eq!(*polls, how + 2),
            Err(error) => assert!(how == 2 && matches!(error, TaskError::Cancelled), "{error}"),
        }
    }
    sched.shutdown(true);
}

#[test]
fn a_job_is_dropped_before_its_first_poll_after_it_and_after_the_last() {
    let (sched, jobs) = window();
    for polls in 0..4 {
        let future = sched.add(waits(1)).unwrap().future();
        let mut job = jobs.recv_timeout(PATIENCE).unwrap().into_future();
        for number in 0..polls {
            assert_eq!(poll(&mut job, Waker::noop()).is_ready(), number > 0);
        }
        drop(job);
        match outcome(&future) {
            Ok(count) => assert!(polls >= 2 && *count == 2, "it is not polled after its end"),
            Err(error) => {
                assert!(polls < 2 && matches!(error, TaskError::WorkerDied(_)), "{error}");
            }
        }
    }
    sched.shutdown(true);
}

/// Counts.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn a_job_that_moves_between_threads_and_wakers_is_ended_by_its_latest() {
    let (sched, jobs) = window();
    let future = sched.add(Task::future(std::future::pending::<()>)).unwrap().future();
    let mut job = jobs.recv_timeout(PATIENCE).unwrap().into_future();
    let counts: [_; 3] = std::array::from_fn(|_| Arc::new(Count::default()));
    for count in &counts {
        let waker = Waker::from(Arc::clone(count));
        job = thread::spawn(move || {
            assert!(poll(&mut job, &waker).is_pending());
            job
        })
        .join()
        .unwrap();
    }
    assert_eq!(Arc::strong_count(&counts[0]), 1, "the others are gone");
    assert!(future.cancel());
    assert_eq!(counts.each_ref().map(|it| it.0.load(Ordering::SeqCst)), [0, 0, 1]);
    assert!(poll(&mut job, Waker::noop()).is_ready());
    assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
    assert!(future.cancel());
    drop(job);
    assert!(counts.iter().all(|count| Arc::strong_count(count) == 1));
    assert_eq!(sched.stats().executors[0].busy, 0);
    sched.shutdown(true);
}

#[test]
fn a_future_may_cancel_itself_in_its_poll_and_in_its_drop() {
    struct CancelsItself(Arc<std::sync::OnceLock<pysched::TaskFuture<()>>>, mpsc::Sender<bool>);
    impl Drop for CancelsItself {
        fn drop(&mut self) {
            assert!(current().is_execution());
            self.1.send(self.0.get().unwrap().cancel()).unwrap();
        }
    }
    let (sched, jobs) = window();
    for in_drop in [false, true] {
        let (sender, said) = mpsc::channel();
        let own = Arc::new(std::sync::OnceLock::new());
        let task = Task::future({
            let own = Arc::clone(&own);
            move || {
                let guard = CancelsItself(Arc::clone(&own), sender.clone());
                async move {
                    if !in_drop {
                        assert!(guard.0.get().unwrap().cancel());
                    }
                    drop(guard);
                }
            }
        });
        let future = sched.add(task).unwrap().future();
        own.set(future.clone()).unwrap();
        let mut job = jobs.recv_timeout(PATIENCE).unwrap().into_future();
        assert!(poll(&mut job, Waker::noop()).is_ready());
        assert!(said.recv_timeout(PATIENCE).unwrap());
        assert_eq!(future.execution().status, Status::Cancelled);
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
    }
    sched.shutdown(true);
}
