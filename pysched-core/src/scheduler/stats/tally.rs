//! [`Tally`]: what has happened in a shard, counted under its lock.
//!
//! Each execution comes by here several times, so each note is a few instructions, without an atomic
//! operation and, but for the first of its kind, without an allocation.
//!
//! The notes on one attempt of an execution, in the order in which they are taken, and the gauges that
//! they move:
//!
//! ```text
//! launched ────> taken ────> begun ───> ended
//! queued + 1     queued - 1  busy + 1   busy - 1
//!                  │           │
//!                  │           └──────> timed_out ──> overdue ────> returned
//!                  │                                  overdue + 1   overdue - 1, busy - 1
//!                  └─ the end, if its execution was cancelled meanwhile
//! ```
//!
//! A task is in one shard for all its life, so what is added to a gauge is taken from the same one. An
//! attempt that is retried is launched again. Apart from that, each nominal run is [settled] once,
//! whether or not an executor has ever seen it.
//!
//! [settled]: Tally::settled

use super::Counts;
use super::histogram::Histogram;
use crate::error::TaskError;
use crate::execution::Status;
use crate::time::Moment;

/// How many kinds of [`Status`] there are.
const STATUSES: usize = Status::Missed as usize + 1;

/// What has happened in a shard.
#[derive(Debug, Clone, Default)]
pub(in crate::scheduler) struct Tally {
    /// How many nominal runs have ended in which status; by its number.
    settled: [u64; STATUSES],

    /// Of the scheduler's own executor: in place, as hardly any other is used.
    own: Lane,

    /// How late executions began.
    pub(super) lateness: Histogram,

    /// How long functions ran.
    pub(super) duration: Histogram,

    /// Of the named executors, as far as they have been used.
    named: Vec<Lane>,

    /// Executions that have timed out, and whose function runs.
    pub(super) overdue: usize,
    retried: u64,
    timed_out: u64,
    workers_died: u64,
}

/// What an executor has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lane {
    /// Jobs that no worker has taken.
    pub(super) queued: usize,

    /// Executions that workers are at, those that are overdue included.
    pub(super) busy: usize,
}

impl Lane {
    fn merge(&mut self, other: Self) {
        self.queued += other.queued;
        self.busy += other.busy;
    }
}

impl Tally {
    /// A job was made for an executor, which has it from now on, or will have it when there is room:
    /// it is queued.
    #[inline]
    pub(in crate::scheduler) fn launched(&mut self, lane: u32) {
        self.lane(lane).queued += 1;
    }

    /// A job has come back, to be run or to fail, whether or not its execution was cancelled
    /// meanwhile: it is not queued any more.
    #[inline]
    pub(in crate::scheduler) fn taken(&mut self, lane: u32) {
        self.lane(lane).queued -= 1;
    }

    /// The execution of a job that was taken has been claimed, to be run or to fail: a worker is busy
    /// with it.
    #[inline]
    pub(in crate::scheduler) fn begun(&mut self, lane: u32) {
        self.lane(lane).busy += 1;
    }

    /// The function of an execution that was due at `due` is called at `now`, for the first time.
    #[inline]
    pub(in crate::scheduler) fn called(&mut self, due: Moment, now: Moment) {
        self.lateness.record(nanos_between(due, now));
    }

    /// An attempt that was begun has ended at `now`, and its worker is free; `started` is `None` if its
    /// function was never called.
    #[inline]
    pub(in crate::scheduler) fn ended(&mut self, lane: u32, started: Option<Moment>, now: Moment) {
        self.lane(lane).busy -= 1;
        if let Some(started) = started {
            self.duration.record(nanos_between(started, now));
        }
    }

    /// So many nominal runs have met their fate, which is one of the final statuses.
    #[inline]
    pub(in crate::scheduler) fn settled(&mut self, status: Status, count: u64) {
        self.settled[status as usize] += count;
    }

    /// What went wrong with an attempt, beside that it did.
    pub(in crate::scheduler) fn mishap(&mut self, error: Option<&TaskError>) {
        match error {
            Some(TaskError::TimedOut(_)) => self.timed_out(),
            Some(TaskError::WorkerDied(_)) => self.worker_died(),
            _ => {}
        }
    }

    /// An attempt has failed, and another one follows.
    pub(in crate::scheduler) fn retried(&mut self) {
        self.retried += 1;
    }

    /// An attempt has taken longer than it may. If its worker was ended for that, it has
    /// [`ended`](Self::ended), too; otherwise it is [`overdue`](Self::overdue).
    pub(in crate::scheduler) fn timed_out(&mut self) {
        self.timed_out += 1;
    }

    /// The function of an attempt that has timed out goes on.
    pub(in crate::scheduler) fn overdue(&mut self) {
        self.overdue += 1;
    }

    /// The function of an attempt that was overdue has returned; instead of [`ended`](Self::ended).
    pub(in crate::scheduler) fn returned(&mut self, lane: u32, started: Moment, now: Moment) {
        self.overdue -= 1;
        self.ended(lane, Some(started), now);
    }

    /// A worker process has died in the midst of an attempt, or an executor has lost it.
    pub(in crate::scheduler) fn worker_died(&mut self) {
        self.workers_died += 1;
    }

