//! Shutting down by dropping the last clone, and what is dropped with a scheduler.

use super::*;

#[test]
fn dropping_the_last_clone_is_a_shutdown_without_waiting() {
    within(PATIENCE, || {
        let (sched, gate, running) = busy();
        let _open = OpenOnDrop(gate.clone());
        let queued = add(&sched, 0);
        let handle = sched.delay(Trigger::recur(60), 0, || ()).unwrap();
        let pending = handle.future();
        let clone = sched.clone();
        drop(sched);
        assert!(!pending.done() && !clone.stopped(), "there is another one");
        drop(clone);
        assert!(pending.cancelled() && queued.cancelled());
        assert!(running.running());

        // Handles work on, and keep nothing alive.
        assert!(matches!(handle.cancel(), Err(Error::UnknownTask(id)) if id == handle.id()));
        assert_eq!(handle.next_run(), None);
        assert!(handle.future().cancelled() && handle.wait().cancelled());
        assert_eq!(handle.futures().len(), 1);
        gate.open();
        assert!(outcome(&running).is_ok());
    });
}

#[test]
fn dropping_a_scheduler_drops_what_its_tasks_captured() {
    within(PATIENCE, || {
        let value = Arc::new(());
        for start in [true, false] {
            let sched = Scheduler::new();
            let captured = Arc::clone(&value);
            let handle = sched.delay(Trigger::once(60), 0, move || Arc::strong_count(&captured));
            if start {
                sched.start().unwrap();
            }
            assert_eq!(Arc::strong_count(&value), 2);
            drop(sched);
            assert_eq!(Arc::strong_count(&value), 1);
            drop(handle);
        }
    });
}

#[test]
fn a_task_that_holds_the_last_clone() {
    fn inside(executor: impl Executor) {
        let sched = Scheduler::builder().executor(executor).build();
        sched.start().unwrap();
        let held = Gate::new();
        let (own, inner) = (sched.clone(), held.clone());
        let pending = add(&sched, 60);
        let last = sched
            .delay(Trigger::once(0), 0, move || {
                inner.wait();
                own.stopped()
            })
            .unwrap();
        let future = last.future();
        held.await_arrivals(1);
        drop(sched);
        assert!(!pending.done(), "the task holds one");
        held.open();
        assert_eq!(outcome(&future).unwrap(), &false);
        assert!(is_cancelled(&pending), "it went with the task");
    }

    within(PATIENCE, || {
        inside(ThreadPoolExecutor::new(1));
        inside(InlineExecutor);
    });
}

#[test]
fn a_result_that_holds_the_last_clone() {
    within(PATIENCE, || {
        let sched = Scheduler::new();
        sched.start().unwrap();
        let pending = add(&sched, 60);
        let own = Mutex::new(Some(sched.clone()));
        let task = Task::new(move || own.lock().unwrap().take());
        let handle: Handle<Option<Scheduler>> = sched.add(task).unwrap();
        assert!(outcome(&handle.future()).unwrap().is_some());
        drop(sched);
        assert!(!pending.done());
        drop(handle);
        assert!(is_cancelled(&pending));
    });
}

#[test]
fn captured_values_that_panic_when_dropped_do_not_keep_it_from_ending() {
    within(PATIENCE, || {
        for shut_down in WAYS {
            let (sched, gate, running) = busy();
            for delay in [0, 0, 60, 60] {
                let bomb = DropBomb("captured");
                sched.delay(Trigger::once(delay), 0, move || bomb.hold()).unwrap();
            }
            let queued = add(&sched, 0);
            gate.open();
            shut_down(&sched);
            assert!(outcome(&running).is_ok() && queued.wait_timeout(PATIENCE).is_some());
            assert_closed(&sched);
        }
    });
}
