//! Futures that say what becomes of them.

use std::future::pending;
use std::sync::mpsc::{self, Receiver, Sender};

use pysched::{Task, current};

/// Says when it is dropped, and whether that was on behalf of an execution.
#[derive(Debug)]
pub struct Dropped(pub Sender<bool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        // Nobody may want to know any more.
        let _ = self.0.send(current().is_execution());
    }
}

/// A task whose future waits for ever; who is told when it has begun to; and who is told when the future is
/// dropped, and whether that was on behalf of an execution.
pub fn waits_for_ever() -> (Task<()>, Receiver<()>, Receiver<bool>) {
    let (started, has_started) = mpsc::channel();
    let (dropped, was_dropped) = mpsc::channel();
    let task = Task::future(move || {
        let (started, dropped) = (started.clone(), Dropped(dropped.clone()));
        async move {
            let _dropped = dropped;
            let _ = started.send(());
            pending().await
        }
    });
    (task, has_started, was_dropped)
}
