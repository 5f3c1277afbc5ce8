//! Futures that wait on a record, in every order of events.

use super::*;
use crate::sync::models::block_on;
use loom::sync::Arc as LoomArc;
use loom::thread;

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(second)
}

/// Flushes only where that is asked for, as the scheduler does.
#[test]
fn loom_whoever_awaits_the_end_of_an_execution_is_woken() {
    loom::model(|| {
        let record = LoomArc::new(Record::<i32>::new(TaskId::nil(), None, 1));
        let run = record.adopt(at(1), Some(at(1)));
        let worker = thread::spawn({
            let record = LoomArc::clone(&record);
            move || {
                if record.end(run, Ok(7).into(), at(2)) {
                    record.flush();
                }
            }
        });
        let mut key = None;
        let mut poll = |seen| {
            let ended = block_on(|context| record.poll_ended(seen, &mut key, context));
            ended.map(|(number, _)| number)
        };
        assert_eq!((poll(0), poll(1)), (Some(1), None));
        worker.join().unwrap();
    });
}

/// A function that is let go, after which nothing comes.
#[test]
fn loom_whoever_awaits_a_task_that_is_closed_is_woken() {
    loom::model(|| {
        let body = crate::task::Body::new(|| Ok(7)).into_record(TaskId::nil(), 1);
        let record = LoomArc::new(body);
        let closer = thread::spawn({
            let record = LoomArc::clone(&record);
            move || {
                record.close();
                if record.has_aftermath() {
                    record.flush();
                }
            }
        });
        let typed = (&**record as &dyn Any).downcast_ref::<Record<i32>>().unwrap();
        let mut key = None;
        let ended = block_on(|context| typed.poll_ended(0, &mut key, context));
        assert!(ended.is_none());
        closer.join().unwrap();
    });
}
