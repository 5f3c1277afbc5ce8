//! The reference model of `docs/rules.md`: what becomes of each nominal run, without threads, and with
//! none of the scheduler's code.
//!
//! Retries, timeouts, limits, and what is asked for by hand are not in it; they have tests of their own.

use pysched::{Misfire, Overlap};

use crate::scenario::{Account, Action, Fate, Kind, PERIOD, Rules, in_order};

/// The grace of `Misfire::Skip`.
const TOLERANCE: i64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Queued,

    /// As the so-manieth of all that have begun.
    Running(usize),
}

#[derive(Debug)]
struct Execution {
    due: i64,
    state: State,
    buffered: bool,

    /// Whether `CancelOther` has told it to end.
    told: bool,
}

impl Execution {
    fn runs(&self) -> bool {
        matches!(self.state, State::Running(_))
    }
}

#[derive(Debug)]
struct Task {
    rules: Rules,

    /// The next run that nobody has looked at, on the clock that the trigger follows.
    next: Option<i64>,
    behind: bool,
    paused: bool,
    cancelled: bool,

    /// Those that have not ended, in the order in which they were admitted.
    executions: Vec<Execution>,

    /// How many executions there were, those that were missed not counted.
    launched: u64,
    fates: Vec<(i64, Fate)>,
}

impl Task {
    fn new(rules: Rules) -> Self {
        let (next, executions, fates) = (Some(PERIOD), Vec::new(), Vec::new());
        let (behind, paused, cancelled, launched) = (false, false, false, 0);
        Self { rules, next, behind, paused, cancelled, executions, launched, fates }
    }

    fn capacity(&self) -> usize {
        match self.rules.overlap {
            Overlap::Allow(n) => n.get(),
            Overlap::AllowAll => usize::MAX,
            _ => 1,
        }
    }

    fn is_full(&self) -> bool {
        self.executions.iter().filter(|it| it.runs()).count() >= self.capacity()
    }

    fn is_spent(&self) -> bool {
        self.rules.times.is_some_and(|times| self.launched >= times)
    }

    fn is_too_late(&self, due: i64, now: i64) -> bool {
        let tolerance = (self.rules.misfire == Misfire::Skip).then_some(TOLERANCE);
        self.rules.grace.or(tolerance).is_some_and(|grace| now - due > grace)
    }

    fn is_series(&self) -> bool {
        matches!(self.rules.kind, Kind::Recur | Kind::Cron)
    }

    /// How many runs have come that nobody has looked at.
    fn come(&self, now: i64) -> i64 {
        match self.next {
            Some(next) if next <= now && !self.is_spent() => {
                if self.is_series() {
                    (now - next) / PERIOD + 1
                } else {
                    1
                }
            }
            _ => 0,
        }
    }

    /// Takes the oldest of these.
    fn pop(&mut self, now: i64) -> Option<i64> {
        let due = self.next.filter(|_| self.come(now) > 0)?;
        self.next = self.is_series().then_some(due + PERIOD);
        Some(due)
    }

    /// Gives a run its fate. A fixed delay counts from here.
    fn settle(&mut self, due: i64, fate: Fate, now: i64) {
        self.fates.push((due, fate));
        if self.rules.kind == Kind::RecurAfter && !self.cancelled {
            self.next = Some(now + PERIOD);
        }
    }

