//! The cases. Each makes its own scheduler.

use std::sync::mpsc;
use std::time::Duration;

use pysched::{Error, Scheduler, Status, TaskError, Trigger};
use pysched_tests::traces::Traces;
use pysched_tests::{PATIENCE, is_cancelled, ms, outcome};

use super::Make;
use super::functions::Functions;

fn started(make: Make, workers: usize) -> Scheduler {
    let sched = make(workers).build();
    sched.start().unwrap();
    sched
}

/// Adds a task that holds a worker until the trace `open` is left, and waits until it does.
fn held<F: Functions>(sched: &Scheduler, traces: &Traces) -> pysched::Handle<u8> {
    let handle = sched.add(F::hold(traces.name("arrived"), traces.name("open"))).unwrap();
    traces.wait("arrived");
    handle
}

pub fn a_value_comes_back_as_it_was<F: Functions>(make: Make) {
    let sched = started(make, 2);
    let text = "\u{1f980} \"quoted\"\n\0".repeat(10_000);
    let numbers: Vec<_> = (-500..500).collect();
    let same = sched.add(F::echo(text.clone(), numbers.clone(), None)).unwrap().future();
    assert_eq!(outcome(&same).unwrap(), &(text, numbers, None));
    let doubled = sched.add(F::double(21)).unwrap().future();
    assert_eq!(outcome(&doubled).unwrap(), &42);
    sched.shutdown(true);
}

pub fn an_error_comes_back_with_its_text<F: Functions>(make: Make) {
    let sched = started(make, 1);
    let future = sched.add(F::parse("forty".into())).unwrap().future();
    let error = outcome(&future).unwrap_err();
    assert!(matches!(error, TaskError::Failed(_)), "{error:?}");
    assert_eq!(error.to_string(), "the task failed: invalid digit found in string");
    assert_eq!(future.execution().status, Status::Failed);
    assert_eq!(outcome(&sched.add(F::parse("40".into())).unwrap().future()).unwrap(), &40);
    sched.shutdown(true);
}

pub fn a_panic_comes_back_with_its_text_and_costs_no_worker<F: Functions>(make: Make) {
    let sched = started(make, 1);
    for round in 0..5 {
        let future = sched.add(F::fail(format!("round {round}"))).unwrap().future();
        let error = outcome(&future).unwrap_err();
        assert!(matches!(error, TaskError::Panicked(text) if *text == format!("round {round}")));
    }
    assert_eq!(outcome(&sched.add(F::double(1)).unwrap().future()).unwrap(), &2);
    sched.shutdown(true);
}

pub fn a_series_runs_as_often_as_it_should<F: Functions>(make: Make) {
    let sched = started(make, 2);
    let series = sched.add(F::double(4).trigger(Trigger::recur(0.01)).times(5)).unwrap();
    for _ in 0..5 {
        assert_eq!(outcome(&series.wait()).unwrap(), &8);
    }
    assert!(sched.task(&series).is_none());
    let succeeded = |run: &pysched::Execution| run.status == Status::Succeeded;
    assert_eq!(sched.results(&series).into_iter().filter(succeeded).count(), 5);
    sched.shutdown(true);
}

pub fn what_is_due_together_starts_by_priority<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = make(1).build();
    for priority in [3, -1, 2, 0, -1] {
        let task = F::mark(traces.name("order"), format!("{priority} "));
        sched.add(task.priority(priority)).unwrap();
    }
    sched.start().unwrap();
    sched.shutdown(true);
    assert_eq!(traces.text("order"), "-1 -1 0 2 3 ");
}

pub fn callbacks_are_called<F: Functions>(make: Make) {
    let sched = started(make, 1);
    let (sender, told) = mpsc::channel();
    let future = sched.add(F::double(3)).unwrap().future();
    future.on_done(move |future| sender.send(*future.wait().unwrap()).unwrap());
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), 6);
    sched.shutdown(true);
}

