//! The rules of a task hold in worker processes, too, and a function knows there what it is.

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use pysched::{
    Event, EventKind, Executor, Handle, Overlap, Progress, Reason, Retry, Scheduler, Status,
    Subscription, Task, TaskError, Trigger, task,
};
use pysched_tests::traces::{Traces, leave, wait};
use pysched_tests::{PATIENCE, by_hand_on, is_cancelled, ms, outcome, secs};
use rustix::process::{Pid, test_kill_process};

use super::{await_end, double, hold, pool, process_in};

/// What a function is told about itself; the argument only makes its message longer.
#[task(once, 0)]
fn introduce(filling: String) -> (String, Option<String>, u32, SystemTime) {
    let (current, _) = (pysched::current(), filling);
    assert!(current.is_execution() && !current.token().is_cancelled());
    let name = current.name().map(str::to_owned);
    (current.task().to_string(), name, current.attempt(), current.due())
}

/// Leaves the number of its process, and hangs in the first attempts; gives the number of the last.
#[task(once, 0)]
fn hang_at_first(trace: String, attempts: u32) -> u32 {
    let attempt = pysched::current().attempt();
    leave(&trace, &format!("{} ", std::process::id()));
    if attempt <= attempts {
        loop {
            std::thread::park();
        }
    }
    attempt
}

/// Ends its process in the first attempts; gives the number of the last.
#[task(once, 0)]
fn die_at_first(attempts: u32) -> u32 {
    let attempt = pysched::current().attempt();
    if attempt <= attempts {
        std::process::abort();
    }
    attempt
}

/// Leaves the number of its process in a file of that name, and waits for a trace.
#[task(once, 0)]
fn gather(folder: String, until: String) -> u32 {
    let process = std::process::id();
    leave(&format!("{folder}/{process}"), "");
    wait(&until);
    process
}

#[task(once, 0)]
fn mark(trace: String) {
    leave(&trace, "x");
}

/// Takes one of three steps, waits for a trace, and takes the others on another thread.
#[task(once, 0)]
fn take_steps(until: String) {
    let current = pysched::current();
    current.set_progress(1, 3);
    wait(&until);
    let rest = std::thread::spawn(move || {
        current.set_progress(2, 3);
        current.set_progress(3, 3);
    });
    rest.join().unwrap();
}

/// Takes very many steps.
#[task(once, 0)]
fn run_through(steps: u64) {
    let current = pysched::current();
    (1..=steps).for_each(|step| current.set_progress(step, steps));
}

fn started(executor: impl Executor) -> Scheduler {
    let sched = Scheduler::builder().executor(executor).build();
    sched.start().unwrap();
    sched
}

/// A recurring task whose next run by itself is far away.
fn by_request<T>(task: Task<T>, overlap: Overlap) -> Task<T> {
    task.trigger(Trigger::recur(3600)).overlap(overlap)
}

/// What happens to tasks from now on, in short.
fn listen(sched: &Scheduler) -> (Subscription, Receiver<String>) {
    let (sender, told) = mpsc::channel();
    let subscription = sched.subscribe(move |event: &Event| {
        let told = match &event.kind {
            EventKind::TimedOut { attempt, limit, .. } => format!("timed out {attempt} {limit:?}"),
            EventKind::WorkerDied { attempt, error, .. } => {
                assert!(error.contains("SIGABRT"), "{error}");
                format!("died {attempt}")
            }
            EventKind::Retried { attempt, .. } => format!("retried {attempt}"),
            EventKind::Succeeded { attempt, .. } => format!("succeeded {attempt}"),
            EventKind::Failed { attempt, .. } => format!("failed {attempt}"),
            EventKind::Cancelled { reason, .. } => format!("cancelled {reason:?}"),
            EventKind::Progressed { progress, .. } => {
                format!("{} of {}", progress.done, progress.total)
            }
            _ => return,
        };
        sender.send(told).unwrap();
    });
    (subscription, told)
}

/// What has happened by now.
fn told((subscription, told): &(Subscription, Receiver<String>)) -> Vec<String> {
    assert!(subscription.flush(PATIENCE));
    told.try_iter().collect()
}

/// Waits until something holds.
#[track_caller]
fn await_that(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(ms(1));
    }
}

