//! Late and overlapping runs: each time at which a task should have run has exactly one fate.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crossbeam::channel::{Receiver, Sender, unbounded};
use pysched::{
    Execution, InlineExecutor, ManualClock, Scheduler, Status, Task, ThreadPoolExecutor, Trigger,
};
use pysched_tests::{Log, PATIENCE, Random, by_hand, ms, occupy, outcome, pool_by_hand, secs};

use Status::{Missed, Skipped, Succeeded};

/// The fate of each nominal time, in seconds after `start`, in the order of the times.
fn fates(executions: &[Execution], start: SystemTime) -> Vec<(u64, Status)> {
    let seconds = |it: &Execution| it.due.duration_since(start).unwrap().as_secs();
    let mut fates: Vec<_> = executions.iter().map(|it| (seconds(it), it.status)).collect();
    fates.sort_by_key(|(second, _)| *second);
    fates
}

#[test]
fn the_newest_missed_run_stands_in_for_the_others() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    clock.advance(ms(4_500));
    let results = sched.results(&handle);
    let expected = [(1, Missed), (2, Missed), (3, Missed), (4, Succeeded)];
    assert_eq!(fates(&results, start), expected);
    assert_eq!(handle.next_run(), Some(start + secs(5)), "the series keeps its times");

    let run = results.last().unwrap();
    assert_eq!((run.status, run.started), (Succeeded, Some(clock.wall())));
    for missed in &results[..3] {
        assert_eq!((missed.started, missed.finished), (None, Some(clock.wall())));
    }
}

#[test]
fn a_run_that_is_late_alone_is_not_missed() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let handle = sched.delay(Trigger::recur(10), 0, || ()).unwrap();
    clock.advance(secs(20) - Duration::from_nanos(1));
    assert_eq!(fates(&sched.results(&handle), start), [(10, Succeeded)]);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(fates(&sched.results(&handle), start), [(10, Succeeded), (20, Succeeded)]);
}

#[test]
fn a_single_run_is_never_too_late() {
    let (sched, clock) = by_hand();
    let once = sched.delay(Trigger::once(1), 0, || ()).unwrap();
    let at = sched.delay(Trigger::at(clock.wall() + secs(1)), 0, || ()).unwrap();
    clock.advance(secs(1_000_000_000));
    for handle in [once, at] {
        let execution = handle.future().execution();
        assert_eq!((execution.status, execution.started), (Succeeded, Some(clock.wall())));
    }
}

#[test]
fn what_was_missed_before_start() {
    let clock = ManualClock::new();
    let start = clock.wall();
    let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
    let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    clock.advance(secs(3));
    sched.start().unwrap();
    clock.advance(Duration::ZERO);
    let expected = [(1, Missed), (2, Missed), (3, Succeeded)];
    assert_eq!(fates(&sched.results(&handle), start), expected);
}

#[test]
fn what_a_stalled_scheduler_missed() {
    // A task on the scheduler's own thread holds up everything else, itself included.
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let slow = {
        let (clock, calls) = (clock.clone(), AtomicUsize::new(0));
        move || {
            if calls.fetch_add(1, Ordering::SeqCst) == 0 {
                clock.advance(ms(3_500));
            }
        }
    };
    let other = sched.delay(Trigger::recur(1), 1, || ()).unwrap();
    let handle = sched.delay(Trigger::recur(1), 0, slow).unwrap();
    clock.advance(secs(1));
    assert_eq!(
        fates(&sched.results(&handle), start),
        [(1, Succeeded), (2, Missed), (3, Missed), (4, Succeeded)]
    );
    // The other one had been dispatched before the stall; its first run was late, not missed.
    let [first, ..] = &sched.results(&other)[..] else { panic!("it should have run") };
    assert_eq!((first.status, first.started), (Succeeded, Some(start + ms(4_500))));
}

/// A task on a pool that begins when it likes and ends when it is told to.
struct Guided {
    sched: Scheduler,
    clock: ManualClock,
    start: SystemTime,
    started: Receiver<()>,
    go_on: Sender<()>,
    task: Option<Task<()>>,
}

fn guided() -> Guided {
    let clock = ManualClock::new();
    let sched = Scheduler::builder()
        .clock(clock.clone())
        .executor(ThreadPoolExecutor::new(1))
        .history(100_000)
        .build();
    sched.start().unwrap();
    let (sender, started) = unbounded();
    let (go_on, receiver) = unbounded();
    let task = Task::new(move || {
        sender.send(()).unwrap();
        receiver.recv_timeout(PATIENCE).expect("it should be told to end");
    });
    Guided { sched, start: clock.wall(), clock, started, go_on, task: Some(task) }
}

