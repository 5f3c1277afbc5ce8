//! Every combination of rules with every disturbance: the scheduler does as the model says.

use crate::combinations::{self, Combination};

/// Fails with the first few combinations of which there is something to tell.
fn assert_nothing(told: impl Iterator<Item = (String, String)>) {
    let told: Vec<_> = told.filter(|(_, lines)| !lines.is_empty()).collect();
    let first = told.iter().take(20).map(|(name, lines)| format!("{name}\n{lines}"));
    assert!(told.is_empty(), "{} combinations:\n\n{}", told.len(), first.collect::<String>());
}

#[test]
fn every_combination() {
    assert_nothing(combinations::all().map(|Combination { name, scenario }| {
        let found = scenario.on_stage(&name);
        (name, scenario.by_the_rules().differences(&found))
    }));
}

/// Without the model: no run is lost, and none has two fates.
#[test]
fn every_nominal_run_has_one_fate() {
    assert_nothing(combinations::all().map(|Combination { name, scenario }| {
        let faults = scenario.on_stage(&name).faults(&scenario);
        (name, faults)
    }));
}
