//! A scheduler under load, from its building to its end, whichever way that comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pysched::{
    InlineExecutor, ProcessPoolExecutor, Scheduler, Stats, Subscription, Task, ThreadPoolExecutor,
    TokioExecutor,
};
use pysched_tests::faults::{ClockFaults, FaultyClock};
use pysched_tests::{PATIENCE, Random, ms};
use smol::future::{block_on, poll_once};

use super::clock::Unsteady;
use super::faults::{bad_listeners, unreliable};
use super::figures::Figures;
use super::ledger::Ledger;
use super::load::{Held, Load, Site, ask};
use super::tasks::Captive;

/// How many threads put load on one scheduler.
const THREADS: u64 = 3;

/// For how long the others go on as before while a scheduler is waited for.
const BUSY: Duration = Duration::from_secs(1);

/// What all schedulers of a round share.
pub(crate) struct Shared {
    pub(crate) tokio: Arc<TokioExecutor>,
    pub(crate) processes: Arc<ProcessPoolExecutor>,
    pub(crate) pool: Arc<ThreadPoolExecutor>,
    pub(crate) calm: Arc<AtomicBool>,
}

/// A scheduler under load.
pub(crate) struct World {
    sched: Scheduler,
    site: Site,
    faults: Arc<ClockFaults>,
    listener: Subscription,
    bad: [Subscription; 2],
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Held>>,
}

impl World {
    /// Builds a scheduler, starts it, and puts it under load.
    pub(crate) fn new(shared: &Shared, random: &mut Random, figures: &Arc<Figures>) -> Self {
        let clock = Unsteady::new(random.below(4) > 0);
        let (faulty, faults) = FaultyClock::new(clock.clone());
        let own = ThreadPoolExecutor::new(usize::try_from(1 + random.below(4)).unwrap());
        let sched = Scheduler::builder()
            .clock(faulty)
            .executor(own)
            .named_executor("inline", InlineExecutor)
            .named_executor("tokio", Arc::clone(&shared.tokio))
            .named_executor("processes", Arc::clone(&shared.processes))
            .named_executor("unreliable", unreliable(Arc::clone(&shared.pool), Arc::clone(figures)))
            .history([1, 10, 100][usize::try_from(random.below(3)).unwrap()])
            .limit("limited", 2)
            .build();
        let ledger = Arc::new(Ledger::new(figures));
        let hearing = Arc::clone(&ledger);
        let listener = sched.subscribe(move |event| hearing.heard(event));
        let bad = bad_listeners(&sched, figures);
        let site = Site {
            ledger,
            figures: Arc::clone(figures),
            clock,
            captive: Captive::default(),
            calm: Arc::clone(&shared.calm),
            executors: vec!["", "", "inline", "tokio", "processes", "unreliable"],
        };
        figures.count("schedulers", "started");
        let stop = Arc::new(AtomicBool::new(false));
        let is_late = random.below(8) == 0;
        if !is_late {
            sched.start().unwrap();
        }
        let threads = (0..THREADS).map(|_| {
            let (sched, stop) = (sched.clone(), Arc::clone(&stop));
            let load = Load::new(site.clone(), Random::seeded(random.below(u64::MAX)));
            thread::spawn(move || load.run(sched, &stop))
        });
        let threads = threads.collect();
        if is_late {
            thread::sleep(ms(50));
            sched.start().unwrap();
        }
        Self { sched, site, faults, listener, bad, stop, threads }
    }

    pub(crate) fn clock(&self) -> (Unsteady, Arc<ClockFaults>) {
        (self.site.clock.clone(), Arc::clone(&self.faults))
    }

