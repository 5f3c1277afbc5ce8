//! `TokioClock`: the paused time of a tokio runtime goes to each due task, and past none.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{
    Clock, EventKind, Executor, InlineExecutor, Job, Overlap, Parker, Rejected, Scheduler, Status,
    Task, ThreadPoolExecutor, TokioClock, Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, Log, PATIENCE, Random, ms, outcome, secs};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, advance, pause, resume, sleep, timeout};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A runtime whose time is paused.
fn paused() -> Runtime {
    Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Runs a test as `#[tokio::test(start_paused = true)]` does; a hang is a failure.
#[track_caller]
fn in_paused_time<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send + 'static) {
    within(PATIENCE, || paused().block_on(async { test().await }));
}

fn on(clock: &TokioClock) -> Scheduler {
    let sched = Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).build();
    sched.start().unwrap();
    sched
}

/// A scheduler, started, on the clock of the runtime on which this is called.
fn here() -> (Scheduler, TokioClock) {
    let clock = TokioClock::current();
    (on(&clock), clock)
}

/// A function that writes down when it is called.
fn noting(times: &Log<Duration>, clock: &TokioClock) -> impl Fn() + Send + Sync + 'static {
    let (times, clock) = (times.clone(), clock.clone());
    move || times.push(clock.now())
}

/// The multiples of `step` up to `end`.
fn every(step: Duration, end: Duration) -> Vec<Duration> {
    (1..).map(|count| step * count).take_while(|&time| time <= end).collect()
}

#[tokio::test(start_paused = true)]
async fn a_day_of_an_hourly_task() {
    let (sched, clock) = here();
    let times = Log::new();
    let body = noting(&times, &clock);
    let handle = sched.delay(Trigger::recur(3600), 0, body).unwrap();
    sleep(DAY + ms(1)).await;
    assert_eq!(times.take(), every(HOUR, DAY));
    let runs = sched.results(&handle);
    assert_eq!(runs.len(), 24);
    assert!(runs.iter().all(|run| run.started == Some(run.due)), "to the nanosecond");
}

#[test]
fn a_sleep_sees_every_run_before_it_ends() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        let trigger = Trigger::recur(10);
        let handle = sched.delay(trigger, 0, noting(&times, &clock)).unwrap();
        let mut end = secs(5);
        sleep(end).await;
        for _ in 0..500 {
            sleep(secs(60)).await;
            let begun = end;
            end += secs(60);
            assert_eq!(clock.now(), end);
            let runs: Vec<_> = (0..6).map(|run| begun + secs(5 + 10 * run)).collect();
            assert_eq!(times.take(), runs);
        }
        handle.cancel().unwrap();
    });
}

#[test]
fn tasks_and_timers_take_turns() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        sched.delay(Trigger::recur(2), 0, noting(&times, &clock)).unwrap();
        let ticking = tokio::spawn({
            let note = noting(&times, &clock);
            async move {
                sleep(secs(1)).await;
                loop {
                    note();
                    sleep(secs(2)).await;
                }
            }
        });
        sleep(secs(3000) + ms(1)).await;
        assert_eq!(times.take(), every(secs(1), secs(3000)), "in this order");
        ticking.abort();
    });
}

#[test]
fn a_task_that_is_added_before_a_sleep_is_on_time() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        for round in 0..1000 {
            let due = clock.now() + secs(1);
            sched.delay(Trigger::once(1), 0, noting(&times, &clock)).unwrap();
            sleep(HOUR).await;
            assert_eq!(times.take(), [due], "round {round}");
        }
    });
}

#[test]
fn from_the_very_start() {
    in_paused_time(async || {
        for round in 0..300 {
            let clock = TokioClock::current();
            let times = Log::new();
            let sched = Scheduler::builder().executor(InlineExecutor).clock(clock.clone()).build();
            sched.delay(Trigger::once(1), 0, noting(&times, &clock)).unwrap();
            sched.start().unwrap();
            sched.delay(Trigger::once(2), 0, noting(&times, &clock)).unwrap();
            sleep(HOUR).await;
            assert_eq!(times.take(), [secs(1), secs(2)], "round {round}");
        }
    });
}

