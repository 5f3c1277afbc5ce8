//! Clocks that jump, are read by functions, or panic, while rules keep something back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pysched::{
    Clock, FnClock, InlineExecutor, ManualClock, Misfire, Overlap, Parker, Retry, Scheduler,
    SystemClock, Task, ThreadPoolExecutor, Trigger,
};
use pysched_tests::faults::{FaultyClock, within};
use pysched_tests::{ms, outcome, secs};

use crate::guided::{End, Guided, eventually};

const SOON: Duration = Duration::from_secs(60);

/// Tasks of a calendar in all states, while the wall clock is set back and forth.
#[test]
fn the_wall_clock_is_set_while_runs_are_kept_back() {
    within(SOON, || {
        for (back, forth) in
            [(secs(30), secs(30)), (secs(7200), secs(600)), (secs(90_000), secs(5))]
        {
            let clock = ManualClock::new();
            let start = SystemTime::UNIX_EPOCH + secs(1_800_000_000);
            clock.set_wall(start);
            let sched = Scheduler::builder()
                .clock(clock.clone())
                .executor(InlineExecutor)
                .history(100_000)
                .build();
            sched.start().unwrap();
            let calendar = || Trigger::cron_in("* * * * *", "UTC").unwrap();
            let task = || Task::new(|| ()).trigger(calendar());
            let held = sched.add(task()).unwrap();
            held.pause().unwrap();
            let behind = sched.add(task().misfire(Misfire::RunAll).tag("x")).unwrap();
            let fails = Task::fallible(|| Err::<(), _>("failed")).trigger(calendar());
            let backing_off = sched
                .add(fails.retry(Retry::times(2).fixed(secs(100))).overlap(Overlap::AllowAll))
                .unwrap();
            let single =
                sched.add(Task::new(|| ()).trigger(Trigger::at(start + secs(100)))).unwrap();
            single.pause().unwrap();
            sched.set_limit("x", Some(0));
            for step in 0..40_u64 {
                clock.advance(secs(17));
                match step % 4 {
                    0 => clock.set_wall(clock.wall() - back),
                    2 => clock.set_wall(clock.wall() + forth),
                    _ => {}
                }
                if step % 10 == 9 {
                    sched.set_limit("x", Some(usize::from(step % 20 == 9)));
                    held.resume().unwrap();
                    clock.advance(secs(0));
                    held.pause().unwrap();
                }
            }
            let _ = single.resume();
            held.resume().unwrap();
            sched.set_limit("x", None);
            clock.advance(secs(0));
            clock.set_wall(start + secs(1_000_000));
            clock.advance(secs(0));
            assert!(single.future().done());
            for handle in [&held, &behind] {
                let results = sched.results(handle);
                assert!(!results.is_empty());
            }
            sched.shutdown(true);
            assert!(sched.tasks().is_empty());
            assert!(sched.results(&backing_off).iter().all(|it| it.finished.is_some()));
        }
    });
}

#[test]
fn a_clock_that_always_panics() {
    within(SOON, || {
        let (clock, faults) = FaultyClock::new(SystemClock::new());
        let sched = Scheduler::builder()
            .clock(clock)
            .executor(ThreadPoolExecutor::new(2))
            .limit("x", 1)
            .build();
        sched.start().unwrap();
        for fault in [&faults.now, &faults.wall, &faults.wait, &faults.watch_wall] {
            fault.set(u32::MAX);
        }
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        let task = Task::fallible(move || match count.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => Err("failed"),
            _ => Ok(()),
        });
        let task = task.trigger(Trigger::recur(0.002)).retry(Retry::times(1).fixed(ms(1))).tag("x");
        let handle = sched.add(task.timeout(secs(1)).grace(secs(1))).unwrap();
        let follower = sched.add(Task::new(|| ()).after(&handle).tag("x")).unwrap();
        outcome(&follower.future()).unwrap();
        handle.pause().unwrap();
        let _ = handle.run_now();
        handle.resume().unwrap();
        handle.reschedule(Trigger::recur(0.001)).unwrap();
        eventually("it should run", || (calls.load(Ordering::SeqCst) > 10).then_some(()));
        sched.shutdown(true);
        for fault in [&faults.now, &faults.wall, &faults.wait, &faults.watch_wall] {
            fault.set(0);
        }
    });
}

