//! What the rules of a task do to its executions, step by step; with futures and without.
//!
//! Values, errors and callbacks here count how often they are dropped: none of them may be as long as the
//! lock of a record would be held, which is during each step.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::cell::ExecutionCell;
use super::*;
use crate::TaskId;
use crate::error::TaskError;

const LIMIT: Duration = Duration::from_secs(9);

fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(second)
}

/// Something of a user's, which counts its drop.
#[derive(Debug)]
struct Owned(Arc<AtomicUsize>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Display for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was told to fail")
    }
}

impl std::error::Error for Owned {}

/// A history whose steps are watched.
struct Bench {
    history: History<Owned>,
    dropped: Arc<AtomicUsize>,

    /// The cells that were announced, since they were last looked at.
    announced: Vec<Arc<ExecutionCell<Owned>>>,
}

impl Bench {
    fn new(limit: usize) -> Self {
        let history = History::new(TaskId::nil(), limit);
        Self { history, dropped: Arc::default(), announced: Vec::new() }
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Takes a step as under the lock of a record, and then clears up without it.
    #[track_caller]
    fn step<R>(&mut self, step: impl FnOnce(&mut History<Owned>) -> R) -> R {
        let before = self.dropped();
        let result = step(&mut self.history);
        let aftermath = self.history.take_aftermath();
        assert_eq!(self.dropped(), before, "something of a user's was dropped under the lock");
        let told = aftermath.announce.iter();
        assert!(
            told.clone().all(|cell| cell.is_settled()),
            "nobody is told before there is an end"
        );
        self.announced.extend(told.cloned());
        result
    }

    /// A waiting execution, and its cell if it is `watched`.
    fn execute(&mut self, due: u64, watched: bool) -> (u64, Option<Arc<ExecutionCell<Owned>>>) {
        let run = self.step(|history| history.execute((at(due), None), false, false));
        let is_it = |cell: &Arc<ExecutionCell<Owned>>| cell.run() == run;
        let cell = watched.then(|| self.step(|history| history.current(None)).unwrap());
        assert!(cell.as_ref().is_none_or(is_it), "it is the only one in flight");
        (run, cell)
    }

    /// One that runs, from the second at which it was due.
    fn running(&mut self, due: u64, watched: bool) -> (u64, Option<Arc<ExecutionCell<Owned>>>) {
        let (run, cell) = self.execute(due, watched);
        self.begin(run, due);
        (run, cell)
    }

    /// One of which an attempt has failed, a second after it was due; its token has a callback.
    fn backing_off(&mut self, due: u64, watched: bool) -> (u64, Option<Arc<ExecutionCell<Owned>>>) {
        let (run, cell) = self.running(due, watched);
        let callback = Owned(Arc::clone(&self.dropped));
        let token = self.step(|history| history.details(run)).unwrap().token();
        token.on_cancel(move || drop(callback));
        drop(token);
        let failure = self.failure();
        self.step(|history| history.back_off(run, failure, at(due + 1)));
        (run, cell)
    }

    fn begin(&mut self, run: u64, second: u64) {
        self.step(|history| history.queue(run));
        assert!(self.step(|history| history.begin(run, Some(at(second)))));
    }

    #[expect(clippy::unnecessary_box_returns, reason = "a ledger takes it in its box")]
    fn failure(&self) -> Box<Failure> {
        let error = TaskError::Failed(Arc::new(Owned(Arc::clone(&self.dropped))));
        Outcome::<Owned>::from(Err(error)).into_failure().unwrap_err()
    }

    fn value(&self) -> Outcome<Owned> {
        Ok(Owned(Arc::clone(&self.dropped))).into()
    }

    fn stage(&self, run: u64) -> Option<Stage> {
        self.history.get(run).map(|running| running.stage)
    }

    /// Checks that the last fate is this, and that whoever watches is told so, once.
    #[track_caller]
    fn ended(
        &mut self,
        status: Status,
        reason: Option<Reason>,
        cell: Option<&Arc<ExecutionCell<Owned>>>,
    ) {
        let fate = self.history.latest_fate().unwrap();
        assert_eq!((fate.status, fate.reason), (status, reason));
        let announced = std::mem::take(&mut self.announced);
        assert_eq!(announced.len(), usize::from(cell.is_some()));
        if let (Some(cell), Some(told)) = (cell, announced.first()) {
            assert!(Arc::ptr_eq(cell, told));
            assert_eq!(cell.execution(), fate);
        }
    }

    /// Checks that nothing is in flight, and that all that was a user's is gone with the history.
    #[track_caller]
    fn assert_over(self, owned: usize) {
        assert!(!self.history.is_active());
        assert_eq!(self.history.census(), Census::default());
        let dropped = Arc::clone(&self.dropped);
        drop(self);
        assert_eq!(dropped.load(Ordering::Relaxed), owned, "all is dropped, and once");
    }
}

fn both(test: impl Fn(bool)) {
    [false, true].into_iter().for_each(test);
}

#[test]
fn an_execution_goes_from_stage_to_stage() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.execute(1, watched);
        assert_eq!(it.stage(run), Some(Stage::Waiting));
        it.step(|history| history.queue(run));
        it.step(|history| history.shelve(run));
        assert_eq!(it.stage(run), Some(Stage::Waiting));
        assert!(!it.step(|history| history.begin(run, Some(at(1)))), "nobody was given it");
        it.begin(run, 2);
        assert!(it.history.get(run).unwrap().holds);
        let value = it.value();
        it.step(|history| history.end(run, value, at(3)));
        it.ended(Status::Succeeded, None, cell.as_ref());
        assert_eq!(it.history.latest_fate().unwrap().started, Some(at(2)));
        drop(cell);
        it.assert_over(1);
    });
}