#[test]
fn tasks_of_the_runtime_may_add_tasks() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        for round in 0..300 {
            let due = clock.now() + secs(2);
            let add = {
                let (sched, note) = (sched.clone(), noting(&times, &clock));
                move || drop(sched.delay(Trigger::once(1), 0, note).unwrap())
            };
            if round % 2 == 0 {
                tokio::spawn(async move {
                    sleep(secs(1)).await;
                    add();
                });
            } else {
                sleep(secs(1)).await;
                tokio::task::spawn_blocking(add);
            }
            sleep(HOUR).await;
            assert_eq!(times.take(), [due], "round {round}");
        }
    });
}

#[test]
fn tasks_may_add_tasks() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        let outer = {
            let (sched, times, clock) = (sched.clone(), times.clone(), clock.clone());
            move || drop(sched.delay(Trigger::once(1), 0, noting(&times, &clock)).unwrap())
        };
        sched.add(Task::new(outer).trigger(Trigger::recur(10)).times(100)).unwrap();
        sleep(HOUR).await;
        let due: Vec<_> = every(secs(10), secs(1000)).iter().map(|&it| it + secs(1)).collect();
        assert_eq!(times.take(), due);
    });
}

#[test]
fn what_a_task_makes_ready_is_ready_at_its_time() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let begun = Instant::now();
        for round in 1..=300 {
            let due = secs(3 * round);
            let handle = sched.delay(Trigger::once(3), 0, || 7).unwrap();
            assert_eq!(handle.future().await.unwrap(), 7);
            assert_eq!((clock.now(), begun.elapsed()), (due, due));
        }
        let (sender, mut receiver) = unbounded_channel();
        sched.delay(Trigger::recur(60), 0, move || sender.send(()).unwrap()).unwrap();
        for round in 1..=300 {
            receiver.recv().await.unwrap();
            assert_eq!(begun.elapsed(), secs(900 + 60 * round));
        }
    });
}

#[test]
fn a_timeout_around_a_future() {
    in_paused_time(async || {
        let (sched, _) = here();
        for _ in 0..100 {
            let handle = sched.delay(Trigger::once(5), 0, || ()).unwrap();
            assert!(timeout(ms(4999), handle.future()).await.is_err());
            assert!(timeout(ms(2), handle.future()).await.is_ok());
        }
    });
}

#[test]
fn a_task_is_cancelled_and_rescheduled_and_run_now() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        for round in 0..200 {
            let begun = clock.now();
            let after = |seconds| begun + secs(seconds);
            let recur = || sched.delay(Trigger::recur(10), 0, noting(&times, &clock)).unwrap();
            let (cancelled, rescheduled) = (recur(), recur());
            sleep(secs(15)).await;
            assert_eq!(times.take(), [after(10), after(10)], "round {round}");
            cancelled.cancel().unwrap();
            rescheduled.reschedule(Trigger::recur(3)).unwrap();
            sleep(secs(4)).await;
            assert_eq!(times.take(), [after(18)], "round {round}");
            rescheduled.pause().unwrap();
            rescheduled.run_now().unwrap();
            sleep(secs(11)).await;
            assert_eq!(times.take(), [after(19)], "round {round}");
            rescheduled.cancel().unwrap();
        }
    });
}

#[test]
fn an_advance_is_one_step() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        let handle = sched.delay(Trigger::recur(60), 0, noting(&times, &clock)).unwrap();
        sleep(secs(1)).await;
        advance(secs(58)).await;
        assert!(times.take().is_empty());
        let future = handle.future();
        advance(secs(1)).await;
        future.await.unwrap();
        assert_eq!(times.take(), [secs(60)]);

        advance(HOUR).await;
        sleep(ms(1)).await;
        assert_eq!(times.take(), [secs(3660)]);
        let fates: Vec<_> = sched.results(&handle).iter().map(|run| run.status).collect();
        let (last, earlier) = fates.split_last().unwrap();
        assert_eq!(*last, Status::Succeeded);
        assert!(earlier.iter().all(|it| *it == Status::Missed), "the history is full of them");
    });
}

