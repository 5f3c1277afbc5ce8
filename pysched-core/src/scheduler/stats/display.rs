//! [`Stats`] for people: a few lines for a log or a terminal.

use std::fmt;
use std::time::Duration;

use super::{Counts, ExecutorStats, Percentiles, Stats};

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { waiting, queued, running, overdue, .. } = self;
        writeln!(f, "up {}, {}", Uptime(self.uptime), Counted(self.tasks, "task"))?;
        if self.paused > 0 {
            writeln!(f, "paused: {}", Counted(self.paused, "task"))?;
        }
        writeln!(
            f,
            "now: {waiting} waiting, {queued} queued, {running} running, {overdue} overdue"
        )?;
        writeln!(f, "so far: {}", self.counts)?;
        for executor in &self.executors {
            writeln!(f, "{executor}")?;
        }
        writeln!(f, "late by: {}", self.lateness)?;
        write!(f, "ran for: {}", self.duration)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { succeeded, failed, cancelled, skipped, missed, .. } = self;
        write!(
            f,
            "{succeeded} succeeded, {failed} failed, {cancelled} cancelled, {skipped} skipped, \
             {missed} missed"
        )?;
        // What most schedulers never have.
        let rare = [
            (self.retried, "retried"),
            (self.timed_out, "timed out"),
            (self.workers_died, "lost with their worker"),
        ];
        for (count, what) in rare.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ExecutorStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, workers, queued, busy } = self;
        f.write_str("executor")?;
        if !name.is_empty() {
            write!(f, " {name:?}")?;
        }
        f.write_str(": ")?;
        if let Some(workers) = *workers {
            write!(f, "{}, ", Counted(workers, "worker"))?;
        }
        write!(f, "{busy} busy, {queued} queued")
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.count == 0 {
            return f.write_str("none");
        }
        let [mean, p50, p90, p99, max] =
            [self.mean, self.p50, self.p90, self.p99, self.max].map(Short);
        write!(f, "{mean} on average, p50 {p50}, p90 {p90}, p99 {p99}, max {max}")?;
        write!(f, " (of {})", self.count)
    }
}

/// A time in the unit that suits it.
struct Short(Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() { f.write_str("0s") } else { write!(f, "{:.1?}", self.0) }
    }
}

/// So many of something.
struct Counted(usize, &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(count, what) = self;
        write!(f, "{count} {what}{}", if *count == 1 { "" } else { "s" })
    }
}

/// A time in days, hours, minutes and seconds, without those that lead and are none.
struct Uptime(Duration);

impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m")];
        for (count, unit) in parts.into_iter().skip_while(|(count, _)| *count == 0) {
            write!(f, "{count}{unit} ")?;
        }
        write!(f, "{}s", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentiles(count: u64) -> Percentiles {
        let us = Duration::from_micros;
        Percentiles {
            count,
            mean: us(61),
            p50: us(58),
            p90: us(90),
            p99: us(1_250),
            max: us(2_003),
        }
    }

    fn stats() -> Stats {
        let executor = |name: &str, workers, queued, busy| ExecutorStats {
            name: name.to_owned(),
            workers,
            queued,
            busy,
        };
        Stats {
            uptime: Duration::from_millis(93_784_500),
            tasks: 12,
            paused: 1,
            counts: Counts {
                succeeded: 1_024,
                failed: 3,
                cancelled: 0,
                skipped: 1,
                missed: 2,
                retried: 4,
                timed_out: 0,
                workers_died: 1,
            },
            waiting: 0,
            queued: 3,
            running: 2,
            overdue: 1,
            executors: vec![executor("", Some(4), 3, 2), executor("mine", None, 0, 1)],
            lateness: percentiles(1_030),
            duration: percentiles(0),
        }
    }

    #[test]
    fn a_few_lines_for_a_log() {
        let expected = "\
up 1d 2h 3m 4s, 12 tasks
paused: 1 task
now: 0 waiting, 3 queued, 2 running, 1 overdue
so far: 1024 succeeded, 3 failed, 0 cancelled, 1 skipped, 2 missed, 4 retried, 1 lost with their worker
executor: 4 workers, 2 busy, 3 queued
executor \"mine\": 1 busy, 0 queued
late by: 61.0µs on average, p50 58.0µs, p90 90.0µs, p99 1.2ms, max 2.0ms (of 1030)
ran for: none";
        assert_eq!(stats().to_string(), expected);
    }

    #[test]
    fn an_uptime_leaves_out_what_it_has_not() {
        let told = [0, 59, 60, 3_600, 90_061].map(|it| Uptime(Duration::from_secs(it)).to_string());
        assert_eq!(told, ["0s", "59s", "1m 0s", "1h 0m 0s", "1d 1h 1m 1s"]);
    }
}
