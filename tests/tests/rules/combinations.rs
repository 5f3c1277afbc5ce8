//! Every combination of rules with every disturbance.

use std::num::NonZeroUsize;

use pysched::{Misfire, Overlap};

use crate::scenario::Action::{
    Cancel, Fail, Pass, Pause, PauseAll, Relieve, Resume, ResumeAll, Return, Saturate, Stall, Step,
};
use crate::scenario::{Action, Kind, Rules, Scenario, TURN};

pub const MISFIRES: [Misfire; 3] = [Misfire::RunOnce, Misfire::RunAll, Misfire::Skip];

pub const OVERLAPS: [Overlap; 6] = [
    Overlap::Skip,
    Overlap::BufferOne,
    Overlap::BufferAll,
    Overlap::Allow(NonZeroUsize::new(2).unwrap()),
    Overlap::AllowAll,
    Overlap::CancelOther,
];

pub const KINDS: [Kind; 5] = [Kind::Once, Kind::At, Kind::Recur, Kind::Cron, Kind::RecurAfter];

/// None, one that is over before the next run is due, and one that is not.
const GRACES: [Option<i64>; 3] = [None, Some(30), Some(100)];

/// A disturbance, and how it goes.
const DISTURBANCES: [(&str, &[Action]); 6] = [
    ("a stall", STALL),
    ("a pause of the task", PAUSE),
    ("a pause of the scheduler", PAUSE_ALL),
    ("saturation", SATURATION),
    ("a step forward", FORWARD),
    ("a step back", BACK),
];

const STALL: &[Action] = &[
    Pass(60),
    Return(0),
    // Just in the tolerance of `Misfire::Skip`, and just beyond it.
    Pass(61),
    Return(0),
    Pass(61),
    Return(0),
    Stall(200),
    Pass(30),
    // One run, and several, that become due while one runs.
    Pass(60),
    Stall(130),
    Fail(0),
    Pass(15),
];

const PAUSE: &[Action] = &[
    Pass(60),
    Pass(10),
    Pause(0),
    Pass(60),
    Fail(0),
    Pass(120),
    Resume(0),
    Pass(60),
    Return(0),
    Return(0),
    // What is queued waits again.
    Saturate,
    Pass(60),
    Pause(0),
    Relieve,
    Pass(20),
    Resume(0),
    Pass(30),
    Saturate,
    Pass(20),
    Pause(0),
    Relieve,
    Pass(60),
    Resume(0),
];

const PAUSE_ALL: &[Action] = &[
    Pass(60),
    Pass(10),
    PauseAll,
    Pass(60),
    Fail(0),
    Pass(120),
    ResumeAll,
    Pass(60),
    Return(0),
    // What an executor has been given is run.
    Saturate,
    Pass(60),
    PauseAll,
    Relieve,
    Pass(20),
    Return(0),
    ResumeAll,
    Pass(60),
    // Both pauses at once.
    Pause(0),
    PauseAll,
    Pass(60),
    ResumeAll,
    Pass(60),
    Resume(0),
];

const SATURATION: &[Action] = &[
    Pass(60),
    Return(0),
    Saturate,
    Pass(60),
    Pass(60),
    Pass(125),
    Relieve,
    Pass(20),
    Saturate,
    Pass(60),
    Fail(0),
    Pass(60),
    Return(0),
    Pass(20),
    Relieve,
    Pass(60),
];

const FORWARD: &[Action] = &[
    Pass(60),
    Return(0),
    Pass(10),
    Step(TURN),
    Pass(60),
    Step(TURN),
    Fail(0),
    Return(0),
    Pass(60),
    Saturate,
    Pass(60),
    Step(TURN),
    Relieve,
    Pass(10),
];

const BACK: &[Action] = &[
    Pass(60),
    Pass(30),
    Step(-TURN),
    Pass(60),
    Fail(0),
    Pass(60),
    Return(0),
    Return(0),
    Saturate,
    Pass(60),
    Return(0),
    Step(-TURN),
    Pass(10),
    Relieve,
];

/// What ends a scenario: nothing keeps anything back any more, but for a pause, in which the task is
/// cancelled.
fn end() -> Vec<Action> {
    // As many as a step forward makes due, and some more.
    let returns = std::iter::repeat_n(Return(0), 80);
    returns.chain([Pass(15), Pause(0), Pass(130), Cancel(0), Return(0)]).collect()
}

#[derive(Debug)]
pub struct Combination {
    pub name: String,
    pub scenario: Scenario,
}

pub fn all() -> impl Iterator<Item = Combination> {
    let rules = MISFIRES.into_iter().flat_map(|misfire| {
        OVERLAPS.into_iter().flat_map(move |overlap| {
            KINDS.into_iter().flat_map(move |kind| {
                GRACES.map(|grace| Rules { kind, misfire, overlap, grace, times: None })
            })
        })
    });
    rules.flat_map(|rules| {
        DISTURBANCES.map(|(disturbance, actions)| of(rules, disturbance, actions))
    })
}

fn of(rules: Rules, disturbance: &str, actions: &[Action]) -> Combination {
    let Rules { kind, misfire, overlap, grace, .. } = rules;
    let grace = grace.map_or("no grace".into(), |grace| format!("a grace of {grace} s"));
    let name = format!("{kind:?}, {misfire:?}, {overlap:?}, {grace}, {disturbance}");
    let actions = actions.iter().copied().chain(end()).collect();
    Combination { name, scenario: Scenario { tasks: vec![rules], workers: 3, actions } }
}
