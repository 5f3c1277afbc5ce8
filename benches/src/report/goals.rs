//! The goals: what pysched is to reach beside its peers, and whether it does.

use super::figure::figure;
use crate::contenders::{
    Contender, CronCrate, Croner, Cronexpr, DelayQueue, FLOOR, JiffCron, Processes, Procspawn,
    Pysched, PyschedTokio, Python, Reader, Saffron, ScheduledThreadPool, Smol, Tokio,
};
use crate::results::Results;
use crate::works::{INSIDE, OUTSIDE, WORKS, Work};

/// One thing to reach.
struct Goal {
    work: &'static str,

    /// Which of the work's cases.
    case: usize,
    metric: &'static str,
    bound: Bound,
    factor: f64,
    reference: Reference,

    /// Which of ours is to reach it.
    of: &'static str,
}

impl Goal {
    /// To be reached with asynchronous tasks, on a tokio runtime.
    const fn on_tokio(self) -> Self {
        Self { of: PyschedTokio::NAME, ..self }
    }
}

enum Bound {
    AtMost,
    AtLeast,
}

/// What the factor is multiplied with.
enum Reference {
    One,

    /// The least, in the same work, of these.
    Least(&'static [&'static str]),

    /// The most, in the same work, of these.
    Most(&'static [&'static str]),

    /// The least of the peers that keep the time.
    LeastPeer,

    /// What pysched itself needs to add a task from one thread.
    OwnAdd,
}

use Bound::{AtLeast, AtMost};
use Reference::{Least, LeastPeer, Most, One, OwnAdd};

const fn goal(
    work: &'static str,
    case: usize,
    metric: &'static str,
    bound: Bound,
    factor: f64,
    reference: Reference,
) -> Goal {
    Goal { work, case, metric, bound, factor, reference, of: Pysched::NAME }
}

/// Without the two that know whole seconds only: who starts a task half a second early is not on
/// time.
const PEERS: &[&str] = &[Tokio::NAME, DelayQueue::NAME, Smol::NAME, ScheduledThreadPool::NAME];
const POOL: &[&str] = &[ScheduledThreadPool::NAME];
const TOKIO: &[&str] = &[Tokio::NAME];
const SPAWN: &[&str] = &[OUTSIDE, INSIDE];
const QUEUE: &[&str] = &[DelayQueue::NAME];
const TIMERS: &[&str] = &[Tokio::NAME, Smol::NAME];
const EXACT: &[&str] = &[ScheduledThreadPool::NAME, Smol::NAME];

/// Of those that free a cancelled task at once.
const FREEING: &[&str] = &[Tokio::NAME, DelayQueue::NAME, Smol::NAME];

const PROCSPAWN: &[&str] = &[Procspawn::NAME];
const PYTHON: &[&str] = &[Python::NAME];
const PIPES: &[&str] = &[FLOOR];

/// The readers of cron expressions that know zones.
const ZONED: &[&str] = &[Croner::NAME, CronCrate::NAME, Cronexpr::NAME, JiffCron::NAME];
const SAFFRON: &[&str] = &[Saffron::NAME];

/// Those whose errors say at which place of the expression they are.
const PLACING: &[&str] = &[Cronexpr::NAME];

