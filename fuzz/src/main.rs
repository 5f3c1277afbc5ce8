//! Drives a fuzz target on stable: mutates inputs, keeps those that are accepted, and goes on for a number of
//! seconds.
//!
//! `cargo run --release -- cron_step 30 [seed]`, or `all` for one target after the other.

mod mutate;
mod targets;

use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, panic};

use fastrand::Rng;

use self::mutate::mutated;
use self::targets::{TARGETS, Target};

/// Of the inputs that are accepted, so many are kept.
const KEPT: usize = 4096;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let name = arguments.first().map_or("", String::as_str);
    let chosen: Vec<_> =
        TARGETS.iter().filter(|target| name == "all" || target.name == name).collect();
    if chosen.is_empty() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: mutate all|{} [seconds] [seed]", names.join("|"));
        return ExitCode::FAILURE;
    }
    let number = |index: usize| arguments.get(index).map(|text| text.parse::<u64>()).transpose();
    let (Ok(seconds), Ok(seed)) = (number(1), number(2)) else {
        eprintln!("seconds and seed are whole numbers: {}", arguments[1..].join(" "));
        return ExitCode::FAILURE;
    };
    let (seconds, seed) = (seconds.unwrap_or(30), seed.unwrap_or_else(|| fastrand::u64(..)));
    // All of them, whatever comes of one.
    let failed = chosen.iter().filter(|target| !drive(target, seconds, seed)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Goes on for so long; says whether nothing went wrong.
fn drive(target: &Target, seconds: u64, seed: u64) -> bool {
    println!("{} for {seconds} s, seed {seed}", target.name);
    let mut rng = Rng::with_seed(seed);
    let mut kept: Vec<Vec<u8>> = target.seeds.iter().map(|seed| seed.to_vec()).collect();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut cases, mut accepted) = (0_u64, 0_u64);
    while Instant::now() < end {
        let body = mutated(target, &kept, &mut rng);
        let mut header = vec![0; target.header];
        rng.fill(&mut header);
        let input = [&header, &*body].concat();
        let Ok(is_accepted) = panic::catch_unwind(|| (target.run)(&input)) else {
            let text = String::from_utf8_lossy(&body);
            eprintln!("after {cases} cases, with {input:?}: {text:?}");
            return false;
        };
        cases += 1;
        if is_accepted {
            // What it begins with says nothing of what it makes up.
            accepted += u64::from(!target.seeds.contains(&&*body));
            if kept.len() < KEPT {
                kept.push(body);
            } else {
                let index = rng.usize(target.seeds.len()..KEPT);
                kept[index] = body;
            }
        }
    }
    println!("{cases} cases, of which {accepted} are new and accepted");
    // A target of which nothing comes through looks at errors only.
    accepted > 0
}