/// How often a scheduler has found that its wall clock was set, until it is shut down.
fn steps(sched: &Scheduler) -> impl FnOnce() -> usize {
    let steps = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&steps);
    let subscription = sched.subscribe(move |event| {
        if matches!(event.kind, EventKind::ClockStepped { .. }) {
            seen.fetch_add(1, Ordering::SeqCst);
        }
    });
    let sched = sched.clone();
    move || {
        sched.shutdown(true);
        drop(subscription);
        steps.load(Ordering::SeqCst)
    }
}

#[test]
fn an_advance_while_the_scheduler_is_at_work() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let steps = steps(&sched);
        let times = Log::new();
        for round in 0..2000 {
            let at = Trigger::at(clock.wall() + secs(1));
            let by_wall = sched.delay(at, 0, noting(&times, &clock)).unwrap();
            let by_interval = sched.delay(Trigger::once(1), 0, noting(&times, &clock)).unwrap();
            advance(secs(10)).await;
            by_wall.future().await.unwrap();
            by_interval.future().await.unwrap();
            assert_eq!(times.take(), [clock.now(); 2], "round {round}");
        }
        assert_eq!(steps(), 0, "nobody has set the wall clock");
    });
}

#[test]
fn calendars_follow_the_wall_clock_of_the_runtime() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let steps = steps(&sched);
        let walls = Log::new();
        let (log, own) = (walls.clone(), clock.clone());
        let body = move || log.push(own.wall());
        sched.delay(Trigger::cron("0 * * * *").unwrap(), 0, body).unwrap();
        let begun = clock.wall();
        sleep(30 * DAY).await;
        assert_eq!(clock.wall(), begun + 30 * DAY);
        let walls = walls.take();
        assert_eq!(walls.len(), 30 * 24);
        for (wall, hour) in walls.into_iter().zip(1..) {
            // The hour that has begun, within the millisecond of a timer.
            let since_epoch = wall.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            assert!(since_epoch.as_millis() % HOUR.as_millis() <= 1, "{wall:?}");
            assert!(wall > begun + HOUR * (hour - 1) && wall <= begun + HOUR * hour + ms(1));
        }
        assert_eq!(steps(), 0, "nobody has set it");
    });
}

#[test]
fn due_times_between_two_milliseconds() {
    in_paused_time(async || {
        let (sched, clock) = here();
        for _ in 0..200 {
            let begun = clock.now();
            let handle = sched.delay(Trigger::once(0.0105), 0, || ()).unwrap();
            sched.delay(Trigger::once(0.0101), 0, || ()).unwrap();
            handle.future().await.unwrap();
            assert_eq!(clock.now() - begun, ms(11));
        }
    });
}

#[test]
fn several_schedulers_on_one_clock() {
    in_paused_time(async || {
        let clock = TokioClock::current();
        let scheds = [(); 3].map(|()| on(&clock));
        let times = Log::new();
        for (sched, seconds) in scheds.iter().zip([3_u32, 4, 5]) {
            sched.delay(Trigger::recur(seconds), 0, noting(&times, &clock)).unwrap();
        }
        sleep(secs(6000) + ms(1)).await;
        let mut due = [3, 4, 5].map(|step| every(secs(step), secs(6000))).concat();
        due.sort();
        assert_eq!(times.take(), due);
        // One that is gone is not waited for.
        let [one, two, three] = scheds;
        one.shutdown(true);
        two.shutdown(false);
        sleep(secs(5)).await;
        assert_eq!(times.take(), [secs(6005)]);
        drop(three);
    });
}

