//! Adding tasks: before and after the start, to several schedulers, to named executors, by clones.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::SystemTime;

use pysched::{
    Error, InlineExecutor, ManualClock, Scheduler, Status, Task, TaskError, ThreadPoolExecutor,
    Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, Log, PATIENCE, by_hand, occupy, outcome, secs};

fn one_worker() -> Scheduler {
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(1)).build();
    sched.start().unwrap();
    sched
}

#[test]
fn a_task_added_before_start_runs_at_its_time() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let handle = sched.delay(Trigger::once(5), 0, || "ran").unwrap();
    sched.start().unwrap();

    clock.advance(secs(4));
    assert!(!handle.future().done());
    clock.advance(secs(1));
    assert_eq!(outcome(&handle.future()).unwrap(), &"ran");
}

#[test]
fn a_delay_counts_from_adding_even_before_start() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let handle = sched.delay(Trigger::once(5), 0, || ()).unwrap();
    let due = handle.next_run().unwrap();

    clock.advance(secs(3));
    sched.start().unwrap();
    clock.advance(secs(1));
    assert!(!handle.future().done());
    clock.advance(secs(1));
    let execution = handle.future().execution();
    assert_eq!((execution.due, execution.started), (due, Some(due)));
}

#[test]
fn what_became_due_before_start_runs_at_once_after_it() {
    let clock = ManualClock::new();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let future = sched.delay(Trigger::once(5), 0, || ()).unwrap().future();

    clock.advance(secs(60));
    assert_eq!(future.execution().status, Status::Queued, "nothing runs before start");
    sched.start().unwrap();
    assert!(outcome(&future).is_ok());
}

#[test]
fn a_task_added_after_start_runs_at_its_time() {
    let (sched, clock) = by_hand();
    clock.advance(secs(100));
    let handle = sched.delay(Trigger::once(5), 0, || "ran").unwrap();
    clock.advance(secs(4));
    assert!(!handle.future().done());
    clock.advance(secs(1));
    assert_eq!(outcome(&handle.future()).unwrap(), &"ran");
}

#[test]
fn a_task_without_a_trigger_runs_at_once() {
    let sched = one_worker();
    let handle = sched.add(Task::new(|| 42)).unwrap();
    assert_eq!(outcome(&handle.future()).unwrap(), &42);
}

#[test]
fn a_function_is_called_once_for_each_execution_and_stays_callable() {
    fn now(calls: &AtomicUsize) -> usize {
        calls.fetch_add(1, Ordering::SeqCst) + 1
    }

    let calls = Arc::new(AtomicUsize::new(0));
    let (sched, clock) = by_hand();
    let task = {
        let calls = Arc::clone(&calls);
        move || now(&calls)
    };
    let handle = sched.delay(Trigger::recur(1), 0, task.clone()).unwrap();
    assert_eq!(task(), 1);
    for _ in 0..3 {
        clock.advance(secs(1));
    }
    assert_eq!(now(&calls), 5);
    let results: Vec<_> = handle.futures().iter().map(|it| *outcome(it).unwrap()).collect();
    assert_eq!(results, [2, 3, 4]);
}

#[test]
fn delay_is_add_with_a_trigger_and_a_priority() {
    let (sched, _clock) = by_hand();
    let delayed = sched.delay(Trigger::recur(3), 2, || ()).unwrap();
    let added = sched.add(Task::new(|| ()).trigger(Trigger::recur(3)).priority(2)).unwrap();
    let (mut delayed, added) = (sched.task(&delayed).unwrap(), sched.task(&added).unwrap());
    delayed.id = added.id;
    assert_eq!(delayed, added);
}

#[test]
fn one_task_value_can_be_added_many_times() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    let task = {
        let log = log.clone();
        Task::new(move || log.push(())).trigger(Trigger::once(1))
    };
    for _ in 0..3 {
        sched.add(task.clone()).unwrap();
    }
    sched.add(task).unwrap();
    clock.advance(secs(1));
    assert_eq!(log.take().len(), 4);
}

#[test]
fn a_dropped_handle_leaves_the_task_alone() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    let task = {
        let log = log.clone();
        move || log.push(())
    };
    drop(sched.delay(Trigger::once(1), 0, task).unwrap());
    clock.advance(secs(1));
    assert_eq!(log.take().len(), 1);
}

#[test]
fn a_task_can_add_tasks() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    let outer = {
        let (sched, log) = (sched.clone(), log.clone());
        move || {
            let log = log.clone();
            sched.delay(Trigger::once(1), 0, move || log.push("inner")).unwrap();
        }
    };
    sched.delay(Trigger::once(1), 0, outer).unwrap();
    clock.advance(secs(1));
    assert!(log.take().is_empty());
    clock.advance(secs(1));
    assert_eq!(log.take(), ["inner"]);
    sched.shutdown(true);
}

