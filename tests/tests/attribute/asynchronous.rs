//! `#[task]` on an `async fn`.

use std::future::{pending, ready};
use std::io;
use std::panic::panic_any;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use pysched::{
    Error, Handle, InlineExecutor, Overlap, Scheduler, Status, Task, TaskError, TaskFuture,
    Trigger, current, task,
};
use pysched_tests::{PATIENCE, is_cancelled, ms, outcome, secs};

use super::{SCHED, info, running};

/// A value that another thread brings.
async fn brought<T: Send + Unpin + 'static>(value: T) -> T {
    let place = Arc::new(Mutex::new((None::<T>, None::<Waker>)));
    let mut bring = Some((value, Arc::clone(&place)));
    std::future::poll_fn(move |context| {
        let mut here = place.lock().unwrap();
        if let Some(value) = here.0.take() {
            return Poll::Ready(value);
        }
        here.1 = Some(context.waker().clone());
        if let Some((value, place)) = bring.take() {
            thread::spawn(move || {
                let mut there = place.lock().unwrap();
                there.0 = Some(value);
                there.1.take().unwrap().wake();
            });
        }
        Poll::Pending
    })
    .await
}

#[task(SCHED, once, 0)]
async fn add(left: u64, right: u64) -> u64 {
    brought(left).await + brought(right).await
}

#[test]
fn the_function_stays_callable() {
    assert_eq!(smol::block_on(add(1, 2)), 3);
    let future = add(3, 4);
    assert_eq!(smol::block_on(async { future.await + add(1, 1).await }), 9);
}

#[test]
fn delay_and_task_are_those_of_a_plain_function() {
    let handle: Handle<u64> = add::delay(1, 2).unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &3);
    let delay: fn(u64, u64) -> Result<Handle<u64>, Error> = add::delay;
    assert_eq!(outcome(&delay(2, 2).unwrap().wait()).unwrap(), &4);

    let task: Task<u64> = add::task(3, 4);
    let local = running();
    let handle = local.add(task.trigger(Trigger::recur(0.001)).times(2)).unwrap();
    for _ in 0..2 {
        assert_eq!(outcome(&handle.wait()).unwrap(), &7);
    }
}

#[test]
fn it_runs_on_every_executor() {
    let sched = Scheduler::builder().executor(InlineExecutor).build();
    sched.start().unwrap();
    assert_eq!(outcome(&sched.add(add::task(1, 2)).unwrap().future()).unwrap(), &3);
}

#[test]
fn an_err_is_a_failed_execution() {
    #[task(SCHED, once, 0)]
    async fn parse(text: String) -> Result<u8, std::num::ParseIntError> {
        brought(text).await.parse()
    }
    #[task(SCHED, once, 0)]
    async fn alias(fails: bool) -> io::Result<u8> {
        if brought(fails).await { Err(io::Error::other("broken")) } else { Ok(7) }
    }
    #[task(SCHED, once, 0)]
    async fn text() -> Result<(), String> {
        brought(Err("only a text".to_owned())).await
    }

    let handle: Handle<u8> = parse::delay("12".to_owned()).unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &12);
    let future = parse::delay("x".to_owned()).unwrap().wait();
    let Err(TaskError::Failed(error)) = outcome(&future) else { panic!("{future:?}") };
    assert!(error.is::<std::num::ParseIntError>(), "the error keeps its type");

    let handle: Handle<u8> = alias::delay(false).unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &7);
    let future = alias::delay(true).unwrap().wait();
    assert_eq!(outcome(&future).unwrap_err().to_string(), "the task failed: broken");
    let future: TaskFuture<()> = text::delay().unwrap().wait();
    assert_eq!(outcome(&future).unwrap_err().to_string(), "the task failed: only a text");
}

#[test]
fn a_result_under_another_name_is_a_value() {
    type Outcome = Result<u8, String>;

    #[task(SCHED, once, 0)]
    async fn outcome_of_its_own() -> Outcome {
        brought(Err("a value".to_owned())).await
    }

    let handle: Handle<Outcome> = outcome_of_its_own::delay().unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &Err("a value".to_owned()));
}

