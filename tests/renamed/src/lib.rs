//! A user's crate that knows pysched by another name, and has nothing called `pysched`.

use std::sync::LazyLock;

use renamed::{Scheduler, TaskError, Trigger, cron, task};

/// The scheduler of the tasks below.
pub static SCHED: LazyLock<Scheduler> = LazyLock::new(Scheduler::new);

/// A task with all that an expansion can contain.
#[task(SCHED, recur, "1h 30m", 2, name = "renamed", executor = "slow", crate = renamed)]
pub fn now(cost: u64) -> std::io::Result<u64> {
    Ok(cost)
}

/// A path from the root.
#[task(SCHED, once, 0, crate = ::renamed)]
pub fn utcnow() {}

/// An asynchronous task.
#[task(SCHED, once, 0, crate = renamed)]
pub async fn later(cost: u64) -> std::io::Result<u64> {
    std::future::ready(Ok(cost)).await
}

/// An asynchronous task whose result has no name.
#[task(SCHED, once, 0, crate = ::renamed)]
pub async fn opaque(text: &'static str) -> impl Send + Sync {
    std::future::ready(text).await
}

/// A cron expression with all that it can have.
#[task(SCHED, cron, "@daily", tz = "UTC", dst = skip, jitter = "5m", crate = renamed)]
pub fn daily() {}

/// A task with all rules.
#[task(
    SCHED,
    recur,
    3,
    overlap = allow(3),
    misfire = skip,
    grace = "5s",
    retry = 3,
    backoff = ("1s", "1m"),
    retry_if = transient,
    timeout = "10s",
    times = 5,
    tags = ["db", "slow"],
    conflict = keep,
    crate = renamed
)]
pub fn ruled() {}

/// Whether to try again.
pub fn transient(error: &TaskError) -> bool {
    matches!(error, TaskError::Panicked(_))
}

/// A trigger as a constant.
pub const WEEKLY: Trigger = cron!("@weekly", tz = "UTC", crate = renamed);

#[cfg(test)]
mod tests {
    use renamed::Error;

    #[test]
    fn tasks_of_a_renamed_crate_are_added() {
        assert!(matches!(super::now::delay(1), Err(Error::UnknownExecutor(_))));
        assert!(super::utcnow::delay().is_ok());
        assert!(super::later::delay(1).is_ok());
        assert!(super::opaque::delay("text").is_ok());
        assert!(super::daily::delay().is_ok());
        assert!(format!("{:?}", super::ruled::task()).contains("Allow(3)"));
        assert!(super::SCHED.delay(super::WEEKLY, 0, || ()).is_ok());
    }
}
