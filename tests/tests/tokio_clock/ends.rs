//! A scheduler or a runtime that ends before the other.

use super::*;

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