#[test]
fn what_may_be_queued_is_the_oldest_that_has_room() {
    let mut it = Bench::new(9);
    let next = |it: &Bench, capacity, forced| {
        it.history.next_to_queue(capacity, forced).map(|running| running.run)
    };
    assert_eq!(next(&it, 1, false), None);
    let runs = [1, 2, 3].map(|due| it.execute(due, false).0);
    assert_eq!(next(&it, 1, false), Some(runs[0]));
    assert_eq!(next(&it, 1, true), None, "nobody has asked for any");
    it.step(|history| history.force(Some(at(2))));
    assert_eq!(next(&it, 1, true), Some(runs[1]));
    it.step(|history| history.force(None));
    assert_eq!(next(&it, 1, true), Some(runs[0]), "the oldest that was not asked for");
    it.step(|history| history.force(Some(at(7))));
    it.begin(runs[0], 1);
    assert_eq!((next(&it, 1, false), next(&it, 2, false)), (None, Some(runs[1])));
    // What holds a place needs no other one.
    let failure = it.failure();
    it.step(|history| history.back_off(runs[0], failure, at(4)));
    assert_eq!(next(&it, 1, false), None);
    it.step(|history| history.retry(runs[0]));
    assert_eq!(next(&it, 1, false), Some(runs[0]));
    assert_eq!(it.history.untouched().len(), 2);
    assert_eq!(it.history.between_attempts().len(), 1);
    let stages: Vec<_> = it.history.stages().iter().map(|running| running.run).collect();
    assert_eq!(stages, runs);
}

#[test]
fn a_newer_run_takes_the_place_of_the_oldest_that_was_not_begun() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.execute(1, watched);
        assert_eq!(
            it.step(|history| Ledger::supersede(history, (at(2), None), at(2))),
            Some(at(1))
        );
        assert_eq!(it.history.get(run).unwrap().due, at(2));
        let fate = it.history.latest_fate().unwrap();
        let into = Some(Reason::Coalesced { into: at(2) });
        assert_eq!((fate.due, fate.status, fate.reason), (at(1), Status::Missed, into));
        assert!(cell.is_none_or(|cell| cell.execution().due == at(2) && !cell.is_settled()));
        it.begin(run, 2);
        assert_eq!(it.step(|history| Ledger::supersede(history, (at(3), None), at(3))), None);
    });
}

