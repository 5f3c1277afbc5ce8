//! Tasks, drawn at random: what they do, when, and by which rules.

use std::num::NonZeroUsize;
use std::sync::Once;
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{Calendar, Clock as _, Conflict, Misfire, Overlap, Retry, Task, Trigger, task};
use pysched_tests::{Random, ms};
use smol::future::yield_now;

use super::clock::Unsteady;
use super::ledger::{Kind, Nature};
use super::witness::{Bound, Rule, Witness};

/// A result that is alive as long as what captured it.
pub(crate) type Captive = std::sync::Arc<()>;

/// What a function does.
#[derive(Debug, Clone, Copy)]
enum Act {
    Nothing,
    Sleep(Duration),
    Tell,
    Fail,
    Panic,

    /// Takes so long, and heeds its token or not.
    Hang(Duration, bool),
}

fn act(random: &mut Random) -> Act {
    match random.below(40) {
        0..3 => Act::Fail,
        3..5 => Act::Panic,
        5 => Act::Hang(ms(random.below(60)), true),
        6 => Act::Hang(ms(random.below(40)), false),
        7..10 => Act::Sleep(Duration::from_micros(random.below(2000))),
        10 => Act::Tell,
        _ => Act::Nothing,
    }
}

/// A function that does so.
fn function(act: Act, witness: Witness) -> Task<Captive> {
    Task::fallible(move || {
        let current = witness.enter();
        match act {
            Act::Nothing => {}
            Act::Sleep(time) | Act::Hang(time, false) => thread::sleep(time),
            Act::Tell => (1..=10).for_each(|done| current.set_progress(done, 10)),
            Act::Fail => return witness.leave(&current, Err("on purpose")),
            Act::Panic => panic!("on purpose"),
            Act::Hang(time, true) => drop(current.token().wait_timeout(time)),
        }
        witness.leave(&current, Ok(witness.captive.clone()))
    })
}

/// A future that does so, and yields a few times; on a runtime, it waits for the timers of that.
fn future(act: Act, witness: Witness, on_runtime: bool) -> Task<Captive> {
    Task::fallible_future(move || {
        let witness = witness.clone();
        let current = witness.enter();
        async move {
            for _ in 0..3 {
                yield_now().await;
            }
            match act {
                Act::Nothing => {}
                Act::Sleep(time) | Act::Hang(time, _) if on_runtime => {
                    tokio::time::sleep(time).await;
                }
                Act::Sleep(time) | Act::Hang(time, _) => thread::sleep(time),
                Act::Tell => current.set_progress(1, 1),
                Act::Fail => return witness.leave(&current, Err("on purpose")),
                Act::Panic => panic!("on purpose"),
            }
            witness.leave(&current, Ok(witness.captive.clone()))
        }
    })
}

/// Some work for a worker process, and its process number.
#[task(once, 0)]
pub(crate) fn labour(number: u64, how: u64) -> Result<(u64, u32), String> {
    static HIDDEN: Once = Once::new();
    HIDDEN.call_once(super::hide_what_is_meant);
    match how {
        0 => return Err("on purpose".to_owned()),
        1 => panic!("on purpose"),
        2 => std::process::exit(3),
        3 => thread::sleep(ms(40)),
        _ => thread::sleep(Duration::from_micros(number % 700)),
    }
    Ok((number * 3, std::process::id()))
}

/// What has been drawn.
pub(crate) enum Drawn {
    Here(Task<Captive>, Kind, Bound),
    Elsewhere(Task<(u64, u32)>, Kind, u64),
}

/// What tasks are drawn for.
pub(crate) struct Place<'a> {
    pub(crate) witness: &'a dyn Fn(Bound) -> Witness,
    pub(crate) clock: &'a Unsteady,

    /// The names of the executors.
    pub(crate) executors: &'a [&'static str],
}

