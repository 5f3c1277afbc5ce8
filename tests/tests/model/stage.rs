//! The scheduler, in a simulation, under the same actions as the model.
//!
//! Every execution is a future that waits at its place on the floor until an action says how it ends, and
//! keeps its worker meanwhile. One that is told to end, or has timed out, is dropped, and leaves its place.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use pysched::sim::{Fault, Simulation};
use pysched::{Error, Execution, Handle, Retry, Scheduler, Status, Task, Trigger, current};
use pysched_tests::secs;

use crate::action::{Action, Outcome, Rules, When};
use crate::view::{Answer, Failure, HISTORY, Record, TaskView, Totals, View, in_order, start};

/// How an execution that was given an outcome ends; `Err` is a failure.
type Ended = Result<(), &'static str>;

/// What runs, and what has begun.
#[derive(Default)]
struct Floor {
    arrived: u64,
    places: Vec<Place>,
    begun: Vec<(usize, SystemTime, u32)>,
}

struct Place {
    number: u64,
    what: (usize, SystemTime, u32),
    outcome: Option<Outcome>,
    waker: Waker,
}

/// The body of an execution.
struct Body {
    task: usize,
    floor: Arc<Mutex<Floor>>,

    /// Its place, once it has begun.
    number: Option<u64>,
}

impl Future for Body {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let floor = Arc::clone(&self.floor);
        let mut floor = locked(&floor);
        let waker = context.waker().clone();
        let Some(number) = self.number else {
            floor.arrived += 1;
            let number = floor.arrived;
            let what = (self.task, current().due(), current().attempt());
            self.number = Some(number);
            floor.begun.push(what);
            floor.places.push(Place { number, what, outcome: None, waker });
            return Poll::Pending;
        };
        let place = floor.places.iter_mut().find(|it| it.number == number);
        let place = place.expect("it is there until it is dropped");
        place.waker = waker;
        let outcome = place.outcome;
        drop(floor);
        match outcome {
            None => Poll::Pending,
            Some(Outcome::Finish) => Poll::Ready(Ok(())),
            Some(Outcome::Fail) => Poll::Ready(Err("it was told to fail")),
            // A panic that is not printed.
            Some(Outcome::Panic) => resume_unwind(Box::new("it was told to panic")),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let mut floor = locked(&self.floor);
        floor.places.retain(|it| Some(it.number) != self.number);
    }
}

fn locked(floor: &Mutex<Floor>) -> MutexGuard<'_, Floor> {
    floor.lock().expect("nobody panics while it is locked")
}

pub struct Stage {
    simulation: Simulation,
    sched: Scheduler,
    floor: Arc<Mutex<Floor>>,
    tasks: Vec<Handle<()>>,

    /// What was recorded of each task when it was last looked at.
    recorded: Vec<Vec<Record>>,
}

impl Stage {
    pub fn new(workers: usize) -> Self {
        let builder = Scheduler::builder().history(HISTORY);
        let simulation = Simulation::of(builder).workers(workers).starting_at(start());
        let sched = simulation.scheduler();
        simulation.run_for(Duration::ZERO);
        let (floor, tasks, recorded) = Default::default();
        Self { simulation, sched, floor, tasks, recorded }
    }

    pub fn act(&mut self, action: Action) -> Answer {
        let task = |place: usize| self.tasks.get(place % self.tasks.len().max(1));
        let answer = match action {
            Action::Add(rules) => self.add(rules),
            Action::Cancel(place) => task(place).map(Handle::cancel).into(),
            Action::Pause(place) => task(place).map(Handle::pause).into(),
            Action::Resume(place) => task(place).map(Handle::resume).into(),
            Action::RunNow(place) => task(place).map(Handle::run_now).into(),
            Action::Reschedule(place, when) => {
                task(place).map(|task| task.reschedule(self.trigger(when))).into()
            }
            Action::CancelNext(place) => match task(place) {
                Some(task) => {
                    let (future, is_live) = (task.future(), self.sched.task(task).is_some());
                    let cancelled = future.cancel();
                    // Of a finished task it is the last, which is over one way or another.
                    assert!(is_live || future.done(), "what is finished has ended");
                    if is_live { Answer::Cancelled(cancelled) } else { Answer::UnknownTask }
                }
                None => Answer::Nothing,
            },
            Action::PauseAll => {
                self.sched.pause_all();
                Answer::Done
            }
            Action::ResumeAll => {
                self.sched.resume_all();
                Answer::Done
            }
            Action::Advance(seconds) => {
                self.simulation.run_for(secs(seconds.unsigned_abs()));
                Answer::Done
            }
            Action::Stall(seconds) => {
                let seconds = secs(seconds.unsigned_abs());
                self.simulation.fault_in(Duration::ZERO, Fault::outage(seconds));
                self.simulation.run_for(seconds);
                Answer::Done
            }
            Action::Step(_) if self.sched.stopped() => Answer::Done,
            Action::Step(seconds) => {
                let by = secs(seconds.unsigned_abs());
                let fault =
                    if seconds < 0 { Fault::clock_back(by) } else { Fault::clock_forward(by) };
                self.simulation.fault_in(Duration::ZERO, fault);
                Answer::Done
            }
            Action::End(place, outcome) => self.end(place, outcome),
            Action::ShutDown(wait) => {
                self.sched.shutdown(wait);
                Answer::Done
            }
        };
        self.simulation.run_for(Duration::ZERO);
        answer
    }

