//! Runs that two rules lay claim to: each has one fate, and the one that the rules name.

use Status::Cancelled;
use pysched::{Overlap, Reason, Retry, Status, TaskError, Trigger};
use pysched_tests::{outcome, secs};

use crate::guided::{End, Guided};

#[test]
fn what_was_told_to_end_is_not_tried_again_when_it_times_out() {
    for by_future in [false, true] {
        let it = Guided::new(3);
        let task = it.task("a").overlap(Overlap::CancelOther).trigger(Trigger::recur(10));
        let task = task.timeout(secs(15)).retry(Retry::times(3).fixed(secs(0)));
        let handle = it.sched.add(task).unwrap();
        it.pass(secs(10));
        let first = it.begins("a");
        let future = handle.future();
        if by_future {
            assert!(!future.cancel(), "it runs on a thread");
            assert!(first.token.is_cancelled());
        } else {
            it.pass(secs(10));
            assert!(first.token.is_cancelled());
        }
        it.pass(secs(if by_future { 15 } else { 5 }));
        // It has failed, after it was told to end.
        assert!(matches!(outcome(&future), Err(TaskError::Cancelled)));
        let reason = if by_future { Reason::FutureCancelled } else { Reason::NewerRun };
        assert_eq!(it.fates(&handle)[0], (10, Cancelled, Some(reason)));
        assert_eq!(it.sched.stats().counts.retried, 0);
        first.end(End::Return);
        let second = it.begins("a");
        assert_eq!(second.attempt, 1);
        it.ends(second, End::Return);
        assert_eq!(it.sched.stats().overdue, 0);
    }
}
