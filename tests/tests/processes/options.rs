//! The builder's options.

use std::collections::BTreeSet;
use std::time::Instant;

use pysched::{Error, ProcessPoolExecutor, TaskError, task};
use pysched_tests::traces::{Traces, leave};
use pysched_tests::{PATIENCE, ms, outcome, secs};

use super::{double, pool, process};

#[task(once, 0)]
fn variable(key: String) -> Option<String> {
    std::env::var(key).ok()
}

#[task(once, 0)]
fn directory() -> std::path::PathBuf {
    std::env::current_dir().unwrap()
}

#[task(once, 0)]
fn niceness() -> i32 {
    rustix::process::getpriority_process(None).unwrap()
}

#[task(once, 0)]
fn mark(trace: String, text: String) {
    leave(&trace, &text);
}

#[task(once, 0)]
fn refuse_to_start() -> Result<(), String> {
    Err("there is no model".into())
}

#[task(once, 0)]
fn exit(code: i32) {
    std::process::exit(code);
}

#[task(once, 0)]
fn echo(text: String) -> String {
    text
}

#[task(once, 0)]
fn long(length: usize) -> String {
    "x".repeat(length)
}

#[task(once, 0)]
fn park() {
    loop {
        std::thread::park();
    }
}

#[test]
fn workers_have_the_environment_and_the_directory_that_they_are_given() {
    let traces = Traces::new();
    let folder = traces.name("folder");
    std::fs::create_dir(&folder).unwrap();
    let pool = ProcessPoolExecutor::builder()
        .max_workers(1)
        .env("PYSCHED_TEST", "seven")
        .env_remove("HOME")
        .current_dir(&folder)
        .nice(3)
        .build()
        .unwrap();
    let own = *outcome(&super::pool(1).run(niceness::task()).unwrap()).unwrap();
    let get = |key: &str| outcome(&pool.run(variable::task(key.into())).unwrap()).unwrap().clone();
    assert_eq!(get("PYSCHED_TEST").as_deref(), Some("seven"));
    assert_eq!(get("HOME"), None);
    assert_eq!(get("PATH"), std::env::var("PATH").ok());
    let here = outcome(&pool.run(directory::task()).unwrap()).unwrap().canonicalize().unwrap();
    assert_eq!(here, std::path::Path::new(&folder).canonicalize().unwrap());
    assert_eq!(*outcome(&pool.run(niceness::task()).unwrap()).unwrap(), own + 3);
    pool.shutdown(true);
}

#[test]
fn an_environment_can_be_empty_but_for_what_is_set() {
    let builder = ProcessPoolExecutor::builder().max_workers(1);
    let pool = builder.env("LOST", "x").env_clear().env("KEPT", "y").build().unwrap();
    let get = |key: &str| outcome(&pool.run(variable::task(key.into())).unwrap()).unwrap().clone();
    assert_eq!(["LOST", "KEPT", "PATH"].map(get), [None, Some("y".to_owned()), None]);
    pool.shutdown(true);
}

#[test]
fn a_worker_is_replaced_after_so_many_tasks() {
    let pool =
        ProcessPoolExecutor::builder().max_workers(1).max_tasks_per_worker(3).build().unwrap();
    let processes: Vec<_> =
        (0..9).map(|_| *outcome(&pool.run(process::task()).unwrap()).unwrap()).collect();
    let [a, b, c] = [0, 3, 6].map(|first| processes[first]);
    assert_eq!(processes, [a, a, a, b, b, b, c, c, c]);
    assert!(a != b && b != c);
    pool.shutdown(true);
}

#[test]
fn every_worker_runs_the_hook_before_its_first_task() {
    let traces = Traces::new();
    let hook = mark::task(traces.name("started"), "x".into());
    let builder = ProcessPoolExecutor::builder().max_workers(2).on_start(hook);
    let pool = builder.warm(true).build().unwrap();
    assert_eq!(traces.text("started"), "xx", "all have started when `build` returns");
    let died = pool.run(exit::task(1)).unwrap();
    assert!(outcome(&died).is_err());
    let until = Instant::now() + PATIENCE;
    while traces.text("started") != "xxx" {
        assert!(Instant::now() < until, "the worker that died should have been replaced");
        std::thread::sleep(ms(1));
    }
    pool.shutdown(true);
    assert_eq!(traces.text("started"), "xxx");
}