/// How far the only execution of a task has come that is in flight.
fn progress<T>(sched: &Scheduler, handle: &Handle<T>) -> Option<Progress> {
    let info = sched.task(handle)?;
    info.in_flight.first()?.progress
}

fn steps(progress: Option<Progress>) -> Option<(u64, u64)> {
    progress.map(|Progress { done, total, .. }| (done, total))
}

#[test]
fn a_function_knows_what_it_is() {
    let sched = started(pool(1));
    for filling in [String::new(), "x".repeat(100_000)] {
        let plain = sched.add(introduce::task(filling.clone())).unwrap();
        let (future, id) = (plain.future(), plain.id().to_string());
        // It was given no other name than its function has.
        let name = Some("processes::rules::introduce".to_owned());
        let expected = (id, name, 1, future.execution().due);
        assert_eq!(outcome(&future).unwrap(), &expected);

        let series = introduce::task(filling).name("who am I").trigger(Trigger::recur(0.001));
        let series = sched.add(series.times(3)).unwrap();
        for _ in 0..3 {
            let future = series.wait();
            let (due, id) = (future.execution().due, series.id().to_string());
            let expected = (id, Some("who am I".to_owned()), 1, due);
            assert_eq!(outcome(&future).unwrap(), &expected);
        }
    }
    sched.shutdown(true);
}

#[test]
fn what_was_given_to_the_pool_itself_is_an_execution_of_no_task() {
    let pool = pool(1);
    let future = pool.run(introduce::task(String::new()).name("direct")).unwrap();
    let expected =
        (pysched::TaskId::nil().to_string(), Some("direct".into()), 1, future.execution().due);
    assert_eq!(outcome(&future).unwrap(), &expected);
    pool.shutdown(true);
}

#[test]
fn what_was_killed_by_its_timeout_is_tried_again_in_a_new_worker() {
    let traces = Traces::new();
    let sched = started(pool(1));
    let events = listen(&sched);
    let retry = Retry::times(2).fixed(Duration::ZERO);
    let task = hang_at_first::task(traces.name("processes"), 2).timeout(ms(400)).retry(retry);
    let future = sched.add(task).unwrap().future();
    assert_eq!(outcome(&future).unwrap(), &3);
    let execution = future.execution();
    assert_eq!((execution.status, execution.attempt), (Status::Succeeded, 3));
    assert_eq!(execution.attempts.len(), 2);
    for attempt in &execution.attempts {
        let took = attempt.finished.duration_since(attempt.started.unwrap()).unwrap();
        assert!(took >= ms(400), "{took:?}");
    }
    let text = traces.text("processes");
    let mut processes: Vec<_> = text.split_whitespace().collect();
    processes.sort_unstable();
    processes.dedup();
    assert_eq!(processes.len(), 3, "each attempt has a worker of its own");
    let timed_out = |attempt| format!("timed out {attempt} 400ms");
    assert_eq!(
        told(&events),
        [&timed_out(1), "retried 1", &timed_out(2), "retried 2", "succeeded 3"]
    );
    sched.shutdown(true);
}

/// Of tasks without rules that the scheduler would have to see to.
#[test]
fn what_goes_wrong_is_told_and_counted_though_nothing_is_tried_again() {
    let traces = Traces::new();
    let sched = started(pool(1));
    let events = listen(&sched);
    let task = hang_at_first::task(traces.name("processes"), 1).timeout(ms(20));
    let future = sched.add(task).unwrap().future();
    assert!(matches!(outcome(&future), Err(TaskError::TimedOut(_))));
    assert_eq!(told(&events), ["timed out 1 20ms", "failed 1"]);
    let future = sched.add(die_at_first::task(1)).unwrap().future();
    assert!(matches!(outcome(&future), Err(TaskError::WorkerDied(_))));
    assert_eq!(told(&events), ["died 1", "failed 1"]);
    let stats = sched.stats().counts;
    assert_eq!((stats.timed_out, stats.workers_died), (1, 1));
    sched.shutdown(true);
}

