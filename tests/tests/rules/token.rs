//! What a function knows of its execution: `pysched::current()`, the token and the progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime};

use Status::{Cancelled, Succeeded};
use pysched::{EventKind, Reason, Retry, Status, Task, TaskError, TaskId, Trigger};
use pysched_tests::{Gate, Log, PATIENCE, by_hand, ms, outcome, pool_by_hand, secs};

use crate::guided::{End, Guided, eventually};

#[test]
fn a_function_knows_which_execution_it_is() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let seen = Log::<(TaskId, Option<String>, u32, SystemTime)>::new();
    let task = {
        let seen = seen.clone();
        Task::fallible(move || {
            let current = pysched::current();
            let name = current.name().map(str::to_owned);
            seen.push((current.task(), name, current.attempt(), current.due()));
            if current.attempt() == 1 { Err("not yet") } else { Ok(()) }
        })
    };
    let task = task.name("nightly").trigger(Trigger::recur(60));
    let handle = sched.add(task.retry(Retry::times(1).fixed(secs(5)))).unwrap();
    clock.advance(secs(61));
    clock.advance(secs(5));
    let expected = |attempt| (handle.id(), Some("nightly".to_owned()), attempt, start + secs(60));
    assert_eq!(seen.take(), [expected(1), expected(2)]);
}

#[test]
fn a_task_without_a_name_has_none() {
    let (sched, clock) = by_hand();
    let handle = sched.add(Task::new(|| pysched::current().name().is_none())).unwrap();
    clock.advance(Duration::ZERO);
    assert_eq!(outcome(&handle.future()).unwrap(), &true);
}

#[test]
fn outside_of_tasks_there_is_none() {
    let current = pysched::current();
    assert_eq!((current.task(), current.name()), (TaskId::nil(), None));
    assert!(!current.token().is_cancelled());
    current.set_progress(1, 2); // nobody is told
    assert!(!current.token().wait_timeout(Duration::ZERO));
}

#[test]
fn a_task_that_runs_inside_another_hides_it_only_as_long() {
    let (outer, clock) = by_hand();
    let (inner, inner_clock) = by_hand();
    let task = Task::new(move || {
        let before = pysched::current().task();
        let handle = inner.add(Task::new(|| pysched::current().task())).unwrap();
        inner_clock.advance(Duration::ZERO);
        let inside = *outcome(&handle.future()).unwrap();
        assert_eq!(inside, handle.id());
        (before, pysched::current().task())
    });
    let handle = outer.add(task).unwrap();
    clock.advance(Duration::ZERO);
    assert_eq!(outcome(&handle.future()).unwrap(), &(handle.id(), handle.id()));
}

#[test]
fn progress_is_seen_while_it_runs_and_afterwards() {
    let (sched, clock) = pool_by_hand(1);
    let (half, go_on) = (Gate::new(), Gate::new());
    let task = {
        let (half, go_on) = (half.clone(), go_on.clone());
        Task::new(move || {
            let current = pysched::current();
            current.set_progress(1, 4);
            current.set_progress(2, 4);
            half.wait();
            go_on.wait();
            current.set_progress(4, 4);
        })
    };
    let progressed = Arc::new(AtomicUsize::new(0));
    let subscription = {
        let progressed = Arc::clone(&progressed);
        sched.subscribe(move |event| {
            if let EventKind::Progressed { progress, .. } = event.kind {
                progressed.fetch_max(usize::try_from(progress.done).unwrap(), Ordering::SeqCst);
            }
        })
    };
    let future = sched.add(task.trigger(Trigger::once(1))).unwrap().future();
    assert_eq!(future.execution().progress, None);
    clock.advance(secs(1));
    half.await_arrivals(1);
    let progress = future.execution().progress.unwrap();
    assert_eq!((progress.done, progress.total), (2, 4));
    half.open();
    go_on.open();
    outcome(&future).unwrap();
    assert_eq!(future.execution().progress.unwrap().done, 4);
    eventually("it should be told", || (progressed.load(Ordering::SeqCst) == 4).then_some(()));
    drop(subscription);
}

