//! `#[task]`: what it generates, and how that runs.

mod asynchronous;
mod cron;
mod rules;

use std::io;
use std::panic::panic_any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use once_cell::sync::Lazy;
use pysched::{
    Error, Handle, InlineExecutor, Interval, Scheduler, Task, TaskError, TaskInfo, Trigger, task,
};

/// A scheduler that runs.
static SCHED: Lazy<Scheduler> = Lazy::new(running);

fn running() -> Scheduler {
    let sched = Scheduler::new();
    sched.start().unwrap();
    sched
}

/// What a scheduler that does not run knows of a task.
fn info<T: Send + Sync + 'static>(task: Task<T>) -> TaskInfo {
    let sched = Scheduler::builder().named_executor("slow", InlineExecutor).build();
    let handle = sched.add(task).unwrap();
    sched.task(&handle).unwrap()
}

#[task(SCHED, once, 0)]
fn add(left: u64, right: u64) -> u64 {
    left + right
}

#[test]
fn the_function_stays_callable() {
    assert_eq!(add(1, 2), 3);
    let pointer: fn(u64, u64) -> u64 = add;
    assert_eq!(pointer(1, 2), 3);
}

#[test]
fn delay_runs_it_on_the_scheduler() {
    let handle: Handle<u64> = add::delay(1, 2).unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &3);
}

#[test]
fn task_is_a_value_to_adjust() {
    let task: Task<u64> = add::task(3, 4);
    let local = running();
    let handle = local.add(task.trigger(Trigger::recur(0.001)).times(2)).unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &7);
    assert_eq!(handle.wait().wait().unwrap(), &7);
}

#[test]
fn delay_works_before_the_scheduler_starts() {
    static LATE: LazyLock<Scheduler> = LazyLock::new(Scheduler::new);

    #[task(LATE, once, 0)]
    fn early() -> u8 {
        1
    }

    let handle = early::delay().unwrap();
    assert!(LATE.stopped());
    LATE.start().unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &1);
}

#[test]
fn each_trigger_is_the_one_of_its_name() {
    #[task(recur, 3)]
    fn recur() {}
    #[task("recur", 3)]
    fn recur_as_text() {}
    #[task(recur_after, 0.25)]
    fn recur_after() {}
    #[task(once, 5)]
    fn once() {}
    #[task(once, 0)]
    fn at_once() {}
    #[task(SCHED, cron, 5, 1)]
    fn cron() {}
    #[task(recur, "1h 30m")]
    fn text() {}
    #[task(once, "0s")]
    fn text_at_once() {}
    #[task(once, 1e-12)]
    fn next_to_nothing() {}

    assert_eq!(info(recur::task()).trigger, Trigger::recur(3));
    assert_eq!(info(recur_as_text::task()).trigger, Trigger::recur(3));
    assert_eq!(info(recur_after::task()).trigger, Trigger::recur_after(0.25));
    assert_eq!(info(once::task()).trigger, Trigger::once(5));
    assert_eq!(info(at_once::task()).trigger, Trigger::once(0));
    assert_eq!(info(cron::task()).trigger, Trigger::once(5));
    assert_eq!(info(text::task()).trigger, Trigger::recur(5400));
    assert_eq!(info(text_at_once::task()).trigger, Trigger::once(0));
    assert_eq!(info(next_to_nothing::task()).trigger, Trigger::once(0));
}

#[test]
fn numbers_are_seconds_to_the_nanosecond() {
    #[task(once, 0.1)]
    fn tenth() {}
    #[task(once, 0.000_000_001)]
    fn nanosecond() {}
    #[task(once, 9_223_372_036)]
    fn longest() {}
    #[task(once, 0x10)]
    fn hexadecimal() {}
    #[task(once, 1e3)]
    fn exponent() {}
    #[task(once, 2_u64)]
    fn typed() {}

    let every = |text: &str| Trigger::once(text.parse::<Interval>().unwrap());
    assert_eq!(info(tenth::task()).trigger, every("100ms"));
    assert_eq!(info(nanosecond::task()).trigger, every("1ns"));
    assert_eq!(info(longest::task()).trigger, Trigger::once(9_223_372_036_u64));
    assert_eq!(info(hexadecimal::task()).trigger, every("16s"));
    assert_eq!(info(exponent::task()).trigger, every("1000s"));
    assert_eq!(info(typed::task()).trigger, every("2s"));
}

