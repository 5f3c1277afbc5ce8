//! The scheduler, led through a scenario step by step.
//!
//! Its clock is moved by hand, and its executor keeps jobs until the stage has a worker take the most
//! urgent of them: a thread, which blocks inside the task's function until the stage says how that is to
//! end. Between two steps the scheduler's own thread sleeps and all workers stand still, so that each
//! scenario goes one way only, as in the model.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{
    Execution, Executor, Handle, InlineExecutor, Job, ManualClock, Reason, Rejected, Scheduler,
    Status, Task, Trigger,
};
use pysched_tests::{PATIENCE, outcome, secs};

use crate::scenario::{Account, Action, Fate, Kind, PERIOD, Rules, Scenario, TURN, in_order};
use crate::told::Told;

/// An executor that keeps its jobs until somebody takes them.
#[derive(Default)]
struct Shelf(Mutex<BinaryHeap<Reverse<Job>>>);

impl Executor for Shelf {
    fn submit(&self, job: Job) -> Result<(), Rejected> {
        self.0.lock().unwrap().push(Reverse(job));
        Ok(())
    }

    fn shutdown(&self, _wait: bool) {
        let jobs = std::mem::take(&mut *self.0.lock().unwrap());
        drop(jobs);
    }
}

/// What workers tell the stage.
enum Signal {
    /// The function of a task was called, and asks how it is to end: by an error or not.
    Began { task: usize, due: SystemTime, end: Sender<bool> },

    /// A job is over, whether its function was called or not.
    Over,
}

struct Stage {
    /// What is played, for whoever has to find out why it stopped.
    name: String,
    sched: Scheduler,
    clock: ManualClock,
    shelf: Arc<Shelf>,
    start: SystemTime,
    rules: Vec<Rules>,
    tasks: Vec<Handle<()>>,
    workers: usize,
    saturated: bool,

    /// Whether the scheduler is paused, and would not have its thread held up by a task.
    paused: bool,
    told: Receiver<Signal>,
    tell: Sender<Signal>,

    /// What runs, in the order in which it began, and how to end it.
    running: Vec<(usize, Sender<bool>)>,
    starts: Vec<(usize, i64)>,
    listener: Told,
}

impl Scenario {
    /// What comes of it in the scheduler.
    pub fn on_stage(&self, name: &str) -> Account {
        let mut stage = Stage::new(self, name);
        self.actions.iter().for_each(|action| stage.act(*action));
        stage.account()
    }
}

impl Scenario {
    /// Where what is told of it does not agree with what is recorded and counted; nothing if nowhere.
    ///
    /// The scenario has to end everything that it begins.
    pub fn heard_on_stage(&self, name: &str) -> String {
        let mut stage = Stage::new(self, name);
        self.actions.iter().for_each(|action| stage.act(*action));
        stage.listener.faults(&stage.sched)
    }
}

impl Stage {
    fn new(scenario: &Scenario, name: &str) -> Self {
        let clock = ManualClock::new();
        // A full hour.
        let start = SystemTime::UNIX_EPOCH + secs(1_800_000_000);
        clock.set_wall(start);
        let shelf = Arc::new(Shelf::default());
        let sched = Scheduler::builder()
            .clock(clock.clone())
            .executor(Arc::clone(&shelf))
            .named_executor("heart", InlineExecutor)
            .history(1_000_000)
            .build();
        sched.start().unwrap();
        let listener = Told::by(&sched);
        let (tell, told) = channel();
        let (workers, rules) = (scenario.workers, scenario.tasks.clone());
        let mut stage = Self {
            name: name.to_owned(),
            sched,
            clock,
            shelf,
            start,
            rules,
            tasks: Vec::new(),
            workers,
            saturated: false,
            paused: false,
            told,
            tell,
            running: Vec::new(),
            starts: Vec::new(),
            listener,
        };
        for (number, rules) in scenario.tasks.iter().enumerate() {
            let task = stage.task(number, *rules);
            stage.tasks.push(stage.sched.add(task).unwrap());
        }
        stage.settle();
        stage
    }

    fn task(&self, number: usize, rules: Rules) -> Task<()> {
        let tell = self.tell.clone();
        let function = move || {
            let (end, told_to_end) = channel();
            let due = pysched::current().due();
            tell.send(Signal::Began { task: number, due, end }).unwrap();
            // Those that a stage leaves behind fail, too.
            let fails = told_to_end.recv_timeout(PATIENCE).unwrap_or(true);
            if fails { Err("it was told to fail") } else { Ok(()) }
        };
        let trigger = match rules.kind {
            Kind::Once => Trigger::once(PERIOD),
            Kind::At => Trigger::at(self.start + period()),
            Kind::Recur => Trigger::recur(PERIOD),
            Kind::Cron => Trigger::cron("* * * * *").unwrap(),
            Kind::RecurAfter => Trigger::recur_after(PERIOD),
        };
        let priority = i32::try_from(number).unwrap();
        let mut task = Task::fallible(function).trigger(trigger).priority(priority);
        task = task.misfire(rules.misfire).overlap(rules.overlap);
        if let Some(grace) = rules.grace {
            task = task.grace(secs(grace.unsigned_abs()));
        }
        if let Some(times) = rules.times {
            task = task.times(times);
        }
        task
    }

