//! Races: whoever awaits is woken, whatever happens at the same moment. Thousands of rounds.

use std::sync::Barrier;
use std::sync::mpsc;
use std::thread;

use pysched::{Status, ThreadPoolExecutor};
use pysched_tests::Random;
use pysched_tests::faults::within;
use pysched_tests::started_on;
use smol::stream::StreamExt as _;

use super::*;

const ROUNDS: usize = 3000;

/// So much time that a race over all rounds may take.
const LONG: Duration = Duration::from_secs(120);

/// What becomes of one task, as it is seen by one `next` after the other.
async fn fates(handle: Handle<()>) -> Vec<Status> {
    let mut fates = Vec::new();
    while let Some(execution) = handle.next().await {
        assert!(execution.done());
        fates.push(execution.execution().status);
    }
    fates
}

/// Does something with a task in each round, while another thread awaits its executions.
fn race(
    sched: &Scheduler,
    rounds: usize,
    task: impl Fn(usize) -> Task<()>,
    act: impl Fn(usize, &Handle<()>),
) -> Vec<Vec<Status>> {
    let (handles, to_await) = mpsc::channel::<Handle<()>>();
    let (fates_of, all) = mpsc::channel();
    let awaiter = thread::spawn(move || {
        for handle in to_await {
            fates_of.send(smol::block_on(fates(handle))).unwrap();
        }
    });
    let fates = (0..rounds)
        .map(|round| {
            let handle = sched.add(task(round)).unwrap();
            handles.send(handle.clone()).unwrap();
            act(round, &handle);
            all.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("a hang in round {round}"))
        })
        .collect();
    drop(handles);
    awaiter.join().unwrap();
    fates
}

fn pool(workers: usize) -> Scheduler {
    started_on(ThreadPoolExecutor::new(workers))
}

#[test]
fn an_end_and_an_await() {
    within(LONG, || {
        let sched = pool(2);
        for fates in race(&sched, ROUNDS, |_| Task::new(|| ()), |_, _| ()) {
            assert_eq!(fates, [Status::Succeeded]);
        }
    });
}

/// Each has run, or was cancelled.
#[track_caller]
fn assert_one_fate(all: &[Vec<Status>]) {
    for fates in all {
        assert!(matches!(**fates, [Status::Succeeded | Status::Cancelled]), "{fates:?}");
    }
}

#[test]
fn an_end_a_cancel_and_an_await() {
    within(LONG, || {
        let sched = pool(2);
        let all = race(
            &sched,
            ROUNDS,
            |_| Task::new(|| ()),
            |round, handle| {
                (0..round % 64).for_each(|_| std::hint::spin_loop());
                let _ = handle.cancel();
            },
        );
        assert_one_fate(&all);
    });
}

#[test]
fn a_future_that_cancels_and_an_await() {
    within(LONG, || {
        let sched = pool(2);
        let all = race(
            &sched,
            ROUNDS,
            |_| Task::new(|| ()),
            |_, handle| {
                let _ = handle.future().cancel();
            },
        );
        assert_one_fate(&all);
    });
}

#[test]
fn a_series_that_is_cancelled_while_it_runs() {
    within(LONG, || {
        let sched = pool(2);
        let task = |round| {
            let task = Task::new(|| ()).trigger(Trigger::recur(Duration::from_micros(50)));
            // With a record and rules, and without rules.
            if round % 2 == 0 { task.grace(SECOND) } else { task }
        };
        let all = race(&sched, ROUNDS / 3, task, |round, handle| {
            handle.future().wait().ok();
            (0..round % 512).for_each(|_| std::hint::spin_loop());
            handle.cancel().unwrap();
        });
        for fates in all {
            let cancelled = fates.iter().filter(|it| **it == Status::Cancelled).count();
            assert!(!fates.is_empty() && cancelled <= 2, "{fates:?}");
        }
    });
}

#[test]
fn nexts_that_are_dropped_lose_nothing() {
    within(LONG, || {
        let sched = pool(1);
        let mut random = Random::seeded(7);
        for round in 0..ROUNDS / 10 {
            let handle =
                sched.add(counting().times(5).trigger(Trigger::recur_after(0.0001))).unwrap();
            let mut taken = Vec::new();
            let others: Vec<_> = (0..3).map(|_| handle.clone().stream()).collect();
            block_on(async {
                loop {
                    // Half of them are given up at once, or when something else is ready.
                    let polls = random.below(3);
                    let given_up = async {
                        for _ in 0..polls {
                            smol::future::yield_now().await;
                        }
                        None
                    };
                    let next = async { Some(handle.next().await) };
                    match smol::future::or(next, given_up).await {
                        Some(Some(execution)) => taken.push(*execution.wait().unwrap()),
                        Some(None) => break,
                        None => {}
                    }
                }
                for other in others {
                    let values = other.map(|it| *it.wait().unwrap()).collect::<Vec<_>>().await;
                    assert_eq!(values, [0, 1, 2, 3, 4], "round {round}");
                }
            });
            assert_eq!(taken, [0, 1, 2, 3, 4], "round {round}");
        }
    });
}