#[test]
fn clocks_of_two_runtimes_at_once() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        let handle = sched.delay(Trigger::recur(60), 0, noting(&times, &clock)).unwrap();
        thread::spawn(|| {
            let (runtime, times) = (paused(), Log::new());
            let clock = TokioClock::new(runtime.handle().clone());
            let sched = on(&clock);
            sched.delay(Trigger::recur(60), 0, noting(&times, &clock)).unwrap();
            runtime.block_on(async { sleep(DAY + ms(1)).await });
            assert_eq!(times.take(), every(secs(60), DAY));
        });
        sleep(DAY + ms(1)).await;
        assert_eq!(times.take(), every(secs(60), DAY));
        handle.cancel().unwrap();
    });
}

#[test]
fn a_runtime_that_is_driven_now_and_then() {
    within(PATIENCE, || {
        let runtime = paused();
        let clock = TokioClock::new(runtime.handle().clone());
        let (sched, times) = (on(&clock), Log::new());
        for round in 0..300 {
            // Both from within its context and without.
            let _entered = (round % 2 == 0).then(|| runtime.enter());
            let due = clock.now() + secs(1);
            sched.delay(Trigger::once(1), 0, noting(&times, &clock)).unwrap();
            runtime.block_on(async { sleep(HOUR).await });
            assert_eq!(times.take(), [due], "round {round}");
        }
    });
}

#[test]
fn shutdown_lets_the_time_go() {
    in_paused_time(async || {
        for round in 0..100 {
            let (sched, _) = here();
            let handle = sched.delay(Trigger::once(1), 0, || ()).unwrap();
            let future = handle.future();
            sched.shutdown(round % 2 == 0);
            let begun = Instant::now();
            future.await.unwrap_err();
            assert!(begun.elapsed() < secs(1), "it was cancelled");
            sleep(DAY).await;
        }
        // So does the drop of a scheduler, and one that has never been started.
        let (sched, clock) = here();
        drop(sched);
        drop(Scheduler::builder().clock(clock).build());
        sleep(DAY).await;
    });
}

#[test]
fn shutdown_finishes_what_is_due() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        for _ in 0..100 {
            sched.delay(Trigger::once(0), 0, noting(&times, &clock)).unwrap();
        }
        sched.shutdown(true);
        assert_eq!(times.take(), [Duration::ZERO; 100]);
    });
}

/// Ends a runtime while its scheduler lives on.
fn end_before_the_scheduler(end: impl Fn(Runtime) + Copy + Send + 'static) {
    within(PATIENCE, move || {
        for round in 0..100 {
            let runtime = paused();
            let clock = TokioClock::new(runtime.handle().clone());
            let sched = on(&clock);
            let later = sched.delay(Trigger::once(100), 0, || ()).unwrap();
            if round % 2 == 0 {
                runtime.block_on(async { sleep(secs(10)).await });
            }
            let now = clock.now();
            end(runtime);
            // What is due at once runs; what is not, does not: time stands still.
            let at_once = sched.delay(Trigger::once(0), 0, || ()).unwrap();
            outcome(&at_once.future()).unwrap();
            sched.delay(Trigger::once(0.001), 0, || ()).unwrap();
            assert_eq!(clock.now(), now);
            assert!(!later.future().done());
            // One that is started only now goes as well.
            let other = on(&clock);
            let at_once = other.delay(Trigger::once(0), 0, || ()).unwrap();
            outcome(&at_once.future()).unwrap();
            sched.shutdown(round % 4 < 2);
            other.shutdown(true);
            assert!(outcome(&later.future()).is_err());
        }
    });
}

#[test]
fn a_runtime_that_is_dropped_before_the_scheduler() {
    end_before_the_scheduler(drop);
}

#[test]
fn a_runtime_that_is_shut_down_before_the_scheduler() {
    end_before_the_scheduler(Runtime::shutdown_background);
    end_before_the_scheduler(|runtime| runtime.shutdown_timeout(PATIENCE));
}

