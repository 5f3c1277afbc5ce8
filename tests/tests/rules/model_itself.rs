//! The model itself: examples that were worked out by hand, one for each sentence of the rules.

use std::num::NonZeroUsize;

use pysched::{Misfire, Overlap};

use crate::combinations::{self, Combination};
use crate::drawn;
use crate::scenario::Action::{
    Cancel, Fail, Pass, Pause, PauseAll, Relieve, Resume, ResumeAll, Return, Saturate, Stall, Step,
};
use crate::scenario::Fate::{
    CancelledByNewer, CancelledWithTask, Failed, MissedInto, MissedTooLate, SkippedByLimit,
    SkippedByOverlap, SkippedInPause, Succeeded,
};
use crate::scenario::{Action, Fate, Kind, Rules, Scenario, TURN};

const SERIES: Rules = Rules {
    kind: Kind::Recur,
    misfire: Misfire::RunOnce,
    overlap: Overlap::Skip,
    grace: None,
    times: None,
};

/// The fates of the runs of one task with two workers, and the runs in the order in which they began.
fn fates(rules: Rules, actions: &[Action]) -> (Vec<(i64, Fate)>, Vec<i64>) {
    let actions = actions.to_vec();
    let mut account = Scenario { tasks: vec![rules], workers: 2, actions }.by_the_rules();
    (account.fates.remove(0), account.starts.into_iter().map(|(_, due)| due).collect())
}

fn overlapping(overlap: Overlap) -> Rules {
    Rules { overlap, ..SERIES }
}

fn allow(n: usize) -> Rules {
    overlapping(Overlap::Allow(NonZeroUsize::new(n).unwrap()))
}

fn late(misfire: Misfire, grace: Option<i64>) -> Rules {
    Rules { misfire, grace, ..SERIES }
}

#[test]
fn the_newest_of_several_is_run_once() {
    let (fates, starts) = fates(SERIES, &[Stall(200), Return(0)]);
    assert_eq!(fates, [(60, MissedInto(180)), (120, MissedInto(180)), (180, Succeeded)]);
    assert_eq!(starts, [180]);
}

#[test]
fn a_grace_is_counted_to_the_second_and_before_all_else() {
    let (fates, _) = fates(late(Misfire::RunOnce, Some(70)), &[Pass(190), Return(0)]);
    assert_eq!(fates, [(60, MissedTooLate(130)), (120, MissedInto(180)), (180, Succeeded)]);
    let (fates, _) = self::fates(late(Misfire::RunOnce, Some(9)), &[Pass(130), Fail(0)]);
    assert_eq!(fates, [(60, MissedTooLate(70)), (120, MissedTooLate(10))]);
}

#[test]
fn skip_has_a_tolerance() {
    let (fates, _) = fates(late(Misfire::Skip, None), &[Pass(121), Return(0), Pass(61), Pass(60)]);
    let expected = [(60, MissedTooLate(61)), (120, Succeeded), (180, MissedTooLate(2))];
    assert_eq!(fates, [&expected[..], &[(240, MissedTooLate(2))]].concat());
    let (fates, _) = self::fates(late(Misfire::Skip, Some(2)), &[Pass(62), Return(0)]);
    assert_eq!(fates, [(60, Succeeded)]);
}

#[test]
fn all_are_run_one_by_one() {
    let actions = [Pass(130), Pass(60), Return(0), Return(0), Fail(0), Pass(60), Pass(60)];
    let (fates, starts) = fates(late(Misfire::RunAll, None), &actions);
    let expected = [(60, Succeeded), (120, Succeeded), (180, Failed), (300, SkippedByOverlap)];
    assert_eq!(fates, expected, "at 300 it has caught up");
    assert_eq!(starts, [60, 120, 180, 240]);
}

#[test]
fn what_is_caught_up_with_may_be_too_late() {
    let actions = [Pass(130), Pass(50), Return(0), Return(0)];
    let (fates, starts) = fates(late(Misfire::RunAll, Some(70)), &actions);
    assert_eq!(fates, [(60, Succeeded), (120, Succeeded)]);
    assert_eq!(starts, [60, 120, 180]);
    let actions = [Pass(130), Pass(65), Return(0), Return(0)];
    let (fates, _) = self::fates(late(Misfire::RunAll, Some(70)), &actions);
    assert_eq!(fates, [(60, Succeeded), (120, MissedTooLate(75)), (180, Succeeded)]);
}