    fn act(&mut self, action: Action) {
        // Whether a task is live is not the question here.
        match action {
            Action::Pass(seconds) => self.clock.advance(secs(seconds.unsigned_abs())),
            Action::Stall(seconds) => self.stall(secs(seconds.unsigned_abs())),
            Action::Step(seconds) => {
                let (wall, by) = (self.clock.wall(), secs(seconds.unsigned_abs()));
                self.clock.set_wall(if seconds < 0 { wall - by } else { wall + by });
            }
            Action::Pause(task) => drop(self.tasks[task].pause()),
            Action::Resume(task) => drop(self.tasks[task].resume()),
            Action::PauseAll => {
                self.sched.pause_all();
                self.paused = true;
            }
            Action::ResumeAll => {
                self.sched.resume_all();
                self.paused = false;
            }
            Action::Saturate => self.saturated = true,
            Action::Relieve => self.saturated = false,
            Action::Return(task) => self.end(task, false),
            Action::Fail(task) => self.end(task, true),
            Action::Cancel(task) => drop(self.tasks[task].cancel()),
        }
        self.settle();
    }

    /// Has a task on the scheduler's own thread take that long, and time pass meanwhile in two steps.
    fn stall(&self, duration: Duration) {
        if self.paused {
            return self.clock.advance(duration);
        }
        let clock = self.clock.clone();
        let hold_up = move || {
            clock.advance(duration / 2);
            clock.advance(duration / 2);
        };
        let stalled = self.sched.add(Task::new(hold_up).executor("heart")).unwrap().future();
        outcome(&stalled).unwrap();
    }

    fn end(&mut self, task: usize, fails: bool) {
        let Some(place) = self.running.iter().position(|it| it.0 == task) else { return };
        let (_, end) = self.running.remove(place);
        end.send(fails).unwrap();
        match self.told.recv_timeout(PATIENCE).expect("a job should be over") {
            Signal::Over => {}
            Signal::Began { .. } => panic!("nobody else was told to begin"),
        }
    }

    /// Waits until the scheduler sleeps, and lets free workers take what there is.
    fn settle(&mut self) {
        loop {
            // Returns when the scheduler's thread sleeps.
            self.clock.advance(Duration::ZERO);
            if self.saturated || self.running.len() >= self.workers {
                return;
            }
            let Some(Reverse(job)) = self.shelf.0.lock().unwrap().pop() else { return };
            let over = self.tell.clone();
            thread::spawn(move || {
                job.run();
                drop(over.send(Signal::Over));
            });
            match self.told.recv_timeout(PATIENCE).expect("a job should begin, or be over") {
                Signal::Over => {}
                Signal::Began { task, due, end } => {
                    self.starts.push((task, self.second(task, due)));
                    self.running.push((task, end));
                }
            }
        }
    }

    fn account(&self) -> Account {
        let fates = (0..self.tasks.len()).map(|task| {
            let results = self.sched.results(&self.tasks[task]);
            let fate = |it: &Execution| (self.second(task, it.due), self.fate(task, it));
            in_order(results.iter().map(fate))
        });
        Account { fates: fates.collect(), starts: self.starts.clone() }
    }

    /// A nominal time in seconds after the beginning, on the clock that the trigger follows.
    fn second(&self, task: usize, due: SystemTime) -> i64 {
        let seconds = |distance: Duration| {
            assert_eq!(distance.subsec_nanos(), 0, "runs are at whole seconds: {distance:?}");
            i64::try_from(distance.as_secs()).unwrap()
        };
        let second = match due.duration_since(self.start) {
            Ok(after) => seconds(after),
            Err(before) => -seconds(before.duration()),
        };
        match self.rules[task].kind {
            Kind::At | Kind::Cron => second,
            Kind::Once | Kind::Recur | Kind::RecurAfter => second.rem_euclid(TURN),
        }
    }

    fn fate(&self, task: usize, execution: &Execution) -> Fate {
        match (execution.status, execution.reason) {
            (Status::Succeeded, None) => Fate::Succeeded,
            (Status::Failed, None) => Fate::Failed,
            (Status::Cancelled, Some(Reason::TaskCancelled)) => Fate::CancelledWithTask,
            (Status::Cancelled, Some(Reason::NewerRun)) => Fate::CancelledByNewer,
            (Status::Skipped, Some(Reason::Overlap)) => Fate::SkippedByOverlap,
            (Status::Skipped, Some(Reason::Limit(n))) => Fate::SkippedByLimit(n.get()),
            (Status::Skipped, Some(Reason::Paused)) => Fate::SkippedInPause,
            (Status::Missed, Some(Reason::TooLate(late))) => {
                Fate::MissedTooLate(i64::try_from(late.as_secs()).unwrap())
            }
            (Status::Missed, Some(Reason::Coalesced { into })) => {
                Fate::MissedInto(self.second(task, into))
            }
            (status, reason) => Fate::Other(status, reason),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("on stage was {}", self.name);
        }
    }
}

fn period() -> Duration {
    secs(PERIOD.unsigned_abs())
}
