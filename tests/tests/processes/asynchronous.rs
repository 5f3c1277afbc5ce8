//! Asynchronous functions: a worker's thread polls them, and sleeps while they wait.

use std::future::{pending, poll_fn};
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use pysched::{Scheduler, Status, TaskError, Trigger, current, task};
use pysched_tests::traces::{Traces, leave, wait};
use pysched_tests::{is_cancelled, ms, outcome};

use super::{await_end, double, pool, process, process_in};

/// Waits for another thread, which wakes it when `until` is left.
async fn left(until: String) {
    let shared = Arc::new(Mutex::new((false, None::<Waker>)));
    let other = Arc::clone(&shared);
    thread::spawn(move || {
        wait(&until);
        let mut shared = other.lock().unwrap();
        shared.0 = true;
        if let Some(waker) = shared.1.take() {
            waker.wake();
        }
    });
    poll_fn(|context| {
        let mut shared = shared.lock().unwrap();
        if shared.0 {
            return Poll::Ready(());
        }
        shared.1 = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}

/// As `hold`, without keeping its thread.
#[task(once, 0)]
async fn hold_later(arrived: String, until: String) -> u32 {
    let process = std::process::id();
    let beside = format!("{arrived}.{process}");
    leave(&beside, &process.to_string());
    std::fs::rename(beside, arrived).unwrap();
    left(until).await;
    process
}

#[task(once, 0)]
async fn fail(how: u8, until: String) -> io::Result<u8> {
    left(until).await;
    match how {
        0 => Ok(1),
        1 => Err(io::Error::other("broken")),
        _ => panic!("number {how}"),
    }
}

#[task(once, 0)]
async fn hang_later() {
    pending().await
}

/// The time that the thread was busy while it waited.
#[task(once, 0)]
async fn busy_while_it_waits(arrived: String, until: String) -> Duration {
    use rustix::time::{ClockId, clock_gettime};

    let busy = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    leave(&arrived, "");
    let before = busy();
    left(until).await;
    busy() - before
}

#[task(once, 0)]
async fn who(until: String) -> [(bool, u32, Option<String>); 2] {
    let who = || {
        let current = current();
        (current.is_execution(), current.attempt(), current.name().map(str::to_owned))
    };
    let before = who();
    left(until).await;
    [before, who()]
}

#[test]
fn it_waits_there_until_another_thread_wakes_it() {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    let handle = sched.add(hold_later::task(traces.name("here"), traces.name("open"))).unwrap();
    let worker = process_in(&traces, "here");
    assert!(handle.future().running());
    traces.leave("open");
    let process = *outcome(&handle.future()).unwrap();
    assert_eq!(process, u32::try_from(worker.as_raw_nonzero().get()).unwrap());
    assert_ne!(process, std::process::id());
    sched.shutdown(true);
}

#[test]
fn its_thread_sleeps_meanwhile() {
    let traces = Traces::new();
    let pool = pool(1);
    let task = busy_while_it_waits::task(traces.name("here"), traces.name("open"));
    let future = pool.run(task).unwrap();
    traces.wait("here");
    assert!(future.wait_timeout(ms(100)).is_none());
    traces.leave("open");
    let busy = *outcome(&future).unwrap();
    assert!(busy < ms(50), "{busy:?}");
    pool.shutdown(true);
}

#[test]
fn a_value_an_err_and_a_panic_come_back() {
    let traces = Traces::new();
    let pool = pool(1);
    let before = *outcome(&pool.run(process::task()).unwrap()).unwrap();
    traces.leave("open");
    let run = |how| pool.run(fail::task(how, traces.name("open"))).unwrap();
    assert_eq!(outcome(&run(0)).unwrap(), &1);
    let future = run(1);
    let Err(TaskError::Failed(error)) = outcome(&future) else { panic!("{future:?}") };
    assert_eq!(error.to_string(), "broken");
    let future = run(2);
    let Err(TaskError::Panicked(text)) = outcome(&future) else { panic!("{future:?}") };
    assert_eq!(text, "number 2");
    assert_eq!(*outcome(&pool.run(process::task()).unwrap()).unwrap(), before, "it goes on");
    pool.shutdown(true);
}

#[test]
fn a_timeout_kills_its_worker() {
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    let before = *outcome(&sched.add(process::task()).unwrap().future()).unwrap();
    let series = hang_later::task().timeout(ms(20)).trigger(Trigger::recur(0.01)).times(2);
    let series = sched.add(series).unwrap();
    for _ in 0..2 {
        let future = series.wait();
        let Err(TaskError::TimedOut(limit)) = outcome(&future) else { panic!("{future:?}") };
        assert_eq!(*limit, ms(20));
    }
    assert_ne!(*outcome(&sched.add(process::task()).unwrap().future()).unwrap(), before);
    sched.shutdown(true);
}

#[test]
fn it_can_be_cancelled_while_it_waits() {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    let handle = sched.add(hold_later::task(traces.name("here"), traces.name("never"))).unwrap();
    let future = handle.future();
    let worker = process_in(&traces, "here");
    let next = sched.add(double::task(1)).unwrap().future();
    assert!(future.cancel() && is_cancelled(&future));
    await_end(worker);
    assert_eq!(outcome(&next).unwrap(), &2);
    sched.shutdown(true);
    assert_eq!(sched.results(&handle)[0].status, Status::Cancelled);
}

#[test]
fn what_was_given_to_the_pool_itself_can_be_cancelled_too() {
    let traces = Traces::new();
    let pool = pool(1);
    let future = pool.run(hold_later::task(traces.name("here"), traces.name("never"))).unwrap();
    let worker = process_in(&traces, "here");
    assert!(future.cancel() && is_cancelled(&future));
    await_end(worker);
    pool.shutdown(true);
}

#[test]
fn what_it_runs_in_is_its_execution_before_and_after_a_wait() {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    traces.leave("open");
    let task = who::task(traces.name("open"));
    let name = format!("{}::who", module_path!());
    let future = sched.add(task).unwrap().future();
    let expected = (true, 1, Some(name));
    assert_eq!(outcome(&future).unwrap(), &[expected.clone(), expected]);
    sched.shutdown(true);
}