#[test]
fn a_task_that_waits_for_a_worker_is_behind_if_all_are_to_run() {
    let actions = [Saturate, Pass(60), Pass(60), Relieve, Return(0), Return(0)];
    let (fates, starts) = fates(late(Misfire::RunAll, None), &actions);
    assert_eq!(
        (&fates[..], &starts[..]),
        (&[(60, Succeeded), (120, Succeeded)][..], &[60, 120][..])
    );
    let (fates, starts) = self::fates(SERIES, &actions);
    assert_eq!((fates, starts), (vec![(60, MissedInto(120)), (120, Succeeded)], vec![120]));
}

#[test]
fn a_full_task_goes_by_its_overlap() {
    let twice = [Pass(60), Pass(60), Pass(60), Fail(0), Return(0)];
    let (fates, starts) = fates(SERIES, &twice);
    assert_eq!(fates, [(60, Failed), (120, SkippedByOverlap), (180, SkippedByOverlap)]);
    assert_eq!(starts, [60]);
    let (fates, starts) = self::fates(overlapping(Overlap::BufferOne), &twice);
    assert_eq!(fates, [(60, Failed), (120, Succeeded), (180, SkippedByOverlap)]);
    assert_eq!(starts, [60, 120]);
    let (fates, starts) = self::fates(overlapping(Overlap::BufferAll), &twice);
    assert_eq!(fates, [(60, Failed), (120, Succeeded)]);
    assert_eq!(starts, [60, 120, 180]);
    let (fates, starts) = self::fates(overlapping(Overlap::CancelOther), &twice);
    assert_eq!(fates, [(60, CancelledByNewer), (120, MissedInto(180)), (180, Succeeded)]);
    assert_eq!(starts, [60, 180]);
    let (fates, starts) = self::fates(allow(2), &twice);
    assert_eq!(fates, [(60, Failed), (120, Succeeded), (180, SkippedByLimit(2))]);
    assert_eq!(starts, [60, 120]);
    let (fates, starts) = self::fates(overlapping(Overlap::AllowAll), &twice);
    assert_eq!(fates, [(60, Failed), (120, Succeeded)]);
    assert_eq!(starts, [60, 120, 180], "the third had no worker");
}

#[test]
fn what_was_buffered_does_not_give_way() {
    let actions =
        [Pass(60), Pass(60), Saturate, Return(0), Pass(60), Relieve, Return(0), Return(0)];
    let (fates, _) = fates(overlapping(Overlap::BufferOne), &actions);
    assert_eq!(fates, [(60, Succeeded), (120, Succeeded), (180, SkippedByOverlap)]);
    let (fates, _) = self::fates(overlapping(Overlap::BufferAll), &actions);
    assert_eq!(fates, [(60, Succeeded), (120, Succeeded), (180, Succeeded)]);
    let (fates, _) = self::fates(overlapping(Overlap::CancelOther), &actions);
    assert_eq!(fates, [(60, Succeeded), (120, MissedInto(180)), (180, Succeeded)]);
}

#[test]
fn one_that_is_queued_beside_one_that_runs_gives_way() {
    let actions = [Pass(60), Saturate, Pass(60), Pass(60), Relieve, Return(0), Return(0)];
    let (fates, starts) = fates(allow(2), &actions);
    assert_eq!(fates, [(60, Succeeded), (120, MissedInto(180)), (180, Succeeded)]);
    assert_eq!(starts, [60, 180]);
}

#[test]
fn a_paused_task_begins_nothing_and_looks_at_nothing() {
    let queued = [Saturate, Pass(60), Pause(0), Relieve];
    let (fates, starts) = fates(SERIES, &queued);
    assert!(fates.is_empty() && starts.is_empty());
    let (_, starts) = self::fates(SERIES, &[&queued[..], &[Resume(0)]].concat());
    assert_eq!(starts, [60]);
    let actions = [&queued[..], &[Pass(120), Resume(0), Return(0)]].concat();
    let (fates, _) = self::fates(SERIES, &actions);
    assert_eq!(fates, [(60, MissedInto(180)), (120, MissedInto(180)), (180, Succeeded)]);
}

