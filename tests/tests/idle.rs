//! An idle scheduler makes no wake-ups: none of its threads is scheduled even once in ten seconds.
//!
//! Alone in its program, as it looks at all threads of the process.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use pysched::{
    Clock, FnClock, InlineExecutor, Parker, Scheduler, SystemClock, ThreadPoolExecutor, Trigger,
};
use pysched_tests::{PATIENCE, ms, outcome, secs};

/// The threads of the crate, by id: their names, and how often each has given up its processor, by
/// itself or not.
fn switches() -> BTreeMap<String, (String, u64)> {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let switches = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.ok()?.path();
        let status = fs::read_to_string(path.join("status")).ok()?;
        let field =
            |name| status.lines().find_map(|line: &str| line.strip_prefix(name)?.strip_prefix(':'));
        let name = field("Name")?.trim().to_owned();
        let count = |name| field(name).and_then(|text| text.trim().parse::<u64>().ok());
        let count = count("voluntary_ctxt_switches")? + count("nonvoluntary_ctxt_switches")?;
        let id = path.file_name()?.to_str()?.to_owned();
        name.starts_with("pysched-").then_some((id, (name, count)))
    };
    threads.filter_map(switches).collect()
}

/// Returns when all threads have come to rest: what was started has to fall asleep first.
fn at_rest() -> BTreeMap<String, (String, u64)> {
    let begun = Instant::now();
    let mut before = switches();
    loop {
        thread::sleep(ms(200));
        let now = switches();
        if now == before {
            return now;
        }
        assert!(begun.elapsed() < PATIENCE, "the threads never come to rest: {before:?}, {now:?}");
        before = now;
    }
}

#[test]
fn no_thread_wakes_up_in_ten_seconds() {
    let started = || {
        let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(2)).build();
        sched.start().unwrap();
        sched
    };
    let day = secs(24 * 3600);

    // One without tasks, of which somebody waits to hear.
    let empty = started();
    let _listening = empty.subscribe(|_| ());

    let far = started();
    far.delay(Trigger::once(day), 0, || ()).unwrap();
    far.delay(Trigger::recur(day), 0, || ()).unwrap();
    far.delay(Trigger::recur_after(day), 0, || ()).unwrap();
    // The wall clock is watched for this one, and for those of others.
    far.delay(Trigger::at(SystemTime::now() + day), 0, || ()).unwrap();

    let calendar = started();
    for days in 1..=100 {
        calendar.delay(Trigger::at(SystemTime::now() + days * day), 0, || ()).unwrap();
    }

    // One whose workers have all been hired, and have nothing to do any more.
    let done = started();
    let futures: Vec<_> =
        (0..100).map(|_| done.delay(Trigger::once(0.001), 0, || ()).unwrap().future()).collect();
    assert!(futures.iter().all(|future| outcome(future).is_ok()));

    // One whose tasks were cancelled, and their runs.
    let cancelled = started();
    cancelled.delay(Trigger::once(3600), 0, || ()).unwrap().cancel().unwrap();
    let handle = cancelled.delay(Trigger::recur(3600), 0, || ()).unwrap();
    assert!(handle.future().cancel());

    // One with a task that takes its time.
    let working = started();
    let (sender, receiver) = crossbeam::channel::bounded::<()>(0);
    working.delay(Trigger::once(0), 0, move || receiver.recv().is_err()).unwrap();

    // One with a clock that cannot be interrupted, and without tasks.
    let clock = FnClock::new(|| 0.0, |_| thread::sleep(ms(1)));
    let function = Scheduler::builder().clock(clock).executor(InlineExecutor).build();
    function.start().unwrap();

    // Told when the clock of the computer is set, which is no wake-up without a reason.
    let told = Parker::new();
    assert!(SystemClock::new().watch_wall(&told));
    let before = loop {
        let _ = told.take_token();
        let before = at_rest();
        // Not a wait for something to happen: the ten seconds in which nothing may.
        thread::sleep(Duration::from_secs(10));
        let after = switches();
        if told.take_token() {
            continue;
        }
        let woken: Vec<_> =
            after.iter().filter(|(id, thread)| before.get(*id) != Some(*thread)).collect();
        assert!(woken.is_empty(), "before: {before:?}, woken: {woken:?}");
        assert_eq!(after.len(), before.len());
        break before;
    };
    let hearts = before.values().filter(|(name, _)| name == "pysched-heart").count();
    assert_eq!(hearts, 7, "{before:?}");
    let clocks = before.values().filter(|(name, _)| name == "pysched-clock").count();
    assert_eq!(clocks, 1, "{before:?}");
    assert!(before.values().any(|(name, _)| name.starts_with("pysched-events-")), "{before:?}");
    assert!(before.len() >= 8 + 1 + 1 + 2, "a worker that works, and two idle ones: {before:?}");
    SystemClock::new().unwatch_wall(&told);

    drop(sender);
    for sched in [empty, far, calendar, done, cancelled, working, function] {
        sched.shutdown(true);
    }
}
