//! What cannot run in a worker process is refused when it is added, with the reason.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pysched::{Error, Executor, Job, Rejected, Scheduler, Task, TaskError, Trigger, task};
use pysched_tests::outcome;

use super::{double, pool};

#[task(once, 0)]
fn shared(counter: Arc<Mutex<u32>>) -> u32 {
    *counter.lock().unwrap()
}

#[task(once, 0)]
fn keyed(map: HashMap<(u8, u8), u8>) -> usize {
    map.len()
}

fn refusal<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::NotPortable(text)) => text,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was taken"),
    }
}

#[test]
fn closures_are_refused_by_every_way_in() {
    let pool = pool(1);
    assert!(refusal(pool.run(Task::new(|| 7))).contains("closure"));
    let sched = Scheduler::builder().executor(pool).build();
    assert!(refusal(sched.add(Task::new(|| 7))).contains("`#[task]`"));
    assert!(refusal(sched.delay(Trigger::once(0), 0, || 7)).contains("closure"));
    assert!(refusal(sched.delay(Trigger::recur(1), 0, || 7)).contains("closure"));
    let named = Task::new(|| 7).name("sweep");
    assert!(refusal(sched.add(named)).contains("the task `sweep` cannot leave this process"));
    assert!(sched.tasks().is_empty());
}

#[test]
fn a_task_that_is_not_portable_is_refused_with_what_is_not() {
    let sched = Scheduler::builder().named_executor("processes", pool(1)).build();
    let counter = Arc::new(Mutex::new(3));
    let text = refusal(sched.add(shared::task(counter.clone()).executor("processes")));
    assert!(text.contains("refusal::shared`"), "{text}");
    assert!(text.contains("argument `counter: Arc<Mutex<u32>>`"), "{text}");
    let text = refusal(sched.add(keyed::task([((1, 2), 3)].into()).executor("processes")));
    assert!(text.contains("refusal::keyed`") && text.contains("its arguments"), "{text}");

    // On threads they run.
    sched.start().unwrap();
    assert_eq!(outcome(&sched.add(shared::task(counter)).unwrap().future()).unwrap(), &3);
    sched.shutdown(true);
}

/// A pool behind an executor that hides it from the scheduler.
struct Hidden(pysched::ProcessPoolExecutor);

impl Executor for Hidden {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.0.submit(job)
    }

    fn shutdown(&self, wait: bool) {
        self.0.shutdown(wait);
    }
}

#[test]
fn what_was_not_asked_when_it_was_added_fails_when_it_runs() {
    let sched = Scheduler::builder().executor(Hidden(pool(1))).build();
    sched.start().unwrap();
    let portable = sched.add(double::task(4)).unwrap().future();
    assert_eq!(outcome(&portable).unwrap(), &8);
    let closure = sched.add(Task::new(|| 7)).unwrap().future();
    assert!(matches!(outcome(&closure), Err(TaskError::Refused(_))));
    sched.shutdown(true);
}

#[test]
fn a_pool_that_was_shut_down_takes_nothing() {
    let pool = pool(1);
    pool.shutdown(true);
    let future = pool.run(double::task(1)).unwrap();
    let error = outcome(&future).unwrap_err();
    assert!(matches!(error, TaskError::Refused(_)), "{error:?}");
    assert!(error.to_string().contains("shut down"), "{error}");
}
