//! The model of a task: what becomes of its runs, by `docs/rules.md`.

use pysched::{Misfire, Overlap, Reason};

use crate::action::{Rules, When};
use crate::execution::{Clocks, Due, Execution, State, coalesced, following, too_late};
use crate::view::{Answer, Failure, Record};

/// `Misfire::TOLERANCE`.
const TOLERANCE: i64 = 1;

#[derive(Debug)]
pub struct Task {
    pub rules: Rules,
    pub when: When,
    pub next: Option<i64>,
    pub paused: bool,
    pub behind: bool,

    /// Whether it was cancelled, or the scheduler was shut down.
    pub over: bool,
    pub executions: Vec<Execution>,
    launched: u64,

    /// Numbers executions, and again in the order in which they are queued.
    numbered: u64,

    /// Those that were cancelled in the queue of the executor, where a worker has yet to come to them.
    pub withdrawn: Vec<Execution>,

    /// In the order in which they came about.
    pub results: Vec<Record>,
    pub retried: u64,
    pub timed_out: u64,
}

impl Task {
    pub fn new(rules: Rules, clocks: Clocks) -> Self {
        let mut task = Self {
            rules,
            when: rules.when,
            next: None,
            paused: false,
            behind: false,
            over: false,
            executions: Vec::new(),
            launched: 0,
            numbered: 0,
            withdrawn: Vec::new(),
            results: Vec::new(),
            retried: 0,
            timed_out: 0,
        };
        task.begin_series(clocks);
        task
    }

    fn begin_series(&mut self, clocks: Clocks) {
        self.next = Some(match self.when {
            When::Once(delay) | When::Recur(delay) | When::RecurAfter(delay) => clocks.now + delay,
            When::At(delay) => clocks.wall() + delay,
            When::Cron(period) => following(period, clocks.wall()),
        });
    }

    pub fn is_live(&self) -> bool {
        self.next.is_some() || !self.executions.is_empty()
    }

    pub fn calendar(&self) -> bool {
        matches!(self.when, When::At(_) | When::Cron(_))
    }

    pub fn next_run(&self) -> Option<Due> {
        let due = |time| Due { time, calendar: self.calendar() };
        self.next.filter(|_| !self.paused && !self.behind && self.is_live()).map(due)
    }

    fn capacity(&self) -> usize {
        match self.rules.overlap {
            Overlap::Allow(n) => n.get(),
            Overlap::AllowAll => usize::MAX,
            _ => 1,
        }
    }

    /// Whether nobody says which goes first: of two executions with the same due time, if one is tried again.
    pub fn is_in_doubt(&self) -> bool {
        let mut again = self.executions.iter().filter(|it| it.attempt > 1);
        let both = |again: &Execution| {
            self.executions.iter().filter(|it| it.due_wall == again.due_wall).count() > 1
        };
        again.any(both)
    }

    /// Whether no other run may follow.
    fn is_spent(&self) -> bool {
        self.over || self.rules.times.is_some_and(|times| self.launched >= times)
    }

    fn is_full(&self) -> bool {
        self.executions.iter().filter(|it| it.holds_place()).count() >= self.capacity()
    }

    pub fn is_too_late(&self, due: Due, clocks: Clocks) -> bool {
        let tolerance = (self.rules.misfire == Misfire::Skip).then_some(TOLERANCE);
        self.rules.grace.or(tolerance).is_some_and(|grace| due.late(clocks) > grace)
    }

    /// Takes out the oldest nominal run that has come.
    fn pop(&mut self, clocks: Clocks) -> Option<Due> {
        let due = self.peek(clocks)?;
        self.next = self.after(due);
        Some(due)
    }

    fn after(&self, due: Due) -> Option<i64> {
        match self.when {
            When::Recur(period) | When::Cron(period) => Some(due.time + period),
            When::Once(_) | When::At(_) | When::RecurAfter(_) => None,
        }
    }