#[test]
fn a_runtime_does_not_wait_for_a_scheduler_at_work() {
    within(PATIENCE, || {
        for round in 0..100 {
            let several = || Builder::new_multi_thread().worker_threads(2).enable_time().build();
            let runtime = if round % 2 == 0 { paused() } else { several().unwrap() };
            let clock = TokioClock::new(runtime.handle().clone());
            let sched = on(&clock);
            let gate = Gate::new();
            let held = gate.clone();
            let running = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
            let arrived = gate.clone();
            let arrival =
                async { tokio::task::spawn_blocking(move || arrived.await_arrivals(1)).await };
            runtime.block_on(arrival).unwrap();
            drop(runtime);
            assert!(running.running());
            gate.open();
            outcome(&running).unwrap();
            sched.shutdown(true);
        }
    });
}

#[test]
fn a_scheduler_that_outlives_a_runtime_in_real_time() {
    within(PATIENCE, || {
        for runtime in [Builder::new_current_thread(), Builder::new_multi_thread()] {
            let mut runtime = runtime;
            let runtime = runtime.enable_time().build().unwrap();
            let clock = TokioClock::new(runtime.handle().clone());
            let sched = on(&clock);
            let before = sched.delay(Trigger::once(0.02), 0, || ()).unwrap();
            drop(runtime);
            let after = sched.delay(Trigger::once(0.02), 0, || ()).unwrap();
            for handle in [before, after] {
                let future = handle.future();
                outcome(&future).unwrap();
                assert!(future.execution().started >= Some(future.execution().due));
            }
            sched.shutdown(true);
        }
    });
}

/// A series in real time on the runtime that drives this.
async fn in_real_time() {
    let (sched, clock) = here();
    let (sender, mut receiver) = unbounded_channel();
    let own = clock.clone();
    let body = move || sender.send(own.now()).unwrap();
    let task = Task::new(body).trigger(Trigger::recur(0.01)).overlap(Overlap::AllowAll);
    sched.add(task.times(20)).unwrap();
    let mut last = Duration::ZERO;
    for run in 1..=20 {
        let Some(time) = receiver.recv().await else { break };
        assert!(time >= ms(10) * run && time >= last, "never early");
        last = time;
    }
    tokio::task::spawn_blocking(move || sched.shutdown(true)).await.unwrap();
}

#[test]
fn time_that_is_not_paused() {
    within(PATIENCE, || {
        let mut builder = Builder::new_current_thread();
        builder.enable_time().build().unwrap().block_on(in_real_time());
        for workers in [1, 2] {
            let mut builder = Builder::new_multi_thread();
            let runtime = builder.worker_threads(workers).enable_time().build().unwrap();
            runtime.block_on(in_real_time());
            runtime.block_on(async { tokio::spawn(in_real_time()).await.unwrap() });
        }
    });
}

#[test]
fn time_that_is_paused_and_resumed() {
    within(PATIENCE, || {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (sched, clock) = here();
            for _ in 0..20 {
                let due = clock.now() + HOUR;
                let handle = sched.delay(Trigger::once(3600), 0, || ()).unwrap();
                pause();
                handle.future().await.unwrap();
                resume();
                let late = clock.now() - due;
                assert!(late < HOUR, "late by {late:?}");
                sched.delay(Trigger::once(0.001), 0, || ()).unwrap().future().await.unwrap();
            }
        });
    });
}

/// Runs jobs on a runtime, one at a time, and takes no other meanwhile; each takes a second.
struct Narrow {
    handle: Handle,
    busy: Arc<AtomicBool>,
}

impl Executor for Narrow {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        if self.busy.swap(true, Ordering::SeqCst) {
            return Err(Rejected::Full(job));
        }
        let busy = Arc::clone(&self.busy);
        self.handle.spawn(async move {
            sleep(secs(1)).await;
            busy.store(false, Ordering::SeqCst);
            job.run();
        });
        Ok(())
    }

    fn shutdown(&self, _: bool) {}
}

