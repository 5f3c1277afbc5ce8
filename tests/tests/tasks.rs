//! What a scheduler tells of its tasks: which there are, when they run next, how they ran.

use std::collections::HashSet;
use std::thread;

use pysched::{Handle, Scheduler, Status, Task, TaskId, Trigger};
use pysched_tests::{Gate, Random, by_hand, occupy, outcome, pool_by_hand, secs};

fn ids(sched: &Scheduler) -> Vec<TaskId> {
    sched.tasks().iter().map(|info| info.id).collect()
}

#[test]
fn a_task_is_described() {
    let (sched, clock) = by_hand();
    let trigger = Trigger::recur(3);
    let task = Task::new(|| ()).name("now").trigger(trigger.clone()).priority(-2);
    let handle = sched.add(task).unwrap();
    let info = sched.task(&handle).unwrap();
    assert_eq!(info.id, handle.id());
    assert_eq!(info.name.as_deref(), Some("now"));
    assert_eq!(info.trigger, trigger);
    assert_eq!(info.priority, -2);
    assert_eq!(info.next_run, Some(clock.wall() + secs(3)));
    assert!(!info.paused);
    assert_eq!(sched.task(handle.id()), Some(info.clone()));
    assert_eq!(sched.tasks(), [info]);
}

#[test]
fn a_plain_task_is_described() {
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(5), 0, || ()).unwrap();
    let info = sched.task(&handle).unwrap();
    assert_eq!((info.name, info.priority), (None, 0));
    assert_eq!(info.next_run, Some(clock.wall() + secs(5)));
}

#[test]
fn tasks_are_listed_by_their_next_run_then_priority_then_age() {
    let (sched, clock) = by_hand();
    let mut random = Random::seeded(6);
    let mut expected: Vec<_> = (0..1_000)
        .map(|number| {
            let (delay, priority) = (random.below(20), i32::try_from(random.below(3)).unwrap());
            let trigger = Trigger::once(100 + delay);
            let handle = sched.delay(trigger, priority, || ()).unwrap();
            ((delay, priority, number), handle.id())
        })
        .collect();
    expected.sort_unstable_by_key(|(key, _)| *key);
    assert_eq!(ids(&sched), expected.iter().map(|(_, id)| *id).collect::<Vec<_>>());

    // So do they run.
    clock.advance(secs(109));
    expected.retain(|((delay, ..), _)| *delay > 9);
    assert_eq!(ids(&sched), expected.iter().map(|(_, id)| *id).collect::<Vec<_>>());
}

#[test]
fn a_task_without_a_next_run_comes_last_until_it_is_finished() {
    let (sched, clock) = pool_by_hand(2);
    let gate = Gate::new();
    let waiting = || {
        let gate = gate.clone();
        move || gate.wait()
    };
    let once = sched.delay(Trigger::once(1), 0, waiting()).unwrap();
    let after = sched.delay(Trigger::recur_after(1), 0, waiting()).unwrap();
    let recur = sched.delay(Trigger::recur(3600), 0, || ()).unwrap();
    clock.advance(secs(1));
    assert_eq!(ids(&sched), [recur.id(), once.id(), after.id()]);
    assert_eq!(sched.task(&once).unwrap().next_run, None);
    assert_eq!(sched.task(&after).unwrap().next_run, None);

    let futures = [once.future(), after.future()];
    gate.open();
    assert!(futures.iter().all(|future| outcome(future).is_ok()));
    assert_eq!(ids(&sched), [after.id(), recur.id()], "whoever has waited finds it up to date");
}

#[test]
fn a_task_that_waits_for_a_worker_is_listed() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let busy = ids(&sched);
    let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    clock.advance(secs(1));
    assert_eq!(ids(&sched), [busy[0], handle.id()]);
    gate.open();
    outcome(&handle.future()).unwrap();
    assert!(sched.task(&handle).is_none());
}

