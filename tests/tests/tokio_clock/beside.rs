//! Time that is not paused, executors that are full, and threads that tokio does not know.

use super::*;

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
