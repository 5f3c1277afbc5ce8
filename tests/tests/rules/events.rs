//! What is told of tasks: each kind of event, with its fields, in its place.

use pysched::{
    Conflict, EventKind, Executor, Job, Overlap, Reason, Rejected, Retry, Scheduler, Task, Trigger,
};
use pysched_tests::{Gate, by_hand_on, ms, occupy, outcome, secs};

use crate::guided::{End, Guided, backs_off, eventually};
use crate::told::Told;

/// Waits until a task is over.
#[track_caller]
fn over(sched: &Scheduler, task: impl Into<pysched::TaskId>) {
    let task = task.into();
    eventually("it should be over", || sched.task(task).is_none().then_some(()));
}

#[test]
fn a_task_that_runs_once() {
    let it = Guided::new(2);
    let told = Told::by(&it.sched);
    let handle = it.sched.delay(Trigger::once(2), 0, || 7).unwrap().id();
    it.pass(secs(3));
    over(&it.sched, handle);
    let expected = ["added", "fired 2", "started 2 #1, 1 late", "succeeded 2 #1 in 0", "finished"];
    assert_eq!(told.of(handle, it.start), expected);
    let events = told.events();
    assert!(events.iter().all(|event| event.task == Some(handle) && event.name.is_none()));
    let at: Vec<_> = events.iter().map(|event| event.at).collect();
    assert_eq!(at, [0, 3, 3, 3, 3].map(|second| it.start + secs(second)));
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_task_that_runs_once_and_is_looked_at() {
    // Asked for its future, it is given a record, be it before, while it is queued, or while it runs.
    for moment in 0..3 {
        let it = Guided::new(1);
        let told = Told::by(&it.sched);
        let gate = occupy(&it.sched, 1);
        let handle = it.sched.add(it.task("a").trigger(Trigger::once(2))).unwrap();
        let ask = |now| (moment == now).then(|| handle.future());
        let _before = ask(0);
        it.pass(secs(2));
        let _queued = ask(1);
        gate.open();
        let begun = it.begins("a");
        let _running = ask(2);
        it.pass(secs(5));
        it.ends(begun, End::Return);
        let expected =
            ["added", "fired 2", "started 2 #1, 0 late", "succeeded 2 #1 in 5", "finished"];
        assert_eq!(told.of(&handle, it.start), expected);
    }
}

#[test]
fn a_task_that_fails() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    for (how, text) in [
        (End::Fail, "the task failed: it was told to fail"),
        (End::Panic, "the task panicked: it was told to panic"),
    ] {
        let handle = it.sched.add(it.task("a").trigger(Trigger::once(0))).unwrap();
        it.ends(it.begins("a"), how);
        let lines = told.of(&handle, it.start);
        assert_eq!(lines[3..], [format!("failed 0 #1 in 0: {text}"), "finished".to_owned()]);
    }
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_name_is_told_with_all() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    it.sched.add(it.task("a").name("nightly").trigger(Trigger::once(0))).unwrap();
    it.ends(it.begins("a"), End::Return);
    let events = told.events();
    assert_eq!(events.len(), 5);
    assert!(events.iter().all(|event| event.name.as_deref() == Some("nightly")));
}