#[test]
fn next_run_moves_on_with_each_run() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let handle = sched.delay(Trigger::recur(10), 0, || ()).unwrap();
    for run in 1..=5 {
        assert_eq!(handle.next_run(), Some(start + secs(10 * run)));
        assert_eq!(sched.task(&handle).unwrap().next_run, handle.next_run());
        clock.advance(secs(4));
        assert_eq!(handle.next_run(), Some(start + secs(10 * run)), "not with time alone");
        clock.advance(secs(6));
    }
}

#[test]
fn next_run_can_be_asked_for_from_inside_the_task() {
    let (sched, clock) = by_hand();
    let asking = |sched: &Scheduler| {
        let sched = sched.clone();
        move || sched.tasks()[0].next_run
    };
    let handle = sched.delay(Trigger::recur(10), 0, asking(&sched)).unwrap();
    clock.advance(secs(10));
    assert_eq!(outcome(&handle.wait()).unwrap(), &Some(clock.wall() + secs(10)));
    handle.cancel().unwrap();
    let handle = sched.delay(Trigger::once(10), 0, asking(&sched)).unwrap();
    clock.advance(secs(10));
    assert_eq!(outcome(&handle.wait()).unwrap(), &None, "it has none any more");
    sched.shutdown(true);
}

#[test]
fn a_finished_task_leaves_its_results_behind() {
    let (sched, clock) = by_hand();
    let task = Task::new(|| ()).trigger(Trigger::recur(1)).times(2);
    let handle = sched.add(task).unwrap();
    assert!(sched.results(&handle).is_empty(), "it has not run yet");
    clock.advance(secs(1));
    let first = sched.results(&handle);
    assert_eq!(first.len(), 1);
    clock.advance(secs(1));

    assert!(sched.task(&handle).is_none());
    assert!(sched.tasks().is_empty());
    assert_eq!(handle.next_run(), None);
    let results = sched.results(handle.id());
    assert_eq!(results.len(), 2);
    assert_eq!(results[0], first[0], "oldest first");
    for execution in &results {
        assert_eq!((execution.task, execution.status), (handle.id(), Status::Succeeded));
        assert_eq!((execution.attempt, &execution.error), (1, &None));
        assert!(execution.due <= execution.started.unwrap());
        assert!(execution.started <= execution.finished);
    }
    assert_eq!(handle.futures().len(), 2);
    assert_eq!(handle.future().execution(), results[1]);
}

#[test]
fn results_tell_what_went_wrong() {
    fn error<T: Send + Sync + 'static>(sched: &Scheduler, handle: &Handle<T>) -> String {
        assert!(outcome(&handle.future()).is_err());
        let results = sched.results(handle);
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].status, Status::Failed);
        results[0].error.clone().unwrap()
    }

    let (sched, _clock) = by_hand();
    let failed = sched.add(Task::fallible(|| "x".parse::<i32>())).unwrap();
    let panicked = sched.delay(Trigger::once(0), 0, || panic!("out of paper")).unwrap();
    assert!(error(&sched, &failed).contains("invalid digit"));
    assert!(error(&sched, &panicked).contains("out of paper"));
}

#[test]
fn what_runs_is_no_result_yet() {
    let (sched, clock) = pool_by_hand(1);
    let gate = Gate::new();
    let task = {
        let gate = gate.clone();
        move || gate.wait()
    };
    let handle = sched.delay(Trigger::recur(1), 0, task).unwrap();
    clock.advance(secs(1));
    assert!(sched.results(&handle).is_empty());
    assert!(handle.futures().is_empty());
    let future = handle.future();
    gate.open();
    outcome(&future).unwrap();
    assert_eq!(sched.results(&handle), [future.execution()]);
}

