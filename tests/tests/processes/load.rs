//! Load: workers are killed at random while tasks run, and nothing is lost, wrong or left behind.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pysched::{ProcessPoolExecutor, Scheduler, TaskError, Trigger, task};
use pysched_tests::process::{self, descriptors};
use pysched_tests::{Random, outcome, resident_bytes, secs};
use rustix::process::{Pid, Signal, kill_process};

use super::await_end;

/// Some work, by a process that it names.
#[task(once, 0)]
fn work(number: u64, length: usize) -> (u64, u32, String) {
    let micros = number % 700;
    std::thread::sleep(Duration::from_micros(micros));
    (number * 3, std::process::id(), "x".repeat(length))
}

/// The children of this process.
fn children() -> Vec<Pid> {
    process::children().into_iter().filter_map(Pid::from_raw).collect()
}

/// How long to go on: `PYSCHED_STRESS_SECONDS`, or a moment.
fn duration() -> Duration {
    let seconds = std::env::var("PYSCHED_STRESS_SECONDS").ok();
    secs(seconds.map_or(3, |text| text.parse().unwrap()))
}

/// Not a test, but a process of its own for the one below: it counts its children and descriptors, which
/// the other tests of this program have too.
#[test]
fn random_deaths() {
    if std::env::var_os("PYSCHED_TEST_DEATHS").is_none() {
        return;
    }
    let before = descriptors();
    let mut memory = 0;
    let end = Instant::now() + duration();
    let (mut done, mut died, mut cancelled, mut late) = (0_u64, 0_u64, 0_u64, 0_u64);
    let over = AtomicBool::new(false);
    let pool = ProcessPoolExecutor::builder().max_workers(3).max_tasks_per_worker(500);
    let pool = std::sync::Arc::new(pool.build().unwrap());
    let sched = Scheduler::builder().executor(std::sync::Arc::clone(&pool)).build();
    sched.start().unwrap();
    let kills = std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            let mut random = Random::seeded(7);
            let mut kills = 0_u64;
            while !over.load(Ordering::Relaxed) {
                let children = children();
                if !children.is_empty() {
                    let count = u64::try_from(children.len()).unwrap();
                    let chosen = children[usize::try_from(random.below(count)).unwrap()];
                    kills += u64::from(kill_process(chosen, Signal::KILL).is_ok());
                }
                std::thread::sleep(Duration::from_micros(random.below(20_000)));
            }
            kills
        });
        let mut random = Random::seeded(11);
        let mut rounds = 0;
        while Instant::now() < end {
            let mut futures = HashMap::new();
            for number in 0..200 {
                let length = if random.below(20) == 0 { 200_000 } else { 10 };
                let task = work::task(number, length);
                let task = match random.below(10) {
                    0 => task.timeout(Duration::from_micros(200)),
                    1 => task.timeout(secs(30)),
                    _ => task,
                };
                let future = if random.below(2) == 0 {
                    pool.run(task).unwrap()
                } else {
                    let delay = Duration::from_micros(random.below(3000));
                    sched.add(task.trigger(Trigger::once(delay))).unwrap().future()
                };
                if random.below(10) == 0 {
                    let _ = future.cancel();
                }
                futures.insert(number, (length, future));
            }
            for (number, (length, future)) in &futures {
                match outcome(future) {
                    Ok((tripled, process, text)) => {
                        assert_eq!((*tripled, text.len()), (number * 3, *length));
                        assert_ne!(*process, std::process::id());
                        done += 1;
                    }
                    Err(TaskError::WorkerDied(_)) => died += 1,
                    // Where starting one takes long, several in a row may be killed meanwhile.
                    Err(TaskError::Refused(why)) if why.contains("before it was ready") => {
                        died += 1
                    }
                    Err(TaskError::Cancelled) => cancelled += 1,
                    Err(TaskError::TimedOut(_)) => late += 1,
                    Err(error) => panic!("{error:?}"),
                }
            }
            rounds += 1;
            if rounds == 5 {
                memory = resident_bytes();
            }
        }
        over.store(true, Ordering::Relaxed);
        killer.join().unwrap()
    });
    sched.shutdown(true);
    pool.shutdown(true);
    drop((sched, pool));
    println!("{kills} kills: {done} done, {died} died, {cancelled} cancelled, {late} late");
    assert!(done > died);
    assert_eq!(children(), [], "no process is left, dead or alive");
    let after = descriptors();
    assert!(after <= before, "{before} descriptors before, {after} after");
    let growth = resident_bytes().saturating_sub(memory);
    assert!(memory == 0 || growth < 32 << 20, "{growth} bytes more");
}

#[test]
fn every_future_ends_while_workers_are_killed_at_random() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "load::random_deaths", "--nocapture", "--test-threads=1"])
        .env("PYSCHED_TEST_DEATHS", "yes")
        .spawn()
        .unwrap();
    let process = Pid::from_child(&child);
    assert!(child.wait().unwrap().success());
    await_end(process);
}
