//! [`Replies`]: the pipe from a worker to its parent, which any of its threads may write to.
//!
//! The thread that runs the tasks replies to the requests, one after the other. How far a task has come
//! is told by whatever thread the task has given its [`Current`](crate::Current) to, and for as long as
//! it likes. One lock guards the pipe and the request that is *open*:
//!
//! * A frame is written as a whole under the lock, so that none begins within another.
//! * A request is open from before its function is called until its reply is written. Progress is
//!   written only of an open one, so none comes after the reply.
//! * What is told less than [`PAUSE`] after the last that was written is held back. The next that is
//!   told takes its place, and the newest goes before the reply.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::{Errno, retry_on_intr, write};
use rustix::process::{Pid, getpid};

use super::frame;
use crate::execution::Progress;
use crate::sync::Mutex;

/// How long at least from one progress of a request to the next.
const PAUSE: Duration = Duration::from_millis(10);

/// See the top of this file.
#[derive(Debug)]
pub(super) struct Replies {
    pipe: OwnedFd,

    /// The worker. A process that a task has forked writes nothing.
    process: Pid,
    open: Mutex<Option<Open>>,
}

/// A request that has not been replied to.
#[derive(Debug)]
struct Open {
    number: u32,

    /// What is held back.
    untold: Option<Progress>,

    /// Until when that is.
    until: Option<Instant>,
}

impl Replies {
    pub(super) fn new(pipe: OwnedFd) -> Self {
        Self { pipe, process: getpid(), open: Mutex::new(None) }
    }

    /// Says that the worker is ready, or why not.
    ///
    /// # Errors
    ///
    /// What the system says; the same below.
    pub(super) fn greet(&self, complaint: &str) -> Result<(), Errno> {
        let _open = self.open.lock();
        self.send(&frame::hello(complaint))
    }

    /// Opens the request of this number.
    pub(super) fn begin(&self, number: u32) {
        *self.open.lock() = Some(Open { number, untold: None, until: None });
    }

    /// Tells how far the request of this number has come, if it is open.
    pub(super) fn tell(&self, number: u32, progress: Progress) {
        let mut open = self.open.lock();
        let Some(open) = open.as_mut().filter(|open| open.number == number) else { return };
        let now = Instant::now();
        if open.until.is_some_and(|until| now < until) || getpid() != self.process {
            open.untold = Some(progress);
            return;
        }
        *open = Open { number, untold: None, until: Some(now + PAUSE) };
        // If it cannot be written, neither can the reply, which tells.
        let _ = self.send(&frame::progress(number, progress));
    }

    /// Closes the open request with its reply.
    pub(super) fn reply(&self, reply: &[u8]) -> Result<(), Errno> {
        let mut open = self.open.lock();
        if let Some(Open { number, untold: Some(progress), .. }) = open.take() {
            self.send(&frame::progress(number, progress))?;
        }
        self.send(reply)
    }

    /// Writes all of a frame. Whoever calls it has the lock.
    fn send(&self, mut frame: &[u8]) -> Result<(), Errno> {
        while !frame.is_empty() {
            let written = retry_on_intr(|| write(&self.pipe, frame))?;
            frame = &frame[written..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Assembler, Kind};
    use super::super::hello::pipe;
    use super::*;
    use rustix::buffer::spare_capacity;
    use rustix::io::{ioctl_fionread, read};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    fn at(done: u64) -> Progress {
        Progress { done, total: 9 }
    }

    /// What has been written by now: of what number, and how far or, in a reply, nothing.
    fn written(parent: &OwnedFd, assembler: &mut Assembler) -> Vec<(u32, Option<Progress>)> {
        while ioctl_fionread(parent).unwrap() > 0 {
            read(parent, spare_capacity(assembler.room())).unwrap();
        }
        let mut frames = Vec::new();
        while let Some(frame) = assembler.next_frame().unwrap() {
            assert_eq!(frame.kind == Kind::Progress, frame.progress().is_some());
            frames.push((frame.number, frame.progress()));
        }
        frames
    }

    #[test]
    fn the_first_is_written_at_once_and_the_newest_before_the_reply() {
        let (parent, worker) = pipe().unwrap();
        let (replies, mut assembler) = (Replies::new(worker), Assembler::new(0));
        let mut written = || written(&parent, &mut assembler);
        replies.begin(3);
        let begun = Instant::now();
        replies.tell(3, at(1));
        assert_eq!(written(), [(3, Some(at(1)))]);
        replies.tell(3, at(2));
        replies.tell(3, at(4));
        let held_back = written();
        // Unless this thread was held up for so long.
        assert!(held_back.is_empty() || begun.elapsed() >= PAUSE);
        replies.reply(&frame::refused(3, "")).unwrap();
        assert_eq!(*written().last_chunk().unwrap(), [(3, Some(at(4))), (3, None)]);

        // The next is not told of the last, and the last no more.
        replies.begin(4);
        replies.tell(3, at(5));
        replies.tell(4, at(6));
        replies.reply(&frame::refused(4, "")).unwrap();
        replies.tell(4, at(7));
        assert_eq!(written(), [(4, Some(at(6))), (4, None)]);
    }

    #[test]
    fn what_was_held_back_is_outdone_after_the_pause() {
        let (parent, worker) = pipe().unwrap();
        let (replies, mut assembler) = (Replies::new(worker), Assembler::new(0));
        replies.begin(3);
        let begun = Instant::now();
        let mut told = 0;
        while begun.elapsed() < 5 * PAUSE {
            told += 1;
            replies.tell(3, at(told));
        }
        replies.reply(&frame::refused(3, "")).unwrap();
        let most = begun.elapsed().as_millis() / PAUSE.as_millis() + 3;
        let frames = written(&parent, &mut assembler);
        assert!((4..=most).contains(&(frames.len() as u128)), "{} of {told}", frames.len());
        assert_eq!(*frames.last_chunk().unwrap(), [(3, Some(at(told))), (3, None)]);
    }

    #[test]
    fn threads_that_go_on_telling_disturb_no_reply() {
        let (parent, worker) = pipe().unwrap();
        let (replies, over) = (Replies::new(worker), AtomicBool::new(false));
        let (replies, over) = (&replies, &over);
        // More than a pipe takes, so that it is written in parts.
        let long = vec!["x".repeat(200_000); 20];
        thread::scope(|scope| {
            for thread in 1..=2 {
                scope.spawn(move || {
                    while !over.load(Ordering::Relaxed) {
                        (0..20).for_each(|number| replies.tell(number, at(thread)));
                    }
                });
            }
            let long = &long;
            scope.spawn(move || {
                for (number, text) in (0..).zip(long) {
                    replies.begin(number);
                    thread::yield_now();
                    let reply = frame::outcome(number, text, 1 << 20).unwrap();
                    replies.reply(&reply).unwrap();
                }
            });
            let mut assembler = Assembler::new(1 << 20);
            let mut ended = 0;
            while ended < 20 {
                read(&parent, spare_capacity(assembler.room())).unwrap();
                while let Some(frame) = assembler.next_frame().unwrap() {
                    assert_eq!(frame.number, ended, "of none before and none to come");
                    ended += u32::from(frame.kind == Kind::Outcome);
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        assert_eq!(ioctl_fionread(&parent), Ok(0), "nothing comes after the last reply");
    }
}
