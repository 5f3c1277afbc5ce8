//! Clocks: a scheduler in simulated time, and one on a clock of your own.
//!
//! Run it with `cargo run --example own_clock`. It takes about two seconds, in which a year and two
//! hours go by.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use pysched::{Clock, Error, FnClock, InlineExecutor, Parker, Scheduler, Task, Trigger};

fn main() -> Result<(), Error> {
    a_simulated_year()?;
    two_hours_in_two_seconds()
}

/// Time made of two functions that only count, as Python's `sched` takes them: no one waits.
fn a_simulated_year() -> Result<(), Error> {
    let seconds = Arc::new(Mutex::new(0.0));
    let (reader, writer) = (Arc::clone(&seconds), Arc::clone(&seconds));
    let clock = FnClock::new(
        move || *reader.lock().unwrap(),
        move |delay| *writer.lock().unwrap() += delay,
    );
    // Tasks run on the scheduler's own thread: time stands still meanwhile.
    let sched = Scheduler::builder().clock(clock).executor(InlineExecutor).build();

    let days = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&days);
    let daily = Task::new(move || counter.fetch_add(1, Ordering::Relaxed));
    let daily = sched.add(daily.trigger(Trigger::recur(24 * 3600)).times(365))?;

    let begun = Instant::now();
    sched.start()?;
    while sched.task(&daily).is_some() {
        daily.wait();
    }
    println!("{} days took {:?}", days.load(Ordering::Relaxed), begun.elapsed());
    sched.shutdown(true);
    Ok(())
}

/// A clock that runs faster than the real one.
struct Fast {
    factor: u32,
    origin: Instant,
    started: SystemTime,
}

impl Clock for Fast {
    fn now(&self) -> Duration {
        self.origin.elapsed() * self.factor
    }

    fn wall(&self) -> SystemTime {
        self.started + self.now()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        match until {
            // The parker is how the scheduler is woken when a task is added.
            None => parker.park(),
            Some(until) => parker.park_timeout(until.saturating_sub(self.now()) / self.factor),
        }
    }
}

fn two_hours_in_two_seconds() -> Result<(), Error> {
    let clock = Fast { factor: 3600, origin: Instant::now(), started: SystemTime::now() };
    let sched = Scheduler::builder().clock(clock).build();

    let begun = Instant::now();
    let half_hourly = Task::new(move || begun.elapsed());
    let half_hourly = sched.add(half_hourly.trigger(Trigger::recur(1800)).times(4))?;
    sched.start()?;
    for half_hours in 1..=4 {
        let real = half_hourly.wait().wait().map_or(Duration::ZERO, |elapsed| *elapsed);
        println!("{} minutes took {real:.1?}", 30 * half_hours);
    }
    sched.shutdown(true);
    Ok(())
}