#[test]
fn a_paused_scheduler_fires_nothing_but_runs_what_it_has_given_away() {
    let actions = [Saturate, Pass(60), PauseAll, Relieve, Pass(130), Return(0), ResumeAll];
    let (fates, starts) = fates(SERIES, &actions);
    assert_eq!(fates, [(60, Succeeded), (120, MissedInto(180))]);
    assert_eq!(starts, [60, 180]);
}

#[test]
fn calendars_follow_the_wall_and_intervals_do_not() {
    let calendar = |kind| Rules { kind, ..SERIES };
    let forward = [Pass(60), Return(0), Pass(10), Step(TURN), Return(0)];
    let (fates, starts) = fates(calendar(Kind::Cron), &forward);
    assert_eq!((fates.len(), &starts[..]), (21, &[60, 1260][..]));
    assert!(fates[1..20].iter().all(|(_, fate)| *fate == MissedInto(1260)));
    let back = [Pass(70), Return(0), Step(-TURN), Pass(50), Return(0)];
    let (_, starts) = self::fates(calendar(Kind::Cron), &back);
    assert_eq!(starts, [60, -1080]);
    let (_, starts) = self::fates(SERIES, &forward);
    assert_eq!(starts, [60]);
    let (_, starts) = self::fates(SERIES, &back);
    assert_eq!(starts, [60, 120]);
}

#[test]
fn single_runs_and_fixed_delays() {
    for kind in [Kind::Once, Kind::At] {
        let actions = [Pass(600), Return(0), Pass(60), Cancel(0)];
        assert_eq!(fates(Rules { kind, ..SERIES }, &actions).0, [(60, Succeeded)]);
    }
    let delay = Rules { kind: Kind::RecurAfter, ..late(Misfire::RunOnce, Some(5)) };
    let actions =
        [Pass(60), Pass(30), Return(0), Pass(70), Pass(59), Pass(1), Return(0), Cancel(0)];
    let (fates, _) = fates(delay, &actions);
    let expected = [(60, Succeeded), (150, MissedTooLate(10)), (220, Succeeded)];
    assert_eq!(fates, [&expected[..], &[(280, CancelledWithTask)]].concat());
}

#[test]
fn cancel_settles_everything_but_what_runs() {
    let buffer = overlapping(Overlap::BufferAll);
    let (fates, _) = fates(buffer, &[Pass(60), Pass(60), Cancel(0), Return(0)]);
    assert_eq!(fates, [(60, Succeeded), (120, CancelledWithTask), (180, CancelledWithTask)]);
    let (fates, _) = self::fates(SERIES, &[Pause(0), Pass(130), Cancel(0)]);
    assert_eq!(fates, [(60, SkippedInPause), (120, SkippedInPause), (180, CancelledWithTask)]);
    let (fates, _) = self::fates(late(Misfire::RunAll, None), &[Pass(130), Cancel(0), Return(0)]);
    assert_eq!(fates, [(60, Succeeded), (120, CancelledWithTask), (180, CancelledWithTask)]);
}

#[test]
fn times_counts_executions() {
    let twice = Rules { times: Some(2), ..SERIES };
    let actions = [Pass(130), Pass(60), Return(0), Pass(60), Pass(60), Return(0), Cancel(0)];
    let (fates, _) = fates(twice, &actions);
    let expected = [(60, MissedInto(120)), (120, Succeeded), (180, SkippedByOverlap)];
    assert_eq!(fates, [&expected[..], &[(240, Succeeded)]].concat());
}

#[test]
fn the_more_urgent_of_two_tasks_begins_first() {
    let tasks = vec![SERIES, Rules { kind: Kind::Cron, ..SERIES }];
    let actions = vec![Saturate, Pass(60), Relieve, Pass(60), Return(1), Return(0)];
    let account = Scenario { tasks, workers: 1, actions }.by_the_rules();
    assert_eq!(account.starts, [(0, 60), (1, 120)]);
}

/// In the model no run is lost, and none has two fates.
#[test]
fn every_nominal_run_has_one_fate() {
    for Combination { name, scenario } in combinations::all() {
        assert_eq!(scenario.by_the_rules().faults(&scenario), "", "{name}");
    }
    for seed in drawn::seeds(2_000) {
        let scenario = drawn::scenario(seed);
        assert_eq!(scenario.by_the_rules().faults(&scenario), "", "seed {seed}: {scenario:?}");
    }
}
