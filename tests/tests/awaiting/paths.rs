//! In whichever way an execution or a task ends, whoever awaits that is woken.

use pysched::{
    Conflict, Executor, InlineExecutor, Job, Overlap, Rejected, Retry, Status, ThreadPoolExecutor,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, by_hand, by_hand_on, occupy, pool_by_hand};

use super::*;

/// Has something happen while somebody awaits the next execution, who has to be woken and to be given one
/// that has ended so.
#[track_caller]
fn gives<T: Send + Sync + 'static>(handle: &Handle<T>, status: Status, act: impl FnOnce()) {
    let mut next = ByHand::pending(handle.next());
    act();
    let given = next.woken().expect("an execution has ended");
    assert_eq!(given.execution().status, status, "{given:?}");
}

/// Has something happen while somebody awaits the next execution, who has to be woken and told that none
/// comes.
#[track_caller]
fn gives_none<T: Send + Sync + 'static>(handle: &Handle<T>, act: impl FnOnce()) {
    let mut next = ByHand::pending(handle.next());
    act();
    assert!(next.woken().is_none());
}

#[track_caller]
fn is_over<T: Send + Sync + 'static>(handle: &Handle<T>) {
    assert!(at_once(handle.next()).is_none(), "the task is finished");
}

#[test]
fn a_run_of_a_series_and_the_last_of_all() {
    let (sched, clock) = by_hand();
    let handle = sched.add(counting().trigger(Trigger::recur(1)).times(2)).unwrap();
    gives(&handle, Status::Succeeded, || clock.advance(SECOND));
    gives(&handle, Status::Succeeded, || clock.advance(SECOND));
    is_over(&handle);
}

#[test]
fn a_light_task_that_waits_is_queued_or_runs_when_it_is_first_asked() {
    let (sched, clock) = pool_by_hand(1);
    let waits = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    gives(&waits, Status::Succeeded, || clock.advance(SECOND));
    is_over(&waits);

    let gate = occupy(&sched, 1);
    let queued = sched.delay(Trigger::once(0), 0, || ()).unwrap();
    gives(&queued, Status::Succeeded, || gate.open());
    is_over(&queued);

    let gate = Gate::new();
    let inner = gate.clone();
    let runs = sched.delay(Trigger::once(0), 0, move || inner.wait()).unwrap();
    gate.await_arrivals(1);
    gives(&runs, Status::Succeeded, || gate.open());
    is_over(&runs);

    let over = sched.delay(Trigger::once(0), 0, || 7).unwrap();
    sched.shutdown(true);
    assert_eq!(value(at_once(over.next())), 7, "it had never been asked");
    is_over(&over);
}

#[test]
fn the_last_handle_but_this_is_dropped() {
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(1), 0, || 7).unwrap();
    let other = handle.clone();
    let mut next = ByHand::pending(handle.next());
    drop(other);
    clock.advance(SECOND);
    assert_eq!(value(next.woken()), 7);
}

#[test]
fn a_task_is_cancelled_before_it_runs() {
    let (sched, _clock) = by_hand();
    let single = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    gives(&single, Status::Cancelled, || single.cancel().unwrap());
    is_over(&single);
    let series = series(&sched);
    gives(&series, Status::Cancelled, || sched.cancel(&series).unwrap());
    is_over(&series);
    let never_asked = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    never_asked.cancel().unwrap();
    assert_eq!(at_once(never_asked.next()).unwrap().execution().status, Status::Cancelled);
    is_over(&never_asked);
}

#[test]
fn a_task_is_cancelled_while_it_is_queued_or_runs() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let queued = sched.delay(Trigger::once(0), 0, || ()).unwrap();
    gives(&queued, Status::Cancelled, || queued.cancel().unwrap());
    is_over(&queued);
    gate.open();

    let gate = Gate::new();
    let inner = gate.clone();
    let task = Task::new(move || inner.wait()).trigger(Trigger::recur(1));
    let running = sched.add(task).unwrap();
    clock.advance(SECOND);
    gate.await_arrivals(1);
    gives(&running, Status::Cancelled, || running.cancel().unwrap());
    gives(&running, Status::Succeeded, || gate.open());
    is_over(&running);
}

#[test]
fn an_execution_is_cancelled_by_its_future() {
    let (sched, clock) = pool_by_hand(1);
    let single = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    gives(&single, Status::Cancelled, || assert!(single.future().cancel()));
    is_over(&single);
    let series = series(&sched);
    gives(&series, Status::Cancelled, || assert!(series.future().cancel()));
    let gate = occupy(&sched, 1);
    (0..2).for_each(|_| clock.advance(SECOND));
    gives(&series, Status::Cancelled, || assert!(series.future().cancel()));
    gate.open();
}

