//! Cases that a difference was found by.

use pysched::{Misfire, Overlap};

use crate::action::{Action, Case, Outcome, Rules, When};
use crate::difference;

const PLAIN: Rules = Rules {
    when: When::Once(0),
    priority: 0,
    misfire: Misfire::RunOnce,
    overlap: Overlap::Skip,
    grace: None,
    times: None,
    retry: None,
    timeout: None,
};

#[track_caller]
fn check(workers: usize, actions: &[Action]) {
    let case = Case { workers, actions: actions.to_vec() };
    if let Some(text) = difference(&case) {
        panic!("the scheduler differs from the model {text}");
    }
}

/// `run_now` holds in spite of a pause that comes later, also for what stands behind a run that the pause
/// holds back. When a worker gave that one back, nobody looked at the others.
#[test]
fn what_was_asked_for_goes_past_what_is_held_back() {
    let buffers = Rules { when: When::Recur(5), priority: 2, overlap: Overlap::BufferAll, ..PLAIN };
    check(
        1,
        &[
            Action::Add(buffers),
            Action::Advance(10),
            Action::Add(PLAIN),
            Action::End(0, Outcome::Finish),
            Action::RunNow(0),
            Action::Pause(0),
            Action::End(0, Outcome::Finish),
        ],
    );
}

/// When the run was cancelled that a task was behind with, it stayed behind, with a run that was yet to come,
/// and was not armed again when it was resumed.
#[test]
fn a_task_is_behind_no_more_without_what_it_was_behind_with() {
    let catches_up = Rules { when: When::Cron(5), misfire: Misfire::RunAll, ..PLAIN };
    check(
        1,
        &[
            Action::Add(PLAIN),
            Action::Add(catches_up),
            Action::Advance(10),
            Action::Pause(1),
            Action::CancelNext(1),
            Action::PauseAll,
            Action::CancelNext(1),
            Action::Resume(1),
        ],
    );
}

/// `run_now` is one of the runs that `RunAll` does not give up: it had the place of one that was queued.
#[test]
fn what_is_asked_for_waits_behind_what_is_caught_up_with() {
    let catches_up = Rules { when: When::Recur(5), misfire: Misfire::RunAll, ..PLAIN };
    check(
        1,
        &[
            Action::Add(PLAIN),
            Action::Add(catches_up),
            Action::Advance(7),
            Action::RunNow(1),
            Action::End(0, Outcome::Finish),
            Action::End(0, Outcome::Finish),
            Action::End(0, Outcome::Finish),
        ],
    );
}

/// A single run that is asked for early is refused where it would be skipped; it began beside the one before.
#[test]
fn a_single_run_is_asked_for_beside_another() {
    let series = Rules { when: When::Recur(5), ..PLAIN };
    check(
        2,
        &[
            Action::Add(series),
            Action::Advance(5),
            Action::Reschedule(0, When::Once(60)),
            Action::RunNow(0),
        ],
    );
}

/// What was asked for is not held back by a pause, not in a shutdown either, be it paused before that or
/// then.
#[test]
fn what_was_asked_for_runs_in_a_shutdown_though_its_task_is_paused() {
    let series = Rules { when: When::Recur(60), ..PLAIN };
    for paused_first in [true, false] {
        let mut actions = vec![
            Action::Add(PLAIN),
            Action::Add(series),
            Action::RunNow(1),
            Action::Pause(1),
            Action::ShutDown(true),
            Action::End(0, Outcome::Finish),
        ];
        if !paused_first {
            actions.swap(3, 4);
        }
        check(1, &actions);
    }
}

/// Of what is equally urgent, that goes first that was queued first, be it cancelled by now. The model took
/// that for the one that had come about first.
#[test]
fn what_was_cancelled_goes_out_of_the_queue_in_its_turn() {
    let retry = Some((2, 5));
    let first =
        Rules { when: When::Recur(5), priority: 2, overlap: Overlap::BufferOne, retry, ..PLAIN };
    let timeout = Some(5);
    check(
        1,
        &[
            Action::Add(first),
            Action::RunNow(0),
            Action::RunNow(0),
            Action::Add(Rules { when: When::RecurAfter(5), timeout, ..PLAIN }),
            Action::Add(Rules { when: When::RecurAfter(10), timeout, ..PLAIN }),
            Action::End(0, Outcome::Fail),
            Action::Add(Rules { when: When::Recur(5), priority: 1, ..PLAIN }),
            Action::Advance(20),
            Action::CancelNext(0),
            Action::End(0, Outcome::Finish),
        ],
    );
}
