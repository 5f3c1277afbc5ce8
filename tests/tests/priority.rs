//! What waits for a worker starts by priority, whatever came first.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbeam::channel::Sender;
use pysched::{
    Executor, Handle, Job, ManualClock, Rejected, Scheduler, ThreadPoolExecutor, Trigger,
};
use pysched_tests::{Gate, Log, PATIENCE, by_hand, occupy, outcome, pool_by_hand, secs};

/// Adds a task that writes `name` to the log.
fn add(
    sched: &Scheduler,
    log: &Log<&'static str>,
    trigger: Trigger,
    priority: i32,
    name: &'static str,
) -> Handle<()> {
    let log = log.clone();
    sched.delay(trigger, priority, move || log.push(name)).unwrap()
}

#[test]
fn the_most_urgent_starts_first_when_a_worker_frees() {
    let (sched, clock) = pool_by_hand(1);
    let (gate, log) = (occupy(&sched, 1), Log::new());
    for (priority, name) in [(5, "fourth"), (1, "second"), (-1, "first"), (3, "third")] {
        add(&sched, &log, Trigger::once(0), priority, name);
    }
    clock.advance(Duration::ZERO);
    gate.open();
    sched.shutdown(true);
    assert_eq!(log.take(), ["first", "second", "third", "fourth"]);
}

#[test]
fn whatever_came_first() {
    let (sched, clock) = pool_by_hand(1);
    let (gate, log) = (occupy(&sched, 1), Log::new());
    add(&sched, &log, Trigger::once(1), 3, "due first");
    clock.advance(secs(3600));
    add(&sched, &log, Trigger::once(1), 2, "due an hour later");
    clock.advance(secs(1));
    add(&sched, &log, Trigger::once(1), 1, "due last");
    clock.advance(secs(1));
    gate.open();
    sched.shutdown(true);
    assert_eq!(log.take(), ["due last", "due an hour later", "due first"]);
}

#[test]
fn of_one_priority_what_was_due_first_then_what_was_added_first() {
    let (sched, clock) = pool_by_hand(1);
    let (gate, log) = (occupy(&sched, 1), Log::new());
    add(&sched, &log, Trigger::once(3), 0, "due last");
    add(&sched, &log, Trigger::once(2), 0, "due second, added first");
    add(&sched, &log, Trigger::once(2), 0, "due second, added last");
    add(&sched, &log, Trigger::once(1), 0, "due first");
    for _ in 0..3 {
        clock.advance(secs(1));
    }
    gate.open();
    sched.shutdown(true);
    let order = ["due first", "due second, added first", "due second, added last", "due last"];
    assert_eq!(log.take(), order);
}

#[test]
fn each_time_a_worker_frees() {
    // Each task frees the next one, and while it runs something more urgent becomes due.
    let (sched, clock) = pool_by_hand(1);
    let log = Log::new();
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let started = crossbeam::channel::unbounded();
    for (gate, priority) in gates.iter().zip([10, 20, 30]) {
        let (gate, log, sender) = (gate.clone(), log.clone(), started.0.clone());
        let task = move || {
            log.push("planned");
            sender.send(()).unwrap();
            gate.wait();
        };
        sched.delay(Trigger::once(0), priority, task).unwrap();
    }
    clock.advance(Duration::ZERO);
    for gate in gates {
        started.1.recv().unwrap();
        add(&sched, &log, Trigger::once(0), 0, "urgent");
        add(&sched, &log, Trigger::once(0), 100, "idle");
        clock.advance(Duration::ZERO);
        gate.open();
    }
    sched.shutdown(true);
    let pairs = ["planned", "urgent"].into_iter().cycle().take(6);
    assert_eq!(log.take(), pairs.chain(["idle"; 3]).collect::<Vec<_>>());
}

#[test]
fn with_several_workers_the_first_that_frees_takes_the_most_urgent() {
    let (sched, clock) = pool_by_hand(2);
    let (one, log) = (occupy(&sched, 1), Log::new());
    let other = occupy(&sched, 1);
    add(&sched, &log, Trigger::once(0), 2, "second");
    let first = add(&sched, &log, Trigger::once(0), 1, "first");
    let third = add(&sched, &log, Trigger::once(0), 3, "third");
    clock.advance(Duration::ZERO);
    assert!(!first.future().done());
    other.open();
    // One worker is free, and runs all of them, in order.
    outcome(&third.future()).unwrap();
    assert_eq!(log.take(), ["first", "second", "third"]);
    one.open();
    sched.shutdown(true);
}

#[test]
fn it_never_interrupts_what_runs() {
    let (sched, clock) = pool_by_hand(1);
    let log = Log::new();
    let (started, wait_for_start) = crossbeam::channel::bounded(1);
    let gate = Gate::new();
    let slow = {
        let (gate, log) = (gate.clone(), log.clone());
        move || {
            started.send(()).unwrap();
            gate.wait();
            log.push("running");
        }
    };
    sched.delay(Trigger::once(0), i32::MAX, slow).unwrap();
    wait_for_start.recv().unwrap();
    add(&sched, &log, Trigger::once(0), i32::MIN, "urgent");
    clock.advance(Duration::ZERO);
    gate.open();
    sched.shutdown(true);
    assert_eq!(log.take(), ["running", "urgent"]);
}