#[test]
fn an_attempt_whose_worker_has_died_is_repeated() {
    let sched = started(pool(1));
    let events = listen(&sched);
    let retry = Retry::times(3).fixed(Duration::ZERO);
    let future = sched.add(die_at_first::task(2).retry(retry)).unwrap().future();
    assert_eq!(outcome(&future).unwrap(), &3);
    let execution = future.execution();
    assert_eq!((execution.attempt, execution.attempts.len()), (3, 2));
    assert!(execution.attempts.iter().all(|attempt| attempt.error.contains("SIGABRT")));
    assert_eq!(told(&events), ["died 1", "retried 1", "died 2", "retried 2", "succeeded 3"]);

    let once = Retry::times(1).fixed(Duration::ZERO);
    let future = sched.add(die_at_first::task(2).retry(once)).unwrap().future();
    assert!(matches!(outcome(&future), Err(TaskError::WorkerDied(_))));
    assert_eq!(told(&events), ["died 1", "retried 1", "died 2", "failed 2"]);
    sched.shutdown(true);
}

#[test]
fn a_newer_run_ends_the_worker_of_the_older() {
    let traces = Traces::new();
    let sched = started(pool(1));
    let task = hold::task(traces.name("here"), traces.name("open"));
    let handle = sched.add(by_request(task, Overlap::CancelOther)).unwrap();
    handle.run_now().unwrap();
    let older = process_in(&traces, "here");
    let future = handle.future();
    handle.run_now().unwrap();
    assert!(is_cancelled(&future));
    await_end(older);
    traces.leave("open");
    let newer = Pid::from_raw(outcome(&handle.future()).unwrap().cast_signed());
    assert_ne!(newer, Some(older));
    let runs = sched.results(&handle);
    let fates: Vec<_> = runs.iter().map(|run| run.status).collect();
    assert_eq!(fates, [Status::Cancelled, Status::Succeeded]);
    sched.shutdown(true);
}

#[test]
fn what_a_newer_run_has_cancelled_says_so() {
    let traces = Traces::new();
    let sched = started(pool(1));
    let events = listen(&sched);
    let task = hold::task(traces.name("here"), traces.name("open"));
    let handle = sched.add(by_request(task, Overlap::CancelOther)).unwrap();
    handle.run_now().unwrap();
    process_in(&traces, "here");
    let future = handle.future();
    handle.run_now().unwrap();
    assert!(is_cancelled(&future));
    traces.leave("open");
    outcome(&handle.future()).unwrap();
    assert_eq!(told(&events), ["cancelled NewerRun", "succeeded 1"]);
    assert_eq!(future.execution().reason, Some(Reason::NewerRun));
    sched.shutdown(true);
}

#[test]
fn what_its_future_has_cancelled_is_not_tried_again() {
    let traces = Traces::new();
    let sched = started(pool(1));
    let retry = Retry::times(3).fixed(Duration::ZERO);
    let task = hold::task(traces.name("here"), traces.name("never"));
    let handle = sched.add(task.retry(retry)).unwrap();
    let (worker, future) = (process_in(&traces, "here"), handle.future());
    assert!(future.cancel());
    assert!(is_cancelled(&future));
    await_end(worker);
    assert!(sched.task(&handle).is_none(), "it is over");
    sched.shutdown(true);
}

#[test]
fn what_its_future_has_cancelled_says_so() {
    for has_rules in [true, false] {
        let traces = Traces::new();
        let sched = started(pool(1));
        let events = listen(&sched);
        let task = hold::task(traces.name("here"), traces.name("never"));
        let task = if has_rules { task.retry(Retry::times(3)) } else { task };
        let future = sched.add(task).unwrap().future();
        process_in(&traces, "here");
        assert!(future.cancel());
        assert!(is_cancelled(&future));
        assert_eq!(told(&events), ["cancelled FutureCancelled"]);
        assert_eq!(future.execution().reason, Some(Reason::FutureCancelled));
        sched.shutdown(true);
    }
}