    fn peek(&self, clocks: Clocks) -> Option<Due> {
        let due = Due { time: self.next?, calendar: self.calendar() };
        (due.late(clocks) >= 0).then_some(due)
    }

    /// "When runs become due."
    pub fn look(&mut self, clocks: Clocks) {
        let Some(first) = self.peek(clocks) else { return };
        if self.rules.misfire == Misfire::RunAll {
            let several = match self.when {
                When::Recur(period) | When::Cron(period) => first.late(clocks) >= period,
                _ => false,
            };
            let held_up = !self.is_full() && self.executions.iter().any(|it| !it.holds_place());
            self.behind |= several || held_up;
            if self.behind {
                return self.catch_up(clocks);
            }
        }
        let due: Vec<_> = std::iter::from_fn(|| self.pop(clocks)).collect();
        let (late, in_time): (Vec<_>, Vec<_>) =
            due.into_iter().partition(|due| self.is_too_late(*due, clocks));
        for due in late {
            self.pass_over(due, too_late(due, clocks), clocks);
        }
        if let Some((newest, others)) = in_time.split_last() {
            for due in others {
                self.pass_over(*due, coalesced(newest.wall(clocks)), clocks);
            }
            self.admit(*newest, clocks);
        }
    }

    /// "Catching up."
    fn catch_up(&mut self, clocks: Clocks) {
        while self.executions.len() < self.capacity()
            && let Some(due) = self.pop(clocks)
        {
            if self.is_too_late(due, clocks) {
                self.pass_over(due, too_late(due, clocks), clocks);
            } else {
                self.execute(due, false, false, clocks);
            }
        }
        self.behind = self.peek(clocks).is_some();
    }

    /// Whether a run would be skipped, and why: "Admission".
    fn skipped(&self) -> Option<Reason> {
        let before = self.executions.iter().find(|it| !it.holds_place());
        match (self.is_full(), self.rules.overlap) {
            (true, Overlap::Skip) => Some(Reason::Overlap),
            (true, Overlap::Allow(n)) => Some(Reason::Limit(n)),
            (true, Overlap::BufferOne) => before.map(|_| Reason::Overlap),
            (false, Overlap::BufferOne) => {
                before.filter(|before| before.buffered).map(|_| Reason::Overlap)
            }
            _ => None,
        }
    }

    /// "Admission."
    fn admit(&mut self, due: Due, clocks: Clocks) {
        if let Some(reason) = self.skipped() {
            return self.pass_over(due, reason, clocks);
        }
        let full = self.is_full();
        if full && self.rules.overlap == Overlap::CancelOther {
            for held in self.take_out(Execution::holds_place) {
                self.results.push(held.ended(Err(Reason::NewerRun), clocks));
            }
        }
        let before = self.executions.iter().position(|it| !it.holds_place());
        match (self.rules.overlap, before) {
            (Overlap::BufferAll, Some(before)) if self.executions[before].buffered || full => {
                self.execute(due, true, false, clocks);
            }
            (Overlap::BufferOne | Overlap::BufferAll, None) if full => {
                self.execute(due, true, false, clocks);
            }
            // "Under `RunAll` nothing is coalesced."
            (_, Some(_)) if !full && self.rules.misfire == Misfire::RunAll => {
                self.execute(due, false, false, clocks);
            }
            (_, before) => {
                let mut newer = self.launch_of(due, false, false, clocks);
                let Some(before) = before else { return self.push(newer) };
                // "`d` takes its place": also in the queue, or a short interval would never get its turn.
                let missed = self.executions[before].clone();
                if missed.state == State::Queued {
                    newer.state = State::Queued;
                    (newer.moment, newer.number) = (missed.moment, missed.number);
                }
                newer.asked |= missed.asked;
                self.executions[before] = newer;
                let reason = coalesced(due.wall(clocks));
                self.results.push(missed.ended(Err(reason), clocks));
            }
        }
    }

    fn execute(&mut self, due: Due, buffered: bool, asked: bool, clocks: Clocks) {
        let execution = self.launch_of(due, buffered, asked, clocks);
        self.push(execution);
    }