#[test]
fn what_is_cancelled_before_it_is_due() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let once = || it.sched.delay(Trigger::once(2), 0, || ()).unwrap();
    let by_handle = once();
    by_handle.cancel().unwrap();
    let by_future = once();
    assert!(by_future.future().cancel());
    let shut_down = once();
    it.sched.shutdown(true);
    for (handle, reason) in [
        (by_handle, Reason::TaskCancelled),
        (by_future, Reason::FutureCancelled),
        (shut_down, Reason::ShutDown),
    ] {
        let cancelled = format!("cancelled 2: {reason:?}");
        assert_eq!(told.of(&handle, it.start), ["added", &cancelled, "finished"]);
    }
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn what_is_cancelled_while_it_is_queued() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let gate = occupy(&it.sched, 1);
    let once = || it.sched.delay(Trigger::once(2), 0, || ()).unwrap();
    let (by_handle, by_future, shut_down) = (once(), once(), once());
    let ruled = it.sched.add(it.task("a").trigger(Trigger::once(2)).tag("t")).unwrap();
    it.pass(secs(2));
    by_handle.cancel().unwrap();
    assert!(by_future.future().cancel());
    it.sched.shutdown(false);
    for (handle, reason) in [
        (by_handle.id(), Reason::TaskCancelled),
        (by_future.id(), Reason::FutureCancelled),
        (shut_down.id(), Reason::ShutDown),
        (ruled.id(), Reason::ShutDown),
    ] {
        let cancelled = format!("cancelled 2: {reason:?}");
        assert_eq!(told.of(handle, it.start), ["added", "fired 2", &cancelled, "finished"]);
    }
    gate.open();
    eventually("the last should end", || (it.sched.stats().running == 0).then_some(()));
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_series_that_overlaps_and_is_stalled() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    it.pass(secs(1));
    it.ends(begun, End::Return);
    it.pass(secs(3));
    it.ends(it.begins("a"), End::Fail);
    handle.cancel().unwrap();
    let expected = [
        "added",
        "fired 1",
        "started 1 #1, 0 late",
        "skipped 2: Overlap",
        "succeeded 1 #1 in 1",
        "missed 3: into 5",
        "missed 4: into 5",
        "fired 5",
        "started 5 #1, 0 late",
        "failed 5 #1 in 0: the task failed: it was told to fail",
        "cancelled 6: TaskCancelled",
        "finished",
    ];
    assert_eq!(told.of(&handle, it.start), expected);
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_series_whose_last_run_goes_on() {
    let it = Guided::new(2);
    let told = Told::by(&it.sched);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    let begun = it.begins("a");
    handle.cancel().unwrap();
    it.ends(begun, End::Return);
    let lines = told.of(&handle, it.start);
    assert_eq!(lines[3..], ["cancelled 2: TaskCancelled", "succeeded 1 #1 in 0", "finished"]);
}

#[test]
fn more_runs_than_are_retained_are_told_together() {
    let it = Guided::built(1, |builder| builder.history(2));
    let told = Told::by(&it.sched);
    let plain = it.sched.add(it.task("a")).unwrap();
    let ruled = it.sched.add(it.task("b").grace(secs(0))).unwrap();
    it.pass(secs(10));
    it.begins("a").end(End::Return);
    it.begins("b").end(End::Return);
    let missed = ["missed 8: into 10, one of 8", "missed 9: into 10", "fired 10"];
    assert_eq!(told.of(&plain, it.start)[1..4], missed);
    let late =
        ["missed 7: TooLate(3s), one of 7", "missed 8: TooLate(2s)", "missed 9: TooLate(1s)"];
    assert_eq!(told.of(&ruled, it.start)[1..4], late);
}

