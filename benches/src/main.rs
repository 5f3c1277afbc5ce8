//! `compare`: pysched beside its peers, work by work. See `benches/README.md`.

mod contenders;
mod measure;
mod options;
mod report;
mod results;
mod rounds;
mod sample;
mod works;

use std::error::Error;
use std::process::ExitCode;
use std::{env, fs};

use options::{Command, Options};
use results::Results;

fn main() -> ExitCode {
    // A worker process is this program as well, and does not get past its line.
    pysched::init();
    procspawn::init();
    match options::parse(env::args().skip(1)) {
        Ok(Command::Help) => {
            println!("{}", options::help());
            ExitCode::SUCCESS
        }
        Ok(Command::Sample(request)) => rounds::answer(&request),
        Ok(Command::Echo) => match contenders::echo() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Ok(Command::Compare(options)) => match compare(&options) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            eprintln!("{error}\n\n{}", options::help());
            ExitCode::from(2)
        }
    }
}

/// Measures and reports; whether every sample succeeded.
fn compare(options: &Options) -> Result<bool, Box<dyn Error>> {
    let mut results = Results::new(options.rounds, options.quick);
    for work in &options.works {
        rounds::run(work, options, &mut results)?;
        report::table(work, &results);
    }
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&results)?)?;
    }
    if let Some(folder) = &options.svg {
        fs::create_dir_all(folder)?;
        for work in &options.works {
            fs::write(folder.join(work.name).with_extension("svg"), report::chart(work, &results))?;
        }
    }
    if options.check {
        report::goals(&results);
    }
    Ok(results.complete())
}