/// A task that runs once, or a few times.
pub(crate) fn draw(random: &mut Random, place: &Place<'_>, is_series: bool) -> Drawn {
    let executor = place.executors[below(random, place.executors.len())];
    let since = place.clock.now();
    let (trigger, rule) =
        if is_series { series(random, place.clock.wall()) } else { single(random) };
    let is_on_wall = matches!(rule, Rule::Calendar);
    let kind = |nature, has_limit| Kind { nature, is_on_wall, has_limit };
    if executor == "processes" {
        let number = random.below(1000);
        let task = labour::task(number, random.below(30)).trigger(trigger).executor(executor);
        let (task, has_limit) = ruled(random, task);
        return Drawn::Elsewhere(task, kind(Nature::Elsewhere, has_limit), number);
    }
    let bound = Bound::new(rule, since);
    let witness = (place.witness)(bound.clone());
    let act = match act(random) {
        // What runs on the scheduler's own thread holds up all others.
        Act::Hang(..) | Act::Sleep(_) if executor == "inline" => Act::Nothing,
        act => act,
    };
    let is_future = random.below(3) == 0;
    let (task, nature) = if is_future {
        (future(act, witness, executor == "tokio"), Nature::Future)
    } else {
        (function(act, witness), Nature::Function)
    };
    let task = task.trigger(trigger);
    let task = if executor.is_empty() { task } else { task.executor(executor) };
    let (task, has_limit) = ruled(random, task);
    Drawn::Here(task, kind(nature, has_limit), bound)
}

fn single(random: &mut Random) -> (Trigger, Rule) {
    let delay = match random.below(4) {
        0 => Duration::ZERO,
        1 => ms(random.below(200)),
        _ => Duration::from_micros(random.below(5000)),
    };
    (Trigger::once(delay), Rule::Once(delay))
}

fn series(random: &mut Random, wall: SystemTime) -> (Trigger, Rule) {
    let interval = Duration::from_micros(500 + random.below(20_000));
    match random.below(6) {
        0 => (Trigger::recur_after(interval), Rule::Every(interval)),
        1 => (Trigger::cron("* * * * * *").unwrap(), Rule::Calendar),
        2 => {
            let time = ["Europe/Rome", "America/New_York"][below(random, 2)];
            (Trigger::cron_in("*/2 * * * * *", time).unwrap(), Rule::Calendar)
        }
        3 => {
            let times = (1..10).map(|n| wall + ms(n * random.below(300)));
            (Trigger::at_each(times.collect::<Vec<_>>()), Rule::Calendar)
        }
        4 if random.below(4) == 0 => {
            (Trigger::calendar(Calendar::since(2020, 1, 1).at(0, 0, 0)), Rule::Calendar)
        }
        _ => (Trigger::recur(interval), Rule::Every(interval)),
    }
}

/// The task with rules that are drawn, and whether a limit of time is among them.
fn ruled<T>(random: &mut Random, task: Task<T>) -> (Task<T>, bool) {
    let mut task = task.priority(i32::try_from(random.below(7)).unwrap() - 3);
    task = match random.below(8) {
        0 => task.overlap(Overlap::BufferOne),
        1 => task.overlap(Overlap::BufferAll).times(20),
        2 => task.overlap(Overlap::Allow(NonZeroUsize::MIN.saturating_add(1))),
        3 => task.overlap(Overlap::AllowAll),
        4 => task.overlap(Overlap::CancelOther),
        _ => task,
    };
    task = match random.below(8) {
        0 => task.misfire(Misfire::Skip),
        1 => task.misfire(Misfire::RunAll).times(50),
        2 => task.grace(ms(random.below(50))),
        _ => task,
    };
    if random.below(4) == 0 {
        let retry = Retry::times(u32::try_from(random.below(4)).unwrap());
        task = task.retry(retry.fixed(Duration::from_micros(random.below(3000))));
    }
    let has_limit = random.below(4) == 0;
    if has_limit {
        task = task.timeout(ms(1 + random.below(30)));
    }
    if random.below(6) == 0 {
        task = task.tag("limited");
    }
    if random.below(20) == 0 {
        let conflict = [Conflict::Replace, Conflict::Error][below(random, 2)];
        task = task.name(["alpha", "beta"][below(random, 2)]).conflict(conflict);
    }
    (task, has_limit)
}

/// A number below a length.
pub(crate) fn below(random: &mut Random, length: usize) -> usize {
    usize::try_from(random.below(length as u64)).unwrap()
}
