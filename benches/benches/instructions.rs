//! How many instructions the hot paths of pysched take, counted by valgrind: figures that hardly
//! change from run to run, on any machine, however busy it is.
//!
//! The whole process is counted, with all its threads, since a scheduler may leave work to its own
//! thread. What a row takes for itself is so the difference to the row that it builds on: `nothing`
//! for `add` and `recur`, `add` for the others. Time is moved by hand, and tasks run on the
//! scheduler's own thread, so that the same things happen in the same order every time.

#![expect(unused_qualifications, reason = "they are in what the attributes of gungraun expand to")]

use std::hint::black_box;
use std::mem;
use std::time::Duration;

use gungraun::{
    Callgrind, EntryPoint, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use pysched::{Handle, InlineExecutor, ManualClock, Scheduler, Trigger};

/// How many times everything is done.
const TASKS: usize = 10_000;

/// How many series there are, each of which runs until all together have run as often.
const SERIES: usize = TASKS / 10;

/// What pending tasks wait for, and the interval of series.
const SECOND: Duration = Duration::from_secs(1);

/// A scheduler that runs, and the clock by which it does.
struct Stage {
    clock: ManualClock,
    scheduler: Scheduler,
}

impl Stage {
    fn new() -> Self {
        let clock = ManualClock::new();
        let scheduler = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
        scheduler.start().expect("it has not been shut down");
        Self { clock, scheduler }
    }

    /// Adds all tasks, due after a second and within 10 µs, in an order that is not that of adding.
    fn add(&self) -> Vec<Handle<()>> {
        let add = |index| {
            let nanoseconds = scattered(index, 7919) as u64;
            let delay = SECOND + Duration::from_nanos(nanoseconds);
            let captured = (index, nanoseconds);
            let body = move || {
                black_box(captured);
            };
            self.scheduler.delay(Trigger::once(delay), 0, body).expect("it takes tasks")
        };
        (0..TASKS).map(add).collect()
    }

    /// Ends the benchmark here: what it costs to drop everything is another question.
    fn leave(self, handles: Vec<Handle<()>>) {
        mem::forget((self, handles));
    }
}

/// Each number below `TASKS` once, if `step` is prime to it, in an order that looks random.
fn scattered(index: usize, step: usize) -> usize {
    index * step % TASKS
}

#[library_benchmark]
fn nothing() {
    Stage::new().leave(Vec::new());
}

#[library_benchmark]
fn add() {
    let stage = Stage::new();
    let handles = stage.add();
    stage.leave(handles);
}

#[library_benchmark]
fn add_and_cancel() {
    let stage = Stage::new();
    let handles = stage.add();
    // The order has to do neither with that of adding nor with that of becoming due.
    for index in 0..TASKS {
        handles[scattered(index, 4391)].cancel().expect("the task is pending");
    }
    stage.leave(handles);
}

#[library_benchmark]
fn add_and_run() {
    let stage = Stage::new();
    let handles = stage.add();
    stage.clock.advance(2 * SECOND); // returns when all have run
    assert!(handles[0].future().done(), "that they have, was taken for granted");
    stage.leave(handles);
}

#[library_benchmark]
fn recur() {
    let stage = Stage::new();
    let add = |_| stage.scheduler.delay(Trigger::recur(SECOND), 0, || ()).expect("it takes tasks");
    let handles = (0..SERIES).map(add).collect();
    for _ in 0..TASKS / SERIES {
        stage.clock.advance(SECOND);
    }
    stage.leave(handles);
}

library_benchmark_group!(
    name = hot_paths,
    benchmarks = [nothing, add, add_and_cancel, add_and_run, recur]
);

main!(
    config =
        LibraryBenchmarkConfig::default().tool(Callgrind::default().entry_point(EntryPoint::None)),
    library_benchmark_groups = hot_paths
);