#[test]
fn retries() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let task = it.task("a").trigger(Trigger::once(1)).retry(Retry::times(2).fixed(secs(5)));
    let handle = it.sched.add(task).unwrap();
    it.pass(secs(1));
    let future = handle.future();
    it.begins("a").end(End::Fail);
    backs_off(&future, 1);
    it.pass(secs(7));
    it.begins("a").end(End::Panic);
    backs_off(&future, 2);
    it.pass(secs(5));
    let begun = it.begins("a");
    it.pass(secs(3));
    it.ends(begun, End::Return);
    let expected = [
        "added",
        "fired 1",
        "started 1 #1, 0 late",
        "retried 1 #1 after 5: the task failed: it was told to fail",
        "started 1 #2, 7 late",
        "retried 1 #2 after 5: the task panicked: it was told to panic",
        "started 1 #3, 12 late",
        "succeeded 1 #3 in 3",
        "finished",
    ];
    assert_eq!(told.of(&handle, it.start), expected);
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn retries_that_are_used_up_given_up_or_cancelled() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let failed = "the task failed: it was told to fail";
    let retried = format!("retried 0 #1 after 5: {failed}");
    for way in 0..4 {
        let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(1).fixed(secs(5)));
        let start = pysched::Clock::wall(&it.clock);
        let handle = it.sched.add(task).unwrap();
        let begun = it.begins("a");
        let future = handle.future();
        begun.end(End::Fail);
        backs_off(&future, 1);
        let expected = match way {
            0 => {
                it.pass(secs(5));
                it.ends(it.begins("a"), End::Fail);
                vec!["started 0 #2, 5 late".to_owned(), format!("failed 0 #2 in 0: {failed}")]
            }
            1 => {
                handle.cancel().unwrap();
                vec![format!("failed 0 #1 in 0: {failed}")]
            }
            2 => {
                assert!(future.cancel());
                vec!["cancelled 0: FutureCancelled".to_owned()]
            }
            _ => {
                it.sched.shutdown(true);
                vec![format!("failed 0 #1 in 0: {failed}")]
            }
        };
        let lines = told.of(&handle, start);
        assert_eq!(lines[3], retried, "way {way}");
        assert_eq!(lines[4..lines.len() - 1], expected, "way {way}");
        assert_eq!(lines.last().unwrap(), "finished", "way {way}");
    }
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn timeouts() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let task = it.task("a").trigger(Trigger::once(0)).timeout(secs(10));
    let handle = it.sched.add(task.retry(Retry::times(1).fixed(secs(5)))).unwrap();
    let future = handle.future();
    let first = it.begins("a");
    it.pass(secs(10));
    backs_off(&future, 1);
    it.pass(secs(10));
    first.end(End::Return);
    let second = it.begins("a");
    it.pass(secs(10));
    assert!(outcome(&future).is_err());
    it.pass(secs(1));
    second.end(End::Return);
    over(&it.sched, &handle);
    let error = "the task ran longer than its limit of 10s";
    let expected = [
        "added",
        "fired 0",
        "started 0 #1, 0 late",
        "timed out 0 #1, beyond 10",
        &format!("retried 0 #1 after 5: {error}"),
        "started 0 #2, 20 late",
        "timed out 0 #2, beyond 10",
        &format!("failed 0 #2 in 10: {error}"),
        "finished",
    ];
    assert_eq!(told.of(&handle, it.start), expected);
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn progress() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let task = || {
        Task::new(|| {
            pysched::current().set_progress(1, 4);
            pysched::current().set_progress(4, 4);
        })
    };
    for task in [task(), task().tag("ruled")] {
        let handle = it.sched.add(task).unwrap();
        outcome(&handle.future()).unwrap();
        let lines = told.of(&handle, it.start);
        assert_eq!(lines[3..5], ["progressed 0, 1/4", "progressed 0, 4/4"]);
    }
    assert_eq!(told.faults(&it.sched), "");
}

/// Loses what it is given, now and then after it has refused it.
struct Sieve;

