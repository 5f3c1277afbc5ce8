//! pysched's own pool of processes, used without a scheduler, as its peers are.

use pysched::{ProcessPoolExecutor, TaskFuture, task};

use super::{Failure, Processes};
use crate::contenders::{Contender, Pysched};

#[derive(Debug)]
pub(crate) struct PyschedProcesses {
    pool: ProcessPoolExecutor,
}

#[task(once, 0)]
fn echo(number: u64) -> u64 {
    number
}

#[task(once, 0)]
fn abort() {
    std::process::abort()
}

impl Processes for PyschedProcesses {
    const NAME: &'static str = Pysched::NAME;

    type Answer = TaskFuture<u64>;

    fn start(workers: usize) -> Result<Self, Failure> {
        let pool = ProcessPoolExecutor::builder().max_workers(workers).warm(true).build()?;
        Ok(Self { pool })
    }

    fn submit(&mut self, number: u64) -> Result<TaskFuture<u64>, Failure> {
        Ok(self.pool.run(echo::task(number))?)
    }

    fn wait(&mut self, answer: TaskFuture<u64>) -> Result<u64, Failure> {
        answer.wait().copied().map_err(|error| error.to_string().into())
    }

    fn abort(&mut self) -> Result<(), Failure> {
        match self.pool.run(abort::task())?.wait() {
            Ok(()) => Err("a worker has survived its end".into()),
            Err(_) => Ok(()),
        }
    }

    fn end(self) -> Result<(), Failure> {
        self.pool.shutdown(true);
        Ok(())
    }
}
