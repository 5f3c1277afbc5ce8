//! [`Driver`] and [`Turn`]: the tasks of a runtime that begin executions of asynchronous functions.
//!
//! How they go together is in `admission.rs`. A turn polls each future for the first time. Most short ones are
//! ready then, and have needed no task of the runtime. One that has to wait becomes a task of its own, which
//! polls it again at once, with its own waker; until then nobody needs to wake it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::admission::Visit;
use super::desk::{Desk, Employed};
use crate::execution::Run;
use crate::executor::Job;

/// How many futures a turn begins before others on the runtime have theirs.
const LENGTH: usize = 32;

/// See the top of this file.
pub(super) struct Driver {
    desk: Arc<Desk>,

    /// Whether it has ended by itself. Otherwise its runtime is gone when it is dropped.
    ended: bool,
}

impl Driver {
    pub(super) fn new(desk: Arc<Desk>) -> Self {
        Self { desk, ended: false }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let last = match self.desk.admission.visit() {
            Visit::More => {
                self.desk.spawn(Turn { desk: Arc::clone(&self.desk) });
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Visit::Last(job) => Some(job),
            Visit::Nothing => None,
        };
        self.ended = true;
        if let Some(job) = last {
            take_turn(&self.desk, Some(job));
        }
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if !self.ended {
            self.desk.close_with_runtime();
        }
    }
}

/// A task that begins some futures. If it is dropped before, the driver sees to them.
struct Turn {
    desk: Arc<Desk>,
}

impl Future for Turn {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        take_turn(&self.desk, None);
        Poll::Ready(())
    }
}

/// Begins futures, `first` the one that was taken already.
fn take_turn(desk: &Arc<Desk>, first: Option<Job>) {
    let _employed = Employed::by(desk);
    let mut over = first.map_or(0, |job| usize::from(begin(desk, job)));
    for _ in 0..LENGTH {
        let (next, calls) = desk.admission.next_future(over);
        desk.answer(&calls);
        let Some(job) = next else { return };
        over = usize::from(begin(desk, job));
    }
    let calls = desk.admission.leave(over);
    desk.answer(&calls);
}

/// Begins an execution; says whether it is over.
fn begin(desk: &Arc<Desk>, job: Job) -> bool {
    let Some(mut run) = job.begin_run() else { return true };
    let mut context = Context::from_waker(Waker::noop());
    if run.as_mut().advance(&mut context, true).is_ready() {
        return true;
    }
    desk.spawn(Rest { run: Some(run), desk: Arc::clone(desk) });
    false
}

/// The rest of an execution that has had to wait.
struct Rest {
    /// `None` once it is over.
    run: Option<Run>,
    desk: Arc<Desk>,
}

impl Future for Rest {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let desk = Arc::clone(&self.desk);
        let _employed = Employed::by(&desk);
        let polled =
            self.run.as_mut().map_or(Poll::Ready(()), |run| run.as_mut().advance(context, false));
        if polled.is_ready() {
            self.end();
        }
        polled
    }
}

impl Rest {
    fn end(&mut self) {
        if let Some(run) = self.run.take() {
            // First the execution, if it has not ended, then its place.
            drop(run);
            let calls = self.desk.admission.leave(1);
            self.desk.answer(&calls);
        }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if self.run.is_some() {
            // Its runtime drops it.
            let desk = Arc::clone(&self.desk);
            let _employed = Employed::by(&desk);
            self.end();
        }
    }
}
