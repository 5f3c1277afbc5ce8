//! Shutting down while an executor keeps its jobs or has no room for them.

use super::*;

#[test]
fn an_executor_that_keeps_its_jobs_does_not_keep_the_futures() {
    struct Hoarder(Arc<Mutex<Vec<Job>>>);

    impl Executor for Hoarder {
        fn submit(&self, job: Job) -> Result<(), Rejected> {
            self.0.lock().unwrap().push(job);
            Ok(())
        }

        fn shutdown(&self, _wait: bool) {
            let hoard = std::mem::take(&mut *self.0.lock().unwrap());
            drop(hoard);
        }
    }

    within(PATIENCE, || {
        let hoard = Arc::default();
        let sched = offering(Hoarder(Arc::clone(&hoard)));
        let future = add(&sched, 0);
        await_offers(&sched);
        let unfinished = sched.shutdown_timeout(Duration::from_millis(5)).unwrap_err();
        assert_eq!(unfinished.executions.len(), 1);
        assert!(is_cancelled(&future));
        assert!(hoard.lock().unwrap().is_empty(), "the executor was shut down");
    });
}

/// In which order the jobs ran.
type Order = Arc<Mutex<Vec<i32>>>;

/// A scheduler whose executor has room for one job, which runs, and holds back so many others.
fn crowded(waiting: i32) -> (Scheduler, Gate, Order, Vec<TaskFuture<()>>) {
    let sched = offering(OneAtATime::default());
    let (gate, order) = (Gate::new(), Arc::new(Mutex::new(Vec::new())));
    let held = gate.clone();
    let running = sched.delay(Trigger::once(0), 0, move || held.wait()).unwrap().future();
    gate.await_arrivals(1);
    let mut futures = vec![running];
    for number in 0..waiting {
        let order = Arc::clone(&order);
        let body = move || order.lock().unwrap().push(number);
        futures.push(sched.delay(Trigger::once(0), -number, body).unwrap().future());
    }
    await_offers(&sched);
    (sched, gate, order, futures)
}

#[test]
fn what_a_full_executor_could_not_take_is_finished() {
    within(PATIENCE, || {
        let (sched, gate, order, futures) = crowded(20);
        let closer = begin_shutdown(&sched);
        assert!(futures.iter().all(|future| !future.done()));
        gate.open();
        closer.join().unwrap();
        assert!(futures.iter().all(|future| future.done() && future.wait().is_ok()));
        let expected: Vec<_> = (0..20).rev().collect();
        assert_eq!(*order.lock().unwrap(), expected, "the most urgent first");
    });
}

#[test]
fn what_a_full_executor_could_not_take_is_cancelled() {
    within(PATIENCE, || {
        for limit in [None, Some(Duration::ZERO), Some(Duration::from_millis(5))] {
            let (sched, gate, order, futures) = crowded(20);
            let _open = OpenOnDrop(gate.clone());
            match limit {
                None => sched.shutdown(false),
                Some(limit) => {
                    let left = sched.shutdown_timeout(limit).unwrap_err().executions;
                    let statuses = left.iter().map(|left| left.execution.status);
                    assert_eq!(statuses.filter(|it| *it == Status::Queued).count(), 20);
                    assert_eq!(left.len(), 21);
                }
            }
            assert!(futures[1..].iter().all(|future| future.done() && future.cancelled()));
            gate.open();
            assert!(outcome(&futures[0]).is_ok());
            sched.shutdown(true);
            assert!(order.lock().unwrap().is_empty());
        }
    });
}