const GOALS: [Goal; 61] = [
    goal("add", 0, "added_ns", AtMost, 0.8, Least(POOL)),
    goal("add", 0, "added_ns", AtMost, 0.2, Least(TOKIO)),
    goal("add", 1, "added_ns", AtMost, 0.8, Least(POOL)),
    goal("add", 1, "added_ns", AtMost, 0.2, Least(TOKIO)),
    goal("add_threads", 0, "added_ns", AtMost, 1.0, OwnAdd),
    goal("add_threads", 0, "added_ns", AtMost, 0.8, LeastPeer),
    goal("add_threads", 1, "added_ns", AtMost, 1.0, OwnAdd),
    goal("add_threads", 1, "added_ns", AtMost, 0.8, LeastPeer),
    goal("cancel", 0, "cancelled_ns", AtMost, 0.5, Least(FREEING)),
    goal("cancel", 0, "left_bytes", AtMost, 8.0, One),
    goal("fire", 0, "rate", AtLeast, 5.0, Most(TIMERS)),
    goal("fire", 0, "rate", AtLeast, 1.5, Most(QUEUE)),
    goal("fire", 1, "rate", AtLeast, 5.0, Most(TIMERS)),
    goal("fire", 1, "rate", AtLeast, 1.5, Most(QUEUE)),
    goal("lateness", 0, "p50_us", AtMost, 0.25, LeastPeer),
    goal("lateness", 0, "p99_us", AtMost, 0.5, LeastPeer),
    goal("lateness", 0, "early", AtMost, 0.0, One),
    goal("lateness", 0, "lost", AtMost, 0.0, One),
    goal("lateness", 0, "cpu_ms", AtMost, 1.3, Least(EXACT)),
    goal("lateness", 0, "p50_us", AtMost, 0.2, Least(TOKIO)).on_tokio(),
    goal("lateness", 0, "early", AtMost, 0.0, One).on_tokio(),
    goal("lateness", 0, "lost", AtMost, 0.0, One).on_tokio(),
    goal("futures", 0, "rate", AtLeast, 0.9, Most(SPAWN)).on_tokio(),
    goal("recurring", 0, "cpu_s", AtMost, 0.6, Least(TOKIO)),
    goal("recurring", 0, "p99_us", AtMost, 1.0, LeastPeer),
    goal("recurring", 0, "early", AtMost, 0.0, One),
    goal("recurring", 0, "ran", AtLeast, 100.0, One),
    goal("zero_delay", 0, "p50_us", AtMost, 0.5, Least(POOL)),
    goal("memory", 0, "bytes", AtMost, 128.0, One),
    goal("memory", 1, "bytes", AtMost, 128.0, One),
    goal("idle", 0, "switches", AtMost, 0.0, One),
    goal("idle", 0, "cpu_ms", AtMost, 0.2, One),
    goal("idle", 1, "switches", AtMost, 0.0, One),
    goal("idle", 1, "cpu_ms", AtMost, 0.2, One),
    goal("saturated", 0, "rate", AtLeast, 2.0, One),
    goal("saturated", 1, "rate", AtLeast, 2.0, One),
    goal("saturated", 1, "misplaced", AtMost, 0.0, One),
    goal("simulation", 0, "rate", AtLeast, 1.0, One),
    goal("simulation", 0, "elapsed_s", AtMost, 1.0, One),
    goal("simulation", 0, "off", AtMost, 0.0, One),
    goal("simulation", 1, "rate", AtLeast, 1.0, One),
    goal("simulation", 1, "off", AtMost, 0.0, One),
    goal("process_round_trip", 0, "p50_us", AtMost, 0.25, Least(PROCSPAWN)),
    goal("process_round_trip", 0, "p50_us", AtMost, 2.0, Least(PIPES)),
    goal("process_throughput", 0, "rate", AtLeast, 10.0, Most(PYTHON)),
    goal("process_cold_start", 0, "p50_ms", AtMost, 5.0, One),
    goal("process_replace", 0, "p50_ms", AtMost, 10.0, One),
    goal("cron_next_utc", 0, "next_ns", AtMost, 1.2, Least(SAFFRON)),
    goal("cron_next_utc", 0, "next_ns", AtMost, 0.3, Least(ZONED)),
    goal("cron_next_utc", 1, "next_ns", AtMost, 1.2, Least(SAFFRON)),
    goal("cron_next_utc", 1, "next_ns", AtMost, 0.3, Least(ZONED)),
    goal("cron_next_utc", 2, "next_ns", AtMost, 1.2, Least(SAFFRON)),
    goal("cron_next_utc", 2, "next_ns", AtMost, 0.3, Least(ZONED)),
    goal("cron_next_rome", 0, "next_ns", AtMost, 0.5, Least(ZONED)),
    goal("cron_next_rome", 1, "next_ns", AtMost, 0.5, Least(ZONED)),
    goal("cron_next_rome", 2, "next_ns", AtMost, 0.5, Least(ZONED)),
    goal("cron_parse", 0, "read_ns", AtMost, 0.5, Least(PLACING)),
    goal("cron_parse", 1, "read_ns", AtMost, 0.5, Least(PLACING)),
    goal("cron_parse", 2, "read_ns", AtMost, 0.5, Least(PLACING)),
    goal("cron_decade", 0, "listed_s", AtMost, 1.0, One),
    goal("cron_decade", 0, "off_s", AtMost, 0.0, One),
];