impl Executor for Sieve {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        if job.priority() > 0 {
            return Err(Rejected::Refused(job, "no room".to_owned()));
        }
        drop(job);
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

#[test]
fn what_an_executor_loses_or_refuses() {
    let (sched, clock) = by_hand_on(Sieve);
    let (start, told) = (clock.wall(), Told::by(&sched));
    let task = |priority| Task::new(|| ()).priority(priority);
    let lost = "the executor dropped the job without running it";
    let died = format!("worker died 0 #1: {lost}");
    let error = format!("the task's worker died: {lost}");
    let failed = format!("failed 0 #1 in no time: {error}");
    for task in [task(0), task(0).tag("ruled")] {
        let handle = sched.add(task).unwrap();
        clock.advance(secs(0));
        let expected = ["added", "fired 0", &died, &failed, "finished"];
        assert_eq!(told.of(&handle, start), expected);
    }
    let handle = sched.add(task(0).retry(Retry::times(1).fixed(secs(0)))).unwrap();
    clock.advance(secs(0));
    let again = format!("worker died 0 #2: {lost}");
    let retried = format!("retried 0 #1 after 0: {error}");
    let failed = format!("failed 0 #2 in no time: {error}");
    let expected = ["added", "fired 0", &died, &retried, &again, &failed, "finished"];
    assert_eq!(told.of(&handle, start), expected);
    for task in [task(1), task(1).tag("ruled")] {
        let handle = sched.add(task).unwrap();
        clock.advance(secs(0));
        let failed = "failed 0 #1 in no time: the executor did not take the task: no room";
        assert_eq!(told.of(&handle, start), ["added", "fired 0", failed, "finished"]);
    }
    assert_eq!(told.faults(&sched), "");
}

#[test]
fn each_overlap() {
    for (overlap, expected) in [
        (Overlap::Skip, &["skipped 2: Overlap", "succeeded 1 #1 in 1"][..]),
        (Overlap::BufferOne, &["fired 2", "succeeded 1 #1 in 1", "started 2 #1, 0 late"]),
        (Overlap::AllowAll, &["fired 2", "started 2 #1, 0 late", "succeeded 1 #1 in 1"]),
        (Overlap::CancelOther, &["fired 2", "succeeded 1 #1 in 1", "started 2 #1, 0 late"]),
        (Overlap::Allow(1.try_into().unwrap()), &["skipped 2: Limit(1)", "succeeded 1 #1 in 1"]),
    ] {
        let it = Guided::new(2);
        let told = Told::by(&it.sched);
        let handle = it.sched.add(it.task("a").overlap(overlap)).unwrap();
        it.pass(secs(1));
        let first = it.begins("a");
        it.pass(secs(1));
        let second = (overlap == Overlap::AllowAll).then(|| it.begins("a"));
        it.ends(first, End::Return);
        if expected.contains(&"fired 2") {
            let second = second.unwrap_or_else(|| it.begins("a"));
            it.ends(second, End::Return);
        }
        let lines = told.of(&handle, it.start);
        assert_eq!(lines[3..3 + expected.len()], *expected, "{overlap:?}");
    }
}

#[test]
fn what_is_told_to_end_and_fails() {
    for by_future in [false, true] {
        let it = Guided::new(2);
        let told = Told::by(&it.sched);
        let handle = it.sched.add(it.task("a").overlap(Overlap::CancelOther)).unwrap();
        it.pass(secs(1));
        let begun = it.begins("a");
        if by_future {
            assert!(!handle.future().cancel());
        } else {
            it.pass(secs(1));
        }
        it.ends(begun, End::Fail);
        let lines = told.of(&handle, it.start);
        let reason = if by_future { "FutureCancelled" } else { "NewerRun" };
        assert!(lines.contains(&format!("cancelled 1: {reason}")), "{lines:?}");
        assert!(!lines.iter().any(|line| line.starts_with("failed")), "{lines:?}");
    }
}

#[test]
fn runs_that_are_too_late() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let gate = occupy(&it.sched, 1);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(10)).grace(secs(4))).unwrap();
    it.pass(secs(15));
    it.pass(secs(5));
    it.pass(secs(5));
    gate.open();
    it.nothing_begins();
    handle.cancel().unwrap();
    let expected = [
        "added",
        "missed 10: TooLate(5s)",
        "fired 20",
        "missed 20: TooLate(5s)",
        "cancelled 30: TaskCancelled",
        "finished",
    ];
    assert_eq!(told.of(&handle, it.start), expected);
    eventually("the other should end", || (it.sched.stats().running == 0).then_some(()));
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_newer_run_that_stands_in() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let gate = occupy(&it.sched, 1);
    let plain = it.sched.add(it.task("a")).unwrap();
    let ruled = it.sched.add(it.task("b").tag("ruled")).unwrap();
    it.seconds(2);
    gate.open();
    it.ends(it.begins("a"), End::Return);
    it.ends(it.begins("b"), End::Return);
    let expected = ["fired 1", "fired 2", "missed 1: into 2", "started 2 #1, 0 late"];
    for task in [plain, ruled] {
        assert_eq!(told.of(&task, it.start)[1..5], expected);
    }
}

