//! Executors and runtimes that take nothing any more.

use std::sync::Arc;

use pysched::{Scheduler, Task, TaskError, ThreadPoolExecutor, TokioExecutor};
use pysched_tests::outcome;

use super::runtime;

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