#[test]
fn workers_that_do_not_start_are_an_error_and_not_a_storm() {
    let failing =
        || ProcessPoolExecutor::builder().max_workers(2).on_start(refuse_to_start::task());
    let error = failing().warm(true).build().unwrap_err();
    assert!(matches!(error, Error::WorkerProcess(_)));
    assert!(error.to_string().contains("there is no model"), "{error}");

    // On demand, the tasks tell. All that come at once share a few attempts.
    let pool = failing().build().unwrap();
    let futures: Vec<_> = (0..200).map(|n| pool.run(double::task(n)).unwrap()).collect();
    for future in &futures {
        let error = outcome(future).unwrap_err();
        assert!(matches!(error, TaskError::Refused(_)), "{error:?}");
        assert!(error.to_string().contains("there is no model"), "{error}");
    }
    pool.shutdown(true);
}

#[test]
fn workers_that_die_in_their_hook_are_told_of() {
    let builder = ProcessPoolExecutor::builder().max_workers(1).on_start(exit::task(9));
    let error = builder.warm(true).build().unwrap_err().to_string();
    assert!(error.contains("exited with code 9"), "{error}");
}

#[test]
fn a_worker_that_does_not_get_ready_is_given_up() {
    let builder = ProcessPoolExecutor::builder().max_workers(1).start_timeout(ms(100));
    let began = Instant::now();
    let error = builder.on_start(park::task()).warm(true).build().unwrap_err().to_string();
    assert!(began.elapsed() < secs(20));
    assert!(error.contains("100ms"), "{error}");
}

#[test]
fn a_worker_that_has_no_memory_for_its_task_is_told_of() {
    let builder = ProcessPoolExecutor::builder().max_workers(1).memory_limit(1 << 20);
    let pool = builder.build().unwrap();
    // More than the allocator may have put by for a thread before the limit was set.
    let future = pool.run(long::task(100 << 20)).unwrap();
    let error = outcome(&future).unwrap_err();
    // Several in a row may have ended before they had read anything.
    let is_told = matches!(error, TaskError::WorkerDied(_) | TaskError::Refused(_));
    assert!(is_told, "{error:?}");
    assert!(error.to_string().contains("memory limit is 1 MiB"), "{error}");
    pool.shutdown(true);
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let builder = ProcessPoolExecutor::builder().max_workers(1).current_dir("/no/such/folder");
    let error = builder.warm(true).build().unwrap_err().to_string();
    assert!(error.contains("/no/such/folder"), "{error}");
}

#[test]
fn messages_are_limited_in_both_directions() {
    let pool = ProcessPoolExecutor::builder().max_workers(1).message_limit(1000).build().unwrap();
    let run = |text: &str| pool.run(echo::task(text.into())).unwrap();
    assert_eq!(outcome(&run("short")).unwrap(), "short");
    let refused = run(&"x".repeat(2000));
    let error = outcome(&refused).unwrap_err();
    assert!(matches!(error, TaskError::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("1000"), "{error}");
    let refused = pool.run(long::task(2000)).unwrap();
    let error = outcome(&refused).unwrap_err();
    assert!(error.to_string().contains("1000"), "{error}");
    assert_eq!(outcome(&run("still there")).unwrap(), "still there");
    pool.shutdown(true);
}

#[test]
fn a_pool_without_workers_cannot_be_made() {
    for error in [
        ProcessPoolExecutor::new(0).unwrap_err(),
        ProcessPoolExecutor::builder().max_tasks_per_worker(0).build().unwrap_err(),
    ] {
        assert!(error.to_string().contains("give at least 1"), "{error}");
    }
    let hook = pysched::Task::new(|| ());
    let error = ProcessPoolExecutor::builder().on_start(hook).build().unwrap_err();
    assert!(matches!(error, Error::NotPortable(_)), "{error:?}");
}

#[test]
fn workers_are_kept() {
    let pool = pool(2);
    let run = || *outcome(&pool.run(process::task()).unwrap()).unwrap();
    // A worker may not be free again at the moment its result is known; then there is another one.
    let workers: BTreeSet<_> = (0..20).map(|_| run()).collect();
    assert!(workers.len() <= 2, "{workers:?}");
    pool.shutdown(true);
}