    fn add(&mut self, rules: Rules) -> Answer {
        let (task, floor) = (self.tasks.len(), Arc::clone(&self.floor));
        let body = move || Body { task, floor: Arc::clone(&floor), number: None };
        let mut task = Task::fallible_future(body)
            .trigger(self.trigger(rules.when))
            .priority(rules.priority)
            .misfire(rules.misfire)
            .overlap(rules.overlap);
        if let Some(grace) = rules.grace {
            task = task.grace(secs(grace.unsigned_abs()));
        }
        if let Some(times) = rules.times {
            task = task.times(times);
        }
        if let Some((times, pause)) = rules.retry {
            task = task.retry(Retry::times(times).fixed(secs(pause.unsigned_abs())));
        }
        if let Some(limit) = rules.timeout {
            task = task.timeout(secs(limit.unsigned_abs()));
        }
        match self.sched.add(task) {
            Ok(handle) => {
                self.tasks.push(handle);
                Answer::Done
            }
            Err(error) => Answer::from(error),
        }
    }

    fn trigger(&self, when: When) -> Trigger {
        match when {
            When::Once(delay) => Trigger::once(delay),
            When::At(delay) => Trigger::at(self.simulation.now() + secs(delay.unsigned_abs())),
            When::Recur(period) => Trigger::recur(period),
            When::RecurAfter(pause) => Trigger::recur_after(pause),
            When::Cron(period) => {
                Trigger::cron(&format!("*/{period} * * * * *")).expect("a cron expression")
            }
        }
    }

    fn end(&mut self, place: usize, outcome: Outcome) -> Answer {
        let mut floor = locked(&self.floor);
        let count = floor.places.len();
        match floor.places.get_mut(place % count.max(1)) {
            Some(place) => {
                place.outcome = Some(outcome);
                let waker = place.waker.clone();
                drop(floor);
                waker.wake();
                Answer::Done
            }
            None => Answer::Nothing,
        }
    }

    pub fn view(&mut self, answer: Answer) -> View {
        let seen = |it: &(usize, SystemTime, u32)| (it.0, second(it.1), it.2);
        let mut floor = locked(&self.floor);
        let begun = floor.begun.drain(..).map(|it| seen(&it)).collect();
        let running = floor.places.iter().map(|it| seen(&it.what)).collect();
        drop(floor);
        let results = |task| self.sched.results(task).iter().map(record).collect();
        let recorded: Vec<Vec<_>> = self.tasks.iter().map(results).collect();
        for (now, before) in recorded.iter().zip(&self.recorded) {
            assert!(
                now.starts_with(before),
                "what is recorded stays as it is, {before:?}: {now:?}"
            );
        }
        self.recorded = recorded;
        let tasks = self.tasks.iter().zip(&self.recorded);
        View {
            answer,
            is_stopped: self.sched.stopped(),
            tasks: tasks.map(|(task, recorded)| self.task(task, recorded)).collect(),
            begun,
            running,
            totals: self.totals(),
        }
    }

    fn task(&self, task: &Handle<()>, recorded: &[Record]) -> TaskView {
        let results = in_order(recorded.to_vec());
        let Some(info) = self.sched.task(task) else {
            assert_eq!(task.next_run(), None, "a task that is not live has no next run");
            return TaskView { results, ..TaskView::default() };
        };
        assert_eq!(task.next_run(), info.next_run, "a handle tells the same");
        let in_flight = info.in_flight.iter().map(|it| (second(it.due), it.status, it.attempt));
        TaskView {
            is_live: true,
            is_paused: info.paused,
            next_run: info.next_run.map(second),
            in_flight: in_flight.collect(),
            results,
        }
    }

    fn totals(&self) -> Totals {
        let tasks = self.sched.tasks();
        let next = |task: &pysched::TaskInfo| (task.next_run.is_none(), task.next_run);
        assert!(tasks.is_sorted_by_key(next), "live tasks are sorted by their next run");
        let stats = self.sched.stats();
        assert_eq!(stats.tasks, tasks.len(), "as many tasks are counted as are live");
        Totals {
            tasks: tasks.len(),
            paused: stats.paused,
            waiting: stats.waiting,
            queued: stats.queued,
            running: stats.running,
            overdue: stats.overdue,
            succeeded: stats.counts.succeeded,
            failed: stats.counts.failed,
            cancelled: stats.counts.cancelled,
            skipped: stats.counts.skipped,
            missed: stats.counts.missed,
            retried: stats.counts.retried,
            timed_out: stats.counts.timed_out,
        }
    }
}

/// A time on the wall clock as a number.
fn second(time: SystemTime) -> i64 {
    let whole = |distance: Duration| {
        assert_eq!(distance.subsec_nanos(), 0, "everything is at whole seconds: {distance:?}");
        i64::try_from(distance.as_secs()).expect("a case is short")
    };
    match time.duration_since(start()) {
        Ok(after) => whole(after),
        Err(before) => -whole(before.duration()),
    }
}

fn record(execution: &Execution) -> Record {
    let failure = execution.error.as_deref().map(|text| match text {
        "the task failed: it was told to fail" => Failure::Failed,
        "the task panicked: it was told to panic" => Failure::Panicked,
        text if text.starts_with("the task ran longer than its limit") => Failure::TimedOut,
        _ => Failure::Other,
    });
    Record {
        due: second(execution.due),
        status: execution.status,
        reason: execution.reason,
        failure: failure.filter(|_| execution.status == Status::Failed),
        attempt: execution.attempt,
        started: execution.started.map(second),
        finished: execution.finished.map(second),
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        match error {
            Error::UnknownTask(_) => Self::UnknownTask,
            Error::Overlap(_) => Self::Overlap,
            Error::LastRun(_) => Self::LastRun,
            Error::Shutdown => Self::ShutDown,
            _ => Self::Other,
        }
    }
}

impl From<Option<Result<(), Error>>> for Answer {
    fn from(result: Option<Result<(), Error>>) -> Self {
        match result {
            None => Self::Nothing,
            Some(Ok(())) => Self::Done,
            Some(Err(error)) => error.into(),
        }
    }
}
