//! On tokio with several threads and with one, on smol, and beside each other.

use std::thread;

use pysched::{Error, TaskError};
use pysched_tests::faults::within;
use smol::stream::StreamExt as _;

use super::*;

/// Everything that can be awaited.
async fn everything() {
    let sched = Scheduler::new();
    let handle = sched.add(counting().trigger(Trigger::recur_after(0.001)).times(5)).unwrap();
    let first = handle.future();
    sched.start().unwrap();
    assert_eq!(soon(first).await.unwrap(), 0);
    let mut stream = handle.stream();
    for expected in 0..5 {
        assert_eq!(value(soon(handle.next()).await), expected);
        assert_eq!(value(soon(stream.next()).await), expected);
    }
    assert!(soon(handle.next()).await.is_none());
    assert!(soon(stream.next()).await.is_none());

    let pending = sched.delay(Trigger::once(3600), 0, || 7).unwrap();
    let queued = sched.add(Task::new(|| 8)).unwrap();
    let (lent, unlent) = (queued.future(), queued.future().ended());
    drop(unlent);
    soon(lent.ended()).await;
    assert_eq!(lent.wait().unwrap(), &8, "which does not block any more");
    soon(sched.shutdown_async()).await;
    assert!(matches!(soon(pending.future()).await, Err(TaskError::Cancelled)));
    assert_eq!(value(soon(queued.next()).await), 8);
    soon(sched.shutdown_async()).await;
    assert!(matches!(sched.start(), Err(Error::Shutdown)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_tokio_with_threads() {
    soon(everything()).await;
    soon(async { tokio::spawn(everything()).await.unwrap() }).await;
}

#[tokio::test]
async fn on_tokio_with_one_thread() {
    soon(everything()).await;
}

#[test]
fn on_smol() {
    block_on(everything());
    block_on(async { smol::spawn(everything()).await });
}

/// From a thousand tasks of the runtime at once, each of which adds one and awaits it.
async fn a_thousand(sched: Scheduler) -> u64 {
    let sum = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..1000_usize)
        .map(|number| {
            let (sched, sum) = (sched.clone(), Arc::clone(&sum));
            tokio::spawn(async move {
                let handle = sched.add(Task::new(move || number)).unwrap();
                let value = if number % 2 == 0 {
                    soon(handle.future()).await.unwrap()
                } else {
                    value(soon(handle.next()).await)
                };
                sum.fetch_add(value, Ordering::Relaxed);
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    sum.load(Ordering::Relaxed) as u64
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tokio_tasks_add_at_once() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    assert_eq!(a_thousand(sched.clone()).await, 499_500);
    soon(sched.shutdown_async()).await;
    assert_eq!(sched.stats().counts.succeeded, 1000);
}

#[tokio::test]
async fn a_thousand_tasks_of_one_thread_add_at_once() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    assert_eq!(a_thousand(sched.clone()).await, 499_500);
    soon(sched.shutdown_async()).await;
}

#[test]
fn clones_are_awaited_on_different_runtimes_at_once() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        sched.start().unwrap();
        let gate = pysched_tests::Gate::new();
        let inner = gate.clone();
        let body = move || {
            inner.wait();
            7
        };
        let handle = sched.delay(Trigger::once(0), 0, body).unwrap();
        let future = handle.future();
        let mut by_hand: Vec<_> = (0..3).map(|_| ByHand::pending(future.clone())).collect();
        let on_tokio = thread::spawn({
            let (future, stream) = (future.clone(), handle.stream());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(async { (future.await.unwrap(), stream.count().await) })
            }
        });
        let on_smol = thread::spawn({
            let (future, stream) = (future.clone(), handle.stream());
            move || smol::block_on(async { (future.await.unwrap(), stream.count().await) })
        });
        let blocked = thread::spawn(move || future.wait().copied().unwrap());
        gate.open();
        assert_eq!(on_tokio.join().unwrap(), (7, 1));
        assert_eq!(on_smol.join().unwrap(), (7, 1));
        assert_eq!(blocked.join().unwrap(), 7);
        for future in &mut by_hand {
            assert_eq!(future.woken().unwrap(), 7);
        }
    });
}

#[test]
fn dropping_an_await_never_cancels() {
    let (sched, clock) = pysched_tests::by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || 7).unwrap();
    let awaited = ByHand::pending(handle.future());
    let bell = Arc::clone(&awaited.bell);
    drop(awaited);
    assert_eq!(references(&bell), 1);
    clock.advance(SECOND);
    assert_eq!(value(at_once(handle.next())), 7);
}

#[tokio::test(start_paused = true)]
async fn time_that_is_limited_loses_nothing() {
    let sched = Scheduler::new();
    let handle = sched.add(Task::new(|| 7)).unwrap();
    for _ in 0..3 {
        assert!(tokio::time::timeout(SECOND, handle.next()).await.is_err(), "not started yet");
    }
    sched.start().unwrap();
    assert_eq!(value(smol::block_on(handle.next())), 7);
}

/// Code that an execution has spawned elsewhere ends with it.
#[test]
fn being_told_to_end_is_awaited() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        sched.start().unwrap();
        let (sender, told) = std::sync::mpsc::channel();
        let handle = sched
            .add(Task::new(move || {
                let token = pysched::current().token();
                let mut by_hand = ByHand::pending(token.cancelled());
                let abandoned = ByHand::pending(token.cancelled());
                drop(abandoned);
                let spawned = smol::spawn(token.cancelled());
                sender.send(()).unwrap();
                block_on(token.cancelled());
                block_on(spawned);
                by_hand.woken();
                at_once(token.cancelled());
            }))
            .unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        let _ = handle.future().cancel();
        assert_eq!(soon_done(&handle), Some(()));
    });
}

fn soon_done(handle: &Handle<()>) -> Option<()> {
    block_on(handle.next()).map(|execution| *execution.wait().unwrap())
}