#[test]
fn one_that_is_too_late_and_the_last_is_missed() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.execute(1, watched);
        let late = Reason::TooLate(LIMIT);
        it.step(|history| history.lose(run, at(10), late, false));
        it.ended(Status::Missed, Some(late), cell.as_ref());
        it.assert_over(0);
    });
}

#[test]
fn whoever_waits_for_one_that_is_too_late_waits_for_the_next() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.execute(1, watched);
        let late = Reason::TooLate(LIMIT);
        it.step(|history| history.lose(run, at(10), late, true));
        assert!(it.announced.is_empty());
        assert_eq!(it.history.latest_fate().unwrap().reason, Some(late));
        let (next, _) = it.execute(11, false);
        if let Some(cell) = &cell {
            assert_eq!((cell.run(), cell.execution().due), (next, at(11)));
        }
        it.begin(next, 11);
        let value = it.value();
        it.step(|history| history.end(next, value, at(12)));
        it.ended(Status::Succeeded, None, cell.as_ref());
    });
}

#[test]
fn one_that_is_too_late_ends_where_another_is_waited_for_already() {
    let mut it = Bench::new(9);
    let (run, cell) = it.execute(1, true);
    let late = Reason::TooLate(LIMIT);
    let (other, _) = it.execute(2, false);
    it.step(|history| history.lose(run, at(10), late, true));
    // The cell of the first is that of whatever comes next, so that the second has none to give.
    let second = it.step(|history| history.current(None)).unwrap();
    assert_eq!(second.run(), other);
    it.step(|history| history.lose(other, at(11), late, true));
    it.ended(Status::Missed, Some(late), Some(&second));
    assert!(!cell.unwrap().is_settled());
}

#[test]
fn attempts_follow_on_each_other() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.backing_off(1, watched);
        assert_eq!(it.dropped(), 1, "the callback of the token that nobody needs any more");
        let running = it.history.get(run).unwrap();
        assert_eq!((running.stage, running.attempt), (Stage::BackingOff, 2));
        assert_eq!(running.started, None);
        let queued = |cell: &Arc<ExecutionCell<_>>| cell.execution().status == Status::Queued;
        assert!(cell.as_ref().is_none_or(queued));
        it.step(|history| history.retry(run));
        it.begin(run, 5);
        let failure = it.failure();
        it.step(|history| history.back_off(run, failure, at(6)));
        assert_eq!(it.dropped(), 2, "the error of the attempt before");
        it.step(|history| history.retry(run));
        it.begin(run, 9);
        let value = it.value();
        it.step(|history| history.end(run, value, at(10)));
        it.ended(Status::Succeeded, None, cell.as_ref());
        let fate = it.history.latest_fate().unwrap();
        assert_eq!((fate.attempt, fate.attempts.len()), (3, 2));
        let times = [fate.attempts[0].started, fate.attempts[1].started, fate.started];
        assert_eq!(times, [1, 5, 9].map(|second| Some(at(second))));
        drop(cell);
        it.assert_over(4);
    });
}

#[test]
fn a_retry_that_is_given_up_has_failed_as_the_attempt_before() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.backing_off(1, watched);
        let last = it.step(|history| history.give_up(run)).unwrap();
        assert_eq!((last.started, last.finished), (Some(at(1)), at(2)));
        it.ended(Status::Failed, None, cell.as_ref());
        let fate = it.history.latest_fate().unwrap();
        assert_eq!((fate.attempt, fate.attempts.len()), (1, 0));
        assert_eq!((fate.started, fate.finished), (Some(at(1)), Some(at(2))));
        assert!(it.step(|history| history.give_up(run)).is_none());
        drop(cell);
        it.assert_over(2);
    });
}