    /// "When runs become due."
    fn look(&mut self, now: i64) {
        let come = self.come(now);
        if come > 0 && self.rules.misfire == Misfire::RunAll {
            let is_held_up = !self.is_full() && self.executions.iter().any(|it| !it.runs());
            self.behind |= come > 1 || is_held_up;
            if self.behind {
                return self.catch_up(now);
            }
        }
        let due: Vec<_> = std::iter::from_fn(|| self.pop(now)).collect();
        let (late, in_time): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|due| self.is_too_late(*due, now));
        for due in late {
            self.settle(due, Fate::MissedTooLate(now - due), now);
        }
        if let Some((newest, others)) = in_time.split_last() {
            for due in others {
                self.settle(*due, Fate::MissedInto(*newest), now);
            }
            self.admit(*newest, now);
        }
    }

    /// "Catching up."
    fn catch_up(&mut self, now: i64) {
        while self.executions.len() < self.capacity()
            && let Some(due) = self.pop(now)
        {
            if self.is_too_late(due, now) {
                self.settle(due, Fate::MissedTooLate(now - due), now);
            } else {
                self.execute(due, false);
            }
        }
        self.behind = self.come(now) > 0;
    }

    /// "Admission."
    fn admit(&mut self, due: i64, now: i64) {
        let before = self.executions.iter().position(|it| !it.runs());
        let buffered = before.is_some_and(|before| self.executions[before].buffered);
        match (self.is_full(), self.rules.overlap, before) {
            (false, _, None) => self.execute(due, false),
            (false, Overlap::BufferAll, _) if buffered => self.execute(due, true),
            (false, Overlap::BufferOne, _) if buffered => {
                self.settle(due, Fate::SkippedByOverlap, now);
            }
            (false, _, Some(before)) => self.replace(before, due, now),
            (true, Overlap::Allow(n), _) => {
                self.settle(due, Fate::SkippedByLimit(n.get()), now);
            }
            (true, Overlap::BufferAll, _) | (true, Overlap::BufferOne, None) => {
                self.execute(due, true);
            }
            (true, Overlap::CancelOther, _) => {
                self.executions.iter_mut().filter(|it| it.runs()).for_each(|it| it.told = true);
                match before {
                    Some(before) => self.replace(before, due, now),
                    None => self.execute(due, false),
                }
            }
            (true, _, _) => self.settle(due, Fate::SkippedByOverlap, now),
        }
    }

    fn execute(&mut self, due: i64, buffered: bool) {
        self.launched += 1;
        self.executions.push(Execution { due, state: State::Waiting, buffered, told: false });
    }

    /// A newer run takes the place of one that was not in time.
    fn replace(&mut self, before: usize, due: i64, now: i64) {
        let missed = std::mem::replace(&mut self.executions[before].due, due);
        self.settle(missed, Fate::MissedInto(due), now);
    }

    /// Queues what waits, as far as there is room.
    fn launch(&mut self) {
        let waits = |it: &Execution| it.state == State::Waiting;
        while self.executions.iter().filter(|it| !waits(it)).count() < self.capacity()
            && let Some(oldest) = self.executions.iter_mut().find(|it| waits(it))
        {
            oldest.state = State::Queued;
        }
    }

    /// Which of the executions that are queued is the most urgent, and when it was due.
    fn first_queued(&self) -> Option<(usize, i64)> {
        let places = self.executions.iter().enumerate();
        let queued = places.filter(|(_, it)| it.state == State::Queued);
        queued.map(|(place, it)| (place, it.due)).min_by_key(|(_, due)| *due)
    }

    fn end_first(&mut self, fails: bool, now: i64) {
        let places = self.executions.iter().enumerate().filter_map(|(place, it)| match it.state {
            State::Running(number) => Some((number, place)),
            State::Waiting | State::Queued => None,
        });
        let Some((_, place)) = places.min() else { return };
        let ended = self.executions.remove(place);
        let fate = match (fails, ended.told) {
            (false, _) => Fate::Succeeded,
            (true, false) => Fate::Failed,
            (true, true) => Fate::CancelledByNewer,
        };
        self.settle(ended.due, fate, now);
    }

    fn cancel(&mut self, paused: bool, now: i64) {
        self.cancelled = true;
        for execution in self.executions.extract_if(.., |it| !it.runs()) {
            self.fates.push((execution.due, Fate::CancelledWithTask));
        }
        while let Some(due) = self.pop(now) {
            let fate = if paused { Fate::SkippedInPause } else { Fate::CancelledWithTask };
            self.fates.push((due, fate));
        }
        if let Some(next) = self.next.take()
            && !self.is_spent()
        {
            self.fates.push((next, Fate::CancelledWithTask));
        }
    }
}

