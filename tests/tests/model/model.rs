//! The reference model of the scheduler, from `docs/rules.md` and the documentation of what is public.
//!
//! Time is whole seconds. Nothing is indexed or kept sorted, and each second is gone through one by one.
//! What is in quotation marks these documents say, if at greater length; where they are silent, a comment says
//! what is the case.

use pysched::Reason;

use crate::action::{Action, Outcome, When};
use crate::execution::{Clocks, Execution, State, following, too_late};
use crate::task::Task;
use crate::view::{Answer, Failure};

/// The scheduler.
#[derive(Debug, Default)]
pub struct Model {
    pub clocks: Clocks,
    pub tasks: Vec<Task>,
    workers: usize,
    paused: bool,
    pub stopped: bool,
    arrived: u64,
    pub begun: Vec<(usize, i64, u32)>,

    /// Whether nobody says what goes first, from here on.
    pub is_in_doubt: bool,
}

impl Model {
    pub fn new(workers: usize) -> Self {
        Self { workers, ..Self::default() }
    }

    /// Whether nobody says what comes of an action: if the wall clock is set back before runs of a calendar
    /// that have come, and are being caught up with.
    pub fn is_silent_on(&self, action: Action) -> bool {
        let mut calendars = self.tasks.iter().filter(|it| it.calendar());
        matches!(action, Action::Step(..0)) && calendars.any(|it| it.behind)
    }

    pub fn act(&mut self, action: Action) -> Answer {
        self.begun.clear();
        let answer = self.done(action);
        self.settle();
        answer
    }

    fn done(&mut self, action: Action) -> Answer {
        let (clocks, stopped) = (self.clocks, self.stopped);
        let place = |place: usize| place % self.tasks.len().max(1);
        match action {
            Action::Add(_) if self.stopped => return Answer::ShutDown,
            Action::Add(rules) => self.tasks.push(Task::new(rules, clocks)),
            Action::Advance(seconds) => {
                for _ in 0..seconds {
                    self.clocks.now += 1;
                    self.settle();
                }
            }
            Action::Stall(seconds) => self.clocks.now += seconds,
            // Nobody looks at the wall clock after a shutdown.
            Action::Step(_) if stopped => {}
            Action::Step(seconds) => self.set_wall(seconds),
            Action::PauseAll => {
                self.paused = true;
                self.let_go();
            }
            Action::ResumeAll => self.paused = false,
            Action::End(place, outcome) => return self.end(place, outcome),
            Action::ShutDown(wait) => self.shut_down(wait),
            Action::Cancel(number) => {
                let number = place(number);
                return self.live(number, |task, paused| {
                    task.cancel(paused, Reason::TaskCancelled, clocks);
                    Answer::Done
                });
            }
            Action::Pause(number) => {
                return self.live(place(number), |task, _| {
                    task.paused = true;
                    if stopped {
                        let ends = |it: &Execution| !it.runs() && !it.asked;
                        task.end_all(Reason::ShutDown, ends, clocks);
                    }
                    Answer::Done
                });
            }
            Action::Resume(number) => {
                return self.live(place(number), |task, _| {
                    task.paused = false;
                    Answer::Done
                });
            }
            Action::RunNow(number) => {
                return self.live(place(number), |task, _| task.run_now(clocks));
            }
            Action::Reschedule(number, when) => {
                return self.live(place(number), |task, _| task.reschedule(when, clocks));
            }
            Action::CancelNext(number) => {
                return self
                    .live(place(number), |task, _| Answer::Cancelled(task.cancel_next(clocks)));
            }
        }
        Answer::Done
    }

    fn live(&mut self, number: usize, act: impl FnOnce(&mut Task, bool) -> Answer) -> Answer {
        match self.tasks.get_mut(number) {
            None => Answer::Nothing,
            Some(task) if !task.is_live() => Answer::UnknownTask,
            Some(task) => {
                let paused = self.paused || task.paused;
                act(task, paused)
            }
        }
    }

    fn set_wall(&mut self, seconds: i64) {
        self.clocks.ahead += seconds;
        for task in &mut self.tasks {
            if let (..0, When::Cron(period), Some(next)) = (seconds, task.when, task.next) {
                task.next = Some(next.min(following(period, self.clocks.wall())));
            }
        }
    }

