//! Python's `concurrent.futures.ProcessPoolExecutor`, by a script that measures itself.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use super::Failure;
use crate::sample::Sample;

/// The script, which is left where it is: workers may have to import it.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/process_pool.py");

const INTERPRETER: &str = "python3";

#[derive(Debug)]
pub(crate) struct Python;

impl Python {
    pub(crate) const NAME: &'static str = "Python";

    /// Has the script take a sample of a work; one without a figure if there is no Python.
    pub(crate) fn sample(
        work: &str,
        workers: usize,
        warm_up: usize,
        tasks: usize,
    ) -> Result<Sample, Failure> {
        let mut command = Command::new(INTERPRETER);
        command.args([SCRIPT, work]).args([workers, warm_up, tasks].map(|it| it.to_string()));
        match command.stdin(Stdio::null()).stderr(Stdio::inherit()).output() {
            Ok(output) if output.status.success() => Ok(serde_json::from_slice(&output.stdout)?),
            Ok(output) => Err(format!("{INTERPRETER}: {}", output.status).into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                eprintln!("skipped: there is no {INTERPRETER}");
                Ok(Sample::default())
            }
            Err(error) => Err(error.into()),
        }
    }
}
