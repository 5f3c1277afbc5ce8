//! What is told agrees with what is recorded and counted: in random scenarios, and under load.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use pysched::{Misfire, Overlap, Retry, Scheduler, Task, ThreadPoolExecutor, Trigger};
use pysched_tests::faults::within;
use pysched_tests::{PATIENCE, Random, ms};

use crate::drawn;
use crate::told::Told;

#[test]
fn random_scenarios() {
    for seed in drawn::seeds(150) {
        let (scenario, name) = (drawn::scenario(seed), format!("seed {seed}"));
        assert_eq!(scenario.heard_on_stage(&name), "", "{name}: {scenario:?}");
    }
}

/// A task of one of many kinds, which fails, hangs and panics now and then.
fn task(random: &mut Random) -> Task<u32> {
    let (calls, period) = (AtomicU32::new(0), 1 + random.below(3));
    let function = move || {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        match call % 24 {
            1 | 8 | 15 => Err("now and then"),
            2 => panic!("now and then"),
            3 | 11 | 19 => {
                let _ = pysched::current().token().wait_timeout(ms(5));
                Ok(call)
            }
            4 | 14 => {
                pysched::current().set_progress(1, 2);
                Ok(call)
            }
            _ => Ok(call),
        }
    };
    let recur = Trigger::recur(ms(period));
    let mut task = Task::fallible(function).trigger(match random.below(5) {
        0 => Trigger::once(0),
        1 => Trigger::recur_after(ms(1)),
        _ => recur,
    });
    let times = 5 + random.below(20);
    task = task.times(times);
    if random.below(3) == 0 {
        // Without rules.
        return task;
    }
    task = task.overlap(match random.below(4) {
        0 => Overlap::Skip,
        1 => Overlap::BufferOne,
        2 => Overlap::AllowAll,
        _ => Overlap::CancelOther,
    });
    if random.below(2) == 0 {
        task = task.misfire(Misfire::RunAll);
    }
    if random.below(2) == 0 {
        task = task.retry(Retry::times(2).fixed(ms(random.below(2))));
    }
    if random.below(3) == 0 {
        task = task.timeout(ms(2));
    }
    if random.below(3) == 0 {
        task = task.tag("db");
    }
    task
}

/// Many threads add, pause, cancel and wait, on a pool and by the real clock.
#[test]
fn many_threads() {
    let builder = Scheduler::builder().executor(ThreadPoolExecutor::new(4)).history(1_000_000);
    let sched = builder.limit("db", 2).build();
    let told = Told::by(&sched);
    sched.start().unwrap();
    let until = Instant::now() + ms(700);
    thread::scope(|scope| {
        for seed in 0..4 {
            let sched = &sched;
            scope.spawn(move || {
                let mut random = Random::seeded(seed);
                let mut handles = Vec::new();
                while Instant::now() < until {
                    if handles.len() < 20 {
                        handles.push(sched.add(task(&mut random)).unwrap());
                    }
                    let place = random.below(handles.len() as u64) as usize;
                    let handle = &handles[place];
                    match random.below(20) {
                        0 => drop(handle.pause()),
                        1..=3 => drop(handle.resume()),
                        4 => drop(handle.reschedule(Trigger::recur(ms(1)))),
                        5 => drop(handle.cancel()),
                        6 => drop(handle.future().cancel()),
                        7 => drop(handle.run_now()),
                        _ => thread::yield_now(),
                    }
                    handles.retain(|handle| sched.task(handle).is_some());
                }
            });
        }
    });
    let own = sched.clone();
    within(PATIENCE, move || own.shutdown(true));
    assert_eq!(told.faults(&sched), "");
}