impl Guided {
    fn until_started(&self) {
        self.started.recv_timeout(PATIENCE).expect("the task should start");
    }
}

#[test]
fn a_run_that_is_due_while_the_one_before_runs_is_skipped() {
    let mut it = guided();
    let handle = it.sched.add(it.task.take().unwrap().trigger(Trigger::recur(1))).unwrap();
    it.clock.advance(secs(1));
    it.until_started();
    let first = handle.future();
    it.clock.advance(secs(1));
    assert_eq!(handle.next_run(), Some(it.start + secs(3)));
    it.clock.advance(secs(1));
    it.go_on.send(()).unwrap();
    outcome(&first).unwrap();
    it.clock.advance(ms(500));
    it.clock.advance(ms(500));
    it.until_started();
    let second = handle.future();
    it.go_on.send(()).unwrap();
    outcome(&second).unwrap();

    let results = it.sched.results(&handle);
    let expected = [(1, Succeeded), (2, Skipped), (3, Skipped), (4, Succeeded)];
    assert_eq!(fates(&results, it.start), expected);
    for skipped in results.iter().filter(|it| it.status == Skipped) {
        assert_eq!((skipped.started, skipped.finished), (None, Some(skipped.due)));
    }
}

#[test]
fn a_run_that_still_waits_for_a_worker_gives_way_to_a_newer_one() {
    let (sched, clock) = pool_by_hand(1);
    let gate = occupy(&sched, 1);
    let start = clock.wall();
    let handle = sched.add(Task::new(|| ()).trigger(Trigger::recur(1)).times(1)).unwrap();
    let future = handle.future();
    for _ in 0..3 {
        clock.advance(secs(1));
    }
    // `times(1)` is spent on the execution that is queued: it has nothing to give way to.
    assert_eq!(future.execution().due, start + secs(1));
    let series = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    let future = series.future();
    for _ in 0..3 {
        clock.advance(secs(1));
    }
    assert_eq!(future.execution().due, start + secs(6));
    gate.open();
    assert!(outcome(&future).is_ok());
    let expected = [(4, Missed), (5, Missed), (6, Succeeded)];
    assert_eq!(fates(&sched.results(&series), start), expected);
}

#[test]
fn a_jump_over_several_runs_while_one_runs() {
    let mut it = guided();
    let handle = it.sched.add(it.task.take().unwrap().trigger(Trigger::recur(1))).unwrap();
    it.clock.advance(secs(1));
    it.until_started();
    it.clock.advance(secs(3));
    let first = handle.future();
    it.go_on.send(()).unwrap();
    outcome(&first).unwrap();
    let expected = [(1, Succeeded), (2, Missed), (3, Missed), (4, Skipped)];
    assert_eq!(fates(&it.sched.results(&handle), it.start), expected);
}

#[test]
fn a_task_that_overlaps_does_not_hold_up_others() {
    let mut it = guided();
    let log = Log::new();
    let sched = Scheduler::builder()
        .clock(it.clock.clone())
        .executor(ThreadPoolExecutor::new(1))
        .named_executor("inline", InlineExecutor)
        .build();
    sched.start().unwrap();
    sched.add(it.task.take().unwrap().trigger(Trigger::recur(1))).unwrap();
    let other = {
        let log = log.clone();
        Task::new(move || log.push(())).trigger(Trigger::recur(1)).executor("inline")
    };
    sched.add(other).unwrap();
    for _ in 0..5 {
        it.clock.advance(secs(1));
    }
    assert_eq!(log.take().len(), 5);
    it.go_on.send(()).unwrap();
    sched.shutdown(true);
}

