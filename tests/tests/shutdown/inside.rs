//! Shutting down from inside: from a task, a callback, a clock, an executor.

use super::*;

#[test]
fn from_inside_a_task() {
    within(PATIENCE, || {
        for (way, shut_down) in WAYS.into_iter().enumerate() {
            let (sched, gate, _) = busy();
            let own = sched.clone();
            let closer = sched
                .delay(Trigger::once(0), 0, move || {
                    shut_down(&own);
                    assert_closed(&own);
                    shut_down(&own);
                })
                .unwrap()
                .future();
            let queued = add(&sched, 0);
            await_offers(&sched);
            gate.open();
            assert!(outcome(&closer).is_ok());
            // The shutdown goes on without the task that called for it.
            assert_eq!(outcome(&queued).is_ok(), way == 0, "way {way}");
            sched.shutdown(true);
        }
    });
}

#[test]
fn from_inside_a_task_on_the_schedulers_own_thread() {
    within(PATIENCE, || {
        for (way, shut_down) in WAYS.into_iter().enumerate() {
            let sched = Scheduler::builder().executor(InlineExecutor).build();
            let own = sched.clone();
            let closer =
                sched.delay(Trigger::once(0), 0, move || shut_down(&own)).unwrap().future();
            let queued = add(&sched, 0);
            let pending = add(&sched, 60);
            sched.start().unwrap();
            assert!(outcome(&closer).is_ok());
            assert!(is_cancelled(&pending));
            // It became due together with the one that shut down, and so was queued behind it.
            assert_eq!(outcome(&queued).is_ok(), way == 0, "way {way}");
            sched.shutdown(true);
        }
    });
}

#[test]
fn from_inside_two_tasks_at_once() {
    within(PATIENCE, || {
        for _ in 0..50 {
            let (sched, _clock) = pool_by_hand(2);
            let together = Arc::new(Barrier::new(2));
            let closers = [(); 2].map(|()| {
                let (own, together) = (sched.clone(), Arc::clone(&together));
                let body = move || {
                    together.wait();
                    own.shutdown(true);
                };
                sched.delay(Trigger::once(0), 0, body).unwrap().future()
            });
            assert!(closers.iter().all(|closer| outcome(closer).is_ok()));
            sched.shutdown(true);
        }
    });
}

#[test]
fn from_inside_a_task_while_another_thread_waits() {
    within(PATIENCE, || {
        let (sched, gate, _) = busy();
        let own = sched.clone();
        let closer = sched.delay(Trigger::once(0), 0, move || own.shutdown(true)).unwrap().future();
        await_offers(&sched);
        let outside = thread::spawn({
            let sched = sched.clone();
            move || sched.shutdown(true)
        });
        gate.open();
        outside.join().unwrap();
        assert!(closer.wait().is_ok());
    });
}

#[test]
fn from_inside_a_callback() {
    within(PATIENCE, || {
        for shut_down in WAYS {
            // On a worker, on the thread that cancels, and on the one that asks too late.
            let (sched, gate, running) = busy();
            let own = sched.clone();
            running.on_done(move |_| shut_down(&own));
            let pending = add(&sched, 60);
            let own = sched.clone();
            pending.on_done(move |_| shut_down(&own));
            gate.open();
            assert!(outcome(&running).is_ok());
            assert!(is_cancelled(&pending));
            let own = sched.clone();
            pending.on_done(move |_| shut_down(&own));
            sched.shutdown(true);
        }
        let (sched, _clock) = pool_by_hand(1);
        let pending = add(&sched, 60);
        let own = sched.clone();
        pending.on_done(move |_| own.shutdown(true));
        sched.shutdown(true);
        assert!(is_cancelled(&pending));
    });
}

#[test]
fn from_inside_a_clock_and_an_executor() {
    struct Closing {
        clock: SystemClock,
        sched: Arc<OnceLock<Scheduler>>,
    }

    impl Clock for Closing {
        fn now(&self) -> Duration {
            self.clock.now()
        }

        fn wall(&self) -> std::time::SystemTime {
            self.clock.wall()
        }

        fn wait(&self, parker: &Parker, until: Option<Duration>) {
            if let Some(sched) = self.sched.get() {
                sched.shutdown(true);
            }
            self.clock.wait(parker, until);
        }

        fn detach(&self, _parker: &Parker) {
            if let Some(sched) = self.sched.get() {
                sched.shutdown(true);
            }
        }
    }

    impl Executor for Closing {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            self.sched.wait().shutdown(true);
            job.run();
            Ok(())
        }

        fn shutdown(&self, wait: bool) {
            let sched = self.sched.wait();
            sched.shutdown(wait);
            sched.shutdown(!wait);
            let _ = sched.shutdown_timeout(PATIENCE);
        }
    }

    within(PATIENCE, || {
        let own = Arc::default();
        let clock = Closing { clock: SystemClock::new(), sched: Arc::clone(&own) };
        let sched = Scheduler::builder().clock(clock).build();
        assert!(own.set(sched.clone()).is_ok());
        let pending = add(&sched, 60);
        sched.start().unwrap();
        assert!(is_cancelled(&pending));
        sched.shutdown(true);

        let own = Arc::default();
        let executor = Closing { clock: SystemClock::new(), sched: Arc::clone(&own) };
        let sched = Scheduler::builder().executor(executor).build();
        assert!(own.set(sched.clone()).is_ok());
        let due = add(&sched, 0);
        sched.start().unwrap();
        assert!(outcome(&due).is_ok());
        sched.shutdown(true);
    });
}