#[test]
fn nothing_is_known_of_unknown_tasks() {
    let ((sched, clock), (other, _)) = (by_hand(), by_hand());
    let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    clock.advance(secs(1));
    for id in [TaskId::nil(), "f".repeat(32).parse().unwrap()] {
        assert_eq!(sched.task(id), None);
        assert!(sched.results(id).is_empty());
    }
    assert_eq!(other.task(&handle), None);
    assert!(other.results(&handle).is_empty());
    assert!(other.tasks().is_empty());
}

#[test]
fn an_id_is_never_used_again() {
    let (sched, clock) = by_hand();
    let mut seen = HashSet::new();
    let mut latest = TaskId::nil();
    let mut add = || {
        let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        assert!(seen.insert(handle.id()));
        assert!(latest < handle.id(), "in the order of adding");
        latest = handle.id();
        handle
    };
    for round in 0..100 {
        // Few tasks and many, which are cancelled or run.
        let handles: Vec<_> = (0..=round).map(|_| add()).collect();
        if round % 2 == 0 {
            for handle in &handles {
                handle.cancel().unwrap();
            }
        } else {
            clock.advance(secs(1));
        }
        assert!(handles.iter().all(|handle| sched.task(handle).is_none()));
    }
}

#[test]
fn ids_are_unique_across_schedulers_and_threads() {
    let schedulers = [Scheduler::new(), Scheduler::new(), Scheduler::new()];
    let add = |sched: &Scheduler| {
        let handles: Vec<Handle<()>> =
            (0..500).map(|_| sched.delay(Trigger::once(60), 0, || ()).unwrap()).collect();
        let ids: Vec<_> = handles.iter().map(TaskId::from).collect();
        assert!(ids.is_sorted(), "in the order of adding");
        ids
    };
    let all: Vec<TaskId> = thread::scope(|scope| {
        let threads: Vec<_> = (0..12)
            .map(|number| {
                scope.spawn({
                    let sched = &schedulers[number % 3];
                    move || add(sched)
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let unique: HashSet<_> = all.iter().copied().collect();
    assert_eq!(unique.len(), 12 * 500);
    assert!(!unique.contains(&TaskId::nil()));
    let listed: HashSet<_> = schedulers.iter().flat_map(ids).collect();
    assert_eq!(listed, unique);
}

#[test]
fn an_id_survives_as_text() {
    let (sched, _clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    let text = handle.id().to_string();
    assert_eq!(text.len(), 32);
    let read: TaskId = text.parse().unwrap();
    assert_eq!(read, handle.id());
    sched.cancel(read).unwrap();
    assert!(handle.future().cancelled());
}

#[test]
fn what_is_told_is_one_instant() {
    // A thousand tasks that are all due at once: whoever looks sees all of them or none.
    let (sched, clock) = pool_by_hand(1);
    for _ in 0..20 {
        let gate = occupy(&sched, 1);
        for _ in 0..1_000 {
            sched.delay(Trigger::recur(1), 0, || ()).unwrap();
        }
        let now = clock.wall();
        thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                loop {
                    let tasks = sched.tasks();
                    let moved =
                        tasks.iter().filter(|info| info.next_run == Some(now + secs(2))).count();
                    assert!(moved == 0 || moved == 1_000, "{moved}");
                    if moved > 0 {
                        return;
                    }
                }
            });
            clock.advance(secs(1));
            watcher.join().unwrap();
        });
        for info in sched.tasks() {
            // The one that keeps the worker busy is cancelled, too, and runs to its end.
            sched.cancel(info.id).unwrap();
        }
        gate.open();
    }
    sched.shutdown(true);
}

#[test]
fn whoever_sees_that_an_execution_is_done_finds_everything_up_to_date() {
    let sched = Scheduler::new();
    sched.start().unwrap();
    for _ in 0..20_000 {
        let handle = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        let future = handle.future();
        while !future.done() {
            std::hint::spin_loop();
        }
        assert_eq!(handle.futures().len(), 1);
        assert_eq!(sched.results(&handle), [future.execution()]);
        assert_eq!(sched.task(&handle), None);
    }
}
