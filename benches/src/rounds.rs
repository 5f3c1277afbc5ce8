//! The rounds: each contender in turn, each sample in a process of its own.
//!
//! A fresh process means that no allocator, thread or cache is left over from another sample, and
//! that its memory can be measured. Each round begins with another contender, so that none always
//! runs after the same one, or while the machine is at its hottest.

use std::error::Error;
use std::io::Read;
use std::process::{self, Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::measure::Elsewhere;
use crate::options::{Options, Request};
use crate::results::Results;
use crate::sample::Sample;
use crate::works::{Load, Part, Work};

/// A sample that takes longer is ended, and counts as failed.
const LIMIT: Duration = Duration::from_mins(3);

/// How often a child is asked whether it has ended; rare, since asking takes processor time too.
const LOOK: Duration = Duration::from_millis(20);

/// Takes all samples of a work. One that fails is noted as failed.
///
/// # Errors
///
/// If a child cannot be started or waited for, or `/proc` not be read.
pub(crate) fn run(
    work: &'static Work,
    options: &Options,
    results: &mut Results,
) -> Result<(), Box<dyn Error>> {
    let elsewhere = Elsewhere::watch()?;
    for (case_index, case) in work.cases.iter().enumerate() {
        let entrants = options.entrants(work, case_index);
        for round in 0..options.rounds {
            for position in 0..entrants.len() {
                let entrant = entrants[(position + round) % entrants.len()];
                let contender = work.entrants[entrant].contender;
                eprintln!("{}, {}, round {}: {contender}", work.name, case.name, round + 1);
                let quick = options.quick;
                let request = Request { work, case: case_index, entrant, quick };
                match ask(&request)? {
                    Ok(sample) => results.add(work.name, case.name, contender, round, sample),
                    Err(failure) => results.fail(work.name, case.name, contender, round, failure),
                }
            }
        }
    }
    results.disturb(work.name, elsewhere.processors()?);
    Ok(())
}

/// Has a child process take a sample.
fn ask(request: &Request) -> Result<Result<Sample, String>, Box<dyn Error>> {
    let mut child = Command::new(env::current_exe()?)
        .args(request.arguments())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if begun.elapsed() > LIMIT {
            return end(child).map(|()| Err(format!("took longer than {LIMIT:?}")));
        }
        thread::sleep(LOOK);
    };
    let mut line = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut line)?;
    }
    if status.success() {
        Ok(serde_json::from_str(&line).map_err(|error| format!("{error} in {line:?}")))
    } else {
        Ok(Err(if line.is_empty() { status.to_string() } else { line.trim().to_owned() }))
    }
}

fn end(mut child: Child) -> Result<(), Box<dyn Error>> {
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// Takes a sample in this process, and prints it, or else why there is none.
pub(crate) fn answer(request: &Request) -> ExitCode {
    let entrant = &request.work.entrants[request.entrant];
    let Part::Runs { sample, divisor, .. } = entrant.part else {
        println!("{} is left out of {}", entrant.contender, request.work.name);
        return ExitCode::FAILURE;
    };
    let load = Load::of(&request.work.cases[request.case], divisor, request.quick);
    let outcome = sample(&load).and_then(|sample| Ok(serde_json::to_string(&sample)?));
    let (line, code) = match outcome {
        Ok(line) => (line, 0),
        Err(error) => (error.to_string(), 1),
    };
    println!("{line}");
    // At once: the threads of the contenders have not been told to end.
    process::exit(code)
}