#[test]
fn a_scheduler_is_shut_down() {
    let ways: [fn(Scheduler); 5] = [
        |sched| sched.shutdown(true),
        |sched| sched.shutdown(false),
        |sched| drop(sched.shutdown_timeout(PATIENCE)),
        |sched| drop(sched.shutdown_async()),
        drop,
    ];
    for way in ways {
        for starts in [true, false] {
            let sched = Scheduler::new();
            if starts {
                sched.start().unwrap();
            }
            let single = sched.delay(Trigger::once(60), 0, || ()).unwrap();
            let series = sched.add(counting().trigger(Trigger::recur(60))).unwrap();
            let ruled = counting().trigger(Trigger::recur(60)).overlap(Overlap::AllowAll);
            let ruled = sched.add(ruled).unwrap();
            let mut nexts = [&series, &ruled].map(|handle| ByHand::pending(handle.next()));
            gives(&single, Status::Cancelled, || way(sched));
            for next in &mut nexts {
                assert_eq!(next.woken().unwrap().execution().status, Status::Cancelled);
            }
            is_over(&single);
            is_over(&series);
            is_over(&ruled);
        }
    }
}

#[test]
fn a_scheduler_is_shut_down_while_tasks_are_queued_and_run() {
    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = occupy(&sched, 1);
        let queued = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        gives(&queued, Status::Cancelled, || sched.shutdown(false));
        gate.open();

        let (sched, _clock) = pool_by_hand(1);
        let gate = occupy(&sched, 1);
        let queued = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        let ended = sched.shutdown_async();
        gives(&queued, Status::Succeeded, || gate.open());
        block_on(ended);
    });
}

#[test]
fn an_execution_times_out_and_its_function_returns_later() {
    let (sched, clock) = pool_by_hand(1);
    let gate = Gate::new();
    let inner = gate.clone();
    let task = Task::new(move || inner.wait()).trigger(Trigger::once(1)).timeout(SECOND);
    let handle = sched.add(task).unwrap();
    clock.advance(SECOND);
    gate.await_arrivals(1);
    gives(&handle, Status::Failed, || clock.advance(SECOND));
    gives_none(&handle, || gate.open());
}

#[test]
fn an_execution_is_tried_again_and_gives_up() {
    let failing = || Task::fallible(|| Err::<(), _>("failed")).retry(Retry::times(1).fixed(SECOND));
    let (sched, clock) = by_hand();
    let handle = sched.add(failing()).unwrap();
    let mut next = ByHand::pending(handle.next());
    clock.advance(Duration::ZERO);
    assert!(next.poll().is_pending(), "another attempt comes");
    clock.advance(SECOND);
    assert_eq!(next.woken().unwrap().execution().attempt, 2);
    is_over(&handle);
    for cancel in [true, false] {
        let handle = sched.add(failing()).unwrap();
        clock.advance(Duration::ZERO);
        let status = if cancel { Status::Failed } else { Status::Cancelled };
        gives(&handle, status, || {
            if cancel {
                handle.cancel().unwrap();
            } else {
                assert!(handle.future().cancel());
            }
        });
        is_over(&handle);
    }
}

#[test]
fn a_run_is_too_late() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let handle = sched.add(Task::new(|| ()).grace(SECOND)).unwrap();
    // It is queued in time.
    clock.advance(Duration::ZERO);
    clock.advance(3 * SECOND);
    gives(&handle, Status::Missed, || gate.open());
    is_over(&handle);
}

#[test]
fn all_runs_are_passed_over_and_none_is_left() {
    let (sched, clock) = by_hand();
    let until = clock_wall(&clock) + 3 * SECOND;
    let task = counting().trigger(Trigger::recur(1)).until(until).grace(Duration::ZERO);
    let handle = sched.add(task).unwrap();
    handle.pause().unwrap();
    clock.advance(10 * SECOND);
    gives_none(&handle, || {
        handle.resume().unwrap();
        clock.advance(SECOND);
    });
}

fn clock_wall(clock: &pysched::ManualClock) -> std::time::SystemTime {
    pysched::Clock::wall(clock)
}

#[test]
fn a_predecessor_fails() {
    let (sched, clock) = by_hand();
    let fails = Task::fallible(|| Err::<(), _>("failed")).trigger(Trigger::once(1));
    let first = sched.add(fails).unwrap();
    let follower = sched.add(Task::new(|| ()).after(&first)).unwrap();
    gives(&follower, Status::Cancelled, || clock.advance(SECOND));
    is_over(&follower);
    let first = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    let follower = sched.add(Task::new(|| ()).after(&first)).unwrap();
    gives(&follower, Status::Succeeded, || clock.advance(SECOND));
    is_over(&follower);
}

#[test]
fn another_task_takes_its_name() {
    let (sched, _clock) = by_hand();
    let named = || {
        let task = counting().trigger(Trigger::recur(1)).name("nightly");
        sched.add(task.conflict(Conflict::Replace)).unwrap()
    };
    let first = named();
    let mut second = None;
    gives(&first, Status::Cancelled, || second = Some(named()));
    is_over(&first);
}

