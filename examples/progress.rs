//! Progress: tasks that say how far they have come, drawn as bars from the events of their scheduler.
//!
//! Run it with `cargo run --example progress`. It ends after about three seconds. The bars are drawn on the
//! standard error; where that is no terminal there are none, but the lines at the end are printed all the
//! same.

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pysched::{Event, EventKind, Retry, Scheduler, Task, TaskId, ThreadPoolExecutor};

type Fallible = Result<(), Box<dyn std::error::Error + Send + Sync>>;

const STEP: Duration = Duration::from_millis(25);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sched = Scheduler::builder().executor(ThreadPoolExecutor::new(4)).build();
    let bars = Bars::new()?;
    let subscription = sched.subscribe(move |event| bars.draw(event));
    sched.start()?;

    let handles = [
        sched.add(Task::fallible(thumbnails).name("thumbnails"))?,
        sched.add(
            Task::fallible(upload)
                .name("upload")
                .retry(Retry::times(2).fixed(Duration::from_millis(400))),
        )?,
        sched.add(Task::fallible(mirror).name("mirror").timeout(Duration::from_millis(1500)))?,
    ];

    for handle in &handles {
        let _ = handle.wait().wait();
    }
    sched.shutdown(true);
    let _ = subscription.flush(Duration::from_secs(1)); // until the last event has been drawn

    println!();
    for (handle, name) in handles.iter().zip(["thumbnails", "upload", "mirror"]) {
        let run = handle.future().execution();
        let progress = run.progress.unwrap_or_default();
        let error = run.error.map_or_else(String::new, |error| format!(": {error}"));
        println!("{name}: {:?} at {} of {}{error}", run.status, progress.done, progress.total);
    }
    Ok(())
}

/// Goes through to the end.
fn thumbnails() -> Fallible {
    steps(100, |_| Ok(()))
}

/// Loses its connection half-way, the first time.
fn upload() -> Fallible {
    let first = pysched::current().attempt() == 1;
    steps(40, |step| if first && step == 20 { Err("connection lost".into()) } else { Ok(()) })
}

/// Takes longer than it may, and is told so by its token.
fn mirror() -> Fallible {
    steps(90, |_| Ok(pysched::current().token().check()?))
}

/// Something long, in steps, that tells how far it has come.
fn steps(total: u64, step: impl Fn(u64) -> Fallible) -> Fallible {
    let current = pysched::current();
    for done in 1..=total {
        thread::sleep(STEP); // stands for work
        step(done)?;
        current.set_progress(done, total);
    }
    Ok(())
}

/// A bar for each task.
struct Bars {
    all: MultiProgress,
    style: ProgressStyle,
    bars: Mutex<HashMap<TaskId, ProgressBar>>,
}

impl Bars {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let style = ProgressStyle::with_template("{prefix:<12} {bar:40} {pos:>3}/{len:<3} {msg}")?;
        Ok(Self { all: MultiProgress::new(), style, bars: Mutex::default() })
    }

    /// Called with each event, one after the other, on a thread that is in nobody's way.
    fn draw(&self, event: &Event) {
        let (Some(task), Some(name)) = (event.task, &event.name) else { return };
        let mut bars = self.bars.lock().unwrap();
        let bar = bars.entry(task).or_insert_with(|| {
            let bar = ProgressBar::new(0).with_style(self.style.clone());
            self.all.add(bar.with_prefix(name.clone()))
        });
        match &event.kind {
            EventKind::Started { attempt: 1, .. } => bar.set_message(""),
            EventKind::Started { attempt, .. } => bar.set_message(format!("attempt {attempt}")),
            EventKind::Progressed { progress, .. } => {
                bar.set_length(progress.total);
                bar.set_position(progress.done);
            }
            EventKind::Retried { error, pause, .. } => {
                bar.set_message(format!("{error}; again in {pause:?}"));
            }
            EventKind::Succeeded { took, .. } => bar.finish_with_message(format!("{took:.1?}")),
            EventKind::Failed { error, .. } => bar.abandon_with_message(error.clone()),
            _ => {}
        }
    }
}