#[test]
fn time_goes_on_while_an_executor_is_full() {
    in_paused_time(async || {
        let clock = TokioClock::current();
        let narrow = Narrow { handle: Handle::current(), busy: Arc::default() };
        let sched = Scheduler::builder()
            .executor(narrow)
            .named_executor("inline", InlineExecutor)
            .clock(clock.clone())
            .build();
        sched.start().unwrap();
        let (times, others) = (Log::new(), Log::new());
        for _ in 0..10 {
            sched.delay(Trigger::once(10), 0, noting(&times, &clock)).unwrap();
        }
        let other = Task::new(noting(&others, &clock)).trigger(Trigger::recur(0.5));
        sched.add(other.executor("inline")).unwrap();
        sleep(secs(30) + ms(1)).await;
        let due: Vec<_> = (11..=20).map(secs).collect();
        assert_eq!(times.take(), due);
        assert_eq!(others.take(), every(ms(500), secs(30)), "beside it, on time");
    });
}

/// A clock that passes on no more than it has to.
struct Bare(TokioClock);

impl Clock for Bare {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn wall(&self) -> SystemTime {
        self.0.wall()
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.0.wait(parker, until);
    }
}

#[test]
fn a_clock_that_is_made_of_this_one() {
    in_paused_time(async || {
        let bare = Bare(TokioClock::current());
        let sched = Scheduler::builder().executor(InlineExecutor).clock(bare).build();
        sched.start().unwrap();
        for _ in 0..100 {
            sched.delay(Trigger::once(60), 0, || ()).unwrap().future().await.unwrap();
        }
        sched.shutdown(true);
        sleep(DAY).await;
    });
}

/// What a pool of threads has run, as it comes.
fn on_a_pool(sched: &Scheduler, clock: &TokioClock) -> UnboundedReceiver<Duration> {
    let (sender, receiver) = unbounded_channel();
    let own = clock.clone();
    let body = move || sender.send(own.now()).unwrap();
    let task = Task::new(body).trigger(Trigger::recur(60)).overlap(Overlap::AllowAll);
    sched.add(task).unwrap();
    receiver
}

#[test]
fn a_pool_of_threads() {
    in_paused_time(async || {
        let clock = TokioClock::current();
        let pool = ThreadPoolExecutor::new(2);
        let sched = Scheduler::builder().executor(pool).clock(clock.clone()).build();
        sched.start().unwrap();
        let mut runs = on_a_pool(&sched, &clock);
        sleep(HOUR + ms(1)).await;
        for run in 1..=60 {
            assert!(runs.recv().await.unwrap() >= secs(60) * run, "never early");
        }
    });
}

#[test]
fn threads_that_tokio_does_not_know_add_tasks() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let times = Log::new();
        sched.delay(Trigger::recur(10), 0, noting(&times, &clock)).unwrap();
        let ran = Arc::new(AtomicUsize::new(0));
        let adders: Vec<_> = (0..3)
            .map(|number| {
                let (sched, ran) = (sched.clone(), Arc::clone(&ran));
                thread::spawn(move || {
                    let mut random = Random::seeded(number);
                    for _ in 0..500 {
                        let ran = Arc::clone(&ran);
                        let trigger = Trigger::once(ms(random.below(30_000)));
                        let count = move || ran.fetch_add(1, Ordering::SeqCst);
                        sched.delay(trigger, 0, count).unwrap();
                    }
                })
            })
            .collect();
        while adders.iter().any(|adder| !adder.is_finished()) {
            sleep(secs(1)).await;
        }
        sleep(secs(31)).await;
        assert_eq!(ran.load(Ordering::SeqCst), 1500);
        // Whatever they do, a task that was there before is on time.
        let due = every(secs(10), clock.now());
        assert_eq!(times.take(), due);
    });
}

#[test]
fn what_is_far_off_does_not_come() {
    in_paused_time(async || {
        let (sched, clock) = here();
        let far = sched.delay(Trigger::once(Duration::from_hours(24 * 365 * 200)), 0, || ());
        let soon = sched.delay(Trigger::once(1), 0, || ()).unwrap();
        soon.future().await.unwrap();
        sleep(DAY).await;
        assert_eq!(clock.now(), secs(1) + DAY);
        assert!(!far.unwrap().future().done());
    });
}