pub fn every_one_of_many_is_run<F: Functions>(make: Make) {
    let sched = started(make, 3);
    let futures: Vec<_> = (0..2000)
        .map(|number| {
            let task = F::double(number).priority(i32::try_from(number % 7).unwrap());
            sched.add(task).unwrap().future()
        })
        .collect();
    for (number, future) in (0..).zip(&futures) {
        assert_eq!(outcome(future).unwrap(), &(2 * number));
    }
    sched.shutdown(true);
}

pub fn the_history_tells_of_every_execution<F: Functions>(make: Make) {
    let sched = started(make, 1);
    let good = sched.add(F::double(1)).unwrap();
    let bad = sched.add(F::fail("ink".into())).unwrap();
    sched.shutdown(true);
    let [good] = &sched.results(&good)[..] else { panic!("one execution") };
    let [bad] = &sched.results(&bad)[..] else { panic!("one execution") };
    assert_eq!((good.status, bad.status), (Status::Succeeded, Status::Failed));
    assert_eq!(bad.error.as_deref(), Some("the task panicked: ink"));
    for run in [good, bad] {
        assert!(run.started >= Some(run.due) && run.finished >= run.started);
    }
}

pub fn a_task_can_ask_for_the_executor_by_name<F: Functions>(make: Make) {
    struct Nobody;

    impl pysched::Executor for Nobody {
        fn submit(&self, job: pysched::Job) -> Result<(), pysched::Rejected> {
            Err(pysched::Rejected::Refused(job, "nobody works here".into()))
        }

        fn shutdown(&self, _wait: bool) {}
    }

    // The executor that the suite is about runs what does not name another.
    let sched = make(1).named_executor("nobody", Nobody).build();
    sched.start().unwrap();
    let refused = sched.add(F::double(1).executor("nobody")).unwrap().future();
    assert!(matches!(outcome(&refused), Err(TaskError::Refused(_))));
    assert_eq!(outcome(&sched.add(F::double(1)).unwrap().future()).unwrap(), &2);
    sched.shutdown(true);
}

pub fn a_shutdown_that_waits_finishes_what_is_due<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 1);
    let futures: Vec<_> = (0..20)
        .map(|_| sched.add(F::mark(traces.name("runs"), "x".into())).unwrap().future())
        .collect();
    let late = sched.add(F::double(1).trigger(Trigger::once(3600))).unwrap().future();
    sched.shutdown(true);
    assert_eq!(traces.text("runs").len(), 20);
    assert!(futures.iter().all(|future| future.done() && future.wait().is_ok()));
    assert!(is_cancelled(&late));
}

pub fn nothing_is_taken_after_a_shutdown<F: Functions>(make: Make) {
    let sched = started(make, 1);
    sched.shutdown(true);
    assert!(matches!(sched.add(F::double(1)), Err(Error::Shutdown)));
    sched.shutdown(true);
    sched.shutdown(false);
}

pub fn a_cancelled_task_never_starts<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = make(1).build();
    let handle = sched.add(F::mark(traces.name("ran"), String::new())).unwrap();
    let future = handle.future();
    handle.cancel().unwrap();
    sched.start().unwrap();
    sched.shutdown(true);
    assert!(is_cancelled(&future));
    assert!(!traces.exists("ran"));
}

pub fn a_future_tells_whether_it_runs<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 1);
    let future = held::<F>(&sched, &traces).future();
    assert!(future.running() && !future.done());
    assert_eq!(future.execution().status, Status::Running);
    assert!(future.wait_timeout(ms(1)).is_none());
    traces.leave("open");
    assert_eq!(outcome(&future).unwrap(), &7);
    assert!(!future.running() && future.done());
    sched.shutdown(true);
}

pub fn what_waits_for_a_worker_can_be_cancelled<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 1);
    let holding = held::<F>(&sched, &traces).future();
    let waits = sched.add(F::mark(traces.name("ran"), String::new())).unwrap().future();
    let other = sched.add(F::double(2)).unwrap().future();
    assert!(waits.cancel());
    assert!(is_cancelled(&waits));
    traces.leave("open");
    assert_eq!(outcome(&other).unwrap(), &4, "what comes after it runs");
    assert!(outcome(&holding).is_ok());
    sched.shutdown(true);
    assert!(!traces.exists("ran"));
}

