//! pysched in virtual time.

use pysched::Trigger;
use pysched::sim::Simulation;

use super::{Body, Plan, VirtualTime};

#[derive(Debug)]
pub(crate) struct PyschedSimulation;

impl VirtualTime for PyschedSimulation {
    const NAME: &'static str = "pysched";

    fn simulate(plan: Plan, body: impl Body) {
        let simulation = Simulation::new();
        let scheduler = simulation.scheduler();
        let start = simulation.now();
        for _ in 0..plan.tasks {
            let trigger = Trigger::recur(plan.interval);
            scheduler.delay(trigger, 0, body.clone()).expect("it has not been shut down");
            simulation.run_for(plan.phase());
        }
        simulation.run_until(start + plan.end());
    }
}
