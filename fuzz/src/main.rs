//! Drives a fuzz target on stable: mutates expressions, keeps those that are accepted, and goes on for a
//! number of seconds.
//!
//! `cargo run --release -- cron_step 30 [seed]`

use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, panic};

use fastrand::Rng;
use pysched::Trigger;
use pysched_fuzz::{HEADER, cron_parse, cron_step};

const SEEDS: [&str; 16] = [
    "0 9 * * MON-FRI",
    "*/15 0-4 * * *",
    "30 2 * * SUN",
    "0 0 13 * +FRI",
    "0 0 L,L-3,LW * ?",
    "15 1,2 1W,15W * *",
    "0 0 ? * 5L,MON#2",
    "5/20 22-2 28-3 NOV-FEB FRI-MON",
    "0 0 */2 * 1-5/2",
    "30 59 23 31 12 * 1999-2100/4",
    "* * * 29 2 7 *",
    "0 0 29 FEB MON#5",
    "@daily",
    "@Yearly",
    "@every 5m",
    "0 25 * * * ☃",
];

/// What expressions are made of.
const PIECES: [&str; 40] = [
    "*",
    "?",
    "/",
    "-",
    ",",
    "#",
    "+",
    "L",
    "W",
    "LW",
    "l",
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "23",
    "24",
    "29",
    "31",
    "59",
    "60",
    "99999999999",
    "1970",
    "2199",
    "2200",
    "@",
    "MON",
    "sun",
    "FEB",
    "dec",
    " ",
    "  ",
    "\t",
    "\n",
    "*/",
    "é",
    "\u{85}",
    "\u{2003}",
];

/// Of the expressions that are accepted, so many are kept.
const KEPT: usize = 4096;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let target: fn(&[u8]) = match arguments.first().map(String::as_str) {
        Some("cron_parse") => cron_parse,
        Some("cron_step") => cron_step,
        _ => {
            eprintln!("usage: mutate cron_parse|cron_step [seconds] [seed]");
            return ExitCode::FAILURE;
        }
    };
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse::<u64>().ok());
    let seconds = number(1).unwrap_or(30);
    let seed = number(2).unwrap_or_else(|| fastrand::u64(..));
    println!("{} for {seconds} s, seed {seed}", arguments[0]);

    let mut rng = Rng::with_seed(seed);
    let mut kept: Vec<String> = SEEDS.map(str::to_owned).into();
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut cases, mut accepted) = (0_u64, 0_u64);
    while Instant::now() < end {
        let text = mutated(&kept, &mut rng);
        let mut header = [0; HEADER];
        rng.fill(&mut header);
        let is_step = arguments[0] == "cron_step";
        let input = if is_step { [&header, text.as_bytes()].concat() } else { text.clone().into() };
        if panic::catch_unwind(|| target(&input)).is_err() {
            eprintln!("after {cases} cases, with {input:?}: {text:?}");
            return ExitCode::FAILURE;
        }
        cases += 1;
        if Trigger::cron(&text).is_ok() {
            accepted += 1;
            if kept.len() < KEPT {
                kept.push(text);
            } else {
                let index = rng.usize(SEEDS.len()..KEPT);
                kept[index] = text;
            }
        }
    }
    println!("{cases} cases, of which {accepted} are expressions");
    ExitCode::SUCCESS
}

/// A text that is kept, changed in one place or some.
fn mutated(kept: &[String], rng: &mut Rng) -> String {
    let mut text = kept[rng.usize(..kept.len())].clone();
    for _ in 0..rng.usize(0..4) {
        let (from, to) = (boundary(&text, rng), boundary(&text, rng));
        let (from, to) = (from.min(to), from.max(to));
        let piece = PIECES[rng.usize(..PIECES.len())];
        match rng.u8(0..6) {
            0 => text.insert_str(from, piece),
            1 if to - from < 4 => text.replace_range(from..to, piece),
            2 if to - from < 4 => text.replace_range(from..to, ""),
            3 => {
                // A field of another expression in place of one of this.
                let other = kept[rng.usize(..kept.len())].clone();
                let others: Vec<_> = other.split_whitespace().collect();
                let mut fields: Vec<_> = text.split_whitespace().collect();
                if !fields.is_empty() && !others.is_empty() {
                    let at = rng.usize(..fields.len());
                    fields[at] = others[if at < others.len() { at } else { 0 }];
                    text = fields.join(" ");
                }
            }
            4 => text.insert_str(from, &rng.u32(0..70).to_string()),
            _ => text.insert_str(from, &format!(",{}", rng.u32(0..32))),
        }
        // Expressions stay of a length that people write, and a little more.
        if text.len() > 200 {
            text.truncate(boundary(&text, rng));
        }
    }
    text
}

/// A place between two characters.
fn boundary(text: &str, rng: &mut Rng) -> usize {
    text.floor_char_boundary(rng.usize(..=text.len()))
}