pub fn a_shutdown_that_does_not_wait_cancels_what_waits<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 1);
    let holding = held::<F>(&sched, &traces).future();
    let waits: Vec<_> = (0..5)
        .map(|_| sched.add(F::mark(traces.name("ran"), String::new())).unwrap().future())
        .collect();
    sched.shutdown(false);
    assert!(waits.iter().all(is_cancelled));
    traces.leave("open");
    assert_eq!(outcome(&holding).unwrap(), &7, "what runs finishes");
    assert!(!traces.exists("ran"));
}

pub fn a_shutdown_with_a_limit_names_what_is_left<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 1);
    let future = held::<F>(&sched, &traces).future();
    let unfinished = sched.shutdown_timeout(Duration::from_millis(10)).unwrap_err().to_string();
    assert!(unfinished.contains("hold") && unfinished.contains("running"), "{unfinished}");
    traces.leave("open");
    // A future that is polled here is dropped. All else finishes.
    let outcome = outcome(&future);
    let may_be_dropped = F::ARE_ASYNC && matches!(outcome, Err(TaskError::Cancelled));
    assert!(matches!(outcome, Ok(7)) || may_be_dropped, "{outcome:?}");
}

pub fn a_series_does_not_overlap_itself<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 2);
    let task = F::hold(traces.name("arrived"), traces.name("open"));
    let series = sched.add(task.trigger(Trigger::recur(0.001))).unwrap();
    traces.wait("arrived");
    let skipped = |run: &pysched::Execution| run.status == Status::Skipped;
    while !sched.results(&series).iter().any(skipped) {
        std::thread::sleep(ms(1));
    }
    assert_eq!(traces.text("arrived"), "x");
    series.cancel().unwrap();
    traces.leave("open");
    sched.shutdown(true);
}

pub fn dropping_the_scheduler_ends_every_future<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 1);
    let holding = held::<F>(&sched, &traces).future();
    let waits = sched.add(F::double(1)).unwrap().future();
    drop(sched);
    assert!(is_cancelled(&waits));
    traces.leave("open");
    assert_eq!(outcome(&holding).unwrap(), &7);
}

pub fn workers_run_side_by_side<F: Functions>(make: Make) {
    let traces = Traces::new();
    let sched = started(make, 2);
    // Each waits for the other.
    let (one, other) = (traces.name("one"), traces.name("other"));
    let first = sched.add(F::hold(one.clone(), other.clone())).unwrap().future();
    let second = sched.add(F::hold(other, one)).unwrap().future();
    assert_eq!(outcome(&first).unwrap(), &7);
    assert_eq!(outcome(&second).unwrap(), &7);
    sched.shutdown(true);
}

/// A task that takes too long has failed at that moment. Whoever runs it ends it, or tells it to end.
pub fn a_timeout_is_kept<F: Functions>(make: Make) {
    let sched = started(make, 1);
    let task = F::hold_until_told().timeout(ms(20));
    let future = sched.add(task).unwrap().future();
    let error = outcome(&future).unwrap_err();
    assert!(matches!(error, TaskError::TimedOut(limit) if *limit == ms(20)), "{error:?}");
    let execution = future.execution();
    assert_eq!(execution.status, Status::Failed);
    let took = execution.finished.unwrap().duration_since(execution.started.unwrap()).unwrap();
    assert!(took >= ms(20), "{took:?}");
    // The one worker is free again, or there is another.
    assert_eq!(outcome(&sched.add(F::double(1)).unwrap().future()).unwrap(), &2);
    sched.shutdown(true);
}

pub fn a_timeout_without_time_is_refused<F: Functions>(make: Make) {
    let error = started(make, 1).add(F::double(1).timeout(Duration::ZERO)).unwrap_err();
    assert!(matches!(error, Error::InvalidInterval(_)), "{error:?}");
}