#[test]
fn a_task_that_never_returns_can_only_fail() {
    #[task(SCHED, once, 0)]
    async fn never() -> ! {
        brought(()).await;
        panic_any("the end")
    }

    let future = never::delay().unwrap().wait();
    assert!(matches!(outcome(&future), Err(TaskError::Panicked(text)) if text == "the end"));
}

#[test]
fn a_panic_is_a_failed_execution_wherever_it_comes_from() {
    struct Fragile;
    impl Clone for Fragile {
        fn clone(&self) -> Self {
            panic!("in the copy")
        }
    }

    #[task(recur, 0.001)]
    async fn fragile(_: Fragile) {}
    #[task(recur, 0.001)]
    async fn at_once() {
        panic!("at once")
    }
    #[task(recur, 0.001)]
    async fn after_a_wait() {
        brought(()).await;
        panic!("after a wait")
    }

    for (task, panic) in [
        (fragile::task(Fragile), "in the copy"),
        (at_once::task(), "at once"),
        (after_a_wait::task(), "after a wait"),
    ] {
        let handle = SCHED.add(task.times(2)).unwrap();
        for _ in 0..2 {
            let future = handle.wait();
            let Err(TaskError::Panicked(text)) = outcome(&future) else { panic!("{future:?}") };
            assert_eq!(text, panic);
        }
    }
}

#[test]
fn a_result_without_a_name_is_had_from_the_future() {
    #[task(SCHED, once, 0)]
    async fn numbers(up_to: u8) -> impl Iterator<Item = u8> + Clone + Send + Sync {
        0..brought(up_to).await
    }
    #[task(SCHED, once, 0)]
    async fn checked(up_to: u8) -> Result<impl Iterator<Item = u8> + Clone + Send + Sync, String> {
        if brought(up_to).await > 0 { Ok(0..up_to) } else { Err("nothing".to_owned()) }
    }

    let future = numbers::delay(3).unwrap().wait();
    assert_eq!(outcome(&future).unwrap().clone().sum::<u8>(), 3);
    let future = checked::delay(3).unwrap().wait();
    assert_eq!(outcome(&future).unwrap().clone().sum::<u8>(), 3);
    assert!(outcome(&checked::delay(0).unwrap().wait()).is_err());
}

#[test]
fn what_it_is_given_and_gives_may_be_static_references() {
    #[task(SCHED, once, 0)]
    async fn longer(one: &'static str, other: &'static str) -> &'static str {
        brought(if one.len() > other.len() { one } else { other }).await
    }
    #[task(SCHED, once, 0)]
    async fn found(text: &'static str, what: char) -> Result<&'static str, String> {
        brought(text.find(what).map(|place| &text[place..])).await.ok_or_else(String::new)
    }

    let handle: Handle<&'static str> = longer::delay("two", "three").unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &"three");
    let handle: Handle<&'static str> = found::delay("three", 'r').unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &"ree");
}

#[test]
fn parameters_may_be_patterns() {
    #[task(SCHED, once, 0)]
    async fn sum((a, b): (u32, u32), mut c: u32, _: u32, [d, ..]: [u32; 2], argument: u32) -> u32 {
        c += brought(a + b + d).await;
        c + argument
    }

    let handle = sum::delay((1, 2), 3, 100, [4, 100], 5).unwrap();
    assert_eq!(outcome(&handle.wait()).unwrap(), &15);
}

#[test]
fn there_may_be_any_number_of_parameters() {
    #[task(SCHED, once, 0)]
    #[rustfmt::skip]
    #[allow(clippy::too_many_arguments)]
    async fn seventeen(
        a: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
        _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, z: String,
    ) -> String {
        format!("{a}{}", brought(z).await)
    }

    let text = String::from("z");
    let handle = seventeen::delay(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, text);
    assert_eq!(outcome(&handle.unwrap().wait()).unwrap(), "1z");
}

