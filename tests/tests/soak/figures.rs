//! What was counted, and the table that is printed of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

/// The counts of the whole program, by what they count, and how late executions began.
#[derive(Default)]
pub(crate) struct Figures {
    counts: Mutex<BTreeMap<(&'static str, &'static str), u64>>,

    /// How many began so late, by the number of bits of their microseconds and the three bits below the
    /// first: each class is at most an eighth wide.
    late: Mutex<BTreeMap<u64, u64>>,
}

impl Figures {
    /// Counts something under a heading.
    pub(crate) fn count(&self, heading: &'static str, what: &'static str) {
        self.add(heading, what, 1);
    }

    /// Counts many.
    pub(crate) fn add(&self, heading: &'static str, what: &'static str, many: u64) {
        *self.counts.lock().unwrap().entry((heading, what)).or_default() += many;
    }

    /// So many were counted.
    pub(crate) fn get(&self, heading: &'static str, what: &'static str) -> u64 {
        self.counts.lock().unwrap().get(&(heading, what)).copied().unwrap_or(0)
    }

    /// All that was counted under a heading.
    pub(crate) fn sum(&self, heading: &str) -> u64 {
        let counts = self.counts.lock().unwrap();
        counts.iter().filter(|((under, _), _)| *under == heading).map(|(_, count)| count).sum()
    }

    /// An execution has begun so late.
    pub(crate) fn late(&self, by: Duration) {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        let narrow = 60_u32.saturating_sub(micros.leading_zeros());
        let class = (micros >> narrow) << narrow;
        *self.late.lock().unwrap().entry(class).or_default() += 1;
    }

    /// What so many in a thousand did not exceed by more than an eighth.
    fn late_at(&self, permille: u64) -> Duration {
        let late = self.late.lock().unwrap();
        let mut left = late.values().sum::<u64>() * permille / 1000;
        for (class, count) in &*late {
            if *count > left {
                return Duration::from_micros(*class);
            }
            left -= count;
        }
        Duration::ZERO
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = "";
        for ((heading, what), count) in &*self.counts.lock().unwrap() {
            if *heading != last {
                writeln!(f, "{heading}")?;
                last = heading;
            }
            writeln!(f, "  {what:36}{count:>14}")?;
        }
        writeln!(f, "lateness, with all these faults")?;
        for (what, permille) in [("median", 500), ("99 in a hundred", 990)] {
            writeln!(f, "  {what:36}{:>14}", format!("{:?}", self.late_at(permille)))?;
        }
        Ok(())
    }
}
