//! `FnClock`: a scheduler driven by a `timefunc` and a `delayfunc`, simulated or real.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pysched::{
    FnClock, InlineExecutor, Interval, Scheduler, Status, SystemClock, Task, ThreadPoolExecutor,
    Trigger,
};
use pysched_tests::faults::within;
use pysched_tests::{Gate, PATIENCE, outcome};

/// A time in seconds that only moves when it is asked to.
#[derive(Clone)]
struct Simulated(Arc<Mutex<f64>>);

impl Simulated {
    fn from(start: f64) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    fn time(&self) -> f64 {
        *self.0.lock().unwrap()
    }

    fn clock(&self) -> FnClock {
        let (reader, mover) = (self.clone(), self.clone());
        FnClock::new(move || reader.time(), move |seconds| *mover.0.lock().unwrap() += seconds)
    }
}

fn inline(clock: FnClock) -> Scheduler {
    Scheduler::builder().clock(clock).executor(InlineExecutor).build()
}

#[test]
fn a_month_of_schedule_takes_a_moment() {
    within(PATIENCE, || {
        // Whatever the origin: that of a monotonic clock, of the Unix time, or an odd one.
        for start in [0.0, 1.7e9, -0.1] {
            let time = Simulated::from(start);
            let sched = inline(time.clock());
            let minutes = 30 * 24 * 60;
            let (early, late) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let body = {
                let (time, run) = (time.clone(), AtomicUsize::new(0));
                let (early, late) = (Arc::clone(&early), Arc::clone(&late));
                move || {
                    let run = u32::try_from(run.fetch_add(1, Ordering::SeqCst)).unwrap() + 1;
                    let lateness = time.time() - start - 60.0 * f64::from(run);
                    // A reading of 1.7e9 s is exact to a quarter of a microsecond.
                    early.fetch_add(usize::from(lateness < -5e-7), Ordering::SeqCst);
                    late.fetch_add(usize::from(lateness > 5e-7), Ordering::SeqCst);
                }
            };
            let task = Task::new(body).trigger(Trigger::recur(60)).times(minutes);
            let each_minute = sched.add(task).unwrap();
            let last = each_minute.id();
            let days = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&days);
            let body = move || count.fetch_add(1, Ordering::SeqCst);
            let daily = Task::new(body).trigger(Trigger::recur("1d".parse::<Interval>().unwrap()));
            let daily = sched.add(daily.times(30)).unwrap();
            let first_due = each_minute.next_run().unwrap();
            sched.start().unwrap();
            while sched.task(&each_minute).is_some() || sched.task(&daily).is_some() {
                // Both are finished after so many.
                drop(daily.wait());
            }
            assert_eq!(days.load(Ordering::SeqCst), 30);
            assert_eq!([early, late].map(|it| it.load(Ordering::SeqCst)), [0, 0]);
            let results = sched.results(last);
            assert!(results.iter().all(|it| it.status == Status::Succeeded));
            let span = results.last().unwrap().due.duration_since(first_due).unwrap();
            assert_eq!(span, Duration::from_secs(60 * (minutes - 1)), "no drift");
        }
    });
}

#[test]
fn with_a_pool_time_runs_as_well() {
    within(PATIENCE, || {
        let time = Simulated::from(0.0);
        let pool = ThreadPoolExecutor::new(2);
        let sched = Scheduler::builder().clock(time.clock()).executor(pool).build();
        let handle = sched.delay(Trigger::once(1_000_000), 0, || ()).unwrap();
        sched.start().unwrap();
        assert!(outcome(&handle.future()).is_ok());
        assert!(time.time() >= 1e6);
        sched.shutdown(true);
    });
}

#[test]
fn an_earlier_task_is_not_slept_through_in_simulated_time() {
    within(PATIENCE, || {
        let time = Simulated::from(0.0);
        let gate = Gate::new();
        let (reader, mover, held) = (time.clone(), time.clone(), gate.clone());
        let clock = FnClock::new(
            move || reader.time(),
            move |seconds| {
                held.wait();
                *mover.0.lock().unwrap() += seconds;
            },
        );
        let sched = inline(clock);
        let order = Arc::new(Mutex::new(Vec::new()));
        let body = |name: &'static str| {
            let (order, time) = (Arc::clone(&order), time.clone());
            move || order.lock().unwrap().push((name, time.time()))
        };
        let far = sched.delay(Trigger::once(3600), 0, body("far")).unwrap();
        sched.start().unwrap();
        // It waits for the far one, inside of a call.
        gate.await_arrivals(1);
        sched.delay(Trigger::once(10), 0, body("near")).unwrap();
        gate.open();
        assert!(outcome(&far.future()).is_ok());
        let order = order.lock().unwrap();
        assert_eq!(order.len(), 2);
        for ((name, at), (expected, due)) in order.iter().zip([("near", 10.0), ("far", 3600.0)]) {
            assert_eq!(*name, expected);
            assert!((at - due).abs() < 1e-6, "{name} at {at}");
        }
    });
}

