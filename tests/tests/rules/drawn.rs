//! Random scenarios.

use std::env;

use pysched::Misfire;
use pysched_tests::Random;

use crate::combinations::{KINDS, MISFIRES, OVERLAPS};
use crate::model::Model;
use crate::scenario::{Action, Rules, Scenario, TURN};

/// How long one is at most.
const ACTIONS: u64 = 40;

/// So many seeds, times what `PYSCHED_CASES` says.
pub fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let times = env::var("PYSCHED_CASES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    0..count * times
}

fn one_of<T: Copy>(random: &mut Random, these: &[T]) -> T {
    these[random.below(these.len() as u64) as usize]
}

fn rules(random: &mut Random) -> Rules {
    let rules = Rules {
        kind: one_of(random, &KINDS),
        misfire: one_of(random, &MISFIRES),
        overlap: one_of(random, &OVERLAPS),
        grace: one_of(random, &[None, None, Some(0), Some(1), Some(30), Some(60), Some(150)]),
        times: one_of(random, &[None, None, None, Some(1), Some(2), Some(5)]),
    };
    // Whether an execution that was queued, and was then too late, is one of the so many, and what
    // has come meanwhile, is written nowhere.
    let may_be_late = rules.grace.is_some() || rules.misfire == Misfire::Skip;
    Rules { times: rules.times.filter(|_| !may_be_late), ..rules }
}

/// The scenario of a seed.
pub fn scenario(seed: u64) -> Scenario {
    let mut random = Random::seeded(seed);
    let tasks: Vec<_> = (0..=random.below(2)).map(|_| rules(&mut random)).collect();
    let workers = 1 + random.below(3) as usize;
    let mut model = Model::new(&tasks, workers);
    let mut actions = Vec::new();
    let mut passed = 0;
    for _ in 0..10 + random.below(ACTIONS - 10) {
        let action = action(&mut random, tasks.len());
        match action {
            // What is due is told apart by its place in a turn.
            Action::Pass(seconds) | Action::Stall(seconds) if passed + seconds >= TURN - 300 => {
                continue;
            }
            Action::Pass(seconds) | Action::Stall(seconds) => passed += seconds,
            Action::Step(seconds) if seconds < 0 && model.keeps_calendar_waiting() => continue,
            _ => {}
        }
        model.act(action);
        actions.push(action);
    }
    let end = [Action::Relieve, Action::ResumeAll, Action::Resume(0), Action::Pass(70)];
    actions.extend(end);
    for task in 0..tasks.len() {
        actions.extend((0..random.below(100)).map(|_| Action::Return(task)));
        actions.push(Action::Cancel(task));
    }
    for task in 0..tasks.len() {
        // Those that still run; there are never more than workers.
        actions.extend((0..workers).map(|_| Action::Return(task)));
    }
    Scenario { tasks, workers, actions }
}

fn action(random: &mut Random, tasks: usize) -> Action {
    let task = random.below(tasks as u64) as usize;
    match random.below(26) {
        0..=6 => Action::Pass(one_of(random, &[1, 10, 30, 59, 60, 60, 60, 61, 62, 90, 130])),
        7 => Action::Stall(one_of(random, &[30, 61, 200])),
        8 => Action::Step(TURN),
        9 => Action::Step(-TURN),
        10 => Action::Pause(task),
        11..=12 => Action::Resume(task),
        13 => Action::PauseAll,
        14..=15 => Action::ResumeAll,
        16 => Action::Saturate,
        17..=18 => Action::Relieve,
        19 => Action::Fail(task),
        20 if random.below(5) == 0 => Action::Cancel(task),
        _ => Action::Return(task),
    }
}