#[test]
fn of_two_executions_of_a_task_only_the_one_ends_whose_future_is_cancelled() {
    let traces = Traces::new();
    let sched = started(pool(2));
    let folder = traces.name("processes");
    std::fs::create_dir(&folder).unwrap();
    let processes = || -> Vec<Pid> {
        let number = |entry: std::io::Result<std::fs::DirEntry>| {
            Pid::from_raw(entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        };
        std::fs::read_dir(&folder).unwrap().filter_map(number).collect()
    };
    let task = gather::task(folder.clone(), traces.name("open"));
    let handle = sched.add(by_request(task, Overlap::AllowAll)).unwrap();
    handle.run_now().unwrap();
    await_that("a worker should have begun", || processes().len() == 1);
    let (older, future) = (processes()[0], handle.future());
    handle.run_now().unwrap();
    await_that("another worker should have begun", || processes().len() == 2);
    let newer = processes().into_iter().find(|process| *process != older).unwrap();

    assert!(future.cancel());
    assert!(is_cancelled(&future));
    await_end(older);
    let survivor = handle.future();
    assert!(survivor.running() && test_kill_process(newer).is_ok());
    traces.leave("open");
    let survivor = Pid::from_raw(outcome(&survivor).unwrap().cast_signed());
    assert_eq!(survivor, Some(newer));
    sched.shutdown(true);
}

#[test]
fn a_grace_counts_until_a_worker_is_free() {
    let traces = Traces::new();
    let (sched, clock) = by_hand_on(pool(1));
    sched.add(hold::task(traces.name("here"), traces.name("open"))).unwrap();
    process_in(&traces, "here");
    let late = sched.add(mark::task(traces.name("late")).grace(secs(10))).unwrap().future();
    let patient = sched.add(mark::task(traces.name("patient")).grace(secs(60))).unwrap().future();
    clock.advance(secs(30));
    traces.leave("open");
    outcome(&patient).unwrap();
    assert!(matches!(outcome(&late), Err(TaskError::Missed(_))));
    let execution = late.execution();
    let fate = (execution.status, execution.reason);
    assert_eq!(fate, (Status::Missed, Some(Reason::TooLate(secs(30)))));
    assert!(traces.exists("patient") && !traces.exists("late"));
    sched.shutdown(true);
}

/// Has a task take its steps, and looks how far it has come; with `early`, a future is asked for before
/// it begins, and otherwise afterwards.
fn watch_steps(has_rules: bool, early: bool) {
    let traces = Traces::new();
    let sched = Scheduler::builder().executor(pool(1)).build();
    let events = listen(&sched);
    let task = take_steps::task(traces.name("open"));
    let task = if has_rules { task.retry(Retry::times(1)) } else { task };
    let handle = sched.add(task).unwrap();
    let future = early.then(|| handle.future());
    sched.start().unwrap();
    let has_begun = || steps(progress(&sched, &handle)) == Some((1, 3));
    await_that("the first step should be seen", has_begun);
    let future = future.unwrap_or_else(|| handle.future());
    assert_eq!(steps(future.execution().progress), Some((1, 3)));
    traces.leave("open");
    outcome(&future).unwrap();
    assert_eq!(steps(future.execution().progress), Some((3, 3)));
    let told = told(&events);
    let ends = (told.first().unwrap().as_str(), told.last_chunk().unwrap());
    assert_eq!(ends, ("1 of 3", &["3 of 3".to_owned(), "succeeded 1".to_owned()]));
    sched.shutdown(true);
}

#[test]
fn progress_is_seen_while_the_function_runs() {
    watch_steps(true, true);
    watch_steps(true, false);
    watch_steps(false, true);
    watch_steps(false, false);
}

#[test]
fn progress_of_what_was_given_to_the_pool_itself_is_seen() {
    let traces = Traces::new();
    let pool = pool(1);
    let future = pool.run(take_steps::task(traces.name("open"))).unwrap();
    let progress = || steps(future.execution().progress);
    await_that("the first step should be seen", || progress() == Some((1, 3)));
    traces.leave("open");
    outcome(&future).unwrap();
    assert_eq!(progress(), Some((3, 3)));
    let future = pool.run(double::task(1)).unwrap();
    outcome(&future).unwrap();
    assert_eq!(future.execution().progress, None);
    pool.shutdown(true);
}

#[test]
fn many_steps_make_few_messages() {
    let count = 100_000;
    let sched = started(pool(1));
    let events = listen(&sched);
    let began = Instant::now();
    let future = sched.add(run_through::task(count)).unwrap().future();
    outcome(&future).unwrap();
    let most = began.elapsed().as_millis() / 10 + 2;
    assert_eq!(steps(future.execution().progress), Some((count, count)));
    let told = told(&events).len() as u128 - 1;
    assert!((2..=most).contains(&told), "{told} of at most {most}");
    sched.shutdown(true);
}
