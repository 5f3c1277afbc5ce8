//! How the time moves, and who follows it.

use super::*;

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
