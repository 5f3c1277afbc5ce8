//! What the model and the scheduler are both told to do, and what they are both asked: in whole seconds.
//!
//! Every task has a period of a minute and begins at 0, so that the kinds of triggers differ in what
//! they do, and not in when. The k-th task has the priority k.

use std::collections::BTreeSet;

use pysched::{Misfire, Overlap, Reason, Status};

use crate::model::Model;

/// What all intervals, delays and calendars here name.
pub const PERIOD: i64 = 60;

/// By how much wall clocks are set, and how long no scenario is: so the place in a turn tells which run
/// of an interval it is, wherever the clock was set.
pub const TURN: i64 = 1200;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Once,
    At,
    Recur,
    Cron,
    RecurAfter,
}

#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub kind: Kind,
    pub misfire: Misfire,
    pub overlap: Overlap,
    pub grace: Option<i64>,
    pub times: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// Time moves on in one jump, at the end of which the scheduler looks.
    Pass(i64),

    /// The scheduler's thread is held up for so long.
    Stall(i64),

    /// The wall clock is set by so much.
    Step(i64),
    Pause(usize),
    Resume(usize),
    PauseAll,
    ResumeAll,

    /// Other work keeps all workers that are free, or become free, until `Relieve`.
    Saturate,
    Relieve,

    /// Of the running executions of a task, the one that began first returns, if there is one.
    Return(usize),

    /// The same one fails.
    Fail(usize),
    Cancel(usize),
}

/// What has become of a nominal run: its status and its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Succeeded,
    Failed,
    CancelledWithTask,
    CancelledByNewer,
    SkippedByOverlap,
    SkippedByLimit(usize),
    SkippedInPause,
    MissedTooLate(i64),
    MissedInto(i64),

    /// One that there should not be.
    Other(Status, Option<Reason>),
}

/// The fates of the runs of one task, in the order of the runs.
pub fn in_order(fates: impl IntoIterator<Item = (i64, Fate)>) -> Vec<(i64, Fate)> {
    let mut fates: Vec<_> = fates.into_iter().collect();
    fates.sort_by_cached_key(|(due, fate)| (*due, format!("{fate:?}")));
    fates
}

#[derive(Debug, Clone)]
pub struct Scenario {
    pub tasks: Vec<Rules>,
    pub workers: usize,
    pub actions: Vec<Action>,
}

/// What has come of a scenario.
#[derive(Debug, PartialEq, Eq)]
pub struct Account {
    /// For each task, the fate of each run that has one, in the order of the runs.
    pub fates: Vec<Vec<(i64, Fate)>>,

    /// Which run of which task has begun, in order.
    pub starts: Vec<(usize, i64)>,
}

impl Scenario {
    /// What comes of it by the rules.
    pub fn by_the_rules(&self) -> Account {
        let mut model = Model::new(&self.tasks, self.workers);
        self.actions.iter().for_each(|action| model.act(*action));
        model.account()
    }

    /// The runs of a series up to, and with, the one that its cancellation has cancelled; `None` if the
    /// wall clock shows some times twice, or if there is a limit to their number.
    fn nominal(&self, task: usize) -> Option<Vec<i64>> {
        let Rules { kind, times, .. } = self.tasks[task];
        let (mut passed, mut last) = (0, None);
        for action in &self.actions {
            match *action {
                Action::Pass(seconds) | Action::Stall(seconds) => passed += seconds,
                Action::Step(seconds) if kind == Kind::Cron && seconds < 0 => return None,
                Action::Step(seconds) if kind == Kind::Cron => passed += seconds,
                Action::Cancel(it) if it == task => last = last.or(Some(passed)),
                _ => {}
            }
        }
        let is_series = matches!(kind, Kind::Recur | Kind::Cron) && times.is_none();
        let end = last.filter(|_| is_series)? + PERIOD;
        Some((1..).map(|k| k * PERIOD).take_while(|due| *due <= end).collect())
    }
}

impl Account {
    /// Where a nominal run has not exactly one fate, and where others began than those that have ended as
    /// such; nothing if nowhere.
    ///
    /// The scenario has to end everything that it begins.
    pub fn faults(&self, scenario: &Scenario) -> String {
        let mut lines = String::new();
        for (task, fates) in self.fates.iter().enumerate() {
            let due: Vec<_> = fates.iter().map(|(due, _)| *due).collect();
            let nominal = scenario.nominal(task);
            if nominal.is_some_and(|nominal| due != nominal) {
                lines += &format!("  task {task}, runs without a fate, or with two: {fates:?}\n");
            }
            let ran =
                |fate| matches!(fate, Fate::Succeeded | Fate::Failed | Fate::CancelledByNewer);
            let ended: Vec<_> = fates.iter().filter(|it| ran(it.1)).map(|(due, _)| *due).collect();
            let begun = self.starts.iter().filter(|it| it.0 == task).map(|(_, due)| *due);
            let mut begun: Vec<_> = begun.collect();
            begun.sort_unstable();
            if begun != ended {
                lines += &format!("  task {task}, began {begun:?}, but ended {ended:?}\n");
            }
        }
        lines
    }

    /// Where the scheduler differs from this, a line for each run; nothing if nowhere.
    pub fn differences(&self, scheduler: &Self) -> String {
        let mut lines = String::new();
        for (task, (here, there)) in self.fates.iter().zip(&scheduler.fates).enumerate() {
            let runs: BTreeSet<_> = here.iter().chain(there).map(|(due, _)| *due).collect();
            for run in runs {
                let [model, scheduler] = [here, there].map(|fates| -> Vec<_> {
                    fates.iter().filter(|it| it.0 == run).map(|(_, fate)| *fate).collect()
                });
                if model != scheduler {
                    lines += &format!(
                        "  task {task}, run {run}: {model:?} by the model, {scheduler:?} by the \
                         scheduler\n"
                    );
                }
            }
        }
        if self.starts != scheduler.starts {
            let (here, there) = (&self.starts, &scheduler.starts);
            lines += &format!("  begun, as (task, run): {here:?} by the model,\n");
            lines += &format!("                         {there:?} by the scheduler\n");
        }
        lines
    }
}