#[test]
fn the_priority_may_be_negative_or_left_out() {
    #[task(recur, 3, -2_147_483_648)]
    fn first() {}
    #[task(recur, 3, 2_147_483_647)]
    fn last() {}
    #[task(recur, 3)]
    fn between() {}

    assert_eq!(info(first::task()).priority, i32::MIN);
    assert_eq!(info(last::task()).priority, i32::MAX);
    assert_eq!(info(between::task()).priority, 0);
}

#[test]
fn the_executor_is_found_by_its_name() {
    #[task(SCHED, once, 0, executor = "slow")]
    fn slow() -> Option<String> {
        std::thread::current().name().map(str::to_owned)
    }

    let error = slow::delay().unwrap_err();
    assert!(matches!(error, Error::UnknownExecutor(_)), "{error}");

    let sched = Scheduler::builder().named_executor("slow", InlineExecutor).build();
    sched.start().unwrap();
    let future = sched.add(slow::task()).unwrap().wait();
    assert_ne!(future.wait().unwrap().as_deref(), std::thread::current().name());
}

#[test]
fn an_err_is_a_failed_execution() {
    #[task(SCHED, once, 0)]
    fn parse(text: String) -> Result<u8, std::num::ParseIntError> {
        text.parse()
    }
    #[task(SCHED, once, 0)]
    fn alias(fails: bool) -> io::Result<u8> {
        if fails { Err(io::Error::other("broken")) } else { Ok(7) }
    }
    #[task(SCHED, once, 0)]
    fn text() -> Result<(), String> {
        Err("only a text".to_owned())
    }
    #[task(SCHED, once, 0)]
    fn formatted() -> std::fmt::Result {
        Ok(())
    }

    let handle: Handle<u8> = parse::delay("12".to_owned()).unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &12);
    let future = parse::delay("x".to_owned()).unwrap().wait();
    let Err(TaskError::Failed(error)) = future.wait() else { panic!("{future:?}") };
    assert!(error.is::<std::num::ParseIntError>(), "the error keeps its type");

    let handle: Handle<u8> = alias::delay(false).unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &7);
    let future = alias::delay(true).unwrap().wait();
    assert_eq!(future.wait().unwrap_err().to_string(), "the task failed: broken");
    let future = text::delay().unwrap().wait();
    assert_eq!(future.wait().unwrap_err().to_string(), "the task failed: only a text");
    let handle: Handle<()> = formatted::delay().unwrap();
    assert!(handle.wait().wait().is_ok());
}

#[test]
fn a_result_under_another_name_is_a_value() {
    type Outcome = Result<u8, String>;

    #[task(SCHED, once, 0)]
    fn outcome() -> Outcome {
        Err("a value".to_owned())
    }

    let handle: Handle<Outcome> = outcome::delay().unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &Err("a value".to_owned()));
}

#[test]
fn a_task_that_never_returns_can_only_fail() {
    #[task(SCHED, once, 0)]
    fn never() -> ! {
        panic_any("the end")
    }

    let future = never::delay().unwrap().wait();
    assert!(matches!(future.wait(), Err(TaskError::Panicked(text)) if text == "the end"));
}

#[test]
fn a_result_without_a_name_is_had_from_the_future() {
    #[task(SCHED, once, 0)]
    fn numbers(up_to: u8) -> impl Iterator<Item = u8> + Clone + Send + Sync {
        0..up_to
    }
    #[task(SCHED, once, 0)]
    fn checked(up_to: u8) -> Result<impl Iterator<Item = u8> + Clone + Send + Sync, String> {
        if up_to > 0 { Ok(0..up_to) } else { Err("nothing".to_owned()) }
    }

    let future = numbers::delay(3).unwrap().wait();
    assert_eq!(future.wait().unwrap().clone().sum::<u8>(), 3);
    let future = checked::delay(3).unwrap().wait();
    assert_eq!(future.wait().unwrap().clone().sum::<u8>(), 3);
    assert!(checked::delay(0).unwrap().wait().wait().is_err());
}

#[test]
fn parameters_may_be_patterns() {
    #[task(SCHED, once, 0)]
    fn sum((a, b): (u32, u32), mut c: u32, _: u32, [d, ..]: [u32; 2], argument: u32) -> u32 {
        c += a + b + d;
        c + argument
    }

    let handle = sum::delay((1, 2), 3, 100, [4, 100], 5).unwrap();
    assert_eq!(handle.wait().wait().unwrap(), &15);
}

