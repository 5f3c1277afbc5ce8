//! Pools of worker processes, and for each of their works a floor.

mod pipes;
mod procspawn;
mod pysched;
mod python;

use std::error::Error;

pub(crate) use pipes::{Pipes, echo};
pub(crate) use procspawn::Procspawn;
pub(crate) use pysched::PyschedProcesses;
pub(crate) use python::Python;

/// Why a pool does not do what it should.
pub(crate) type Failure = Box<dyn Error>;

/// Something that runs functions in processes of their own.
pub(crate) trait Processes: Sized {
    const NAME: &'static str;

    /// How many tasks can be on their way at a time.
    const IN_FLIGHT: usize = usize::MAX;

    /// What it takes to wait for a result.
    type Answer;

    /// Starts it, with `workers` processes that run tasks.
    fn start(workers: usize) -> Result<Self, Failure>;

    /// Has a worker give `number` back.
    fn submit(&mut self, number: u64) -> Result<Self::Answer, Failure>;

    /// Waits for a number; in the order in which they were submitted.
    fn wait(&mut self, answer: Self::Answer) -> Result<u64, Failure>;

    /// Has a worker abort, and returns once the pool says that its task has failed.
    fn abort(&mut self) -> Result<(), Failure>;

    /// Ends all workers, and returns when they have ended.
    fn end(self) -> Result<(), Failure>;

    /// Waits for `number`, and refuses any other.
    fn expect(&mut self, number: u64, answer: Self::Answer) -> Result<(), Failure> {
        match self.wait(answer)? {
            same if same == number => Ok(()),
            other => Err(format!("a worker has made {other} of {number}").into()),
        }
    }

    /// Has a worker give `number` back, and waits for it.
    fn round_trip(&mut self, number: u64) -> Result<(), Failure> {
        let answer = self.submit(number)?;
        self.expect(number, answer)
    }
}
