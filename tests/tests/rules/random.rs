//! Random scenarios: the scheduler does as the model says.

use crate::drawn;
use crate::scenario::Scenario;

/// Where the scheduler differs from the model; nothing if nowhere.
fn differences(scenario: &Scenario, name: &str) -> String {
    scenario.by_the_rules().differences(&scenario.on_stage(name))
}

/// Leaves out of a scenario what the difference does not need.
fn shortened(mut scenario: Scenario, name: &str) -> Scenario {
    let mut place = 0;
    while place < scenario.actions.len() {
        let mut shorter = scenario.clone();
        shorter.actions.remove(place);
        if differences(&shorter, name).is_empty() {
            place += 1;
        } else {
            scenario = shorter;
        }
    }
    scenario
}

#[test]
fn random_scenarios() {
    for seed in drawn::seeds(300) {
        let (scenario, name) = (drawn::scenario(seed), format!("seed {seed}"));
        if !differences(&scenario, &name).is_empty() {
            let scenario = shortened(scenario, &name);
            let differences = differences(&scenario, &name);
            panic!("{name}, in short: {scenario:?}\n{differences}");
        }
    }
}

/// Without the model: no run is lost, and none has two fates.
#[test]
fn every_nominal_run_has_one_fate() {
    for seed in drawn::seeds(100) {
        let (scenario, name) = (drawn::scenario(seed), format!("seed {seed}"));
        assert_eq!(scenario.on_stage(&name).faults(&scenario), "", "{name}: {scenario:?}");
    }
}
