//! Predecessors: tasks that run each time that others have succeeded.

use Status::{Cancelled, Failed, Skipped, Succeeded};
use pysched::{Error, Handle, Overlap, Reason, Status, Task, TaskError, TaskId, Trigger};
use pysched_tests::{is_cancelled, outcome, secs};

use crate::guided::{End, Guided, eventually};

/// A task that runs once, at once.
fn once(it: &Guided, label: &'static str) -> Handle<u32> {
    it.sched.add(it.task(label).trigger(Trigger::once(0))).unwrap()
}

/// A task that follows these.
fn following(it: &Guided, predecessors: &[&Handle<u32>]) -> Task<u32> {
    let task = it.task("after").trigger(Trigger::once(0));
    predecessors.iter().fold(task, |task, handle| task.after(*handle))
}

#[track_caller]
fn assert_finished<T>(it: &Guided, handle: &Handle<T>) {
    eventually("it should be finished", || it.sched.task(handle).is_none().then_some(()));
}

/// Whether it was cancelled because of that predecessor.
#[track_caller]
fn assert_orphan<T: Send + Sync + 'static>(it: &Guided, handle: &Handle<T>, predecessor: TaskId) {
    assert_finished(it, handle);
    assert!(is_cancelled(&handle.future()));
    let execution = handle.future().execution();
    assert_eq!(execution.reason, Some(Reason::Predecessor(predecessor)));
}

#[test]
fn it_runs_when_the_other_has_succeeded() {
    let it = Guided::new(2);
    let first = once(&it, "first");
    let handle = it.sched.add(following(&it, &[&first])).unwrap();
    let begun = it.begins("first");
    it.pass(secs(7));
    it.nothing_begins();
    assert_eq!(handle.next_run(), None);
    it.ends(begun, End::Return);
    it.ends(it.begins("after"), End::Return);
    assert_eq!(it.fates(&handle), [(7, Succeeded, None)], "due when the other had succeeded");
    assert_finished(&it, &handle);
}

#[test]
fn its_trigger_says_how_long_after() {
    let it = Guided::new(2);
    let first = once(&it, "first");
    let task = following(&it, &[&first]).trigger(Trigger::once(5));
    let handle = it.sched.add(task).unwrap();
    it.ends(it.begins("first"), End::Return);
    it.settle();
    it.nothing_begins();
    assert_eq!(handle.next_run(), Some(it.start + secs(5)));
    it.pass(secs(5));
    it.ends(it.begins("after"), End::Return);
    assert_eq!(it.fates(&handle), [(5, Succeeded, None)]);
}

#[test]
fn other_triggers_are_refused() {
    let it = Guided::new(2);
    let first = it.sched.add(it.task("first")).unwrap();
    let at = Trigger::at(it.start + secs(1));
    for trigger in [Trigger::recur(1), Trigger::recur_after(1), at] {
        let error = it.sched.add(following(&it, &[&first]).trigger(trigger)).unwrap_err();
        assert!(matches!(error, Error::InvalidTrigger(_)), "{error}");
    }
}

#[test]
fn what_was_never_added_cannot_be_followed() {
    let it = Guided::new(2);
    let error = it.sched.add(Task::new(|| ()).after(TaskId::nil())).unwrap_err();
    assert!(matches!(error, Error::UnknownTask(id) if id == TaskId::nil()), "{error}");
}

#[test]
fn it_is_cancelled_with_one_that_fails() {
    for how in [End::Fail, End::Panic] {
        let it = Guided::new(2);
        let first = once(&it, "first");
        let handle = it.sched.add(following(&it, &[&first])).unwrap();
        let future = handle.future();
        it.ends(it.begins("first"), how);
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
        assert_orphan(&it, &handle, first.id());
        it.nothing_begins();
    }
}

#[test]
fn it_is_cancelled_with_one_that_is_cancelled() {
    let it = Guided::new(2);
    let first = it.sched.add(it.task("first").trigger(Trigger::once(60))).unwrap();
    let handle = it.sched.add(following(&it, &[&first])).unwrap();
    let last = it.sched.add(following(&it, &[&handle])).unwrap();
    first.cancel().unwrap();
    assert_orphan(&it, &handle, first.id());
    assert_orphan(&it, &last, handle.id());
}

#[test]
fn it_waits_for_all_of_several() {
    let it = Guided::new(3);
    let (one, other) = (once(&it, "first"), it.sched.add(it.task("second")).unwrap());
    let handle = it.sched.add(following(&it, &[&one, &other])).unwrap();
    it.ends(it.begins("first"), End::Return);
    it.nothing_begins();
    it.pass(secs(1));
    it.ends(it.begins("second"), End::Fail);
    it.nothing_begins();
    it.pass(secs(1));
    it.ends(it.begins("second"), End::Return);
    it.ends(it.begins("after"), End::Return);
    assert_eq!(it.fates(&handle), [(2, Succeeded, None)]);
    assert_finished(&it, &handle);
    assert!(it.sched.task(&other).is_some());
}

#[test]
fn one_of_several_that_fails_cancels_it() {
    let it = Guided::new(1);
    let (one, other) = (once(&it, "one"), once(&it, "other"));
    let handle = it.sched.add(following(&it, &[&one, &other])).unwrap();
    it.ends(it.begins("one"), End::Return);
    it.ends(it.begins("other"), End::Fail);
    assert_orphan(&it, &handle, other.id());
}