#[test]
fn every_nominal_time_has_exactly_one_fate() {
    for seed in 0..10 {
        let mut random = Random::seeded(seed);
        let mut it = guided();
        let interval = ms(1 + random.below(1_000));
        let end = it.start + secs(60);
        let trigger = Trigger::recur(interval);
        let task = it.task.take().unwrap().trigger(trigger).until(end);
        let handle = it.sched.add(task).unwrap();
        let mut running = None;
        while it.sched.task(&handle).is_some() {
            if running.is_none() && it.started.try_recv().is_ok() {
                running = Some(handle.future());
            }
            match (random.below(3), &running) {
                (0, Some(future)) => {
                    it.go_on.send(()).unwrap();
                    outcome(future).unwrap();
                    running = None;
                }
                _ if it.clock.wall() < end + secs(2) => {
                    it.clock.advance(Duration::from_micros(random.below(1_500_000)));
                }
                // At the end, whatever has been queued may run.
                (_, Some(_)) => {}
                (_, None) => std::thread::yield_now(),
            }
        }

        let mut fates = BTreeMap::<SystemTime, Vec<Status>>::new();
        for execution in it.sched.results(&handle) {
            fates.entry(execution.due).or_default().push(execution.status);
        }
        let nominal: Vec<_> =
            (1..).map(|k| it.start + interval * k).take_while(|time| *time <= end).collect();
        assert_eq!(fates.keys().copied().collect::<Vec<_>>(), nominal, "seed {seed}");
        for (due, statuses) in fates {
            let [Succeeded | Skipped | Missed] = statuses[..] else {
                panic!("seed {seed}: {due:?} has {statuses:?}");
            };
        }
    }
}

#[test]
fn a_jump_beyond_the_end_of_a_series_runs_the_last_of_it() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let task = Task::new(|| ()).trigger(Trigger::recur(1)).until(start + ms(3_500));
    let handle = sched.add(task).unwrap();
    clock.advance(secs(1_000));
    let expected = [(1, Missed), (2, Missed), (3, Succeeded)];
    assert_eq!(fates(&sched.results(&handle), start), expected);
    assert!(sched.task(&handle).is_none());
}

#[test]
fn ten_years_in_one_jump() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let ten_years = secs(10 * 365 * 24 * 3600);
    let calls = Arc::new(AtomicUsize::new(0));
    let intervals = [Duration::from_nanos(1), Duration::from_micros(7), ms(1), secs(3600)];
    let handles = intervals.map(|interval| {
        let calls = Arc::clone(&calls);
        let task = move || calls.fetch_add(1, Ordering::SeqCst);
        sched.delay(Trigger::recur(interval), 0, task).unwrap()
    });
    let after = sched.delay(Trigger::recur_after(1), 0, || ()).unwrap();
    let begun = Instant::now();
    clock.advance(ten_years);
    assert!(begun.elapsed() < PATIENCE);

    assert_eq!(calls.load(Ordering::SeqCst), intervals.len());
    assert_eq!(sched.results(&after).len(), 1);
    for (handle, interval) in handles.iter().zip(intervals) {
        let results = sched.results(handle);
        assert_eq!(results.len(), 32, "only the newest are retained");
        for pair in results.windows(2) {
            assert_eq!(pair[1].due.duration_since(pair[0].due).unwrap(), interval);
        }
        let newest = results.last().unwrap();
        assert_eq!(newest.status, Succeeded);
        assert!(results[..31].iter().all(|it| it.status == Missed));
        let next = handle.next_run().unwrap();
        assert!(newest.due <= start + ten_years && start + ten_years < next);
        assert_eq!(next.duration_since(start).unwrap().as_nanos() % interval.as_nanos(), 0);
    }
}

#[test]
fn ten_years_on_the_wall_do_not_flood() {
    let (sched, clock) = by_hand();
    let start = clock.wall();
    let handle = sched.delay(Trigger::recur(1), 0, || ()).unwrap();
    let ten_years = secs(10 * 365 * 24 * 3600);
    for wall in [start + ten_years, start - ten_years] {
        clock.set_wall(wall);
        clock.advance(secs(1));
    }
    let statuses: Vec<_> = sched.results(&handle).iter().map(|it| it.status).collect();
    assert_eq!(statuses, [Succeeded, Succeeded]);
    assert_eq!(handle.next_run(), Some(clock.wall() + secs(1)));
}

#[test]
fn as_many_fates_are_retained_as_the_scheduler_is_told() {
    for history in [0, 1, 5] {
        let clock = ManualClock::new();
        let sched = Scheduler::builder()
            .clock(clock.clone())
            .executor(InlineExecutor)
            .history(history)
            .build();
        sched.start().unwrap();
        let start = clock.wall();
        let handle = sched.delay(Trigger::recur(1), 0, || 7).unwrap();
        clock.advance(secs(100));
        clock.advance(secs(1));
        let all = (1..=101).map(|k| (k, if k < 100 { Missed } else { Succeeded }));
        let newest: Vec<_> = all.skip(101 - history).collect();
        assert_eq!(fates(&sched.results(&handle), start), newest);
        assert_eq!(outcome(&handle.wait()).unwrap(), &7, "even without a history");
    }
}
