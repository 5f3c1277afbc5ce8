//! [`Pipes`]: processes that write back what they read, with nothing between them and the kernel.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::{self, Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, iter};

use super::{Failure, Processes};
use crate::contenders::FLOOR;
use crate::options::ECHO;

/// What a worker does not write back, but dies of.
const DEADLY: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct Pipes {
    workers: Vec<Worker>,

    /// How many there should be.
    count: usize,

    /// How many numbers have been submitted.
    submitted: usize,
}

#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

/// What a worker does: it writes numbers back until there are no more.
///
/// # Errors
///
/// If a pipe cannot be read from or written to.
pub(crate) fn echo() -> io::Result<()> {
    // Not as the standard library opens them, which would buffer both.
    let mut input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut number = [0; size_of::<u64>()];
    loop {
        match input.read_exact(&mut number) {
            Ok(()) if number == DEADLY.to_ne_bytes() => process::abort(),
            Ok(()) => output.write_all(&number)?,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command.arg(ECHO).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a process was started without its pipes"));
        };
        Ok(Self { child, input, output })
    }

    fn write(&mut self, number: u64) -> io::Result<()> {
        self.input.write_all(&number.to_ne_bytes())
    }

    fn read(&mut self) -> io::Result<u64> {
        let mut number = [0; size_of::<u64>()];
        self.output.read_exact(&mut number)?;
        Ok(u64::from_ne_bytes(number))
    }

    fn end(mut self) -> io::Result<()> {
        drop(self.input);
        self.child.wait().map(drop)
    }
}

impl Processes for Pipes {
    const NAME: &'static str = FLOOR;

    /// Far less than a pipe holds, or the parent might wait for a child that waits for the parent.
    const IN_FLIGHT: usize = 1024;

    /// The worker that has the number.
    type Answer = usize;

    fn start(workers: usize) -> Result<Self, Failure> {
        let started = iter::repeat_with(Worker::start).take(workers);
        Ok(Self { workers: started.collect::<io::Result<_>>()?, count: workers, submitted: 0 })
    }

    fn submit(&mut self, number: u64) -> Result<usize, Failure> {
        if self.workers.len() < self.count {
            self.workers.push(Worker::start()?);
        }
        let worker = self.submitted % self.count;
        self.submitted += 1;
        self.workers[worker].write(number)?;
        Ok(worker)
    }

    fn wait(&mut self, answer: usize) -> Result<u64, Failure> {
        Ok(self.workers[answer].read()?)
    }

    fn abort(&mut self) -> Result<(), Failure> {
        let mut worker = self.workers.pop().ok_or("there is no worker")?;
        worker.write(DEADLY)?;
        let survived = worker.read().is_ok();
        worker.end()?;
        if survived { Err("a worker has survived its end".into()) } else { Ok(()) }
    }

    fn end(self) -> Result<(), Failure> {
        Ok(self.workers.into_iter().try_for_each(Worker::end)?)
    }
}