#[test]
fn start_can_be_repeated_until_shutdown() {
    let sched = Scheduler::new();
    assert!(sched.stopped());
    for _ in 0..3 {
        sched.start().unwrap();
        assert!(!sched.stopped());
    }
    sched.shutdown(true);
    assert!(sched.stopped());
    assert!(matches!(sched.start(), Err(Error::Shutdown)));
    assert!(matches!(sched.delay(Trigger::once(0), 0, || ()), Err(Error::Shutdown)));
}

#[test]
fn several_threads_may_start_it_at_once() {
    let (clock, log) = (ManualClock::new(), Log::new());
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let task = {
        let log = log.clone();
        move || log.push(())
    };
    let handle = sched.delay(Trigger::once(0), 0, task).unwrap();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| sched.start().unwrap());
        }
    });
    outcome(&handle.future()).unwrap();
    assert_eq!(log.take().len(), 1);
}

#[test]
fn schedulers_run_side_by_side_each_on_its_own_executor() {
    let schedulers = [one_worker(), one_worker(), one_worker()];
    let threads_of = |sched: &Scheduler| {
        let run = |_| {
            let handle = sched.delay(Trigger::once(0), 0, || thread::current().id()).unwrap();
            *outcome(&handle.future()).unwrap()
        };
        (0..3).map(run).collect::<Vec<_>>()
    };
    let threads: Vec<_> = schedulers.iter().map(threads_of).collect();
    for threads in &threads {
        assert!(threads.iter().all(|it| *it == threads[0]), "one worker runs them all");
    }
    assert!(threads[0][0] != threads[1][0] && threads[1][0] != threads[2][0]);
    assert!(threads[0][0] != threads[2][0]);
}

#[test]
fn a_busy_scheduler_does_not_hold_up_another() {
    // By default, too, each has a pool of its own, here filled however large it may be.
    let (busy, free) = (Scheduler::new(), Scheduler::new());
    busy.start().unwrap();
    free.start().unwrap();
    let gate = Gate::new();
    for _ in 0..1_000 {
        let gate = gate.clone();
        busy.delay(Trigger::once(0), 0, move || gate.wait()).unwrap();
    }
    let waiting = busy.delay(Trigger::once(0), 0, || ()).unwrap();
    let handle = free.delay(Trigger::once(0), 0, || ()).unwrap();
    assert!(outcome(&handle.future()).is_ok());
    assert!(!waiting.future().done());
    gate.open();
    assert!(outcome(&waiting.future()).is_ok());
}

#[test]
fn the_shutdown_of_one_scheduler_leaves_the_others_running() {
    let clock = ManualClock::new();
    let make = || Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let (one, other) = (make(), make());
    one.start().unwrap();
    other.start().unwrap();
    let of_one = one.delay(Trigger::once(1), 0, || ()).unwrap();
    let of_other = other.delay(Trigger::once(1), 0, || ()).unwrap();
    one.shutdown(true);
    clock.advance(secs(1));
    assert!(matches!(outcome(&of_one.future()), Err(TaskError::Cancelled)));
    assert!(outcome(&of_other.future()).is_ok());
}

#[test]
fn one_executor_can_serve_two_schedulers() {
    let pool = Arc::new(ThreadPoolExecutor::new(1));
    let make = || Scheduler::builder().executor(Arc::clone(&pool)).build();
    let (one, other) = (make(), make());
    one.start().unwrap();
    other.start().unwrap();
    let thread_of = |sched: &Scheduler| {
        let handle = sched.delay(Trigger::once(0), 0, || thread::current().id()).unwrap();
        *outcome(&handle.future()).unwrap()
    };
    let thread = thread_of(&one);
    assert_eq!(thread_of(&other), thread);
    one.shutdown(true);
    assert_eq!(thread_of(&other), thread, "it belongs to the other one, too");
}

#[test]
fn a_task_runs_on_the_executor_that_it_names() {
    let sched = Scheduler::builder()
        .executor(InlineExecutor)
        .named_executor("one", ThreadPoolExecutor::new(1))
        .named_executor("two", ThreadPoolExecutor::new(1))
        .build();
    sched.start().unwrap();
    let run_on = |name: Option<&str>| {
        let task = Task::new(|| {
            let thread = thread::current();
            (thread.id(), thread.name().unwrap().to_owned())
        });
        let task = match name {
            Some(name) => task.executor(name),
            None => task,
        };
        outcome(&sched.add(task).unwrap().future()).unwrap().clone()
    };
    let (own, one, two) = (run_on(None), run_on(Some("one")), run_on(Some("two")));
    assert_eq!(own.1, "pysched-heart");
    assert!(one.1.starts_with("pysched-") && two.1.starts_with("pysched-"));
    assert!(own.0 != one.0 && one.0 != two.0 && own.0 != two.0);
    assert_eq!(run_on(Some("one")), one);
    assert_eq!(run_on(Some("two")), two);
}

#[test]
fn a_busy_executor_does_not_hold_up_another_one_of_the_same_scheduler() {
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(1))
        .named_executor("other", ThreadPoolExecutor::new(1))
        .build();
    sched.start().unwrap();
    let gate = occupy(&sched, 1);
    let waiting = sched.add(Task::new(|| ())).unwrap();
    let handle = sched.add(Task::new(|| ()).executor("other")).unwrap();
    assert!(outcome(&handle.future()).is_ok());
    assert!(!waiting.future().done());
    gate.open();
}

