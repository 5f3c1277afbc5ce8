//! Runs and timers, each at its time.

use super::*;

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
