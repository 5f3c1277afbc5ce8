//! The scheduler beside a model: random actions, after each of which both show the same.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `action.rs` | the actions, and how they are drawn |
//! | `model.rs`, `task.rs`, `execution.rs` | what becomes of them, from the documents |
//! | `stage.rs` | the scheduler under the same actions, in a simulation |
//! | `view.rs` | what is compared |
//! | `known.rs` | cases that a difference was found by |
//!
//! `PYSCHED_CASES=100000` sets how many cases are drawn, and `PYSCHED_SEED=7` which.

mod action;
mod execution;
mod known;
mod model;
mod stage;
mod task;
mod view;

use std::env;
use std::fmt::Write as _;
use std::str::FromStr;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use action::Case;
use model::Model;
use stage::Stage;

/// How many cases are drawn unless told otherwise.
const CASES: u32 = 4000;

/// How many actions a case has at most.
const ACTIONS: usize = 40;

/// Where the two differ first, with what was done up to there; nothing if nowhere.
fn difference(case: &Case) -> Option<String> {
    let (mut model, mut stage) = (Model::new(case.workers), Stage::new(case.workers));
    let mut done = format!("with {} workers, after\n", case.workers);
    for &action in &case.actions {
        if model.is_silent_on(action) {
            continue;
        }
        writeln!(done, "    {action:?}").expect("a string takes everything");
        let (here, there) = (model.act(action), stage.act(action));
        if model.is_in_doubt {
            return None;
        }
        let differences = model.view(here).differences(&stage.view(there));
        if !differences.is_empty() {
            return Some(done + &differences);
        }
    }
    None
}

fn number<T: FromStr>(variable: &str) -> Option<T> {
    let text = env::var(variable).ok()?;
    let number = text.parse().ok();
    Some(number.unwrap_or_else(|| panic!("{variable} is {text:?}, which is no number")))
}

#[test]
fn random_actions() {
    let cases = number("PYSCHED_MODEL_CASES").unwrap_or(CASES);
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number::<u64>("PYSCHED_SEED").unwrap_or_default().to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, random);
    let result = runner.run(&action::cases(ACTIONS), |case| match difference(&case) {
        None => Ok(()),
        Some(text) => {
            Err(TestCaseError::fail(format!("the scheduler differs from the model {text}")))
        }
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => {
            panic!("{reason}\nwith {} workers, after {:#?}", case.workers, case.actions)
        }
        Err(error) => panic!("{error}"),
    }
}
