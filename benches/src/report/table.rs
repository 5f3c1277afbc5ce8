//! The table of a work, for a terminal.

use super::figure::figure;
use crate::contenders::{Contender, Pysched};
use crate::results::Results;
use crate::works::{Case, Entrant, Metric, Part, Work};

/// Above this, others have used so much of a processor that medians suffer.
const DISTURBED: f64 = 0.1;

/// Prints a row for each contender and case: the median of the rounds, the least and the most, and
/// the median as a multiple of pysched's; of the further metrics, the medians.
pub(crate) fn table(work: &Work, results: &Results) {
    println!("\n{}: {}", work.name, work.question);
    for case in work.cases {
        let rows = work.entrants.iter().filter_map(|entrant| row(work, case, entrant, results));
        let rows: Vec<Vec<String>> = rows.collect();
        if rows.is_empty() {
            continue;
        }
        println!();
        let mut lines = vec![heading(case, work.metrics)];
        lines.extend(rows);
        print(&lines);
    }
    if let Some(processors) = results.disturbance(work.name).filter(|it| *it > DISTURBED) {
        println!("  disturbed: meanwhile, others used {} processors", figure(processors));
    }
    for entrant in work.entrants {
        match entrant.part {
            Part::LeftOut(reason) => println!("  without {}: {reason}", entrant.contender),
            Part::Runs { divisor, most, .. } => {
                if work.cases.iter().any(|case| case.tasks > most) {
                    println!("  {}: up to {most} tasks, to keep it short", entrant.contender);
                }
                if divisor > 1 {
                    println!("  {}: scaled, 1/{divisor} of the tasks", entrant.contender);
                }
                if !entrant.note.is_empty() {
                    println!("  {}: {}", entrant.contender, entrant.note);
                }
            }
        }
    }
}

fn heading(case: &Case, metrics: &[Metric]) -> Vec<String> {
    let first = metrics.iter().take(1).map(|it| it.title);
    let further = metrics.iter().skip(1).map(|it| it.title);
    let spread = ["min", "max", "x pysched"].into_iter();
    [case.name].into_iter().chain(first).chain(spread).chain(further).map(str::to_owned).collect()
}

fn row(work: &Work, case: &Case, entrant: &Entrant, results: &Results) -> Option<Vec<String>> {
    let spread =
        |contender, metric: &Metric| results.spread(work.name, case.name, contender, metric.key);
    if let Some(reason) = results.failure(work.name, case.name, entrant.contender) {
        return Some(vec![entrant.contender.to_owned(), format!("failed: {reason}")]);
    }
    let (first, further) = work.metrics.split_first()?;
    let main = spread(entrant.contender, first)?;
    let own = spread(Pysched::NAME, first).map(|own| main.median() / own.median());
    let own = own.filter(|ratio| ratio.is_finite()); // not of nothing
    let mut row = vec![entrant.contender.to_owned()];
    row.extend([main.median(), main.min(), main.max()].map(figure));
    row.push(own.map(figure).unwrap_or_default());
    let medians = further.iter().map(|metric| spread(entrant.contender, metric));
    row.extend(medians.map(|it| it.map(|it| figure(it.median())).unwrap_or_default()));
    Some(row)
}

/// Prints names to the left and figures to the right of their columns.
fn print(lines: &[Vec<String>]) {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter(|line| line.len() > 2).filter_map(|it| it.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        let (name, figures) = line.split_first().expect("a line has a name");
        print!("  {name:<width$}", width = widths[0]);
        for (cell, width) in figures.iter().zip(&widths[1..]) {
            print!("  {cell:>width$}");
        }
        println!();
    }
}