#[test]
fn a_running_execution_that_is_cancelled_is_told_and_decides_itself() {
    for (how, status) in [(End::Fail, Cancelled), (End::Panic, Cancelled), (End::Return, Succeeded)]
    {
        let it = Guided::new(1);
        let task = it.task("a").trigger(Trigger::once(0)).retry(Retry::times(9).fixed(secs(0)));
        let future = it.sched.add(task).unwrap().future();
        let begun = it.begins("a");
        assert!(!future.cancel(), "it has begun");
        assert!(begun.token.is_cancelled() && !future.done(), "it still runs");
        it.ends(begun, how);
        assert_eq!(outcome(&future).is_ok(), status == Succeeded, "{how:?}");
        let execution = future.execution();
        let reason = (status == Cancelled).then_some(Reason::FutureCancelled);
        assert_eq!((execution.status, execution.reason), (status, reason), "{how:?}");
        it.nothing_begins();
    }
}

#[test]
fn a_series_goes_on_after_a_cancelled_execution() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    let first = it.begins("a");
    assert!(!handle.future().cancel());
    it.ends(first, End::Fail);
    it.pass(secs(1));
    let second = it.begins("a");
    assert!(!second.token.is_cancelled());
    it.ends(second, End::Return);
    let cancelled = (1, Cancelled, Some(Reason::FutureCancelled));
    assert_eq!(it.fates(&handle), [cancelled, (2, Succeeded, None)]);
}

#[test]
fn a_cancelled_task_does_not_interrupt_what_runs() {
    let it = Guided::new(1);
    let handle = it.sched.add(it.task("a")).unwrap();
    it.pass(secs(1));
    let (begun, future) = (it.begins("a"), handle.future());
    handle.cancel().unwrap();
    assert!(!begun.token.is_cancelled());
    it.ends(begun, End::Return);
    assert!(outcome(&future).is_ok());
}

#[test]
fn whoever_waits_for_a_token_is_woken() {
    let (sched, clock) = pool_by_hand(1);
    let began = Gate::new();
    let task = {
        let began = began.clone();
        Task::fallible(move || {
            let token = pysched::current().token();
            assert!(!token.wait_timeout(ms(1)), "nobody has cancelled it");
            began.open();
            if token.wait_timeout(PATIENCE) { Err("it was told to end") } else { Ok(()) }
        })
    };
    let future = sched.add(task).unwrap().future();
    clock.advance(Duration::ZERO);
    began.wait();
    assert!(!future.cancel());
    assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
}

#[test]
fn a_token_may_be_waited_for_and_heard_of_elsewhere() {
    let it = Guided::new(1);
    let future = it.sched.add(it.task("a").trigger(Trigger::once(0))).unwrap().future();
    let begun = it.begins("a");
    let (sender, called) = channel();
    let late = sender.clone();
    begun.token.on_cancel(move || sender.send("cancelled").unwrap());
    let waiter = std::thread::spawn({
        let token = begun.token.clone();
        move || token.wait_timeout(PATIENCE)
    });
    assert!(called.try_recv().is_err());
    assert!(!future.cancel());
    assert_eq!(called.recv_timeout(PATIENCE).unwrap(), "cancelled");
    assert!(waiter.join().unwrap());
    begun.token.on_cancel(move || late.send("already").unwrap());
    assert_eq!(called.recv_timeout(PATIENCE).unwrap(), "already");
    it.ends(begun, End::Return);
}

#[test]
fn a_shutdown_tells_what_runs_only_when_its_limit_is_over() {
    let it = Guided::new(1);
    let future = it.sched.add(it.task("a").trigger(Trigger::once(0))).unwrap().future();
    let begun = it.begins("a");
    it.sched.shutdown(false);
    assert!(!begun.token.is_cancelled());
    begun.end(End::Fail);
    assert!(matches!(outcome(&future), Err(TaskError::Failed(_))));

    for (how, status) in [(End::Fail, Status::Failed), (End::Return, Succeeded)] {
        let it = Guided::new(1);
        let future = it.sched.add(it.task("a").trigger(Trigger::once(0))).unwrap().future();
        let begun = it.begins("a");
        assert!(it.sched.shutdown_timeout(ms(5)).is_err());
        assert!(begun.token.is_cancelled());
        begun.end(how);
        assert_eq!(outcome(&future).is_ok(), status == Succeeded);
        assert_eq!(future.execution().status, status, "it changes no outcome");
    }
}