    fn end(&mut self, place: usize, outcome: Outcome) -> Answer {
        let running = self.running();
        let Some(&(_, task, index)) = running.get(place % running.len().max(1)) else {
            return Answer::Nothing;
        };
        let task = &mut self.tasks[task];
        match outcome {
            Outcome::Finish => task.end(index, Ok(()), self.clocks),
            Outcome::Fail => task.fail(index, Failure::Failed, self.clocks),
            Outcome::Panic => task.fail(index, Failure::Panicked, self.clocks),
        }
        Answer::Done
    }

    /// What runs, in the order in which it began: that, the task, and the place in it.
    pub fn running(&self) -> Vec<(u64, usize, usize)> {
        let mut running = Vec::new();
        for (number, task) in self.tasks.iter().enumerate() {
            for (place, execution) in task.executions.iter().enumerate() {
                if let State::Running { order } = execution.state {
                    running.push((order, number, place));
                }
            }
        }
        running.sort_unstable();
        running
    }

    /// `shutdown(wait)`.
    fn shut_down(&mut self, wait: bool) {
        if wait && !self.stopped {
            self.look();
        }
        self.stopped = true;
        self.let_go();
        for task in &mut self.tasks {
            let paused = self.paused || task.paused;
            if wait {
                task.over = true;
                task.cancel_runs(paused, Reason::ShutDown, self.clocks);
            } else {
                task.cancel(paused, Reason::ShutDown, self.clocks);
                // The executor lets go of what it has queued.
                task.withdrawn.clear();
            }
        }
    }

    /// "What a pause holds back" does not run any more in a shutdown, "unless it was asked for by
    /// `run_now`", nor is anything tried again.
    fn let_go(&mut self) {
        let all = self.paused;
        for task in self.tasks.iter_mut().filter(|_| self.stopped) {
            let held = task.paused;
            let ends = |it: &Execution| match it.state {
                State::Running { .. } => false,
                State::BackingOff { .. } => true,
                State::Waiting | State::Queued if it.attempt > 1 => true,
                State::Waiting if all => true,
                State::Waiting | State::Queued => held && !it.asked,
            };
            task.end_all(Reason::ShutDown, ends, self.clocks);
        }
    }

    /// Does all that is to be done now.
    fn settle(&mut self) {
        loop {
            while self.look() {}
            if !self.take() {
                return;
            }
        }
    }

    /// Says whether a timeout has freed a place, so that it has to look again.
    fn look(&mut self) -> bool {
        let mut freed = false;
        for task in &mut self.tasks {
            task.try_again(self.clocks);
            self.is_in_doubt |= task.is_in_doubt();
            if !self.paused && !task.paused {
                task.look(self.clocks);
            }
            freed |= task.tick(self.clocks);
            if !self.paused {
                task.launch();
            }
        }
        freed
    }

    /// A free worker takes the most urgent execution that is queued; `false` if there is none.
    fn take(&mut self) -> bool {
        let mut queued = Vec::new();
        let mut busy = 0;
        for (number, task) in self.tasks.iter().enumerate() {
            for (place, it) in task.executions.iter().enumerate() {
                busy += usize::from(it.runs());
                if it.state == State::Queued {
                    queued.push((task.rules.priority, it.moment, number, it.number, Some(place)));
                }
            }
            for it in &task.withdrawn {
                queued.push((task.rules.priority, it.moment, number, it.number, None));
            }
        }
        let Some(&(_, _, number, execution, place)) =
            queued.iter().min().filter(|_| busy < self.workers)
        else {
            return false;
        };
        let task = &mut self.tasks[number];
        let Some(place) = place else {
            task.withdrawn.retain(|it| it.number != execution);
            return true;
        };
        let execution = &mut task.executions[place];
        if task.paused && !execution.asked {
            // Whatever it took the place of in the queue, it has none there any more.
            (execution.state, execution.moment) = (State::Waiting, execution.due_wall);
            return true;
        }
        let due = execution.due;
        if execution.attempt == 1 && task.is_too_late(due, self.clocks) {
            task.end(place, Err(too_late(due, self.clocks)), self.clocks);
            return true;
        }
        self.arrived += 1;
        let execution = &mut task.executions[place];
        execution.state = State::Running { order: self.arrived };
        execution.started = Some(self.clocks.wall().max(execution.due_wall));
        execution.since = self.clocks.now;
        execution.failure = None;
        self.begun.push((number, execution.due_wall, execution.attempt));
        true
    }
}