#[test]
fn what_has_never_failed_has_no_retry_to_give_up() {
    let mut it = Bench::new(9);
    let (run, _) = it.running(1, false);
    assert!(it.step(|history| history.give_up(run)).is_none());
    assert_eq!(it.stage(run), Some(Stage::Running));
}

#[test]
fn a_retry_that_is_cancelled_leaves_nothing() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.backing_off(1, watched);
        it.step(|history| Ledger::cancel(history, run, at(5), Reason::NewerRun, None));
        it.ended(Status::Cancelled, Some(Reason::NewerRun), cell.as_ref());
        assert_eq!(it.dropped(), 2, "the callback, and the error of the attempt");
        drop(cell);
        it.assert_over(2);
    });
}

#[test]
fn what_was_told_to_end_is_cancelled_and_its_error_dropped() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.running(1, watched);
        let details = it.step(|history| history.details(run)).unwrap();
        details.tell(Reason::FutureCancelled);
        details.tell(Reason::NewerRun);
        let told = it.history.get(run).unwrap().told;
        assert_eq!(told, Some(Reason::FutureCancelled), "the first to say so");
        let failure = Some(it.failure());
        it.step(|history| Ledger::cancel(history, run, at(2), told.unwrap(), failure));
        it.ended(Status::Cancelled, told, cell.as_ref());
        assert_eq!(it.dropped(), 1);
        it.assert_over(1);
    });
}

#[test]
fn one_that_waits_is_cancelled_unless_its_future_was_faster() {
    for faster in [false, true] {
        both(|watched| {
            let mut it = Bench::new(9);
            let (run, cell) = it.execute(1, watched);
            let by_future = faster && watched;
            if let Some(cell) = cell.as_ref().filter(|_| by_future) {
                assert!(cell.withdraw());
                cell.settle_cancelled(at(1));
            }
            it.step(|history| Ledger::cancel(history, run, at(2), Reason::TaskCancelled, None));
            let reason = if by_future { Reason::FutureCancelled } else { Reason::TaskCancelled };
            // Who has withdrawn it tells so, too.
            it.ended(Status::Cancelled, Some(reason), cell.as_ref().filter(|_| !by_future));
            it.assert_over(0);
        });
    }
}

#[test]
fn one_that_times_out_is_settled_while_its_function_goes_on() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.running(1, watched);
        it.step(|history| history.time_out(run, LIMIT, at(10), false));
        it.ended(Status::Failed, None, cell.as_ref());
        let running = it.history.get(run).unwrap();
        assert_eq!(
            (running.stage, running.holds, running.started),
            (Stage::Overdue, true, Some(at(1)))
        );
        assert_eq!(it.history.on_workers(), [run]);
        assert!(it.history.between_attempts().is_empty());
        let current = it.step(|history| history.current(None)).unwrap();
        assert!(current.is_settled(), "it is over for whoever asks now");
        it.step(|history| history.returned(run));
        assert!(it.announced.is_empty());
        it.assert_over(0);
    });
}

#[test]
fn one_that_times_out_keeps_its_place_among_others() {
    let mut it = Bench::new(9);
    let runs = [1, 2, 3].map(|due| it.execute(due, false).0);
    for run in runs {
        it.begin(run, 3);
    }
    it.step(|history| history.time_out(runs[1], LIMIT, at(10), false));
    assert_eq!(it.history.on_workers(), runs);
    assert_eq!(it.history.census().holding, 3);
    it.step(|history| history.returned(runs[1]));
    assert_eq!(it.history.on_workers(), [runs[0], runs[2]]);
}

#[test]
fn one_that_times_out_and_is_tried_again_waits_for_its_function() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.running(1, watched);
        it.step(|history| history.time_out(run, LIMIT, at(10), true));
        let running = it.history.get(run).unwrap();
        assert_eq!((running.stage, running.attempt), (Stage::Overrun, 2));
        assert_eq!(running.started, Some(at(1)), "its function runs since then");
        assert!(it.announced.is_empty());
        assert_eq!(it.history.between_attempts().len(), 1);
        it.step(|history| history.returned(run));
        let running = it.history.get(run).unwrap();
        assert_eq!((running.stage, running.started), (Stage::BackingOff, None));
        it.step(|history| history.retry(run));
        it.begin(run, 20);
        let value = it.value();
        it.step(|history| history.end(run, value, at(21)));
        it.ended(Status::Succeeded, None, cell.as_ref());
        drop(cell);
        it.assert_over(1);
    });
}

