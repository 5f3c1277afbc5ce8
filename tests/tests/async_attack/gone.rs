//! Executors and runtimes that take nothing any more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use pysched::{Scheduler, Task, TaskError, ThreadPoolExecutor, TokioExecutor, Trigger};
use pysched_tests::outcome;

use super::{on_runtime, runtime};

#[test]
fn a_burst_for_what_takes_nothing_any_more_is_over_soon() {
    const TASKS: usize = 40_000;
    let runtime = runtime(1);
    let on_tokio = Arc::new(TokioExecutor::new(runtime.handle().clone()));
    let on_threads = Arc::new(ThreadPoolExecutor::new(1));
    on_tokio.shutdown(true);
    on_threads.shutdown(true);
    let executors: [Box<dyn Fn() -> Scheduler>; 2] = [
        Box::new(|| Scheduler::builder().executor(Arc::clone(&on_tokio)).build()),
        Box::new(|| Scheduler::builder().executor(Arc::clone(&on_threads)).build()),
    ];
    for build in executors {
        let sched = build();
        for _ in 0..TASKS {
            sched.add(Task::future(|| async {})).unwrap();
        }
        let last = sched.add(Task::future(|| async {}).priority(1)).unwrap().future();
        sched.start().unwrap();
        assert!(matches!(outcome(&last), Err(TaskError::Refused(_))));
        sched.shutdown(true);
        assert_eq!(sched.stats().counts.failed, TASKS as u64 + 1);
    }
}

#[test]
fn what_a_thread_that_unwinds_adds_for_a_runtime_that_is_gone_fails() {
    struct Adds<'a>(&'a Scheduler, mpsc::Sender<pysched::TaskFuture<()>>, bool);
    impl Drop for Adds<'_> {
        fn drop(&mut self) {
            let task = if self.2 { Task::future(|| async {}) } else { Task::new(|| ()) };
            self.1.send(self.0.add(task).unwrap().future()).unwrap();
        }
    }
    for is_async in [false, true] {
        let runtime = runtime(1);
        let sched = on_runtime(&runtime);
        drop(runtime);
        let (sender, added) = mpsc::channel();
        for _ in 0..20 {
            let unwinds = catch_unwind(AssertUnwindSafe(|| {
                let _adds = Adds(&sched, sender.clone(), is_async);
                panic!("on purpose");
            }));
            unwinds.unwrap_err();
            outcome(&added.recv().unwrap()).unwrap_err();
        }
        sched.shutdown(true);
    }
}

#[test]
fn what_becomes_due_after_the_runtime_is_gone_is_refused() {
    for is_async in [false, true] {
        let runtime = runtime(1);
        let sched = on_runtime(&runtime);
        let task = if is_async { Task::future(|| async {}) } else { Task::new(|| ()) };
        let due_later = sched.add(task.trigger(Trigger::once(3600))).unwrap();
        drop(runtime);
        due_later.run_now().unwrap();
        let future = due_later.future();
        let error = outcome(&future).unwrap_err();
        assert!(matches!(error, TaskError::Refused(_)), "{error:?}");
        sched.shutdown(true);
    }
}