#[test]
fn every_run_takes_a_copy_of_the_arguments() {
    #[derive(Default)]
    struct Counted(Arc<AtomicU32>);
    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0.fetch_add(1, Ordering::Relaxed);
            Self(Arc::clone(&self.0))
        }
    }

    #[task(SCHED, recur, 0.001)]
    fn consume(counted: Counted, mut list: Vec<u8>) -> usize {
        drop(counted);
        list.push(1);
        list.len()
    }

    let copies = Arc::new(AtomicU32::new(0));
    let handle = SCHED.add(consume::task(Counted(Arc::clone(&copies)), vec![]).times(3)).unwrap();
    for _ in 0..3 {
        assert_eq!(handle.wait().wait().unwrap(), &1, "no run sees what another did");
    }
    assert_eq!(copies.load(Ordering::Relaxed), 3, "one copy for each run, and none else");
}

#[test]
fn a_panic_in_the_copy_of_an_argument_is_a_failed_execution() {
    struct Fragile;
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            panic!("not this one")
        }
    }

    #[task(SCHED, recur, 0.001)]
    fn fragile(_: Fragile) {}

    let handle = SCHED.add(fragile::task(Fragile).times(2)).unwrap();
    for _ in 0..2 {
        let future = handle.wait();
        let Err(TaskError::Panicked(text)) = future.wait() else { panic!("{future:?}") };
        assert_eq!(text, "not this one");
    }
}

#[test]
fn the_scheduler_is_any_expression_that_leads_to_one() {
    struct App {
        sched: Scheduler,
    }
    impl App {
        fn sched(&self) -> &Scheduler {
            &self.sched
        }
    }
    static LAZY_LOCK: LazyLock<Scheduler> = LazyLock::new(running);
    static APP: LazyLock<App> = LazyLock::new(|| App { sched: running() });
    static SHARED: LazyLock<Arc<Scheduler>> = LazyLock::new(|| Arc::new(running()));
    static CELL: std::sync::OnceLock<Scheduler> = std::sync::OnceLock::new();
    fn lend() -> &'static Scheduler {
        &LAZY_LOCK
    }
    fn give() -> Scheduler {
        LAZY_LOCK.clone()
    }
    mod elsewhere {
        pub(super) use super::SCHED;
    }

    #[task(LAZY_LOCK, once, 0)]
    fn lazy_lock() {}
    #[task(APP.sched, once, 0)]
    fn field() {}
    #[task(APP.sched(), once, 0)]
    fn method() {}
    #[task(SHARED, once, 0)]
    fn shared() {}
    #[task(CELL.get_or_init(running), once, 0)]
    fn cell() {}
    #[task(lend(), once, 0)]
    fn lent() {}
    #[task(give(), once, 0)]
    fn given() {}
    #[task(elsewhere::SCHED, once, 0)]
    fn path() {}
    #[task({ &*SCHED }, once, 0)]
    fn block() {}

    for delayed in [
        lazy_lock::delay(),
        field::delay(),
        method::delay(),
        shared::delay(),
        cell::delay(),
        lent::delay(),
        given::delay(),
        path::delay(),
        block::delay(),
    ] {
        delayed.unwrap().wait().wait().unwrap();
    }
}

#[test]
fn schedulers_live_side_by_side() {
    static OTHER: Lazy<Scheduler> = Lazy::new(running);

    #[task(OTHER, recur, 3600)]
    fn there() {}
    #[task(SCHED, recur, 3600)]
    fn here() {}

    let (here, there) = (here::delay().unwrap(), there::delay().unwrap());
    assert!(SCHED.task(&here).is_some() && SCHED.task(&there).is_none());
    assert!(OTHER.task(&there).is_some() && OTHER.task(&here).is_none());
}

#[test]
fn conditions_hold_for_everything_generated() {
    #[task(SCHED, once, 0)]
    #[cfg(test)]
    fn either() -> u8 {
        1
    }
    #[task(SCHED, once, 0)]
    #[cfg(not(test))]
    fn either() -> Nothing {
        nothing()
    }
    #[task(SCHED, once, 0)]
    #[cfg_attr(all(), cfg(test))]
    fn attributed() -> u8 {
        2
    }
    #[task(SCHED, once, 0)]
    #[cfg_attr(all(), cfg(not(test)), inline)]
    fn attributed() -> Nothing {
        nothing()
    }

    assert_eq!(either::delay().unwrap().wait().wait().unwrap(), &1);
    assert_eq!(attributed::delay().unwrap().wait().wait().unwrap(), &2);
}
