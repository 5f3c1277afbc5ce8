//! Followers that were brought to run and have not begun.

use Status::{Cancelled, Succeeded};
use pysched::{Handle, Reason, Status, Trigger};
use pysched_tests::{is_cancelled, outcome, secs};

use crate::guided::{End, Guided, eventually};

/// A series, and a follower that it has brought to run in ten seconds.
fn brought(it: &Guided) -> (Handle<u32>, Handle<u32>) {
    let series = it.sched.add(it.task("series").trigger(Trigger::recur(1000))).unwrap();
    let task = it.task("after").after(&series).trigger(Trigger::once(10));
    let follower = it.sched.add(task).unwrap();
    series.run_now().unwrap();
    it.ends(it.begins("series"), End::Return);
    eventually("it should be brought to run", || follower.next_run());
    (series, follower)
}

#[test]
fn it_is_cancelled_by_its_future() {
    let it = Guided::new(2);
    let (series, follower) = brought(&it);
    let future = follower.future();
    assert!(future.cancel());
    assert!(is_cancelled(&future));
    assert_eq!(follower.next_run(), None);
    it.pass(secs(10));
    it.nothing_begins();
    assert_eq!(it.fates(&follower), [(10, Cancelled, Some(Reason::FutureCancelled))]);
    // The next time it runs again.
    series.run_now().unwrap();
    it.ends(it.begins("series"), End::Return);
    eventually("it should be brought to run", || follower.next_run());
    it.pass(secs(10));
    it.ends(it.begins("after"), End::Return);
}

#[test]
fn it_is_cancelled_with_its_task() {
    let it = Guided::new(2);
    let (_, follower) = brought(&it);
    follower.cancel().unwrap();
    assert_eq!(it.fates(&follower), [(10, Cancelled, Some(Reason::TaskCancelled))]);
    it.pass(secs(10));
    it.nothing_begins();
}

#[test]
fn what_came_in_a_pause_has_one_fate() {
    let it = Guided::new(2);
    let (_, follower) = brought(&it);
    follower.pause().unwrap();
    let future = follower.future();
    it.pass(secs(10));
    it.nothing_begins();
    follower.resume().unwrap();
    it.ends(it.begins("after"), End::Return);
    assert!(outcome(&future).is_ok());
    assert_eq!(it.fates(&follower), [(10, Succeeded, None)]);
}

#[test]
fn a_run_that_is_not_known_yet_is_cancelled_by_its_future() {
    let it = Guided::new(2);
    let first = it.sched.add(it.task("first").trigger(Trigger::once(1))).unwrap();
    let follower = it.sched.add(it.task("after").trigger(Trigger::once(0)).after(&first)).unwrap();
    let future = follower.future();
    assert!(future.cancel(), "it will never run");
    it.pass(secs(1));
    it.ends(it.begins("first"), End::Return);
    it.nothing_begins();
    eventually("it should be over", || it.sched.task(&follower).is_none().then_some(()));
    assert_eq!(it.sched.results(&follower).len(), 1);
}

#[test]
fn to_follow_a_task_twice_is_to_follow_it() {
    let it = Guided::new(2);
    let series = it.sched.add(it.task("series")).unwrap();
    let task = it.task("after").trigger(Trigger::once(0)).after(&series).after(&series);
    let follower = it.sched.add(task).unwrap();
    it.pass(secs(1));
    it.ends(it.begins("series"), End::Return);
    it.ends(it.begins("after"), End::Return);
    it.nothing_begins();
    assert_eq!(it.fates(&follower), [(1, Succeeded, None)]);
}

#[test]
fn what_only_a_trigger_of_its_own_could_heed_is_refused() {
    let it = Guided::new(2);
    let series = it.sched.add(it.task("series")).unwrap();
    let follower = || it.task("after").trigger(Trigger::once(0)).after(&series);
    for task in [
        follower().times(1),
        follower().until(it.start),
        follower().starting(it.start),
        follower().jitter(secs(1)),
    ] {
        let error = it.sched.add(task).unwrap_err();
        assert!(error.to_string().contains("`times`"), "{error}");
    }
}
