//! In place of pysched's pool of processes, where it is not built in.

use super::{Failure, Processes};
use crate::contenders::{Contender, Pysched};

/// There is none.
#[derive(Debug)]
pub(crate) enum PyschedProcesses {}

const REASON: &str = "built without the feature process";

impl Processes for PyschedProcesses {
    const NAME: &'static str = Pysched::NAME;

    const ABSENT: Option<&'static str> = Some(REASON);

    type Answer = ();

    fn start(_workers: usize) -> Result<Self, Failure> {
        Err(REASON.into())
    }

    fn submit(&mut self, _number: u64) -> Result<(), Failure> {
        match *self {}
    }

    fn wait(&mut self, _answer: ()) -> Result<u64, Failure> {
        match *self {}
    }

    fn abort(&mut self) -> Result<(), Failure> {
        match *self {}
    }

    fn end(self) -> Result<(), Failure> {
        match self {}
    }
}