#[derive(Debug)]
pub struct Model {
    now: i64,

    /// By how much the wall clock is ahead of the other one.
    ahead: i64,
    tasks: Vec<Task>,
    workers: usize,
    saturated: bool,
    paused: bool,
    starts: Vec<(usize, i64)>,
}

impl Model {
    pub fn new(tasks: &[Rules], workers: usize) -> Self {
        let tasks = tasks.iter().copied().map(Task::new).collect();
        let (now, ahead, saturated, paused) = (0, 0, false, false);
        Self { now, ahead, tasks, workers, saturated, paused, starts: Vec::new() }
    }

    pub fn account(self) -> Account {
        let fates = self.tasks.into_iter().map(|it| in_order(it.fates)).collect();
        Account { fates, starts: self.starts }
    }

    /// Whether runs of a calendar have come that nobody has looked at. What becomes of these if the
    /// wall clock is set back, is written nowhere.
    pub fn keeps_calendar_waiting(&self) -> bool {
        self.tasks.iter().any(|it| it.rules.kind == Kind::Cron && it.come(self.clock_of(it)) > 0)
    }

    fn clock_of(&self, task: &Task) -> i64 {
        match task.rules.kind {
            Kind::At | Kind::Cron => self.now + self.ahead,
            Kind::Once | Kind::Recur | Kind::RecurAfter => self.now,
        }
    }

    pub fn act(&mut self, action: Action) {
        match action {
            Action::Pass(seconds) | Action::Stall(seconds) => self.now += seconds,
            Action::Step(seconds) => self.set_wall(seconds),
            Action::Pause(task) => self.tasks[task].paused = true,
            Action::Resume(task) => self.tasks[task].paused = false,
            Action::PauseAll => self.paused = true,
            Action::ResumeAll => self.paused = false,
            Action::Saturate => self.saturated = true,
            Action::Relieve => self.saturated = false,
            Action::Return(task) | Action::Fail(task) => {
                let now = self.clock_of(&self.tasks[task]);
                self.tasks[task].end_first(matches!(action, Action::Fail(_)), now);
            }
            Action::Cancel(task) => {
                let now = self.clock_of(&self.tasks[task]);
                let paused = self.paused || self.tasks[task].paused;
                self.tasks[task].cancel(paused, now);
            }
        }
        loop {
            self.look();
            if !self.take() {
                return;
            }
        }
    }

    fn look(&mut self) {
        for task in 0..self.tasks.len() {
            let now = self.clock_of(&self.tasks[task]);
            let task = &mut self.tasks[task];
            if !self.paused && !task.paused {
                task.look(now);
                task.launch();
            }
        }
    }

    /// A calendar of every minute that is set back goes on from the new time.
    fn set_wall(&mut self, seconds: i64) {
        self.ahead += seconds;
        let following = ((self.now + self.ahead).div_euclid(PERIOD) + 1) * PERIOD;
        for task in self.tasks.iter_mut().filter(|it| it.rules.kind == Kind::Cron) {
            task.next = task.next.map(|next| next.min(following));
        }
    }

    /// A free worker takes the most urgent of what is queued; `false` if there is none.
    fn take(&mut self) -> bool {
        let busy = self.tasks.iter().flat_map(|it| &it.executions).filter(|it| it.runs()).count();
        let urgent = self.tasks.iter().position(|it| it.first_queued().is_some());
        let Some(index) = urgent.filter(|_| !self.saturated && busy < self.workers) else {
            return false;
        };
        let now = self.clock_of(&self.tasks[index]);
        let task = &mut self.tasks[index];
        let Some((place, due)) = task.first_queued() else { return false };
        if task.paused {
            task.executions[place].state = State::Waiting;
        } else if task.is_too_late(due, now) {
            task.executions.remove(place);
            task.launched -= 1;
            task.settle(due, Fate::MissedTooLate(now - due), now);
        } else {
            task.executions[place].state = State::Running(self.starts.len());
            self.starts.push((index, due));
        }
        true
    }
}
