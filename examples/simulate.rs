//! A year of a nightly schedule in virtual time: with the two nights in which clocks are changed, an outage,
//! and a task that is slow at times. What the schedule promises is asserted, and the report printed.
//!
//! Run it with `cargo run --example simulate`. It ends within a second or two.

use std::error::Error;
use std::time::{Duration, SystemTime};

use jiff::civil::{DateTime, date};
use pysched::sim::{Fault, Simulation};
use pysched::{
    Misfire, Retry, Scheduler, SchedulerBuilder, Status, Task, ThreadPoolExecutor, Trigger,
};

const ZONE: &str = "Europe/Rome";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the nightly tasks do: in production the work itself, and here, how long that takes.
trait Work: Clone + Send + Sync + 'static {
    fn back_up(&self);
    fn import(&self) -> Result<(), String>;
    fn clean_up(&self);
}

/// The service's own scheduler, without its tasks.
fn builder() -> SchedulerBuilder {
    Scheduler::builder().executor(ThreadPoolExecutor::new(2)).limit("database", 1)
}

/// The schedule, as `main` of the service would set it up, too.
fn set_up(scheduler: &Scheduler, work: &impl Work) -> Result<(), Box<dyn Error>> {
    let (backup, import, cleaning) = (work.clone(), work.clone(), work.clone());
    scheduler.add(
        Task::new(move || backup.back_up())
            .name("backup")
            .trigger(Trigger::cron_in("30 2 * * *", ZONE)?)
            .tag("database"),
    )?;
    scheduler.add(
        Task::fallible(move || import.import())
            .name("import")
            .trigger(Trigger::cron_in("0 3 * * *", ZONE)?)
            .tag("database")
            .retry(Retry::times(3).fixed(10 * MINUTE))
            .timeout(2 * HOUR),
    )?;
    scheduler.add(
        Task::new(move || cleaning.clean_up())
            .name("clean-up")
            .trigger(Trigger::recur(15 * MINUTE))
            .misfire(Misfire::Skip),
    )?;
    Ok(())
}

/// The work in virtual time.
#[derive(Clone)]
struct Simulated(Simulation);

impl Work for Simulated {
    fn back_up(&self) {
        self.0.work(20 * MINUTE);
    }

    /// Takes a quarter of an hour, three hours once in a hundred nights, and fails one time in twenty.
    fn import(&self) -> Result<(), String> {
        let is_slow = self.0.random().is_multiple_of(100);
        self.0.work(if is_slow { 3 * HOUR } else { 15 * MINUTE });
        if self.0.random().is_multiple_of(20) {
            Err("the supplier does not answer".to_owned())
        } else {
            Ok(())
        }
    }

    fn clean_up(&self) {
        self.0.work(Duration::from_secs(self.0.random() % 60));
    }
}

/// Local time in Rome, as an instant.
fn rome(local: DateTime) -> Result<SystemTime, jiff::Error> {
    local.in_tz(ZONE)?.timestamp().try_into()
}

fn main() -> Result<(), Box<dyn Error>> {
    let sim =
        Simulation::of(builder()).seed(2026).starting_at(rome(date(2026, 1, 1).at(0, 0, 0, 0))?);
    set_up(&sim.scheduler(), &Simulated(sim.clone()))?;
    // The machine is down from one evening to the next morning.
    sim.fault_at(rome(date(2026, 8, 15).at(22, 0, 0, 0))?, Fault::outage(10 * HOUR));

    sim.run_until(rome(date(2027, 1, 1).at(0, 0, 0, 0))?);

    let report = sim.report();
    println!("{report}");

    // Each day has its backup, the days with 23 and 25 hours too, and that after the outage.
    let backup = report.task("backup").ok_or("there was no backup")?;
    assert_eq!(backup.succeeded(), 365);
    // The night of the outage has it late, in the morning; no other does.
    assert!(backup.longest_gap() <= 32 * HOUR);
    assert_eq!(backup.attempts().iter().filter(|attempt| attempt.delay > HOUR).count(), 1);
    for (night, at) in [(date(2026, 3, 29), (3, 0)), (date(2026, 10, 25), (2, 30))] {
        let expected = rome(night.at(at.0, at.1, 0, 0))?;
        assert!(backup.starts().any(|start| start == expected), "{night}");
    }

    // What fails is tried again, and no import fails for good.
    let import = report.task("import").ok_or("there was no import")?;
    assert_eq!(import.succeeded(), 365);
    println!("The import failed {} times, and was tried again:", import.failed());
    for attempt in import.attempts().iter().filter(|it| it.status == Status::Failed).take(3) {
        println!(
            "    attempt {}: {}",
            attempt.number,
            attempt.error.as_deref().unwrap_or_default()
        );
    }

    // In the outage the clean-up was missed 40 times; nobody needs those any more.
    let cleaning = report.task("clean-up").ok_or("nobody has cleaned up")?;
    assert_eq!((cleaning.missed(), cleaning.skipped()), (40, 0));
    println!("\nThe clean-up did not take place {} times:", cleaning.missed() + cleaning.skipped());
    for run in cleaning.passed_over().iter().take(3) {
        println!("    {} x: {}", run.count, run.why);
    }

    println!("\nThe outage, and what follows on it:");
    let trace = sim.trace();
    let outage = rome(date(2026, 8, 15).at(22, 0, 0, 0))?;
    let entries = trace.entries().filter(|entry| (outage..outage + DAY / 2).contains(&entry.at()));
    for entry in entries.filter(|entry| entry.task().as_deref() != Some("clean-up")) {
        println!("    {entry}");
    }
    Ok(())
}