/// Prints each goal with what was reached. Goals for which nothing was measured are passed over.
pub(crate) fn goals(results: &Results) {
    println!("\nGoals");
    for goal in &GOALS {
        let Some((work, reached, limit)) = goal.measured(results) else { continue };
        let (passed, sign) = match goal.bound {
            AtMost => (reached <= limit, "<="),
            AtLeast => (reached >= limit, ">="),
        };
        let verdict = if passed { "pass" } else { "FAIL" };
        let ratio = reached / limit;
        let ratio = if ratio.is_finite() { format!("{}x", figure(ratio)) } else { String::new() };
        let metric = work.metrics.iter().find(|metric| metric.key == goal.metric);
        let title = metric.map_or(goal.metric, |metric| metric.title);
        let what = format!("{}, {}: {title}", work.name, work.cases[goal.case].name);
        println!(
            "  {verdict}  {what:<74} {:>10} {sign} {:<10} {ratio:>7}  {}",
            figure(reached),
            figure(limit),
            goal.demand()
        );
    }
}

impl Goal {
    /// The work, what pysched reached, and what it has to; nothing if it was not measured.
    fn measured(&self, results: &Results) -> Option<(&'static Work, f64, f64)> {
        let work = WORKS.iter().find(|work| work.name == self.work)?;
        let case = &work.cases[self.case];
        let median = |contender: &str| {
            Some(results.spread(self.work, case.name, contender, self.metric)?.median())
        };
        let among =
            |names: &[&str]| -> Vec<f64> { names.iter().filter_map(|name| median(name)).collect() };
        let reference = match self.reference {
            One => Some(1.0),
            Least(names) => among(names).into_iter().reduce(f64::min),
            Most(names) => among(names).into_iter().reduce(f64::max),
            LeastPeer => among(PEERS).into_iter().reduce(f64::min),
            OwnAdd => {
                let add = WORKS.iter().find(|work| work.name == "add")?;
                let case = add.cases.last()?;
                Some(results.spread("add", case.name, Pysched::NAME, "added_ns")?.median())
            }
        }?;
        Some((work, median(self.of)?, self.factor * reference))
    }

    /// The goal in words.
    fn demand(&self) -> String {
        let factor = figure(self.factor);
        match self.reference {
            One => factor,
            Least(names) | Most(names) => format!("{factor} x {}", names.join(" or ")),
            LeastPeer => format!("{factor} x the best peer"),
            OwnAdd => format!("{factor} x its own add from one thread"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_goal_can_be_measured() {
        for goal in &GOALS {
            let work = WORKS.iter().find(|work| work.name == goal.work);
            let work = work.unwrap_or_else(|| panic!("there is no work {}", goal.work));
            assert!(goal.case < work.cases.len(), "{} has fewer cases", work.name);
            let metrics: Vec<_> = work.metrics.iter().map(|metric| metric.key).collect();
            assert!(metrics.contains(&goal.metric), "{}: {}", work.name, goal.metric);
            if let Least(names) | Most(names) = goal.reference {
                let there = |name: &str| work.entrants.iter().any(|it| it.contender == name);
                assert!(names.iter().all(|name| there(name)), "{}: {names:?}", work.name);
            }
        }
    }
}