#[test]
fn all_of_i32_is_a_priority() {
    let (sched, clock) = pool_by_hand(1);
    let (gate, log) = (occupy(&sched, 1), Log::new());
    let priorities = [0, i32::MAX, -1, i32::MIN, 1, i32::MIN + 1, i32::MAX - 1];
    for priority in priorities {
        let log = log.clone();
        let handle = sched.delay(Trigger::once(0), priority, move || log.push(priority)).unwrap();
        assert_eq!(sched.task(&handle).unwrap().priority, priority);
    }
    clock.advance(Duration::ZERO);
    gate.open();
    sched.shutdown(true);
    let mut sorted = priorities;
    sorted.sort_unstable();
    assert_eq!(log.take(), sorted);
}

#[test]
fn of_what_is_due_together_the_most_urgent_runs_first_even_if_workers_are_free() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    for (priority, name) in [(2, "third"), (-7, "first"), (2, "fourth"), (0, "second")] {
        add(&sched, &log, Trigger::once(1), priority, name);
    }
    clock.advance(secs(1));
    assert_eq!(log.take(), ["first", "second", "third", "fourth"]);
}

#[test]
fn of_what_has_become_due_in_one_jump_too() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    add(&sched, &log, Trigger::once(1), 2, "third");
    add(&sched, &log, Trigger::once(3), 1, "first, due last");
    add(&sched, &log, Trigger::once(2), 2, "fourth");
    add(&sched, &log, Trigger::once(3), 1, "second, due last");
    clock.advance(secs(3));
    assert_eq!(log.take(), ["first, due last", "second, due last", "third", "fourth"]);
}

#[test]
fn priority_does_not_delay_what_is_due_earlier() {
    let (sched, clock) = by_hand();
    let log = Log::new();
    add(&sched, &log, Trigger::once(2), -100, "urgent but later");
    add(&sched, &log, Trigger::once(1), 100, "earlier");
    clock.advance(secs(1));
    clock.advance(secs(1));
    assert_eq!(log.take(), ["earlier", "urgent but later"]);
}

#[test]
fn runs_of_a_series_have_its_priority() {
    let (sched, clock) = pool_by_hand(1);
    let log = Log::new();
    add(&sched, &log, Trigger::recur(1), 2, "series 2");
    add(&sched, &log, Trigger::recur(1), 1, "series 1");
    add(&sched, &log, Trigger::recur_after(1), 3, "series 3");
    for _ in 0..5 {
        let gate = occupy(&sched, 1);
        clock.advance(secs(1));
        gate.open();
        // It ran last, for it is the least urgent.
        let last = add(&sched, &log, Trigger::once(0), 4, "last");
        outcome(&last.future()).unwrap();
        assert_eq!(log.take(), ["series 1", "series 2", "series 3", "last"]);
    }
}

#[test]
fn schedulers_that_share_a_pool_share_its_order() {
    let pool = Arc::new(ThreadPoolExecutor::new(1));
    let make = || {
        let clock = ManualClock::new();
        let sched = Scheduler::builder().clock(clock.clone()).executor(Arc::clone(&pool)).build();
        sched.start().unwrap();
        (sched, clock)
    };
    let ((one, one_clock), (other, other_clock)) = (make(), make());
    let (gate, log) = (occupy(&one, 1), Log::new());
    add(&one, &log, Trigger::once(0), 3, "third");
    add(&one, &log, Trigger::once(0), 1, "first");
    one_clock.advance(Duration::ZERO);
    add(&other, &log, Trigger::once(0), 4, "fourth");
    add(&other, &log, Trigger::once(0), 2, "second");
    other_clock.advance(Duration::ZERO);
    gate.open();
    one.shutdown(true);
    other.shutdown(true);
    assert_eq!(log.take(), ["first", "second", "third", "fourth"]);
}

/// Has room for one job, which runs when the test says so, and tells what it was offered: the
/// priority, and whether there was room.
struct OneSlot {
    slot: Arc<Mutex<Option<Job>>>,
    offers: Sender<(i32, bool)>,
}

impl Executor for OneSlot {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        let mut slot = self.slot.lock().unwrap();
        self.offers.send((job.priority(), slot.is_none())).unwrap();
        if slot.is_some() {
            return Err(Rejected::Full(job));
        }
        *slot = Some(job);
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {}
}

#[test]
fn a_full_executor_gets_the_most_urgent_of_all_that_wait() {
    let slot = Arc::default();
    let (offers, offered) = crossbeam::channel::unbounded();
    let executor = OneSlot { slot: Arc::clone(&slot), offers };
    let sched = Scheduler::builder().executor(executor).build();
    sched.start().unwrap();
    let until = |offer| while offered.recv_timeout(PATIENCE).expect("another offer") != offer {};

    let log = Log::new();
    add(&sched, &log, Trigger::once(0), 5, "first come");
    until((5, true));
    // Once the most urgent has been turned down, all of them wait in the scheduler.
    for (priority, name) in [(4, "fourth"), (2, "second"), (3, "third")] {
        add(&sched, &log, Trigger::once(0), priority, name);
    }
    add(&sched, &log, Trigger::once(0.001), 1, "last come");
    until((1, false));
    for next in [1, 2, 3, 4] {
        let job = slot.lock().unwrap().take().unwrap();
        job.run();
        until((next, true));
    }
    slot.lock().unwrap().take().unwrap().run();
    assert_eq!(log.take(), ["first come", "last come", "second", "third", "fourth"]);
    sched.shutdown(true);
}