#[test]
fn a_newer_run_takes_its_place() {
    let (sched, clock) = pool_by_hand(2);
    let began = Gate::new();
    began.open();
    let inner = began.clone();
    let task = Task::fallible(move || {
        inner.wait();
        let token = pysched::current().token();
        while !token.wait_timeout(PATIENCE) {}
        token.check()
    });
    let task = task.trigger(Trigger::recur(1)).overlap(Overlap::CancelOther);
    let handle = sched.add(task).unwrap();
    clock.advance(SECOND);
    began.await_arrivals(1);
    gives(&handle, Status::Cancelled, || clock.advance(SECOND));
    handle.cancel().unwrap();
    let _ = sched.shutdown_timeout(Duration::ZERO);
}

#[test]
fn it_is_run_by_hand_or_paused_for_good() {
    let (sched, _clock) = by_hand();
    let handle = series(&sched);
    gives(&handle, Status::Succeeded, || handle.run_now().unwrap());

    within(PATIENCE, || {
        let (sched, _clock) = pool_by_hand(1);
        let gate = occupy(&sched, 1);
        let paused = sched.delay(Trigger::once(0), 0, || ()).unwrap();
        let ended = sched.shutdown_async();
        gives(&paused, Status::Cancelled, || paused.pause().unwrap());
        gate.open();
        block_on(ended);
    });
}

#[test]
fn what_waits_for_room_is_cancelled_by_a_pause_of_all() {
    within(PATIENCE, || {
        let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).limit("x", 1).build();
        sched.start().unwrap();
        let gate = Gate::new();
        let inner = gate.clone();
        let first = sched.add(Task::new(move || inner.wait()).tag("x")).unwrap();
        gate.await_arrivals(1);
        let waits = sched.add(Task::new(|| ()).tag("x")).unwrap();
        let ended = sched.shutdown_async();
        gives(&waits, Status::Cancelled, || sched.pause_all());
        is_over(&waits);
        gives(&first, Status::Succeeded, || gate.open());
        block_on(ended);
    });
}

#[test]
fn an_executor_refuses_drops_or_keeps_its_job() {
    struct Refuses;
    impl Executor for Refuses {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            Err(Rejected::Refused(job, "no".to_owned()))
        }
        fn shutdown(&self, _wait: bool) {}
    }
    struct Drops;
    impl Executor for Drops {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            drop(job);
            Ok(())
        }
        fn shutdown(&self, _wait: bool) {}
    }
    #[derive(Default)]
    struct Keeps(Mutex<Vec<Job>>);
    impl Executor for Keeps {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            self.0.lock().unwrap().push(job);
            Ok(())
        }
        fn shutdown(&self, _wait: bool) {
            let kept = std::mem::take(&mut *self.0.lock().unwrap());
            drop(kept);
        }
    }
    let single = |sched: &Scheduler| sched.delay(Trigger::once(1), 0, || ()).unwrap();
    let (sched, clock) = by_hand_on(Refuses);
    gives(&single(&sched), Status::Failed, || clock.advance(SECOND));
    let (sched, clock) = by_hand_on(Drops);
    gives(&single(&sched), Status::Failed, || clock.advance(SECOND));
    let (sched, clock) = by_hand_on(Keeps::default());
    let handle = single(&sched);
    clock.advance(SECOND);
    gives(&handle, Status::Cancelled, || sched.shutdown(false));
    let (sched, _clock) = by_hand_on(InlineExecutor);
    gives(&single(&sched), Status::Cancelled, || drop(sched));
}

#[test]
fn the_runs_of_a_fixed_delay() {
    let (sched, clock) = by_hand();
    let handle = sched.add(counting().trigger(Trigger::recur_after(1)).times(2)).unwrap();
    gives(&handle, Status::Succeeded, || clock.advance(SECOND));
    gives(&handle, Status::Succeeded, || clock.advance(SECOND));
    is_over(&handle);
}

#[test]
fn one_that_was_rescheduled() {
    let (sched, clock) = by_hand();
    let handle = sched.delay(Trigger::once(60), 0, || 7).unwrap();
    let mut next = ByHand::pending(handle.next());
    handle.reschedule(Trigger::once(1)).unwrap();
    assert_eq!(next.bell.rings(), 0, "nothing has ended");
    clock.advance(SECOND);
    assert_eq!(value(next.woken()), 7);
    is_over(&handle);
}

#[test]
fn nothing_else_wakes_whoever_waits() {
    let (sched, clock) = by_hand();
    let handle = series(&sched);
    let next = ByHand::pending(handle.next());
    handle.pause().unwrap();
    clock.advance(5 * SECOND);
    let _ = (sched.explain(&handle), sched.task(&handle), sched.results(&handle), sched.stats());
    assert!(!handle.future().done());
    assert_eq!(next.bell.rings(), 0, "nothing has ended");
}