    /// Adds what has happened in another shard.
    pub(in crate::scheduler) fn merge(&mut self, other: &Self) {
        for (mine, others) in self.settled.iter_mut().zip(other.settled) {
            *mine += others;
        }
        self.own.merge(other.own);
        self.lateness.merge(&other.lateness);
        self.duration.merge(&other.duration);
        for (lane, others) in (1..).zip(&other.named) {
            self.lane(lane).merge(*others);
        }
        self.overdue += other.overdue;
        self.retried += other.retried;
        self.timed_out += other.timed_out;
        self.workers_died += other.workers_died;
    }

    #[inline]
    fn lane(&mut self, lane: u32) -> &mut Lane {
        if lane == 0 { &mut self.own } else { self.named(lane as usize - 1) }
    }

    /// Out of line, as it makes room for the first job of an executor.
    #[inline(never)]
    fn named(&mut self, index: usize) -> &mut Lane {
        if index >= self.named.len() {
            self.named.resize(index + 1, Lane::default());
        }
        &mut self.named[index]
    }

    /// What an executor has.
    pub(super) fn at(&self, lane: usize) -> Lane {
        let named = |index| self.named.get(index).copied().unwrap_or_default();
        lane.checked_sub(1).map_or(self.own, named)
    }

    /// What all executors have, together.
    pub(super) fn everywhere(&self) -> Lane {
        let mut all = self.own;
        self.named.iter().for_each(|lane| all.merge(*lane));
        all
    }

    /// What has come of all so far.
    pub(super) fn counts(&self) -> Counts {
        let settled = |status: Status| self.settled[status as usize];
        Counts {
            succeeded: settled(Status::Succeeded),
            failed: settled(Status::Failed),
            cancelled: settled(Status::Cancelled),
            skipped: settled(Status::Skipped),
            missed: settled(Status::Missed),
            retried: self.retried,
            timed_out: self.timed_out,
            workers_died: self.workers_died,
        }
    }
}

/// From the first to the second, if that is later. Unlike a `Duration`, it takes no division.
#[inline]
fn nanos_between(earlier: Moment, later: Moment) -> u64 {
    later.nanos().saturating_sub(earlier.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Moment {
        Moment::from_nanos(nanos)
    }

    /// What a lane has queued and busy.
    fn gauges(tally: &Tally, lane: usize) -> (usize, usize) {
        let Lane { queued, busy } = tally.at(lane);
        (queued, busy)
    }

    #[test]
    fn an_execution_goes_from_gauge_to_gauge() {
        for lane in [0, 1, 3] {
            let mut tally = Tally::default();
            let mut seen = Vec::new();
            tally.launched(lane);
            seen.push(gauges(&tally, lane as usize));
            tally.taken(lane);
            tally.begun(lane);
            tally.called(at(5), at(7));
            seen.push(gauges(&tally, lane as usize));
            tally.ended(lane, Some(at(7)), at(10));
            tally.settled(Status::Succeeded, 1);
            seen.push(gauges(&tally, lane as usize));
            assert_eq!(seen, [(1, 0), (0, 1), (0, 0)]);
            assert_eq!(tally.counts().succeeded, 1);
            assert_eq!((tally.lateness.max(), tally.duration.max()), (2, 3));
        }
    }

    #[test]
    fn a_job_whose_execution_was_cancelled_is_only_taken() {
        let mut tally = Tally::default();
        tally.launched(0);
        tally.settled(Status::Cancelled, 1);
        assert_eq!(gauges(&tally, 0), (1, 0));
        tally.taken(0);
        assert_eq!(gauges(&tally, 0), (0, 0));
    }

    #[test]
    fn what_was_never_called_took_no_time() {
        let mut tally = Tally::default();
        tally.launched(0);
        tally.taken(0);
        tally.begun(0);
        tally.ended(0, None, at(10));
        assert_eq!(tally.duration.count(), 0);
    }

    #[test]
    fn what_is_overdue_keeps_its_worker_until_it_returns() {
        let mut tally = Tally::default();
        tally.launched(2);
        tally.taken(2);
        tally.begun(2);
        tally.timed_out();
        tally.overdue();
        tally.settled(Status::Failed, 1);
        assert_eq!((gauges(&tally, 2), tally.overdue), ((0, 1), 1));
        tally.returned(2, at(0), at(9));
        assert_eq!((gauges(&tally, 2), tally.overdue), ((0, 0), 0));
        assert_eq!((tally.counts().timed_out, tally.counts().failed), (1, 1));
        assert_eq!(tally.duration.max(), 9);
    }

    #[test]
    fn a_clock_that_is_behind_makes_nothing_late() {
        let mut tally = Tally::default();
        tally.called(at(9), at(7));
        assert_eq!((tally.lateness.count(), tally.lateness.max()), (1, 0));
    }

    #[test]
    fn to_merge_is_to_count_both() {
        let mut all = Tally::default();
        for lane in 0..4 {
            let mut tally = Tally::default();
            (0..=lane).for_each(|_| tally.launched(lane));
            tally.taken(lane);
            tally.begun(lane);
            tally.called(at(0), at(u64::from(lane)));
            tally.settled(Status::Skipped, 2);
            tally.retried();
            tally.worker_died();
            all.merge(&tally);
        }
        assert_eq!([0, 1, 2, 3].map(|lane| gauges(&all, lane)), [(0, 1), (1, 1), (2, 1), (3, 1)]);
        let Lane { queued, busy } = all.everywhere();
        assert_eq!((queued, busy), (6, 4));
        let Counts { skipped, retried, workers_died, .. } = all.counts();
        assert_eq!((skipped, retried, workers_died), (8, 4, 4));
        assert_eq!((all.lateness.count(), all.lateness.max()), (4, 3));
    }
}