#[test]
fn names_may_be_words_of_the_language() {
    #[task(SCHED, once, 0)]
    async fn r#async(r#await: u8, r#fn: u8) -> u8 {
        brought(r#await).await + r#fn
    }

    assert_eq!(outcome(&r#async::delay(1, 2).unwrap().wait()).unwrap(), &3);
    assert!(info(r#async::task(1, 2)).name.unwrap().ends_with("::async"));
}

#[test]
fn every_execution_calls_it_once_with_copies_of_the_arguments() {
    struct Counted(Arc<[AtomicU32; 2]>);
    impl Clone for Counted {
        fn clone(&self) -> Self {
            self.0[0].fetch_add(1, Ordering::Relaxed);
            Self(Arc::clone(&self.0))
        }
    }

    #[task(SCHED, recur, 0.001)]
    async fn consume(counted: Counted, mut list: Vec<u8>) -> usize {
        counted.0[1].fetch_add(1, Ordering::Relaxed);
        list.push(1);
        brought(list).await.len()
    }

    let counts = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let handle = SCHED.add(consume::task(Counted(Arc::clone(&counts)), vec![]).times(3)).unwrap();
    for _ in 0..3 {
        assert_eq!(outcome(&handle.wait()).unwrap(), &1, "no run sees what another did");
    }
    assert_eq!(counts[0].load(Ordering::Relaxed), 3, "one copy for each run, and none else");
    assert_eq!(counts[1].load(Ordering::Relaxed), 3);
}

#[test]
fn all_options_are_those_of_a_plain_function() {
    #[task(
        SCHED, recur, "1h", 2, name = "of all options", executor = "slow", jitter = "5m",
        overlap = buffer_one, misfire = skip, grace = 5, retry = 3, backoff = ("1s", "1m"),
        retry_if = transient, timeout = "10s", times = 5, tags = ["db"], tag = "net",
        conflict = keep,
    )]
    async fn ruled(number: u8) -> io::Result<u8> {
        Ok(brought(number).await)
    }
    fn transient(error: &TaskError) -> bool {
        matches!(error, TaskError::TimedOut(_))
    }

    let found = info(ruled::task(1));
    assert_eq!(found.name.as_deref(), Some("of all options"));
    assert_eq!((found.priority, found.trigger), (2, Trigger::recur(3600).jitter(secs(300))));
    let shown = format!("{:?}", ruled::task(1));
    for rule in
        ["BufferOne", "Skip", "Some(5s)", "10s", "Some(5)", "\"slow\"", "Keep", "\"db\", \"net\""]
    {
        assert!(shown.contains(rule), "{rule}: {shown}");
    }
    assert!(matches!(ruled::delay(1), Err(Error::UnknownExecutor(_))));
}

#[test]
fn it_is_tried_again_when_it_has_failed() {
    static CALLS: AtomicU32 = AtomicU32::new(0);

    #[task(SCHED, once, 0, retry = 2, backoff = 0)]
    async fn third_time_lucky() -> Result<u32, String> {
        match brought(CALLS.fetch_add(1, Ordering::Relaxed)).await {
            2 => Ok(current().attempt()),
            call => Err(format!("call {call}")),
        }
    }

    assert_eq!(outcome(&third_time_lucky::delay().unwrap().wait()).unwrap(), &3);
}

/// Says when it is dropped.
#[derive(Clone)]
struct Guard(mpsc::Sender<&'static str>);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[task(SCHED, once, 0)]
async fn waits_for_ever(says: mpsc::Sender<&'static str>) {
    let _guard = Guard(says.clone());
    says.send("waits").unwrap();
    pending().await
}

#[test]
fn it_ends_where_it_waits() {
    let cancelled = |future: &TaskFuture<()>| future.cancel() && is_cancelled(future);
    let (says, said) = mpsc::channel();
    let future = waits_for_ever::delay(says).unwrap().future();
    assert_eq!(said.recv_timeout(PATIENCE), Ok("waits"));
    assert!(cancelled(&future));
    assert_eq!(said.recv_timeout(PATIENCE), Ok("dropped"));

    let (says, said) = mpsc::channel();
    let task = waits_for_ever::task(says).timeout(ms(20));
    let future = SCHED.add(task).unwrap().future();
    assert!(matches!(outcome(&future), Err(TaskError::TimedOut(limit)) if *limit == ms(20)));
    for what in ["waits", "dropped"] {
        assert_eq!(said.recv_timeout(PATIENCE), Ok(what));
    }
}

#[test]
fn another_run_may_take_the_place_of_one_that_waits() {
    let (says, said) = mpsc::channel();
    let task = waits_for_ever::task(says).trigger(Trigger::recur(0.001));
    let sched = running();
    let handle = sched.add(task.overlap(Overlap::CancelOther)).unwrap();
    for _ in 0..2 {
        let said = [said.recv_timeout(PATIENCE).unwrap(), said.recv_timeout(PATIENCE).unwrap()];
        assert_eq!(said, ["waits", "dropped"]);
    }
    assert_eq!(handle.futures()[0].execution().status, Status::Cancelled);
    sched.shutdown(false);
}

#[test]
fn what_it_runs_in_is_its_execution() {
    #[task(SCHED, once, 0)]
    async fn who() -> (Option<String>, Option<String>) {
        let before = current().name().map(str::to_owned);
        brought(()).await;
        (before, current().name().map(str::to_owned))
    }

    let name = Some(format!("{}::what_it_runs_in_is_its_execution::who", module_path!()));
    assert_eq!(outcome(&who::delay().unwrap().wait()).unwrap(), &(name.clone(), name));
}

mod jobs {
    use super::{SCHED, ready, task};

    /// Beside a constant of the same type.
    pub(crate) const ANSWER: u8 = 42;

    #[task(SCHED, once, 0)]
    pub(crate) async fn visible() -> u8 {
        hidden().await
    }

    #[task(SCHED, once, 0)]
    pub(in crate::asynchronous) async fn hidden() -> u8 {
        ready(ANSWER).await
    }
}

#[test]
fn it_is_as_visible_as_it_was() {
    use jobs::visible;

    assert_eq!(smol::block_on(visible()), 42);
    for handle in [visible::delay(), jobs::hidden::delay()] {
        assert_eq!(outcome(&handle.unwrap().wait()).unwrap(), &jobs::ANSWER);
    }
}

#[test]
fn types_of_a_function_body_will_do() {
    #[derive(Clone)]
    struct Local(u8);

    let in_a_closure = || {
        #[task(SCHED, once, 0)]
        async fn local(Local(number): Local) -> Local {
            Local(brought(number).await + 1)
        }

        local::delay(Local(1))
    };
    assert_eq!(outcome(&in_a_closure().unwrap().wait()).unwrap().0, 2);
}

#[test]
fn a_macro_may_declare_it() {
    macro_rules! declare {
        ($name:ident($($parameter:ident: $ty:ty),*) -> $output:ty $body:block) => {
            #[task(SCHED, once, 0)]
            async fn $name($($parameter: $ty),*) -> $output $body
        };
    }
    declare!(twice(number: u8) -> u8 { 2 * brought(number).await });
    declare!(failing(text: &'static str) -> Result<u8, String> { Err(brought(text).await.to_owned()) });
    assert_eq!(outcome(&twice::delay(2).unwrap().wait()).unwrap(), &4);
    assert!(outcome(&failing::delay("text").unwrap().wait()).is_err());
}

#[test]
fn conditions_hold_for_everything_generated() {
    #[task(SCHED, once, 0)]
    #[cfg(test)]
    async fn either() -> u8 {
        brought(1).await
    }
    #[task(SCHED, once, 0)]
    #[cfg(not(test))]
    async fn either() -> Nothing {
        nothing().await
    }
    #[task(SCHED, once, 0)]
    #[cfg_attr(all(), cfg(not(test)), inline)]
    async fn neither(_: Nothing) {}

    assert_eq!(outcome(&either::delay().unwrap().wait()).unwrap(), &1);
}