#[test]
fn several_tasks_share_a_handle_while_its_series_ends() {
    within(LONG, || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let sched = pool(2);
        for round in 0..ROUNDS / 10 {
            let task = counting().times(8).trigger(Trigger::recur_after(0.0001));
            let handle = Arc::new(sched.add(task).unwrap());
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    let handle = Arc::clone(&handle);
                    runtime.spawn(async move {
                        let mut taken = Vec::new();
                        while let Some(execution) = handle.next().await {
                            taken.push(*execution.wait().unwrap());
                        }
                        taken
                    })
                })
                .collect();
            let mut taken = Vec::new();
            for taker in takers {
                taken.extend(block_on(taker).unwrap());
            }
            taken.sort_unstable();
            assert_eq!(taken, [0, 1, 2, 3, 4, 5, 6, 7], "round {round}");
        }
    });
}

#[test]
fn streams_and_shutdowns() {
    within(LONG, || {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        for round in 0..ROUNDS / 5 {
            let sched = pool(2);
            let tasks = [
                counting().trigger(Trigger::recur(0.0001)),
                counting().trigger(Trigger::recur_after(0.0001)),
                counting().trigger(Trigger::recur(0.0001)).grace(SECOND),
                counting(),
                counting().trigger(Trigger::once(60)),
            ];
            let handles = tasks.map(|task| sched.add(task).unwrap());
            let streams: Vec<_> =
                handles.iter().map(|handle| runtime.spawn(handle.stream().count())).collect();
            (0..(round * 37) % 4096).for_each(|_| std::hint::spin_loop());
            let ended = runtime.spawn(sched.shutdown_async());
            match round % 4 {
                0 => sched.shutdown(true),
                1 => sched.shutdown(false),
                2 => drop(sched),
                _ => drop(sched.shutdown_timeout(Duration::ZERO)),
            }
            for stream in streams {
                assert!(block_on(stream).unwrap() > 0, "round {round}");
            }
            block_on(ended).unwrap();
        }
    });
}

#[test]
fn shutdowns_of_every_kind_at_once() {
    within(LONG, || {
        for round in 0..ROUNDS / 5 {
            let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
            if round % 8 != 0 {
                sched.start().unwrap();
            }
            let ran = counter();
            for _ in 0..round % 5 {
                let ran = Arc::clone(&ran);
                let task = Task::new(move || ran.fetch_add(1, Ordering::SeqCst));
                drop(sched.add(task).unwrap());
            }
            let barrier = Arc::new(Barrier::new(4));
            let closers: Vec<_> = (0..4)
                .map(|number| {
                    let (sched, barrier) = (sched.clone(), Arc::clone(&barrier));
                    thread::spawn(move || {
                        barrier.wait();
                        match (number, round % 3) {
                            (0 | 1, _) => block_on(sched.shutdown_async()),
                            (2, _) => drop(sched.shutdown_async()),
                            (_, 0) => sched.shutdown(true),
                            (_, 1) => sched.shutdown(false),
                            _ => block_on(sched.shutdown_async()),
                        }
                    })
                })
                .collect();
            for closer in closers {
                closer.join().unwrap();
            }
            block_on(sched.shutdown_async());
            if round % 3 != 1 && round % 8 != 0 {
                assert_eq!(ran.load(Ordering::SeqCst), round % 5, "all that was queued has run");
            }
        }
    });
}

#[test]
fn the_last_job_and_a_shutdown() {
    within(LONG, || {
        for round in 0..ROUNDS / 5 {
            let sched = pool(1);
            let (sender, told) = mpsc::channel();
            sched.add(Task::new(move || sender.send(()).unwrap())).unwrap();
            told.recv_timeout(PATIENCE).unwrap();
            // The function has been called, and its job is about to be over.
            (0..round % 256).for_each(|_| std::hint::spin_loop());
            block_on(sched.shutdown_async());
        }
    });
}
