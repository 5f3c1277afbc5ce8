//! The crate `procspawn`: a thread for each worker process, and two channels for each task.

use std::process;

use procspawn::{JoinHandle, Pool};

use super::{Failure, Processes};

#[derive(Debug)]
pub(crate) struct Procspawn {
    pool: Pool,
}

impl Processes for Procspawn {
    const NAME: &'static str = "procspawn";

    /// A task that waits holds ends of two channels, and a process may open a thousand files, unless
    /// it is told otherwise.
    const IN_FLIGHT: usize = 64;

    type Answer = JoinHandle<u64>;

    fn start(workers: usize) -> Result<Self, Failure> {
        Ok(Self { pool: Pool::new(workers)? })
    }

    fn submit(&mut self, number: u64) -> Result<JoinHandle<u64>, Failure> {
        Ok(self.pool.spawn(number, |number| number))
    }

    fn wait(&mut self, answer: JoinHandle<u64>) -> Result<u64, Failure> {
        Ok(answer.join()?)
    }

    fn abort(&mut self) -> Result<(), Failure> {
        match self.pool.spawn((), |()| process::abort()).join() {
            Ok(()) => Err("a worker has survived its end".into()),
            Err(_) => Ok(()),
        }
    }

    fn end(self) -> Result<(), Failure> {
        self.pool.shutdown();
        Ok(())
    }
}