#[test]
fn pauses_and_what_comes_in_them() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    for task in [it.task("a"), it.task("a").tag("ruled")] {
        let start = pysched::Clock::wall(&it.clock);
        let handle = it.sched.add(task).unwrap();
        for _ in 0..2 {
            handle.pause().unwrap();
        }
        it.seconds(2);
        for _ in 0..2 {
            handle.resume().unwrap();
        }
        it.ends(it.begins("a"), End::Return);
        handle.pause().unwrap();
        it.seconds(1);
        handle.cancel().unwrap();
        let expected = [
            "added",
            "paused",
            "resumed",
            "missed 1: into 2",
            "fired 2",
            "started 2 #1, 0 late",
            "succeeded 2 #1 in 0",
            "paused",
            "skipped 3: Paused",
            "cancelled 4: TaskCancelled",
            "finished",
        ];
        assert_eq!(told.of(&handle, start), expected);
    }
    let once = it.sched.delay(Trigger::once(1), 0, || ()).unwrap();
    it.sched.pause_all();
    it.pass(secs(1));
    it.sched.resume_all();
    outcome(&once.future()).unwrap();
    let kinds: Vec<_> = told.events().into_iter().map(|event| event.kind).collect();
    let place = |kind| kinds.iter().position(|it| *it == kind).unwrap();
    let (paused, resumed) = (place(EventKind::SchedulerPaused), place(EventKind::SchedulerResumed));
    assert_eq!(resumed, paused + 1, "nothing has fired in between");
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn another_trigger() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let handle = it.sched.add(it.task("a").trigger(Trigger::recur(10))).unwrap();
    handle.reschedule(Trigger::recur(3)).unwrap();
    it.pass(secs(3));
    it.ends(it.begins("a"), End::Return);
    handle.pause().unwrap();
    it.pass(secs(4));
    handle.reschedule(Trigger::once(5)).unwrap();
    handle.resume().unwrap();
    it.pass(secs(5));
    it.ends(it.begins("a"), End::Return);
    let expected = [
        "added",
        "rescheduled",
        "fired 3",
        "started 3 #1, 0 late",
        "succeeded 3 #1 in 0",
        "paused",
        "missed 6: Rescheduled",
        "rescheduled",
        "resumed",
        "fired 12",
        "started 12 #1, 0 late",
        "succeeded 12 #1 in 0",
        "finished",
    ];
    assert_eq!(told.of(&handle, it.start), expected);
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn runs_that_are_asked_for() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let ran = ["fired 0", "started 0 #1, 0 late", "succeeded 0 #1 in 0"];
    let light = it.sched.delay(Trigger::once(9), 0, || ()).unwrap();
    light.run_now().unwrap();
    outcome(&light.future()).unwrap();
    assert_eq!(told.of(&light, it.start)[1..], [&ran[..], &["finished"]].concat());

    let once = it.sched.add(it.task("a").trigger(Trigger::once(9)).tag("ruled")).unwrap();
    once.run_now().unwrap();
    it.ends(it.begins("a"), End::Return);
    assert_eq!(told.of(&once, it.start)[1..], [&ran[..], &["finished"]].concat());

    let series = it.sched.add(it.task("b").trigger(Trigger::recur(9))).unwrap();
    series.run_now().unwrap();
    let begun = it.begins("b");
    series.run_now().unwrap_err();
    it.ends(begun, End::Return);
    assert_eq!(told.of(&series, it.start)[1..], ran, "what would be skipped is not told");
    series.cancel().unwrap();
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn tasks_that_follow() {
    let it = Guided::new(2);
    let told = Told::by(&it.sched);
    let first = it.sched.add(it.task("first").trigger(Trigger::once(1))).unwrap();
    let after = it.sched.add(it.task("after").trigger(Trigger::once(0)).after(&first)).unwrap();
    let last = it.sched.add(it.task("last").trigger(Trigger::once(0)).after(&after)).unwrap();
    it.pass(secs(1));
    it.ends(it.begins("first"), End::Return);
    it.ends(it.begins("after"), End::Fail);
    over(&it.sched, &last);
    let ran = ["added", "fired 1", "started 1 #1, 0 late"];
    assert_eq!(told.of(&after, it.start)[..3], ran);
    let expected = ["added", "cancelled 1: Predecessor", "finished"];
    assert_eq!(told.of(&last, it.start), expected);
    let place = |task, kind| {
        let is = |it: &pysched::Event| it.task == Some(task) && it.kind == kind;
        told.events().iter().position(is).unwrap()
    };
    assert!(
        place(first.id(), EventKind::Finished)
            < place(after.id(), EventKind::Finished).min(place(last.id(), EventKind::Finished))
    );
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_task_that_is_replaced() {
    let it = Guided::new(2);
    let told = Told::by(&it.sched);
    let named = |conflict| it.task("a").name("n").conflict(conflict);
    let first = it.sched.add(named(Conflict::Error)).unwrap();
    it.sched.add(named(Conflict::Error)).unwrap_err();
    it.sched.add(named(Conflict::Keep)).unwrap();
    let second = it.sched.add(named(Conflict::Replace)).unwrap();
    assert_eq!(told.of(&first, it.start), ["added", "cancelled 1: TaskCancelled", "finished"]);
    second.cancel().unwrap();
    assert_eq!(told.events().len(), 6, "what was refused or kept is not told");
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_shutdown_that_waits() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let gate = Gate::new();
    let held = gate.clone();
    let once = it.sched.delay(Trigger::once(0), -1, move || held.wait()).unwrap();
    gate.await_arrivals(1);
    let series = it.sched.add(Task::new(|| ()).trigger(Trigger::recur(1))).unwrap();
    it.pass(secs(1));
    let sched = it.sched.clone();
    let waiter = std::thread::spawn(move || sched.shutdown(true));
    eventually("it should have begun to", || it.sched.stopped().then_some(()));
    gate.open();
    waiter.join().unwrap();
    assert_eq!(told.of(&once, it.start)[3..], ["succeeded 0 #1 in 1", "finished"]);
    let expected = [
        "added",
        "fired 1",
        "cancelled 2: ShutDown",
        "started 1 #1, 0 late",
        "succeeded 1 #1 in 0",
        "finished",
    ];
    assert_eq!(told.of(&series, it.start), expected);
    assert_eq!(told.faults(&it.sched), "");
}

#[test]
fn a_shutdown_that_runs_out_of_time() {
    let it = Guided::new(1);
    let told = Told::by(&it.sched);
    let running = it.sched.add(it.task("a").trigger(Trigger::once(0))).unwrap();
    let begun = it.begins("a");
    let queued = it.sched.add(it.task("b").trigger(Trigger::once(0)).tag("ruled")).unwrap();
    it.settle();
    it.sched.shutdown_timeout(ms(1)).unwrap_err();
    assert!(begun.token.is_cancelled());
    let expected = ["added", "fired 0", "cancelled 0: ShutDown", "finished"];
    assert_eq!(told.of(&queued, it.start), expected);
    it.ends(begun, End::Fail);
    // To be out of time changes no outcome.
    let failed = "failed 0 #1 in 0: the task failed: it was told to fail";
    assert_eq!(told.of(&running, it.start)[3..], [failed, "finished"]);
    assert_eq!(told.faults(&it.sched), "");
}
