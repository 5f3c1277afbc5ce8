//! Which threads there are. Alone in its binary, as it looks at all threads of the process.
#![cfg(target_os = "linux")]

use std::thread;
use std::time::Instant;

use pysched::{Scheduler, Task, ThreadPoolExecutor, Trigger};
use pysched_tests::faults::{assert_workers, within};
use pysched_tests::{PATIENCE, outcome, process};

/// The names of this process's threads that begin with `pysched-`.
fn threads() -> Vec<String> {
    let mut names = process::threads();
    names.retain(|name| name.starts_with("pysched-"));
    names
}

/// Whether a thread calls a listener. With the feature `metrics`, each scheduler has one from the start
/// on. Linux keeps 15 letters of a name: `pysched-events-0` loses its number.
fn listens(name: &str) -> bool {
    name.starts_with("pysched-events-")
}

/// Waits until exactly these threads are left, beside those of listeners. The operating system may take
/// a moment to bury one that has ended.
#[track_caller]
fn assert_threads(expected: &[&str]) {
    assert_threads_where(|name| !listens(name), expected);
}

#[track_caller]
fn assert_threads_where(counts: fn(&str) -> bool, expected: &[&str]) {
    let begun = Instant::now();
    loop {
        let mut found = threads();
        found.retain(|name| counts(name));
        if found == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "expected {expected:?}, found {found:?}");
        thread::yield_now();
    }
}

fn scheduler(workers: usize) -> Scheduler {
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(workers))
        .named_executor("other", ThreadPoolExecutor::new(1))
        .build();
    sched.delay(Trigger::recur(60), 0, || ()).unwrap();
    sched
}

#[test]
fn a_scheduler_has_its_threads_while_it_lives() {
    within(PATIENCE, || {
        assert_threads(&[]);
        let one = scheduler(2);
        let other = scheduler(1);
        assert_threads(&[]);

        // The heart from the start on, workers from their first job on.
        one.start().unwrap();
        assert_threads(&["pysched-heart"]);
        assert_workers(&one, 2);
        assert_threads(&["pysched-heart", "pysched-pool-0", "pysched-pool-1"]);
        let job = one.add(Task::new(|| ()).executor("other")).unwrap().future();
        assert!(outcome(&job).is_ok());
        let all = ["pysched-heart", "pysched-pool-0", "pysched-pool-0", "pysched-pool-1"];
        assert_threads(&all);

        // None of one scheduler remains, whatever the other has.
        other.start().unwrap();
        assert_workers(&other, 1);
        one.shutdown(true);
        assert_threads(&["pysched-heart", "pysched-pool-0"]);
        other.shutdown(false);
        assert_threads(&[]);

        // Nor if nobody waits.
        let dropped = scheduler(2);
        dropped.start().unwrap();
        assert_workers(&dropped, 2);
        drop(dropped);
        assert_threads(&[]);

        let closing = scheduler(2);
        closing.start().unwrap();
        assert_workers(&closing, 2);
        let own = closing.clone();
        let inside = closing.delay(Trigger::once(0), 0, move || own.shutdown(true)).unwrap();
        assert!(outcome(&inside.future()).is_ok());
        assert_threads(&[]);

        // Nor if there never were any.
        scheduler(1).shutdown(true);
        assert_threads(&[]);

        // A listener has one as long as it is subscribed, or the scheduler lives.
        assert_threads_where(listens, &[]);
        let heard = scheduler(1);
        let first = heard.subscribe(|_| ());
        heard.subscribe(|_| ()).detach();
        assert_threads_where(listens, &["pysched-events-", "pysched-events-"]);
        drop(first);
        assert_threads_where(listens, &["pysched-events-"]);
        drop(heard);
        assert_threads_where(listens, &[]);
    });
}