    /// Ends it in one of the ways there are, while the load goes on, and compares what everybody says.
    /// Gives what was complained of.
    pub(crate) fn end(self, random: &mut Random) -> Vec<String> {
        let Self { sched, site, faults, listener, bad, stop, threads } = self;
        let figures = Arc::clone(&site.figures);
        let count = |how| figures.count("ends", how);
        let mut stats = None;
        let held: Vec<Held>;
        let join = |threads: Vec<JoinHandle<Held>>| -> Vec<Held> {
            stop.store(true, Ordering::Relaxed);
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        };
        if random.below(6) == 0 {
            count("last clone dropped");
            held = join(threads);
            drop(sched);
        } else {
            match random.below(5) {
                0 => {
                    count("shutdown(true)");
                    let closing = sched.clone();
                    let closing = thread::spawn(move || closing.shutdown(true));
                    await_end(&sched, &site);
                    wait_until(&site, "shutdown(true) does not return", || closing.is_finished());
                    if closing.is_finished() {
                        closing.join().unwrap();
                    }
                }
                1 => {
                    count("shutdown(false)");
                    sched.shutdown(false);
                }
                2 => {
                    count("shutdown_timeout");
                    let _ = sched.shutdown_timeout(ms(random.below(30)));
                }
                3 => {
                    count("shutdown_async");
                    await_end(&sched, &site);
                }
                _ => {
                    count("from inside a task");
                    let inner = sched.clone();
                    sched.add(Task::new(move || inner.shutdown(true)).priority(-9)).unwrap();
                    let begun = Instant::now();
                    while !sched.stopped() && begun.elapsed() < PATIENCE {
                        // It may be held back by a pause of all.
                        sched.resume_all();
                        thread::sleep(ms(1));
                    }
                }
            }
            await_end(&sched, &site);
            held = join(threads);
            stats = Some(sched.stats());
            drop(sched);
        }
        drop(bad);
        wait_until(&site, "the listener has not heard of the end", || !listener.is_alive());
        if let Some(stats) = &stats {
            compare(&site, stats);
        }
        held.into_iter().for_each(|held| ask(&site, held));
        drop((listener, faults));
        let own = site.captive.clone();
        let Site { captive, ledger, figures, clock, .. } = site;
        drop(captive);
        let begun = Instant::now();
        while Arc::strong_count(&own) > 1 && begun.elapsed() < PATIENCE {
            thread::sleep(ms(1));
        }
        let left = Arc::strong_count(&own) - 1;
        if left > 0 {
            figures.add("found", "leaked", left as u64);
        }
        let mut complaints = ledger.close(clock.was_set_back());
        if left > 0 {
            complaints.push(format!("leaked: {left} captured values or results are alive"));
        }
        complaints
    }
}

/// Waits until the scheduler is over; says what it has left if that does not come.
fn await_end(sched: &Scheduler, site: &Site) {
    let mut shutdown = sched.shutdown_async();
    let begun = Instant::now();
    while block_on(poll_once(&mut shutdown)).is_none() {
        // What is least urgent waits for as long as other schedulers keep the executors busy that they share.
        site.calm.store(begun.elapsed() > BUSY, Ordering::Relaxed);
        if begun.elapsed() > PATIENCE {
            let tasks = sched.tasks();
            let left: Vec<_> = tasks.iter().filter(|task| !task.in_flight.is_empty()).collect();
            let what = format!("the shutdown does not end: {}\n{left:#?}", sched.stats());
            return site.ledger.complain("lost", what);
        }
        thread::sleep(ms(1));
    }
    site.calm.store(false, Ordering::Relaxed);
}

/// Waits for what comes soon.
fn wait_until(site: &Site, otherwise: &str, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        if begun.elapsed() > PATIENCE {
            return site.ledger.complain("leaked", otherwise.to_owned());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Compares what the scheduler has counted with what its events have told.
fn compare(site: &Site, stats: &Stats) {
    let own = &stats.counts;
    let own = [
        own.succeeded,
        own.failed,
        own.cancelled,
        own.skipped,
        own.missed,
        own.retried,
        own.timed_out,
        own.workers_died,
    ];
    let told = site.ledger.counts();
    if site.ledger.lagged() == 0 && own != told {
        let what = format!("counted {own:?}, told by events {told:?}");
        site.ledger.complain("contradicted", what);
    }
    let left = [stats.tasks, stats.waiting, stats.queued, stats.running, stats.overdue];
    if left != [0; 5] {
        let what = format!("tasks, waiting, queued, running, overdue: {left:?}");
        site.ledger.complain("leaked", what);
    }
}
