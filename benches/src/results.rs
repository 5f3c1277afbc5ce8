//! [`Results`]: every sample that was taken, and the medians of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::measure::Spread;
use crate::sample::Sample;

/// What `--json` writes.
#[derive(Debug, Serialize)]
pub(crate) struct Results {
    rounds: usize,

    /// Whether the sizes were cut, so that the figures say nothing.
    quick: bool,
    processors: Option<usize>,

    /// How many processors others have used while a work was measured, on average.
    elsewhere: BTreeMap<&'static str, f64>,
    samples: Vec<Taken>,
    failures: Vec<Failed>,
}

#[derive(Debug, Serialize)]
struct Taken {
    work: &'static str,
    case: &'static str,
    contender: &'static str,
    round: usize,
    values: Sample,
}

#[derive(Debug, Serialize)]
struct Failed {
    work: &'static str,
    case: &'static str,
    contender: &'static str,
    round: usize,
    reason: String,
}

impl Results {
    pub(crate) fn new(rounds: usize, quick: bool) -> Self {
        let processors = std::thread::available_parallelism().ok().map(usize::from);
        Self {
            rounds,
            quick,
            processors,
            elsewhere: BTreeMap::new(),
            samples: Vec::new(),
            failures: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        work: &'static str,
        case: &'static str,
        contender: &'static str,
        round: usize,
        values: Sample,
    ) {
        self.samples.push(Taken { work, case, contender, round, values });
    }

    pub(crate) fn fail(
        &mut self,
        work: &'static str,
        case: &'static str,
        contender: &'static str,
        round: usize,
        reason: String,
    ) {
        eprintln!("failed: {reason}");
        self.failures.push(Failed { work, case, contender, round, reason });
    }

    /// Notes how many processors others have used while a work was measured.
    pub(crate) fn disturb(&mut self, work: &'static str, processors: f64) {
        self.elsewhere.insert(work, processors);
    }

    /// How many that were, if the work was measured.
    pub(crate) fn disturbance(&self, work: &str) -> Option<f64> {
        self.elsewhere.get(work).copied()
    }

    /// Whether no sample failed.
    pub(crate) fn complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// Why a contender failed in a case, if it did.
    pub(crate) fn failure(&self, work: &str, case: &str, contender: &str) -> Option<&str> {
        let failures = self.failures.iter();
        let mut failures =
            failures.filter(|it| (it.work, it.case, it.contender) == (work, case, contender));
        failures.next().map(|failed| failed.reason.as_str())
    }

    /// The values of a metric in all rounds, if there are any.
    pub(crate) fn spread(
        &self,
        work: &str,
        case: &str,
        contender: &str,
        metric: &str,
    ) -> Option<Spread> {
        let samples = self.samples.iter();
        let samples =
            samples.filter(|it| (it.work, it.case, it.contender) == (work, case, contender));
        let values: Vec<f64> = samples.filter_map(|it| it.values.get(metric)).collect();
        (!values.is_empty()).then(|| Spread::of(values))
    }
}
