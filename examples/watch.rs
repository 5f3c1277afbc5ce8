//! Watch: a table of all tasks that is kept up to date in the terminal, made of what a scheduler tells.
//!
//! Run it with `cargo run --example watch`. It ends after about eight seconds. Where its output is no
//! terminal, it prints the table three times.

use std::io::{IsTerminal, Write, stdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{Error, Execution, Scheduler, Status, Task, TaskInfo, ThreadPoolExecutor, Trigger};

const WATCHED: Duration = Duration::from_secs(8);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sched = Scheduler::builder()
        .executor(ThreadPoolExecutor::new(2))
        .named_executor("reports", ThreadPoolExecutor::new(1))
        .history(1_000) // executions of each task, which the columns are made of
        .build();
    add_tasks(&sched)?;
    sched.start()?;

    let in_place = stdout().is_terminal();
    let pause = if in_place { Duration::from_millis(200) } else { WATCHED / 3 };
    let mut above = 0;
    for _ in 0..WATCHED.as_millis() / pause.as_millis() {
        thread::sleep(pause);
        let lines = table(&sched, in_place);
        let mut out = stdout().lock();
        if in_place {
            // Over the last one. Nothing is wrapped, or there would be more lines than were written.
            let over = if above > 0 { format!("\x1b[{above}A") } else { String::new() };
            write!(out, "\x1b[?7l{over}{}\x1b[J\x1b[?7h", lines.join(""))?;
            above = lines.len();
        } else {
            writeln!(out, "{}", lines.join(""))?;
        }
        out.flush()?;
    }
    sched.shutdown(false);
    Ok(())
}

/// Some work to look at.
fn add_tasks(sched: &Scheduler) -> Result<(), Error> {
    sched.add(task("heartbeat", 0.5, |_| Ok(())))?;
    sched.add(task("thumbnails", 0.3, |turn| {
        thread::sleep(Duration::from_millis(20 + 37 * turn % 100));
        Ok(())
    }))?;

    // It fails now and then, and goes on.
    let upload = |turn| if turn % 3 == 2 { Err("connection reset") } else { Ok(()) };
    sched.add(task("upload", 0.7, upload))?;

    // It takes longer than its interval: what comes meanwhile is skipped.
    let report = task("report", 0.6, |_| {
        thread::sleep(Duration::from_millis(1_100));
        Ok(())
    });
    sched.add(report.executor("reports"))?;

    // It has to wait for the only worker of these two: it is late, or missed.
    sched.add(task("summary", 0.8, |_| Ok(())).executor("reports"))?;

    sched.add(Task::new(|| ()).name("backup").trigger(Trigger::cron("30 2 * * *")?))?;
    Ok(())
}

/// A task that runs every so many seconds and knows how often it has.
fn task(name: &str, seconds: f64, work: fn(u64) -> Result<(), &'static str>) -> Task<()> {
    let turn = AtomicU64::new(0);
    let work = move || work(turn.fetch_add(1, Ordering::Relaxed));
    Task::fallible(work).name(name).trigger(Trigger::recur(seconds))
}

/// The lines of the table, each with its end.
fn table(sched: &Scheduler, colours: bool) -> Vec<String> {
    // The end of a line also clears what an earlier table has left there.
    let end = if colours { "\x1b[K\n" } else { "\n" };
    let stats = sched.stats();
    let counts = &stats.counts;
    let mut lines = vec![
        format!(
            "up {:.1?}   {} tasks   {} queued   {} running   at most {:.1?} late",
            stats.uptime, stats.tasks, stats.queued, stats.running, stats.lateness.max
        ),
        format!(
            "{} succeeded   {} failed   {} skipped   {} missed",
            counts.succeeded, counts.failed, counts.skipped, counts.missed
        ),
        String::new(),
        format!(
            "{:<12} {:>12}  {:<10} {:>5} {:>10} {:>10}",
            "task", "next run", "last fate", "runs", "p99 took", "late by"
        ),
    ];
    let mut tasks = sched.tasks();
    tasks.sort_by(|one, other| one.name.cmp(&other.name));
    lines.extend(tasks.iter().map(|task| row(task, &sched.results(task.id), colours)));
    lines.into_iter().map(|line| line + end).collect()
}

fn row(task: &TaskInfo, executions: &[Execution], colours: bool) -> String {
    let name = task.name.as_deref().unwrap_or("(none)");
    let now = SystemTime::now();
    let next = match task.next_run {
        _ if task.paused => "paused".to_owned(),
        Some(next) => match next.duration_since(now) {
            Ok(ahead) if ahead.as_secs() >= 3_600 => format!("in {} h", ahead.as_secs() / 3_600),
            Ok(ahead) => format!("in {:.1} s", ahead.as_secs_f64()),
            Err(_) => "now".to_owned(),
        },
        None => "later".to_owned(),
    };
    let fate = executions.last().map(|it| it.status);
    let fate_told = fate.map_or(String::new(), |it| format!("{it:?}").to_lowercase());
    let (from, to) = match fate {
        Some(Status::Failed) if colours => ("\x1b[31m", "\x1b[0m"),
        Some(Status::Skipped | Status::Missed) if colours => ("\x1b[33m", "\x1b[0m"),
        _ => ("", ""),
    };

    let runs = executions.iter().filter(|it| it.started.is_some());
    let mut took: Vec<_> =
        runs.clone().filter_map(|it| it.finished?.duration_since(it.started?).ok()).collect();
    took.sort();
    let p99 = took.get((took.len() * 99).div_ceil(100).saturating_sub(1)).copied();
    let late = runs.clone().next_back().and_then(|it| it.started?.duration_since(it.due).ok());
    format!(
        "{name:<12} {next:>12}  {from}{fate_told:<10}{to} {:>5} {:>10} {:>10}",
        runs.count(),
        told(p99),
        told(late)
    )
}

fn told(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "-".to_owned(), |duration| format!("{duration:.1?}"))
}
