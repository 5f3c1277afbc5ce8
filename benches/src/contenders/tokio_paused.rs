//! tokio in virtual time: a runtime of one thread whose clock is paused, and goes on by itself when nothing is
//! left to be done.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::{Instant, interval_at, sleep_until};

use super::{Body, Contender, Plan, Tokio, VirtualTime};

#[derive(Debug)]
pub(crate) struct TokioPaused;

impl VirtualTime for TokioPaused {
    const NAME: &'static str = Tokio::NAME;

    fn simulate(plan: Plan, body: impl Body) {
        let mut builder = Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build();
        runtime.expect("it needs no thread").block_on(async move {
            let mut at = Instant::now();
            let last = at + plan.end();
            for _ in 0..plan.tasks {
                let body = body.clone();
                let first = at + plan.interval;
                tokio::spawn(async move {
                    let mut ticks = interval_at(first, plan.interval);
                    loop {
                        ticks.tick().await;
                        body();
                    }
                });
                at += plan.phase();
                sleep_until(at).await;
            }
            // Beyond what is due at the end, which the timer may tell of after this.
            sleep_until(last + Duration::from_millis(1)).await;
        });
    }
}