#[test]
fn one_that_waits_for_its_function_can_be_given_up_or_cancelled() {
    for cancelled in [false, true] {
        both(|watched| {
            let mut it = Bench::new(9);
            let (run, cell) = it.running(1, watched);
            it.step(|history| history.time_out(run, LIMIT, at(10), true));
            if cancelled {
                it.step(|history| history.outlast(run, at(11), Reason::NewerRun));
                it.ended(Status::Cancelled, Some(Reason::NewerRun), cell.as_ref());
            } else {
                let last = it.step(|history| history.give_up(run)).unwrap();
                assert_eq!(last.finished, at(10));
                it.ended(Status::Failed, None, cell.as_ref());
            }
            assert_eq!(it.stage(run), Some(Stage::Overdue));
            it.step(|history| history.returned(run));
            it.assert_over(0);
        });
    }
}

#[test]
fn details_that_were_there_before_are_those_of_the_cell() {
    both(|watched| {
        let mut it = Bench::new(9);
        let (run, cell) = it.execute(1, watched);
        let details = Details::new();
        it.step(|history| history.attach(run, Arc::clone(&details)));
        let found = it.step(|history| history.details(run)).unwrap();
        assert!(Arc::ptr_eq(&details, &found));
        assert!(cell.is_none_or(|cell| Arc::ptr_eq(&cell.details().unwrap(), &details)));
        assert!(it.step(|history| history.details(run + 1)).is_none());
    });
}

#[test]
fn whoever_waits_for_a_run_that_does_not_come_is_told_why() {
    let mut it = Bench::new(9);
    let cell = it.step(|history| history.current(Some(at(5)))).unwrap();
    it.step(|history| history.abandon(None, at(9), Reason::Paused));
    assert!(cell.is_settled() && it.announced.len() == 1);
    assert!(it.history.latest_fate().is_none(), "it is no run");
    it.step(|history| history.abandon(None, at(9), Reason::Paused));
    assert_eq!(it.announced.len(), 1);

    // One that was withdrawn is told by whoever has done that.
    let cell = it.step(|history| history.current(Some(at(5)))).unwrap();
    assert!(cell.withdraw());
    it.step(|history| history.abandon(None, at(9), Reason::Paused));
    assert_eq!(it.announced.len(), 1);
}

#[test]
fn the_last_fate_is_known_whatever_is_retained() {
    for limit in [0, 1, 9] {
        let mut it = Bench::new(limit);
        assert_eq!(it.history.limit(), limit);
        assert!(it.history.latest_fate().is_none());
        let (run, _) = it.running(1, false);
        let value = it.value();
        it.step(|history| history.end(run, value, at(2)));
        assert_eq!(it.history.latest_fate().unwrap().status, Status::Succeeded);
        let (run, _) = it.running(3, false);
        let value = it.value();
        it.step(|history| history.end(run, value, at(4)));
        assert_eq!(it.dropped(), usize::from(limit < 2), "what there is no room for");
        assert_eq!(it.history.latest_fate().unwrap().due, at(3));
        it.assert_over(2);
    }
}

#[test]
fn what_an_execution_took_never_is_less_than_nothing() {
    let mut it = Bench::new(9);
    let (run, _) = it.running(5, false);
    let running = it.history.get(run).unwrap();
    assert_eq!(running.took(at(8)), Some(Duration::from_secs(3)));
    assert_eq!(running.took(at(2)), Some(Duration::ZERO), "the clock was set back");
    let (waiting, _) = it.execute(6, false);
    assert_eq!(it.history.get(waiting).unwrap().took(at(8)), None);
}