#[test]
fn a_second_executor_of_one_name_takes_the_place_of_the_first() {
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(1))
        .named_executor("it", ThreadPoolExecutor::new(1))
        .named_executor("it", InlineExecutor)
        .build();
    sched.start().unwrap();
    let task = Task::new(|| thread::current().name().unwrap().to_owned()).executor("it");
    assert_eq!(outcome(&sched.add(task).unwrap().future()).unwrap(), "pysched-heart");
}

#[test]
fn an_executor_that_is_not_there_is_refused_by_name() {
    let sched = Scheduler::builder().named_executor("reports", InlineExecutor).build();
    for name in ["report", "Reports", "", " reports"] {
        match sched.add(Task::new(|| ()).executor(name)) {
            Err(Error::UnknownExecutor(text)) => {
                assert!(text.contains(&format!("{name:?}")), "{text}");
                assert!(text.contains("\"reports\""), "{text}");
            }
            other => panic!("{name:?} gave {other:?}"),
        }
    }
    assert!(sched.tasks().is_empty());
}

#[test]
fn clones_are_the_same_scheduler() {
    let (sched, clock) = by_hand();
    let clone = sched.clone();
    let handle = clone.delay(Trigger::once(1), 0, || "ran").unwrap();
    assert_eq!(sched.tasks(), clone.tasks());
    assert_eq!(sched.task(&handle), clone.task(&handle));
    clock.advance(secs(1));
    assert_eq!(sched.results(&handle), clone.results(&handle));
    assert_eq!(sched.results(&handle).len(), 1);

    let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    clone.cancel(&handle).unwrap();
    assert!(sched.tasks().is_empty());
    sched.shutdown(true);
    assert!(clone.stopped());
}

#[test]
fn a_scheduler_lives_as_long_as_its_last_clone() {
    let (sched, clock) = by_hand();
    let clone = sched.clone();
    let first = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    let second = sched.delay(Trigger::once(2), 0, || ()).unwrap();
    drop(sched);
    clock.advance(secs(1));
    assert!(outcome(&first.future()).is_ok());
    drop(clone);
    assert!(matches!(outcome(&second.future()), Err(TaskError::Cancelled)));
    assert_eq!(second.next_run(), None);
}

#[test]
fn twenty_threads_may_add_at_once() {
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
    sched.start().unwrap();
    let gate = Gate::new();
    let sum: u64 = thread::scope(|scope| {
        let add = |number: u64| {
            let (sched, gate) = (&sched, &gate);
            move || {
                gate.wait();
                let handles: Vec<_> = (0..100)
                    .map(|n| sched.delay(Trigger::once(0), 0, move || number * 100 + n).unwrap())
                    .collect();
                handles.iter().map(|it| *outcome(&it.future()).unwrap()).sum::<u64>()
            }
        };
        let threads: Vec<_> = (0..20).map(|number| scope.spawn(add(number))).collect();
        gate.open();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(sum, (0..2_000).sum::<u64>());
}

#[test]
fn due_times_are_told_in_the_time_of_the_clock() {
    let clock = ManualClock::new();
    clock.set_wall(SystemTime::UNIX_EPOCH);
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    sched.start().unwrap();
    let handle = sched.delay(Trigger::once(5), 0, || ()).unwrap();
    assert_eq!(handle.next_run(), Some(SystemTime::UNIX_EPOCH + secs(5)));
    clock.advance(secs(5));
    let execution = handle.future().execution();
    assert_eq!(execution.due, SystemTime::UNIX_EPOCH + secs(5));
    assert_eq!(execution.finished, Some(SystemTime::UNIX_EPOCH + secs(5)));
}

/// Adds a task when it is dropped, and waits for it.
struct Farewell(Arc<Scheduler>);

impl Drop for Farewell {
    fn drop(&mut self) {
        let handle = self.0.delay(Trigger::once(0), 0, || ()).unwrap();
        assert!(outcome(&handle.future()).is_ok());
    }
}

#[test]
fn a_thread_that_is_ending_may_still_add() {
    thread_local! {
        static LAST: RefCell<Option<Farewell>> = const { RefCell::new(None) };
    }
    within(PATIENCE, || {
        let sched = Arc::new(Scheduler::new());
        sched.start().unwrap();
        let other = Arc::clone(&sched);
        let thread = thread::spawn(move || {
            // First, so that it is dropped last: what the additions leave to the thread is gone then.
            LAST.set(Some(Farewell(Arc::clone(&other))));
            // Until the scheduler sleeps, and the task is handed over on this thread.
            for _ in 0..1_000 {
                let handle = other.delay(Trigger::once(0), 0, || ()).unwrap();
                assert!(outcome(&handle.future()).is_ok());
            }
        });
        thread.join().unwrap();
    });
}
