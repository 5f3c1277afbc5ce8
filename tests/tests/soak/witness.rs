//! What a function of a task carries along: it bears witness of its calls, and that none is early.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pysched::{Clock as _, Current, current};

use super::clock::Unsteady;
use super::ledger::{Ledger, Return};

/// When the executions of a task may begin.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rule {
    /// Not before so long after it was added.
    Once(Duration),

    /// The n-th not before n times so long after it was added.
    Every(Duration),

    /// None before the wall clock has shown when it is due.
    Calendar,

    /// Nobody knows: it was meddled with in a way that leaves no bound.
    Anytime,
}

/// The bound on the executions of one task. Clones are the same bound.
#[derive(Debug, Clone)]
pub(crate) struct Bound(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    rule: Rule,

    /// When it was added, by its clock.
    since: Duration,

    /// How many executions have begun.
    begun: u32,

    /// How many of these may have been asked for besides.
    asked: u32,
}

impl Bound {
    pub(crate) fn new(rule: Rule, since: Duration) -> Self {
        Self(Arc::new(Mutex::new(State { rule, since, begun: 0, asked: 0 })))
    }

    /// Somebody is about to ask for a run besides.
    pub(crate) fn asked(&self) {
        let mut state = self.0.lock().unwrap();
        state.asked += 1;
        if matches!(state.rule, Rule::Once(_)) {
            state.rule = Rule::Anytime;
        }
    }

    /// Somebody is about to give the task another trigger.
    pub(crate) fn rescheduled(&self) {
        self.0.lock().unwrap().rule = Rule::Anytime;
    }

    /// An execution begins; says what is wrong with that.
    fn begin(&self, clock: &Unsteady, current: &Current) -> Option<String> {
        let now = clock.now();
        let mut state = self.0.lock().unwrap();
        state.begun += 1;
        let bound = match state.rule {
            Rule::Once(delay) => state.since + delay,
            Rule::Every(interval) => {
                state.since + interval * state.begun.saturating_sub(state.asked)
            }
            Rule::Calendar if state.asked == 0 => {
                let latest = clock.latest_since(state.since);
                let is_early = current.due() > latest;
                return is_early.then(|| format!("the clock showed {latest:?} at most"));
            }
            Rule::Calendar | Rule::Anytime => return None,
        };
        (now < bound).then(|| format!("at {now:?}, bound to {bound:?}: {state:?}"))
    }
}

/// What a function carries along, and what it gives back as its result: as long as one of these is
/// there, something of its scheduler is alive.
#[derive(Clone)]
pub(crate) struct Witness {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) clock: Unsteady,
    pub(crate) bound: Bound,
    pub(crate) captive: Arc<()>,
}

impl Witness {
    /// The function has been called.
    pub(crate) fn enter(&self) -> Current {
        let current = current();
        if !current.is_execution() {
            self.ledger.complain("contradicted", format!("not inside of it: {current:?}"));
        }
        self.ledger.called(&current);
        if current.attempt() == 1
            && let Some(wrong) = self.bound.begin(&self.clock, &current)
        {
            let (task, due) = (current.task(), current.due());
            self.ledger.complain("early", format!("{task} {due:?}: {wrong}"));
        }
        current
    }

    /// The function returns.
    pub(crate) fn leave<T, E>(&self, current: &Current, result: Result<T, E>) -> Result<T, E> {
        let how = if result.is_ok() { Return::Value } else { Return::Error };
        self.ledger.returned(current, how);
        result
    }
}