#[test]
fn a_clock_of_functions() {
    within(SOON, || {
        let begun = Instant::now();
        let clock = FnClock::new(
            move || begun.elapsed().as_secs_f64(),
            |seconds: f64| {
                thread::sleep(Duration::from_secs_f64(seconds.min(0.002)));
            },
        );
        let sched = Scheduler::builder()
            .clock(clock)
            .executor(ThreadPoolExecutor::new(2))
            .limit("x", 1)
            .build();
        sched.start().unwrap();
        let task = Task::fallible(|| Err::<(), _>("failed")).timeout(ms(100)).tag("x");
        let future = sched.add(task.retry(Retry::times(3).fixed(ms(2)))).unwrap().future();
        let buffered = Task::new(|| thread::sleep(ms(1))).overlap(Overlap::BufferAll).tag("x");
        let handle = sched.add(buffered.trigger(Trigger::recur(0.001))).unwrap();
        assert!(outcome(&future).is_err());
        assert_eq!(future.execution().attempts.len(), 3);
        handle.pause().unwrap();
        sched.pause_all();
        sched.resume_all();
        handle.resume().unwrap();
        handle.wait();
        sched.shutdown(true);
    });
}

/// Counts how often the scheduler's thread goes to sleep.
struct Sleepy(SystemClock, Arc<AtomicUsize>);

impl Clock for Sleepy {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wall(&self) -> SystemTime {
        self.0.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.wait(parker, until);
    }

    fn watch_wall(&self, parker: &Parker) -> bool {
        self.0.watch_wall(parker)
    }

    fn unwatch_wall(&self, parker: &Parker) {
        self.0.unwatch_wall(parker);
    }
}

#[test]
fn what_is_kept_back_wakes_nobody() {
    let sleeps = Arc::new(AtomicUsize::new(0));
    let sched = Scheduler::builder()
        .clock(Sleepy(SystemClock::new(), Arc::clone(&sleeps)))
        .executor(ThreadPoolExecutor::new(2))
        .limit("full", 1)
        .limit("shut", 0)
        .build();
    sched.start().unwrap();
    let (sender, receiver) = crossbeam::channel::bounded::<()>(0);
    let held = Task::new(move || receiver.recv().is_err()).tag("full");
    sched.add(held.trigger(Trigger::recur(3600))).unwrap().run_now().unwrap();
    eventually("it should run", || (sched.stats().running == 1).then_some(()));
    // Paused, and behind in a pause.
    let fast = || Task::new(|| ()).trigger(Trigger::recur(0.001));
    for misfire in [Misfire::RunOnce, Misfire::RunAll] {
        sched.add(fast().misfire(misfire)).unwrap().pause().unwrap();
    }
    // Under limits.
    for tag in ["full", "shut"] {
        sched.add(Task::new(|| ()).tag(tag)).unwrap();
        sched.add(fast().misfire(Misfire::RunAll).tag(tag)).unwrap();
    }
    // A follower, and one that backs off.
    let far = sched.add(Task::new(|| ()).trigger(Trigger::once(3600))).unwrap();
    sched.add(Task::new(|| ()).after(&far)).unwrap();
    let fails = Task::fallible(|| Err::<(), _>("failed"));
    let fails = sched.add(fails.retry(Retry::times(9).fixed(secs(3600)))).unwrap().future();
    eventually("it should fail", || (!fails.execution().attempts.is_empty()).then_some(()));
    let rest = || {
        eventually("it should come to rest", || {
            let before = sleeps.load(Ordering::SeqCst);
            thread::sleep(ms(50));
            (sleeps.load(Ordering::SeqCst) == before).then_some(before)
        })
    };
    let before = rest();
    // Not a wait for something to happen: the time in which nothing may.
    thread::sleep(ms(500));
    assert_eq!(sleeps.load(Ordering::SeqCst), before);
    sched.pause_all();
    let paused = rest();
    thread::sleep(ms(300));
    assert_eq!(sleeps.load(Ordering::SeqCst), paused);
    drop(sender);
    sched.shutdown(false);
    sched.shutdown(true);
}

#[test]
fn a_pause_and_a_jump_leave_one_fate_each() {
    let it = Guided::new(2);
    let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
    it.pass(secs(3));
    let begun = it.begins("a");
    it.clock.set_wall(it.clock.wall() + secs(0));
    handle.pause().unwrap();
    it.ends(begun, End::Return);
    it.pass(secs(2));
    it.nothing_begins();
    handle.resume().unwrap();
    for _ in 2..=5 {
        it.ends(it.begins("a"), End::Return);
    }
    assert_eq!(it.fates(&handle).iter().map(|fate| fate.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}
