//! What is done to the scheduler and to the model alike, and how it is drawn at random: in whole seconds.
//!
//! An action names a task, or an execution, by its place among all that there are by then, modulo their
//! number. So what is left of a case when an action is taken out of it is a case again, and `proptest` can
//! shorten it.

use std::fmt;
use std::num::NonZeroUsize;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use pysched::{Misfire, Overlap};

/// When a task runs, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Once, so long after it was added.
    Once(i64),

    /// When the wall clock shows what it shows now, and so much.
    At(i64),

    /// Every so many.
    Recur(i64),

    /// So long after its last execution has ended.
    RecurAfter(i64),

    /// When the seconds that the wall clock shows are a multiple of this, by a cron expression.
    Cron(i64),
}

#[derive(Clone, Copy)]
pub struct Rules {
    pub when: When,
    pub priority: i32,
    pub misfire: Misfire,
    pub overlap: Overlap,
    pub grace: Option<i64>,
    pub times: Option<u64>,

    /// How often it is tried again, and after which pause.
    pub retry: Option<(u32, i64)>,
    pub timeout: Option<i64>,
}

/// Only what is not as it is unless set.
impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, priority {}", self.when, self.priority)?;
        if self.misfire != Misfire::default() {
            write!(f, ", misfire {:?}", self.misfire)?;
        }
        if self.overlap != Overlap::default() {
            write!(f, ", overlap {:?}", self.overlap)?;
        }
        if let Some(grace) = self.grace {
            write!(f, ", grace {grace}")?;
        }
        if let Some(times) = self.times {
            write!(f, ", times {times}")?;
        }
        if let Some((times, pause)) = self.retry {
            write!(f, ", {times} retries after {pause}")?;
        }
        if let Some(limit) = self.timeout {
            write!(f, ", timeout {limit}")?;
        }
        Ok(())
    }
}

/// How an execution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Finish,
    Fail,
    Panic,
}

#[derive(Debug, Clone, Copy)]
pub enum Action {
    Add(Rules),
    Cancel(usize),
    Pause(usize),
    Resume(usize),
    RunNow(usize),
    Reschedule(usize, When),

    /// Cancels the future of the execution of this task that runs or comes next.
    CancelNext(usize),
    PauseAll,
    ResumeAll,

    /// Time passes, and whatever is due in it happens at its time.
    Advance(i64),

    /// The process stands still: time passes, and nobody looks until the end.
    Stall(i64),

    /// The wall clock is set by so much.
    Step(i64),

    /// One of those that run ends, by the order in which they began.
    End(usize, Outcome),
    ShutDown(bool),
}

/// A scheduler with so many workers, and what is done to it.
#[derive(Debug, Clone)]
pub struct Case {
    pub workers: usize,
    pub actions: Vec<Action>,
}

/// Cases of up to so many actions.
pub fn cases(actions: usize) -> impl Strategy<Value = Case> {
    // The first is to add a task: there is little to be done without.
    let actions = (rules(), vec(action(), 1..actions)).prop_map(|(first, mut actions)| {
        actions.insert(0, Action::Add(first));
        actions
    });
    (1..=3_usize, actions).prop_map(|(workers, actions)| Case { workers, actions })
}

fn action() -> impl Strategy<Value = Action> {
    let place = || 0..60_usize;
    let outcome = select(vec![Outcome::Finish, Outcome::Finish, Outcome::Fail, Outcome::Panic]);
    prop_oneof![
        6 => rules().prop_map(Action::Add),
        2 => place().prop_map(Action::Cancel),
        3 => place().prop_map(Action::Pause),
        4 => place().prop_map(Action::Resume),
        5 => place().prop_map(Action::RunNow),
        3 => (place(), when()).prop_map(|(task, when)| Action::Reschedule(task, when)),
        3 => place().prop_map(Action::CancelNext),
        1 => Just(Action::PauseAll),
        2 => Just(Action::ResumeAll),
        20 => select(vec![1, 4, 5, 5, 6, 10, 10, 10, 20, 30, 60]).prop_map(Action::Advance),
        4 => select(vec![1, 5, 10, 25, 40, 60]).prop_map(Action::Stall),
        4 => select(vec![-120, -60, -25, -10, -1, 1, 10, 25, 60, 120]).prop_map(Action::Step),
        20 => (place(), outcome).prop_map(|(place, outcome)| Action::End(place, outcome)),
        1 => any::<bool>().prop_map(Action::ShutDown),
    ]
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        2 => select(vec![0, 0, 5, 10, 30]).prop_map(When::Once),
        1 => select(vec![0, 5, 10, 30]).prop_map(When::At),
        4 => select(vec![5, 10, 10, 20]).prop_map(When::Recur),
        2 => select(vec![5, 10, 20]).prop_map(When::RecurAfter),
        2 => select(vec![5, 10, 20]).prop_map(When::Cron),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let allow = |n| Overlap::Allow(NonZeroUsize::new(n).expect("more than none"));
    let overlaps = vec![
        Overlap::Skip,
        Overlap::Skip,
        Overlap::BufferOne,
        Overlap::BufferAll,
        allow(1),
        allow(2),
        Overlap::AllowAll,
        Overlap::CancelOther,
    ];
    let misfires = vec![Misfire::RunOnce, Misfire::RunOnce, Misfire::RunAll, Misfire::Skip];
    (
        when(),
        0..3,
        select(misfires),
        select(overlaps),
        weighted(0.25, select(vec![0, 1, 5, 10, 25])),
        weighted(0.2, 1..4_u64),
        weighted(0.3, (1..3_u32, select(vec![0, 5, 10, 15]))),
        weighted(0.3, select(vec![1, 5, 10, 15])),
    )
        .prop_map(|(when, priority, misfire, overlap, grace, times, retry, timeout)| {
            // Whether an execution that was queued, and was then too late, is one of the so many, is
            // written nowhere.
            let may_be_late = grace.is_some() || misfire == Misfire::Skip;
            let times = times.filter(|_| !may_be_late);
            Rules { when, priority, misfire, overlap, grace, times, retry, timeout }
        })
}
