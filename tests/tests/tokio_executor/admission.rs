//! How many go on at a time, and which is next.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;

use pysched::{InlineExecutor, Scheduler, Task, TokioExecutor, Trigger};
use pysched_tests::{PATIENCE, await_offers, ms, occupy, offering, started_on};
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::task::{block_in_place, yield_now};

use super::runtime;

/// Counts how many are inside, and the most that there ever were.
#[derive(Default)]
struct Room {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Room {
    fn enter(&self) {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
    }

    fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn no_more_go_on_than_the_limit_says_of_both_kinds_together() {
    let runtime = runtime(2);
    let sched = started_on(TokioExecutor::new(runtime.handle().clone()).concurrency(3));
    let room = Arc::new(Room::default());
    let handles: Vec<_> = (0..300)
        .map(|number| {
            let room = Arc::clone(&room);
            let task = if number % 3 == 0 {
                Task::new(move || {
                    room.enter();
                    std::thread::yield_now();
                    room.leave();
                })
            } else {
                Task::future(move || {
                    let room = Arc::clone(&room);
                    async move {
                        room.enter();
                        for _ in 0..number % 5 {
                            yield_now().await;
                        }
                        room.leave();
                    }
                })
            };
            sched.add(task).unwrap()
        })
        .collect();
    handles.iter().for_each(|handle| handle.future().wait().cloned().unwrap());
    assert!((2..=3).contains(&room.most.load(Ordering::SeqCst)));
    sched.shutdown(true);
}

#[test]
fn the_most_urgent_is_next_whatever_its_kind() {
    let runtime = runtime(2);
    let sched = offering(TokioExecutor::new(runtime.handle().clone()).concurrency(1));
    let gate = Arc::new(Semaphore::new(0));
    let (started, has_started) = mpsc::channel();
    let first = Task::future({
        let gate = Arc::clone(&gate);
        move || {
            let (gate, started) = (Arc::clone(&gate), started.clone());
            async move {
                started.send(()).unwrap();
                gate.acquire().await.unwrap().forget();
            }
        }
    });
    sched.add(first).unwrap();
    has_started.recv_timeout(PATIENCE).unwrap();

    let order = Arc::new(Mutex::new(Vec::new()));
    let handles: Vec<_> = [5, -1, 3, 0, 4, -7, 2]
        .map(|priority| {
            let order = Arc::clone(&order);
            let task = if priority % 2 == 0 {
                Task::new(move || order.lock().unwrap().push(priority))
            } else {
                Task::future(move || {
                    let order = Arc::clone(&order);
                    async move {
                        yield_now().await;
                        order.lock().unwrap().push(priority);
                    }
                })
            };
            sched.add(task.priority(priority)).unwrap()
        })
        .into();
    await_offers(&sched);
    gate.add_permits(1);
    handles.iter().for_each(|handle| handle.future().wait().cloned().unwrap());
    assert_eq!(*order.lock().unwrap(), [-7, -1, 0, 2, 3, 4, 5]);
    sched.shutdown(true);
}

#[test]
fn in_front_of_the_threads_that_may_block_the_most_urgent_is_next() {
    let mut builder = Builder::new_multi_thread();
    let runtime = builder.worker_threads(1).max_blocking_threads(1).build().unwrap();
    let sched = offering(TokioExecutor::new(runtime.handle().clone()));
    let gate = occupy(&sched, 1);
    let order = Arc::new(Mutex::new(Vec::new()));
    let handles = [5, -1, 3, 0, 4].map(|priority| {
        let order = Arc::clone(&order);
        let task = Task::new(move || order.lock().unwrap().push(priority));
        sched.add(task.priority(priority)).unwrap()
    });
    await_offers(&sched);
    gate.open();
    handles.iter().for_each(|handle| handle.future().wait().cloned().unwrap());
    assert_eq!(*order.lock().unwrap(), [-1, 0, 3, 4, 5]);
    sched.shutdown(true);
}

#[test]
fn a_burst_runs_each_once_in_whatever_way_they_wait() {
    const TASKS: usize = 20_000;
    let runtime = runtime(2);
    for limit in [None, Some(1), Some(7)] {
        let executor = TokioExecutor::new(runtime.handle().clone());
        let executor = limit.map_or_else(
            || executor,
            |limit| TokioExecutor::new(runtime.handle().clone()).concurrency(limit),
        );
        let sched = Scheduler::builder().executor(executor).build();
        let runs = Arc::new((0..TASKS).map(|_| AtomicUsize::new(0)).collect::<Vec<_>>());
        for number in 0..TASKS {
            let runs = Arc::clone(&runs);
            let task = Task::future(move || {
                let runs = Arc::clone(&runs);
                async move {
                    if number % 7 == 0 {
                        yield_now().await;
                    }
                    runs[number].fetch_add(1, Ordering::Relaxed);
                }
            });
            sched.add(task.trigger(Trigger::once(0.001))).unwrap();
        }
        sched.start().unwrap();
        while sched.stats().counts.succeeded < TASKS as u64 {
            std::thread::sleep(ms(1));
        }
        sched.shutdown(true);
        assert!(runs.iter().all(|it| it.load(Ordering::Relaxed) == 1), "limit {limit:?}");
    }
}

#[test]
fn futures_that_keep_their_thread_keep_no_other_from_beginning() {
    let runtime = runtime(1);
    let sched = started_on(TokioExecutor::new(runtime.handle().clone()));
    // Each of them waits for all others to have begun, and none gives its thread back meanwhile.
    let barrier = Arc::new(std::sync::Barrier::new(5));
    let handles = [(); 5].map(|()| {
        let barrier = Arc::clone(&barrier);
        let task = Task::future(move || {
            let barrier = Arc::clone(&barrier);
            async move {
                block_in_place(|| barrier.wait());
            }
        });
        sched.add(task.trigger(Trigger::once(0.001))).unwrap()
    });
    handles.iter().for_each(|handle| handle.future().wait().cloned().unwrap());
    sched.shutdown(true);
}

#[test]
fn others_on_the_runtime_have_their_turns_during_a_burst() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let sched = Scheduler::builder()
        .executor(TokioExecutor::new(runtime.handle().clone()))
        .named_executor("last", InlineExecutor)
        .build();
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..1000 {
        let ran = Arc::clone(&ran);
        sched
            .add(Task::future(move || {
                let ran = Arc::clone(&ran);
                async move {
                    ran.fetch_add(1, Ordering::Relaxed);
                }
            }))
            .unwrap();
    }
    sched.start().unwrap();
    await_offers(&sched);
    // Before all have run, another task of the same thread has been polled again and again.
    let mut turns = 0;
    let counts = poll_fn(move |context| {
        if ran.load(Ordering::Relaxed) == 1000 {
            return Poll::Ready(turns);
        }
        turns += 1;
        context.waker().wake_by_ref();
        Poll::Pending
    });
    let turns = runtime.block_on(async { tokio::spawn(counts).await.unwrap() });
    assert!(turns >= 1000 / 64, "{turns}");
}
