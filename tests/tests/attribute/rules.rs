//! The rules in the attribute: the task that is made of them is the one that the methods of `Task` make.

use std::num::NonZeroUsize;
use std::time::Duration;

use pysched::{Conflict, Misfire, Overlap, Retry, Task, TaskError, Trigger, task};

use super::SCHED;

/// What a task says that it was told, from its trigger on; before that is the name.
fn told<T>(task: &Task<T>) -> String {
    let text = format!("{task:?}");
    text.split_once("trigger").map(|(_, told)| told.to_owned()).unwrap()
}

/// The task that the ones below are, but for their rules.
fn every_three_seconds() -> Task<()> {
    Task::new(|| ()).trigger(Trigger::recur(3))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_task_without_rules_has_none() {
    #[task(recur, 3)]
    fn plain() {}
    #[task(recur, 3, name = "a name of its own")]
    fn named() {}

    assert_eq!(told(&plain::task()), told(&every_three_seconds()));
    assert_eq!(
        told(&named::task()),
        told(&plain::task()),
        "a name alone can conflict with nothing"
    );
}

#[test]
fn each_overlap_policy_is_the_one_of_its_name() {
    #[task(recur, 3, overlap = skip)]
    fn skip() {}
    #[task(recur, 3, overlap = buffer_one)]
    fn buffer_one() {}
    #[task(recur, 3, overlap = "buffer_all")]
    fn buffer_all() {}
    #[task(recur, 3, overlap = allow(3))]
    fn allow() {}
    #[task(recur, 3, overlap = "allow(3)")]
    fn allow_as_text() {}
    #[task(recur, 3, overlap = allow_all)]
    fn allow_all() {}
    #[task(recur, 3, overlap = cancel_other)]
    fn cancel_other() {}

    let three = Overlap::Allow(NonZeroUsize::new(3).unwrap());
    for (task, overlap) in [
        (skip::task(), Overlap::Skip),
        (buffer_one::task(), Overlap::BufferOne),
        (buffer_all::task(), Overlap::BufferAll),
        (allow::task(), three),
        (allow_as_text::task(), three),
        (allow_all::task(), Overlap::AllowAll),
        (cancel_other::task(), Overlap::CancelOther),
    ] {
        assert_eq!(told(&task), told(&every_three_seconds().overlap(overlap)));
    }
}

#[test]
fn each_misfire_policy_is_the_one_of_its_name() {
    #[task(recur, 3, misfire = run_once)]
    fn run_once() {}
    #[task(recur, 3, misfire = "run_all")]
    fn run_all() {}
    #[task(recur, 3, misfire = skip)]
    fn skip() {}

    for (task, misfire) in [
        (run_once::task(), Misfire::RunOnce),
        (run_all::task(), Misfire::RunAll),
        (skip::task(), Misfire::Skip),
    ] {
        assert_eq!(told(&task), told(&every_three_seconds().misfire(misfire)));
    }
}

#[test]
fn each_conflict_policy_is_the_one_of_its_name() {
    #[task(recur, 3, conflict = error)]
    fn error() {}
    #[task(recur, 3, conflict = replace, name = "replaced")]
    fn replace() {}
    #[task(recur, 3, conflict = "keep")]
    fn keep() {}

    for (task, conflict) in [
        (error::task(), Conflict::Error),
        (replace::task(), Conflict::Replace),
        (keep::task(), Conflict::Keep),
    ] {
        assert_eq!(told(&task), told(&every_three_seconds().conflict(conflict)));
    }
}

#[test]
fn spans_of_time_are_numbers_or_texts() {
    #[task(recur, 3, grace = "1m 30s")]
    fn grace() {}
    #[task(recur, 3, grace = 0)]
    fn no_grace() {}
    #[task(recur, 3, timeout = "10s")]
    fn timeout() {}
    #[task(recur, 3, timeout = 0.25)]
    fn short_timeout() {}

    for (task, expected) in [
        (grace::task(), every_three_seconds().grace(seconds(90))),
        (no_grace::task(), every_three_seconds().grace(Duration::ZERO)),
        (timeout::task(), every_three_seconds().timeout(seconds(10))),
        (short_timeout::task(), every_three_seconds().timeout(Duration::from_millis(250))),
    ] {
        assert_eq!(told(&task), told(&expected));
    }
}

#[test]
fn further_attempts_come_after_pauses() {
    #[task(recur, 3, retry = 3)]
    fn unless_told_otherwise() {}
    #[task(recur, 3, retry = 3, backoff = "10s")]
    fn fixed() {}
    #[task(recur, 3, backoff = (0.5, "1m"), retry = 4_294_967_295)]
    fn exponential() {}
    #[task(recur, 3, retry = 0)]
    fn none() {}

    let growing = Retry::times(u32::MAX).exponential(Duration::from_millis(500), seconds(60));
    for (task, retry) in [
        (unless_told_otherwise::task(), Retry::times(3)),
        (fixed::task(), Retry::times(3).fixed(seconds(10))),
        (exponential::task(), growing),
        (none::task(), Retry::times(0)),
    ] {
        assert_eq!(told(&task), told(&every_three_seconds().retry(retry)));
    }
}

#[test]
fn tags_are_those_of_both_options() {
    #[task(recur, 3, tag = "db")]
    fn one() {}
    #[task(recur, 3, tags = ["slow", "db", "slow"])]
    fn several() {}
    #[task(recur, 3, tag = "db", tags = ["slow"])]
    fn both() {}
    #[task(recur, 3, tags = [])]
    fn none() {}

    let two = told(&every_three_seconds().tag("db").tag("slow"));
    assert_eq!(told(&one::task()), told(&every_three_seconds().tag("db")));
    assert_eq!(told(&several::task()), two);
    assert_eq!(told(&both::task()), two);
    assert_eq!(told(&none::task()), told(&every_three_seconds()));
}

#[test]
fn rules_go_with_all_else() {
    fn transient(error: &TaskError) -> bool {
        matches!(error, TaskError::Panicked(_))
    }

    #[task(
        SCHED,
        recur,
        3,
        -1,
        name = "all",
        executor = "slow",
        jitter = 1,
        overlap = buffer_one,
        misfire = run_all,
        grace = "5s",
        retry = 3,
        backoff = "10s",
        retry_if = transient,
        timeout = "10s",
        times = 5,
        tag = "db",
        conflict = keep
    )]
    fn all(number: u64) -> u64 {
        number
    }

    let expected = Task::new(|| 1)
        .trigger(Trigger::recur(3).jitter(seconds(1)))
        .priority(-1)
        .executor("slow")
        .overlap(Overlap::BufferOne)
        .misfire(Misfire::RunAll)
        .grace(seconds(5))
        .retry(Retry::times(3).fixed(seconds(10)).when(transient))
        .timeout(seconds(10))
        .times(5)
        .tag("db")
        .conflict(Conflict::Keep);
    assert_eq!(told(&all::task(1)), told(&expected));
}

#[test]
fn a_task_with_rules_is_delayed_as_any_other() {
    #[task(SCHED, recur, 0.001, overlap = buffer_one, grace = "1h", times = 2, tags = ["db", "slow"])]
    fn twice() -> u8 {
        7
    }

    let handle = twice::delay().unwrap();
    for _ in 0..2 {
        assert_eq!(handle.wait().wait().unwrap(), &7);
    }
    assert_eq!(handle.futures().len(), 2);
    assert!(SCHED.task(&handle).is_none());
}
