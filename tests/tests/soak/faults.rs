//! Faults: what is done to the parts that a scheduler relies on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use pysched::{Executor, Rejected, Scheduler, Subscription, ThreadPoolExecutor};
use pysched_tests::faults::{ClockFaults, Submit};
use pysched_tests::process::children;
use pysched_tests::{Random, ms};
use rustix::process::{Pid, Signal, kill_process};

use super::clock::{Shift, Unsteady};
use super::figures::Figures;
use super::tasks::below;

const HOUR: u64 = 3600;

/// Sets clocks, holds them up, has them panic, and kills worker processes, until it is told to stop.
pub(crate) fn mischief(
    clocks: &[(Unsteady, Arc<ClockFaults>)],
    random: &mut Random,
    figures: &Figures,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_micros(random.below(15_000)));
        let (clock, faults) = &clocks[below(random, clocks.len())];
        match random.below(20) {
            0..6 => {
                let children = children();
                if !children.is_empty() {
                    let chosen = Pid::from_raw(children[below(random, children.len())]);
                    if chosen.is_some_and(|it| kill_process(it, Signal::KILL).is_ok()) {
                        figures.count("faults", "worker process killed");
                    }
                }
            }
            6 => set(clock, random, figures),
            7..10 => {
                clock.oversleep(ms(1 + random.below(25)));
                figures.count("faults", "scheduler's thread held up");
            }
            10 => {
                faults.now.set(1);
                figures.count("faults", "clock panics");
            }
            11 => {
                faults.wait.set(2);
                figures.count("faults", "clock panics");
            }
            _ => {}
        }
    }
}

/// Sets a wall clock, by seconds or by days. To the nanosecond, so that no time is met again by chance
/// after a setting that has it begin anew.
fn set(clock: &Unsteady, random: &mut Random, figures: &Figures) {
    let far = Duration::from_nanos(random.below(1_000_000_000_000_000) + 4 * HOUR * 1_000_000_000);
    let near = Duration::from_nanos(random.below(10_000_000_000) + 200_000_000);
    let (shift, what) = match random.below(8) {
        0 => (Shift::Forward(far), "wall clock set forward by days"),
        1 => (Shift::Back(far), "wall clock set back by days"),
        2..5 => (Shift::Forward(near), "wall clock set forward by seconds"),
        _ => (Shift::Back(near), "wall clock set back by seconds"),
    };
    clock.set(shift);
    figures.count("faults", what);
}

/// Listeners that panic, and that take their time. To drop what is returned ends them.
pub(crate) fn bad_listeners(sched: &Scheduler, figures: &Arc<Figures>) -> [Subscription; 2] {
    let (calls, counted) = (AtomicU64::new(0), Arc::clone(figures));
    let panics = sched.subscribe(move |_| {
        if calls.fetch_add(1, Ordering::Relaxed) % 50 == 7 {
            counted.count("faults", "listener panics");
            panic!("on purpose");
        }
    });
    let counted = Arc::clone(figures);
    let blocks = sched.subscribe(move |_| {
        counted.count("faults", "listener blocks");
        thread::sleep(ms(20));
    });
    [panics, blocks]
}

/// A pool that is full, refuses or panics now and then.
pub(crate) fn unreliable(pool: Arc<ThreadPoolExecutor>, figures: Arc<Figures>) -> impl Executor {
    let jobs = AtomicU64::new(0);
    Submit(move |job| match jobs.fetch_add(1, Ordering::Relaxed) % 23 {
        5 | 11 => {
            figures.count("faults", "executor is full");
            Err(Rejected::Full(job))
        }
        17 => {
            figures.count("faults", "executor refuses");
            Err(Rejected::Refused(job, "on purpose".to_owned()))
        }
        22 => {
            figures.count("faults", "executor panics");
            panic!("on purpose");
        }
        _ => Executor::submit(&*pool, job),
    })
}