    fn push(&mut self, execution: Execution) {
        self.launched += 1;
        if self.is_spent() {
            self.next = None;
        }
        self.executions.push(execution);
    }

    fn launch_of(&mut self, due: Due, buffered: bool, asked: bool, clocks: Clocks) -> Execution {
        self.numbered += 1;
        Execution {
            due,
            due_wall: due.wall(clocks),
            moment: due.wall(clocks),
            number: self.numbered,
            state: State::Waiting,
            buffered,
            asked,
            attempt: 1,
            started: None,
            since: 0,
            failure: None,
        }
    }

    fn pass_over(&mut self, due: Due, reason: Reason, clocks: Clocks) {
        let (due, finished) = (due.wall(clocks), Some(clocks.wall()));
        self.results.push(Record::passed_over(due, reason, finished));
        self.rearm(clocks);
    }

    /// "Fixed delay: interval after the last run ended."
    fn rearm(&mut self, clocks: Clocks) {
        if let When::RecurAfter(pause) = self.when
            && self.next.is_none()
            && self.executions.is_empty()
            && !self.is_spent()
        {
            self.next = Some(clocks.now + pause);
        }
    }

    /// Ends an execution.
    pub fn end(&mut self, place: usize, outcome: Result<(), Reason>, clocks: Clocks) {
        let ended = self.executions.remove(place);
        self.results.push(ended.ended(outcome, clocks));
        self.rearm(clocks);
    }

    /// "Retry."
    pub fn fail(&mut self, place: usize, failure: Failure, clocks: Clocks) {
        let execution = &mut self.executions[place];
        let started = execution.started.take();
        let finished = started.unwrap_or_default().max(clocks.wall());
        execution.failure = Some((failure, started, finished));
        match self.rules.retry {
            Some((times, pause)) if !self.over && execution.attempt <= times => {
                self.retried += 1;
                execution.attempt += 1;
                execution.moment = execution.due_wall;
                execution.state = State::BackingOff { until: clocks.now + pause };
            }
            _ => self.end(place, Ok(()), clocks),
        }
    }

    /// The place of the one that began first, of those that run.
    fn first_running(&self, which: impl Fn(&Execution) -> bool) -> Option<usize> {
        let order = |place: &usize| match self.executions[*place].state {
            State::Running { order } if which(&self.executions[*place]) => Some(order),
            _ => None,
        };
        let running = (0..self.executions.len()).filter(|place| order(place).is_some());
        running.min_by_key(order)
    }

    /// When the next attempt is due whose time has come, and of which execution.
    fn first_backed_off(&self, clocks: Clocks) -> Option<(i64, usize)> {
        let backs_off = |(place, it): (usize, &Execution)| match it.state {
            State::BackingOff { until } if until <= clocks.now => Some((until, place)),
            _ => None,
        };
        self.executions.iter().enumerate().filter_map(backs_off).min()
    }

    /// What backs off waits for a worker when its next attempt is due.
    pub fn try_again(&mut self, clocks: Clocks) {
        while let Some((_, place)) = self.first_backed_off(clocks) {
            self.executions[place].state = State::Waiting;
        }
    }

    /// "Timeout." Says whether any was over.
    pub fn tick(&mut self, clocks: Clocks) -> bool {
        let before = self.timed_out;
        while let Some(limit) = self.rules.timeout
            && let Some(place) = self.first_running(|it| it.since + limit <= clocks.now)
        {
            self.timed_out += 1;
            self.fail(place, Failure::TimedOut, clocks);
        }
        self.timed_out > before
    }

    /// "Waiting executions are queued oldest first, as soon as [there is room], the task is not paused."
    pub fn launch(&mut self) {
        for place in 0..self.executions.len() {
            let execution = &self.executions[place];
            let is_held = self.paused && !execution.asked;
            let has_room = execution.holds_place()
                || self.executions.iter().filter(|it| it.takes_room()).count() < self.capacity();
            match execution.state {
                State::Waiting if !is_held && has_room => {
                    // Of what is equally urgent, that goes first that was queued first.
                    self.numbered += 1;
                    self.executions[place].number = self.numbered;
                    self.executions[place].state = State::Queued;
                }
                _ => {}
            }
        }
    }

