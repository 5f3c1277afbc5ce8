//! The command line.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::works::{Part, WORKS, Work};

const HELP: &str = "\
Measures pysched beside its peers.

    compare [OPTIONS]

    --works A,B        only these of the works below
    --contenders A,B   only contenders whose names begin so
    --rounds N         samples a contender and case, 5 unless given
    --quick            a fiftieth of the size and one round: only to see that it runs
    --json FILE        writes every sample to FILE
    --svg [DIR]        writes a chart a work to DIR, docs/performance unless given
    --check            compares the medians with the goals, at the end
    --help             this text

Works:
";

/// How many samples a contender and case, unless told otherwise.
const ROUNDS: usize = 5;

/// The argument of a process that writes back what it reads.
pub(crate) const ECHO: &str = "echo";

/// What the program is to do.
pub(crate) enum Command {
    Help,
    Compare(Options),
    Sample(Request),

    /// To be a worker of [`Pipes`](crate::contenders::Pipes).
    Echo,
}

pub(crate) struct Options {
    pub(crate) works: Vec<&'static Work>,

    /// Beginnings of names; all contenders if empty.
    pub(crate) contenders: Vec<String>,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) svg: Option<PathBuf>,
    pub(crate) check: bool,
}

/// What a child process is to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) work: &'static Work,

    /// The indices of the case and of the entrant in the work.
    pub(crate) case: usize,
    pub(crate) entrant: usize,
    pub(crate) quick: bool,
}

/// What can be said on the command line.
pub(crate) fn help() -> String {
    let works = WORKS.iter().map(|work| format!("\n    {:<18} {}", work.name, work.question));
    works.fold(HELP.to_owned(), |help, work| help + &work)
}

/// Reads the arguments that follow the program's name.
///
/// # Errors
///
/// What is wrong with them.
pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Command, String> {
    let mut arguments = arguments.peekable();
    if arguments.next_if_eq("sample").is_some() {
        return request(arguments).map(Command::Sample).ok_or_else(|| "not a sample".to_owned());
    }
    if arguments.next_if_eq(ECHO).is_some() {
        return Ok(Command::Echo);
    }
    let mut options = Options {
        works: WORKS.to_vec(),
        contenders: Vec::new(),
        rounds: 0,
        quick: false,
        json: None,
        svg: None,
        check: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--works" => options.works = value()?.split(',').map(work).collect::<Result<_, _>>()?,
            "--contenders" => options.contenders = value()?.split(',').map(str::to_owned).collect(),
            "--rounds" => options.rounds = rounds(&value()?)?,
            "--quick" => options.quick = true,
            "--json" => options.json = Some(value()?.into()),
            "--svg" => {
                let folder = arguments.next_if(|next| !next.starts_with("--"));
                options.svg = Some(folder.unwrap_or_else(|| "docs/performance".to_owned()).into());
            }
            "--check" => options.check = true,
            _ => return Err(format!("unknown option {argument}")),
        }
    }
    options.contenders.iter().try_for_each(|name| expect_contender(name, &options.works))?;
    if options.rounds == 0 {
        options.rounds = if options.quick { 1 } else { ROUNDS };
    }
    Ok(Command::Compare(options))
}

fn work(name: &str) -> Result<&'static Work, String> {
    let found = WORKS.iter().find(|work| work.name == name).copied();
    found.ok_or_else(|| format!("no work is called {name}; see below"))
}

/// Refuses the beginning of a name that no contender of the works has.
fn expect_contender(beginning: &str, works: &[&Work]) -> Result<(), String> {
    let entrants = works.iter().flat_map(|work| work.entrants.iter());
    let names: BTreeSet<_> = entrants.map(|entrant| entrant.contender).collect();
    if names.iter().any(|name| name.starts_with(beginning)) {
        return Ok(());
    }
    let names = Vec::from_iter(names).join("; ");
    Err(format!("no contender's name begins with {beginning}; there are: {names}"))
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds) if rounds > 0 => Ok(rounds),
        _ => Err(format!("--rounds takes a number of at least 1, not {text}")),
    }
}

fn request(mut arguments: impl Iterator<Item = String>) -> Option<Request> {
    let work = work(&arguments.next()?).ok()?;
    let case = arguments.next()?.parse().ok().filter(|case| *case < work.cases.len())?;
    let entrant = arguments.next()?.parse().ok();
    let entrant = entrant.filter(|entrant| *entrant < work.entrants.len())?;
    Some(Request { work, case, entrant, quick: arguments.next().is_some() })
}

impl Request {
    /// The arguments that [`parse`] makes this request of.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["sample".to_owned(), self.work.name.to_owned()];
        arguments.extend([self.case.to_string(), self.entrant.to_string()]);
        arguments.extend(self.quick.then(|| "quick".to_owned()));
        arguments
    }
}

impl Options {
    /// The indices of a work's entrants that run a case, as far as they were asked for.
    pub(crate) fn entrants(&self, work: &Work, case: usize) -> Vec<usize> {
        let asked = |name: &str| {
            self.contenders.is_empty() || self.contenders.iter().any(|it| name.starts_with(it))
        };
        let runs = |part: &Part| match part {
            Part::Runs { most, .. } => work.cases[case].tasks <= *most,
            Part::LeftOut(_) => false,
        };
        let entrants = work.entrants.iter().enumerate();
        let chosen = entrants.filter(|(_, it)| asked(it.contender) && runs(&it.part));
        chosen.map(|(index, _)| index).collect()
    }
}
