//! Workers do not outlive their parent, and nothing is left of them.

use std::process::Command;

use pysched::{ProcessPoolExecutor, TaskError};
use pysched_tests::traces::Traces;
use pysched_tests::{ms, outcome};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{await_end, double, hold, pool, process, process_in};

/// Names the folder in which the parent of some workers leaves its traces, when it is a process of its
/// own.
const PARENT: &str = "PYSCHED_TEST_PARENT";

/// Not a test, but the program that the tests below kill.
#[test]
fn parent_of_workers() {
    let Ok(folder) = std::env::var(PARENT) else { return };
    let pool = ProcessPoolExecutor::builder().max_workers(3).warm(true).build().unwrap();
    let name = |name: &str| format!("{folder}/{name}");
    let _busy = pool.run(hold::task(name("busy"), name("never"))).unwrap();
    let _spare = pool.run(hold::task(name("spare"), name("open"))).unwrap();
    pysched_tests::traces::wait(&name("spare"));
    pysched_tests::traces::leave(&name("open"), "");
    loop {
        std::thread::park();
    }
}

/// Ends a parent in some way, and waits until its workers are gone.
fn orphans(end: impl FnOnce(Pid)) {
    let traces = Traces::new();
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lifetime::parent_of_workers", "--nocapture"])
        .env(PARENT, traces.name(""))
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let workers = ["busy", "spare"].map(|name| process_in(&traces, name));
    end(Pid::from_child(&parent));
    parent.wait().unwrap();
    workers.into_iter().for_each(await_end);
}

#[test]
fn workers_end_with_a_parent_that_is_killed() {
    orphans(|parent| kill_process(parent, Signal::KILL).unwrap());
    orphans(|parent| kill_process(parent, Signal::TERM).unwrap());
}

#[test]
fn workers_are_in_groups_of_their_own() {
    let traces = Traces::new();
    let pool = pool(1);
    let future = pool.run(hold::task(traces.name("here"), traces.name("open"))).unwrap();
    let worker = process_in(&traces, "here");
    // So the terminal's Ctrl-C, which goes to the group in the foreground, does not reach them.
    assert_eq!(rustix::process::getpgid(Some(worker)).unwrap(), worker);
    assert_ne!(rustix::process::getpgid(None).unwrap(), worker);
    traces.leave("open");
    outcome(&future).unwrap();
    pool.shutdown(true);
    await_end(worker);
}

#[test]
fn an_idle_worker_that_is_killed_is_replaced_and_no_task_is_lost() {
    let pool = pool(1);
    for number in 0..20 {
        let worker = *outcome(&pool.run(process::task()).unwrap()).unwrap();
        let worker = Pid::from_raw(worker.cast_signed()).unwrap();
        kill_process_group(worker, Signal::KILL).unwrap();
        if number % 2 == 0 {
            await_end(worker);
        }
        let future = pool.run(double::task(number)).unwrap();
        match outcome(&future) {
            Ok(doubled) => assert_eq!(*doubled, 2 * number),
            // A worker that is being killed may still take what comes at that very moment.
            Err(TaskError::WorkerDied(_)) => assert_ne!(number % 2, 0),
            Err(error) => panic!("{error:?}"),
        }
    }
    pool.shutdown(true);
}

#[test]
fn a_shutdown_leaves_no_process_behind() {
    let traces = Traces::new();
    let pool = ProcessPoolExecutor::builder().max_workers(2).warm(true).build().unwrap();
    let first = pool.run(hold::task(traces.name("a"), traces.name("open"))).unwrap();
    let second = pool.run(hold::task(traces.name("b"), traces.name("open"))).unwrap();
    let workers = ["a", "b"].map(|name| process_in(&traces, name));
    traces.leave("open");
    pool.shutdown(true);
    assert!(first.done() && second.done());
    for worker in workers {
        assert!(rustix::process::test_kill_process(worker).is_err(), "{worker:?} is gone at once");
    }
}

#[test]
fn a_pool_that_is_dropped_ends_when_its_tasks_have() {
    let traces = Traces::new();
    let pool = pool(1);
    let runs = pool.run(hold::task(traces.name("here"), traces.name("open"))).unwrap();
    let waits = pool.run(double::task(1)).unwrap();
    let worker = process_in(&traces, "here");
    drop(pool);
    assert!(pysched_tests::is_cancelled(&waits));
    assert!(runs.wait_timeout(ms(1)).is_none(), "it goes on unattended");
    traces.leave("open");
    outcome(&runs).unwrap();
    await_end(worker);
}
