//! The thread that is told when the clock of the computer is set: when it is there, and that nothing
//! of it is left behind. Alone in its program, as it looks at all threads and descriptors.

#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pysched::{Clock, InlineExecutor, Parker, Scheduler, SystemClock, Trigger};
use pysched_tests::faults::within;
use pysched_tests::{PATIENCE, ms, outcome, secs};

/// How many threads watch the clock.
fn watching() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    // A thread may end between the two looks.
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "pysched-clock").count()
}

/// What the descriptors of this process lead to that have to do with clocks and events.
fn descriptors() -> Vec<PathBuf> {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let mut open: Vec<_> =
        open.filter_map(|descriptor| fs::read_link(descriptor.ok()?.path()).ok()).collect();
    open.retain(|target| target.to_string_lossy().starts_with("anon_inode:"));
    open.sort();
    open
}

/// How many there were when the test began: whoever runs it may leave some open.
static INHERITED: LazyLock<usize> = LazyLock::new(|| descriptors().len());

/// Waits until so many threads watch the clock, with two descriptors each.
#[track_caller]
fn assert_watching(threads: usize) {
    let begun = Instant::now();
    while (watching(), descriptors().len()) != (threads, *INHERITED + 2 * threads) {
        let found = (watching(), descriptors());
        assert!(begun.elapsed() < PATIENCE, "expected {threads} threads, found {found:?}");
        thread::yield_now();
    }
}

fn started() -> Scheduler {
    let sched = Scheduler::builder().executor(InlineExecutor).build();
    sched.start().unwrap();
    sched
}

fn in_a_day() -> Trigger {
    Trigger::at(SystemTime::now() + secs(86_400))
}

#[test]
fn one_thread_is_there_while_tasks_wait_for_the_wall_clock() {
    within(2 * PATIENCE, || {
        assert_watching(0);
        let [one, other] = [started(), started()];
        one.delay(Trigger::recur(60), 0, || ()).unwrap();
        assert_watching(0);
        one.delay(in_a_day(), 0, || ()).unwrap();
        assert_watching(1);
        other.delay(in_a_day(), 0, || ()).unwrap();
        assert_watching(1);
        one.shutdown(true);
        assert_watching(1);
        other.shutdown(false);
        assert_watching(0);

        // It goes with the last task, if the scheduler stays.
        let stays = started();
        let soon = stays.delay(Trigger::at(SystemTime::now() + ms(20)), 0, || ()).unwrap();
        assert!(outcome(&soon.future()).is_ok());
        assert_watching(0);

        // With a scheduler that is dropped, and with one that never ran.
        let dropped = started();
        dropped.delay(in_a_day(), 0, || ()).unwrap();
        assert_watching(1);
        drop(dropped);
        assert_watching(0);
        Scheduler::new().delay(in_a_day(), 0, || ()).unwrap();
        assert_watching(0);

        // By clocks of their own, of clones, and behind a pointer.
        let clock = SystemClock::new();
        let parkers = [(); 3].map(|()| Parker::new());
        assert!(clock.watch_wall(&parkers[0]));
        assert!(clock.clone().watch_wall(&parkers[1]));
        assert!(std::sync::Arc::new(SystemClock::new()).watch_wall(&parkers[2]));
        assert_watching(1);
        for parker in &parkers {
            clock.unwatch_wall(parker);
        }
        assert_watching(0);

        many_lives();
        without_descriptors();
    });
}

/// Schedulers that come and go at the same time, each with tasks on the wall.
fn many_lives() {
    let threads: Vec<_> = (0..4)
        .map(|number| {
            thread::spawn(move || {
                for round in 0..100 {
                    let sched = started();
                    sched.delay(in_a_day(), 0, || ()).unwrap();
                    let time = SystemTime::now() + Duration::from_micros(100 * round);
                    let soon = sched.delay(Trigger::at(time), 0, || ()).unwrap();
                    if (number + round) % 3 == 0 {
                        assert!(outcome(&soon.future()).is_ok());
                    }
                    sched.shutdown(round % 2 == 0);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    assert_watching(0);
}

/// Where the kernel gives no descriptor, tasks run all the same.
fn without_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: before.maximum }).unwrap();
    let sched = started();
    sched.delay(in_a_day(), 0, || ()).unwrap();
    let soon = sched.delay(Trigger::at(SystemTime::now() + ms(20)), 0, || ()).unwrap();
    let ran = outcome(&soon.future()).is_ok();
    let refused = !SystemClock::new().watch_wall(&Parker::new());
    setrlimit(Resource::Nofile, before).unwrap();
    assert!(ran && refused);
    assert_watching(0);
    // It looks by itself by now, and does not ask again.
    sched.delay(in_a_day(), 0, || ()).unwrap();
    assert_watching(0);
    sched.shutdown(true);
}
