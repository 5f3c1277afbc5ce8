//! A record by itself: who claims an execution, and what its end leaves behind.

use std::time::Duration;

use super::*;
use crate::execution::{Status, Stop};
use crate::task::{Body, Delivery};
use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

/// Settles the execution `run` in a record; says whether that is to be flushed.
struct Settler<'a> {
    record: &'a dyn AnyRecord,
    run: u64,

    /// `None` until the outcome has been delivered.
    flush: Cell<Option<bool>>,
}

impl<'a> Settler<'a> {
    fn new(record: &'a dyn AnyRecord, run: u64) -> Self {
        Self { record, run, flush: Cell::new(None) }
    }
}

impl Sink for Settler<'_> {
    fn deliver(&self, delivery: &mut dyn Delivery) {
        let flush = delivery.settle(self.record, self.run, at(9));
        assert_eq!(self.flush.replace(Some(flush)), None, "it is delivered once");
    }

    fn stop(&self) -> Arc<Stop> {
        Stop::new()
    }

    fn is_told(&self) -> bool {
        false
    }
}

/// Runs an execution that has been launched; says whether something is to be flushed.
fn run(record: &dyn AnyRecord, run: u64, closes: bool) -> bool {
    let claim = record.begin(run, Some(at(run)), false).unwrap();
    if closes {
        record.close();
        record.flush();
    }
    let settler = Settler::new(record, run);
    claim.run(&settler);
    settler.flush.get().expect("the outcome was delivered")
}

#[test]
fn nothing_is_launched_while_an_execution_is_in_flight() {
    let record = Body::new(|| Ok(7)).into_record(TaskId::nil(), 9);
    let first = record.launch(at(1)).unwrap();
    assert_eq!(record.launch(at(2)), None, "it is queued");
    let claim = record.begin(first, Some(at(1)), false).unwrap();
    assert!(record.begin(first, Some(at(1)), false).is_none(), "it is claimed once");
    assert_eq!(record.launch(at(2)), None, "it runs");
    claim.run(&Settler::new(&*record, first));
    assert_eq!(record.launch(at(3)), Some(first + 1));
}

#[test]
fn whoever_has_claimed_an_execution_runs_it_though_the_record_is_closed() {
    let calls = Arc::new(AtomicU32::new(0));
    let function = {
        let calls = Arc::clone(&calls);
        move || Ok(calls.fetch_add(1, Ordering::Relaxed))
    };
    let record = Body::new(function).into_record(TaskId::nil(), 9);
    let number = record.launch(at(1)).unwrap();
    run(&*record, number, true);
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert_eq!(Arc::strong_count(&calls), 1, "the function has been dropped");
    assert_eq!(record.executions()[0].status, Status::Succeeded);
}

#[test]
fn the_end_of_a_run_tells_what_is_to_be_flushed() {
    let numbers = Body::new(|| Ok(7)).into_record(TaskId::nil(), 1);
    let texts = Body::new(|| Ok("seven".to_owned())).into_record(TaskId::nil(), 1);
    let ends = |record: &dyn AnyRecord| {
        let number = record.launch(at(1)).unwrap();
        run(record, number, false)
    };
    assert_eq!([(); 3].map(|()| ends(&*numbers)), [false; 3]);
    assert!(!ends(&*texts));
    assert!(ends(&*texts), "a result of a user has dropped out of the history");
    texts.flush();

    let number = numbers.launch(at(1)).unwrap();
    let typed = (&*numbers as &dyn Any).downcast_ref::<Record<i32>>().unwrap();
    let cell = typed.current(None).unwrap();
    assert!(run(&*numbers, number, false), "somebody may wait for the future");
    numbers.flush();
    assert!(cell.is_settled());
}
