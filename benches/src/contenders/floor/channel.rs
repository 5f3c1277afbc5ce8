//! [`Channel`]: a pool of threads behind an unbounded crossbeam channel.

use std::thread;

use crossbeam_channel::{Sender, unbounded};

use super::{Job, NAME};
use crate::contenders::{Body, Contender, Prioritise};

pub(crate) struct Channel {
    sender: Sender<Job>,
}

impl Channel {
    /// Hands a job to whichever worker is free first.
    pub(crate) fn send(&self, job: Job) {
        self.sender.send(job).expect("the workers hold the other end for ever");
    }
}

impl Contender for Channel {
    const NAME: &'static str = NAME;

    fn start(workers: usize) -> Self {
        let (sender, receiver) = unbounded::<Job>();
        for _ in 0..workers {
            let receiver = receiver.clone();
            thread::spawn(move || receiver.iter().for_each(|job| job()));
        }
        Self { sender }
    }
}

impl Prioritise for Channel {
    const BY_PRIORITY: bool = false;

    fn submit(&self, _priority: i32, body: impl Body) {
        self.send(Box::new(body));
    }
}
