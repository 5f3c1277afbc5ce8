//! Code of users that runs in this process on behalf of a pool: what encodes, is dropped, or is called.

use std::sync::mpsc::{self, Sender};
use std::thread;

use pysched::{Scheduler, task};
use pysched_tests::traces::{Traces, leave, wait};
use pysched_tests::{PATIENCE, is_cancelled, outcome};
use serde::{Deserialize, Serialize};

use super::{double, pool};

/// Goes off where it would do the most damage: in a thread of a pool.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bomb(u8);

impl Drop for Bomb {
    fn drop(&mut self) {
        let thread = thread::current();
        let attends = thread.name().is_some_and(|name| name.starts_with("pysched-process-"));
        assert!(!attends, "a bomb");
    }
}

#[task(once, 0)]
fn make_bomb() -> Bomb {
    Bomb(7)
}

#[task(once, 0)]
fn take_bomb(bomb: Bomb) -> u8 {
    bomb.0
}

#[test]
fn a_result_that_panics_when_it_is_dropped_costs_the_pool_nothing() {
    let pool = pool(1);
    drop(pool.run(make_bomb::task()).unwrap());
    assert_eq!(outcome(&pool.run(double::task(1)).unwrap()).unwrap(), &2);
    pool.shutdown(true);
}

#[test]
fn an_argument_that_panics_when_it_is_dropped_costs_the_pool_nothing() {
    let pool = pool(1);
    assert_eq!(outcome(&pool.run(take_bomb::task(Bomb(7))).unwrap()).unwrap(), &7);
    assert_eq!(outcome(&pool.run(double::task(1)).unwrap()).unwrap(), &2);
    pool.shutdown(true);
}

#[test]
fn what_panics_when_it_is_dropped_costs_a_scheduler_nothing() {
    let sched = Scheduler::builder().executor(pool(1)).build();
    sched.start().unwrap();
    drop(sched.add(make_bomb::task()).unwrap());
    assert_eq!(outcome(&sched.add(take_bomb::task(Bomb(7))).unwrap().future()).unwrap(), &7);
    assert_eq!(outcome(&sched.add(double::task(1)).unwrap().future()).unwrap(), &2);
    sched.shutdown(true);
}

/// Asks its scheduler something when it is dropped, and tells that it was answered.
#[derive(Clone)]
struct Curious(Scheduler, Sender<()>);

impl Drop for Curious {
    fn drop(&mut self) {
        let _ = self.0.tasks();
        let _ = self.1.send(());
    }
}

#[task(once, 0)]
fn take_curious(curious: Curious) {
    drop(curious);
}

#[test]
fn an_argument_may_ask_its_scheduler_when_it_is_dropped() {
    let (sender, receiver) = mpsc::channel();
    // Its executor is one of threads: the arguments are kept for any.
    let sched = Scheduler::new();
    sched.start().unwrap();
    drop(sched.add(take_curious::task(Curious(sched.clone(), sender))).unwrap());
    for what in ["the copy that the function took", "the argument itself"] {
        receiver.recv_timeout(PATIENCE).expect(what);
    }
    sched.shutdown(true);
}

/// An argument whose second encoding tells, waits for a trace, and fails.
#[derive(Debug, Clone, Deserialize)]
struct Reluctant {
    /// Too long to be kept, so that it is encoded for each run.
    filling: String,
    told: String,
    until: String,
}

impl Serialize for Reluctant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !std::path::Path::new(&self.told).exists() {
            leave(&self.told, "");
            return (&self.filling, &self.told, &self.until).serialize(serializer);
        }
        leave(&self.told, "again");
        wait(&self.until);
        Err(serde::ser::Error::custom("reluctant"))
    }
}

#[task(once, 0)]
fn take_reluctant(argument: Reluctant) {
    drop(argument);
}

#[test]
fn what_is_cancelled_while_it_is_encoded_is_cancelled_whatever_comes_of_that() {
    let traces = Traces::new();
    let pool = pool(1);
    let (told, until) = (traces.name("told"), traces.name("until"));
    let argument = Reluctant { filling: "x".repeat(10_000), told, until };
    let future = pool.run(take_reluctant::task(argument)).unwrap();
    while traces.text("told") != "again" {
        thread::yield_now();
    }
    assert!(future.cancel());
    traces.leave("until");
    assert!(is_cancelled(&future));
    assert_eq!(outcome(&pool.run(double::task(1)).unwrap()).unwrap(), &2);
    pool.shutdown(true);
}