    /// `cancel(task)`.
    pub fn cancel(&mut self, paused: bool, reason: Reason, clocks: Clocks) {
        self.over = true;
        self.end_all(reason, |it| !it.runs(), clocks);
        self.cancel_runs(paused, reason, clocks);
    }

    pub fn take_out(&mut self, which: impl Fn(&Execution) -> bool) -> Vec<Execution> {
        let out: Vec<_> = self.executions.extract_if(.., |it| which(it)).collect();
        self.withdrawn.extend(out.iter().filter(|it| it.state == State::Queued).cloned());
        out
    }

    /// Ends those that have not begun, and those that back off.
    pub fn end_all(&mut self, why: Reason, which: impl Fn(&Execution) -> bool, clocks: Clocks) {
        for mut execution in self.take_out(which) {
            let gives_up = execution.failure.is_some();
            execution.attempt -= u32::from(gives_up);
            let outcome = if gives_up { Ok(()) } else { Err(why) };
            self.results.push(execution.ended(outcome, clocks));
        }
    }

    pub fn cancel_runs(&mut self, paused: bool, reason: Reason, clocks: Clocks) {
        while let Some(due) = self.pop(clocks) {
            let reason = if paused { Reason::Paused } else { reason };
            self.pass_over(due, reason, clocks);
        }
        if let Some(time) = self.next.take() {
            let due = Due { time, calendar: self.calendar() };
            self.pass_over(due, reason, clocks);
        }
    }

    /// `TaskFuture::cancel`, of the future of "the execution that runs or comes next".
    pub fn cancel_next(&mut self, clocks: Clocks) -> bool {
        if let Some(first) = self.executions.first().map(|it| it.number) {
            for execution in self.take_out(|it| it.number == first) {
                let record = execution.ended(Err(Reason::FutureCancelled), clocks);
                self.results.push(record);
            }
            self.rearm(clocks);
            return true;
        }
        let Some(time) = self.next else { return false };
        let due = Due { time, calendar: self.calendar() };
        self.next = self.after(due);
        self.launched += 1;
        if self.is_spent() {
            self.next = None;
        }
        self.behind = false;
        self.pass_over(due, Reason::FutureCancelled, clocks);
        true
    }

    pub fn run_now(&mut self, clocks: Clocks) -> Answer {
        let due = Due { time: clocks.now, calendar: false };
        let single = matches!(self.when, When::Once(_) | When::At(_));
        if self.is_spent() || single && self.next.is_none() {
            if self.executions.iter().all(Execution::holds_place) {
                return Answer::LastRun;
            }
            let mut unbegun = self.executions.iter_mut();
            if let Some(oldest) = unbegun.find(|it| !it.holds_place() && !it.asked) {
                oldest.asked = true;
            }
            return Answer::Done;
        }
        if self.skipped().is_some() {
            return Answer::Overlap;
        }
        if single {
            // "A task with a single run that has not begun is run now instead of later."
            self.next = None;
        }
        self.admit(due, clocks);
        let wall = due.wall(clocks);
        let mut newest = self.executions.iter_mut().rev();
        if let Some(newest) = newest.find(|it| !it.holds_place() && it.due_wall == wall) {
            newest.asked = true;
        }
        Answer::Done
    }

    pub fn reschedule(&mut self, when: When, clocks: Clocks) -> Answer {
        let single = matches!(self.when, When::Once(_) | When::At(_));
        if self.is_spent() || single && self.next.is_none() {
            return Answer::LastRun;
        }
        while let Some(due) = self.pop(clocks) {
            self.pass_over(due, Reason::Rescheduled, clocks);
        }
        self.when = when;
        self.behind = false;
        self.begin_series(clocks);
        Answer::Done
    }
}