/// A clock whose functions are those of the real time.
fn real() -> FnClock {
    let origin = Instant::now();
    FnClock::new(
        move || origin.elapsed().as_secs_f64(),
        |seconds| thread::sleep(Duration::from_secs_f64(seconds)),
    )
}

#[test]
fn an_earlier_task_is_not_slept_through_in_real_time() {
    within(PATIENCE, || {
        let sched = inline(real());
        let far = sched.delay(Trigger::once(3600), 0, || ()).unwrap();
        sched.start().unwrap();
        for _ in 0..10 {
            let adder = thread::spawn({
                let sched = sched.clone();
                move || sched.delay(Trigger::once(0.01), 0, || ()).unwrap().future()
            });
            let near = adder.join().unwrap();
            assert!(outcome(&near).is_ok());
            let execution = near.execution();
            assert!(execution.started >= Some(execution.due), "never early");
        }
        assert!(!far.future().done());
        // Nor are a cancellation and a shutdown.
        far.cancel().unwrap();
        sched.delay(Trigger::once(3600), 0, || ()).unwrap();
        sched.shutdown(true);
    });
}

#[test]
fn an_idle_scheduler_calls_neither_function() {
    within(PATIENCE, || {
        let calls = Arc::new(AtomicUsize::new(0));
        let (of_time, of_delay) = (Arc::clone(&calls), Arc::clone(&calls));
        let time = Simulated::from(0.0);
        let (reader, mover) = (time.clone(), time.clone());
        let clock = FnClock::new(
            move || {
                of_time.fetch_add(1, Ordering::SeqCst);
                reader.time()
            },
            move |seconds| {
                of_delay.fetch_add(1, Ordering::SeqCst);
                *mover.0.lock().unwrap() += seconds;
            },
        );
        let sched = inline(clock);
        sched.start().unwrap();
        for _ in 0..2 {
            // As soon as it has fallen asleep, there is a while without a call. One that polls
            // never lets it come to that.
            loop {
                let before = calls.load(Ordering::SeqCst);
                thread::sleep(Duration::from_millis(200));
                if calls.load(Ordering::SeqCst) == before {
                    break;
                }
            }
            // Once more after it has had something to do.
            let future = sched.delay(Trigger::once(5), 0, || ()).unwrap().future();
            assert!(outcome(&future).is_ok());
        }
    });
}

#[test]
fn functions_that_panic() {
    within(PATIENCE, || {
        // Real time stands in for a `timefunc`; a `delayfunc` is done without.
        let sched = inline(FnClock::new(|| 0.0, |_| ()));
        drop(sched);
        let calls = AtomicUsize::new(0);
        let origin = Instant::now();
        let clock = FnClock::new(
            move || {
                let call = calls.fetch_add(1, Ordering::SeqCst);
                assert!(call == 0 || !call.is_multiple_of(3), "timefunc");
                origin.elapsed().as_secs_f64()
            },
            |_| panic!("delayfunc"),
        );
        let sched = inline(clock);
        sched.start().unwrap();
        let series = sched.delay(Trigger::recur(0.005), 0, || ()).unwrap();
        for _ in 0..5 {
            assert!(outcome(&series.wait()).is_ok());
        }
        sched.shutdown(true);
    });
}

#[test]
fn the_system_clock_and_the_functions_of_it_agree() {
    within(PATIENCE, || {
        let on = |clock: SystemClock| {
            let reader = clock.clone();
            FnClock::new(
                move || pysched::Clock::now(&reader).as_secs_f64(),
                |seconds| thread::sleep(Duration::from_secs_f64(seconds)),
            )
        };
        let sched = inline(on(SystemClock::new()));
        sched.start().unwrap();
        let begun = Instant::now();
        let future = sched.delay(Trigger::once(0.02), 0, || ()).unwrap().future();
        assert!(outcome(&future).is_ok());
        assert!(begun.elapsed() >= Duration::from_millis(20), "never early");
    });
}