#[test]
fn it_runs_each_time_that_all_have_succeeded_since() {
    let it = Guided::new(3);
    let [one, other] = ["one", "other"]
        .map(|label| it.sched.add(it.task(label).trigger(Trigger::recur(1_000))).unwrap());
    let handle = it.sched.add(following(&it, &[&one, &other])).unwrap();
    let run = |handle: &Handle<u32>, label| {
        let before = it.sched.results(handle).len();
        handle.run_now().unwrap();
        it.begins(label).end(End::Return);
        // By their number, as several are due at one time.
        let ended = || (it.sched.results(handle).len() > before).then_some(());
        eventually("it should end", ended);
        it.settle();
    };
    for second in 1..=3 {
        it.pass(secs(1));
        // How often one has, is no matter.
        run(&one, "one");
        run(&one, "one");
        it.nothing_begins();
        run(&other, "other");
        let begun = it.begins("after");
        assert_eq!(begun.due, it.start + secs(second));
        it.ends(begun, End::Return);
    }
    assert_eq!(it.fates(&handle), [1, 2, 3].map(|second| (second, Succeeded, None)));
    one.cancel().unwrap();
    assert_finished(&it, &handle);
    assert_eq!(it.fates(&handle).len(), 3, "it has run, so nothing of it is cancelled");
}

#[test]
fn it_follows_a_series_to_its_end() {
    let it = Guided::new(2);
    let series = it.sched.add(it.task("series").times(3)).unwrap();
    let handle = it.sched.add(following(&it, &[&series])).unwrap();
    for how in [End::Return, End::Fail, End::Return] {
        it.pass(secs(1));
        it.ends(it.begins("series"), how);
        if let End::Return = how {
            it.ends(it.begins("after"), End::Return);
        }
        it.nothing_begins();
    }
    assert_eq!(it.fates(&handle), [(1, Succeeded, None), (3, Succeeded, None)]);
    assert_finished(&it, &handle);
}

#[test]
fn what_has_finished_before_counts_as_just_now() {
    let it = Guided::new(2);
    let first = once(&it, "first");
    it.ends(it.begins("first"), End::Return);
    it.pass(secs(9));
    let handle = it.sched.add(following(&it, &[&first])).unwrap();
    it.ends(it.begins("after"), End::Return);
    assert_eq!(it.fates(&handle), [(9, Succeeded, None)]);
    assert_finished(&it, &handle);

    let failed = once(&it, "failed");
    it.ends(it.begins("failed"), End::Fail);
    let handle = it.sched.add(following(&it, &[&failed])).unwrap();
    assert_orphan(&it, &handle, failed.id());
}

#[test]
fn a_chain_of_them() {
    let it = Guided::new(2);
    let first = once(&it, "first");
    let mut handles = vec![first];
    for _ in 0..5 {
        let last = handles.last().unwrap();
        handles.push(it.sched.add(following(&it, &[last])).unwrap());
    }
    it.ends(it.begins("first"), End::Return);
    for handle in &handles[1..] {
        let begun = it.begins("after");
        assert_eq!(begun.task, handle.id());
        it.nothing_begins();
        it.ends(begun, End::Return);
    }
    handles.iter().for_each(|handle| assert_finished(&it, handle));
}

#[test]
fn an_end_that_comes_while_it_runs_goes_by_its_overlap() {
    for (overlap, status, reason) in
        [(Overlap::Skip, Skipped, Some(Reason::Overlap)), (Overlap::BufferOne, Succeeded, None)]
    {
        let it = Guided::new(3);
        let series = it.sched.add(it.task("series")).unwrap();
        let handle = it.sched.add(following(&it, &[&series]).overlap(overlap)).unwrap();
        it.pass(secs(1));
        it.ends(it.begins("series"), End::Return);
        let begun = it.begins("after");
        it.pass(secs(1));
        it.ends(it.begins("series"), End::Return);
        it.settle();
        it.ends(begun, End::Return);
        if status == Succeeded {
            it.ends(it.begins("after"), End::Return);
        }
        it.nothing_begins();
        assert_eq!(it.fates(&handle), [(1, Succeeded, None), (2, status, reason)]);
    }
}

#[test]
fn it_can_be_cancelled_itself() {
    let it = Guided::new(2);
    let series = it.sched.add(it.task("series")).unwrap();
    let handle = it.sched.add(following(&it, &[&series])).unwrap();
    let future = handle.future();
    handle.cancel().unwrap();
    assert!(is_cancelled(&future));
    it.pass(secs(1));
    it.ends(it.begins("series"), End::Return);
    it.nothing_begins();
    assert!(it.sched.task(&series).is_some());
}

#[test]
fn its_own_failure_is_its_own() {
    let it = Guided::new(2);
    let series = it.sched.add(it.task("series")).unwrap();
    let handle = it.sched.add(following(&it, &[&series])).unwrap();
    for how in [End::Fail, End::Return] {
        it.pass(secs(1));
        it.ends(it.begins("series"), End::Return);
        it.ends(it.begins("after"), how);
    }
    assert_eq!(it.fates(&handle), [(1, Failed, None), (2, Succeeded, None)]);
    series.cancel().unwrap();
    assert_finished(&it, &handle);
    assert!(it.fates(&handle).iter().all(|fate| fate.1 != Cancelled));
}

#[test]
fn what_was_run_by_hand_has_run() {
    let it = Guided::new(2);
    let series = it.sched.add(it.task("series")).unwrap();
    let handle = it.sched.add(following(&it, &[&series])).unwrap();
    handle.run_now().unwrap();
    it.ends(it.begins("after"), End::Return);
    series.cancel().unwrap();
    assert_finished(&it, &handle);
    assert_eq!(it.fates(&handle), [(0, Succeeded, None)]);
}
