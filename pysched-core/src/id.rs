//! [`TaskId`]: a name for a task that is never used twice.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;

/// The id of a task.
///
/// No two tasks have the same id, be they of one scheduler, of two, or of two processes, and the
/// id of a task that is gone is not used again. The ids of one scheduler sort in the order in
/// which their tasks were added.
///
/// As text it is 32 hexadecimal digits, fit for a log, a URL or a column of a table:
///
/// ```
/// use pysched::TaskId;
///
/// let text = "00c0ffee42000000000000010000002a";
/// let id: TaskId = text.parse()?;
/// assert_eq!(id.to_string(), text);
/// assert_eq!(text.to_uppercase().parse::<TaskId>()?, id);
/// # Ok::<(), pysched::Error>(())
/// ```
///
/// # Design
///
/// From the highest bit to the lowest:
///
/// ```text
/// | scheduler: 40 | sequence: 56 | slot: 32 |
/// ```
///
/// The slot finds the task without a map. Slots are used again, sequences are not, so the sequence
/// proves that the task found there is the one that is meant. An id is only a name: whoever holds
/// one can ask for its task, but nothing is gained by taking it apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    /// The scheduler and the upper bits of the sequence.
    high: u64,

    /// The lower bits of the sequence and the slot.
    low: u64,
}

impl TaskId {
    const SEQUENCE_BITS: u32 = 56;

    /// How many bits of the sequence are in the lower half.
    const LOWER_BITS: u32 = u64::BITS - u32::BITS;
    const UPPER_BITS: u32 = Self::SEQUENCE_BITS - Self::LOWER_BITS;

    /// The id that names no task.
    ///
    /// ```
    /// use pysched::TaskId;
    ///
    /// assert_eq!(TaskId::nil().to_string(), "0".repeat(32));
    /// ```
    #[must_use]
    pub const fn nil() -> Self {
        Self { high: 0, low: 0 }
    }

    /// The id of the task that `scheduler` added as its number `sequence` and keeps in `slot`.
    ///
    /// A scheduler that added a million tasks a second would run out of sequences after two
    /// thousand years.
    pub(crate) fn new(scheduler: SchedulerId, sequence: u64, slot: u32) -> Self {
        debug_assert!(sequence >> Self::SEQUENCE_BITS == 0, "{sequence} has too many bits");
        Self {
            high: scheduler.0 << Self::UPPER_BITS | sequence >> Self::LOWER_BITS,
            low: sequence << u32::BITS | u64::from(slot),
        }
    }

    pub(crate) fn scheduler(self) -> SchedulerId {
        SchedulerId(self.high >> Self::UPPER_BITS)
    }

    /// The id as another process is told it.
    #[cfg(all(feature = "process", unix))]
    pub(crate) fn to_number(self) -> u128 {
        u128::from(self.high) << u64::BITS | u128::from(self.low)
    }

    /// The id that [`to_number`](Self::to_number) has told.
    #[cfg(all(feature = "process", unix))]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is cut out")]
    pub(crate) fn from_number(number: u128) -> Self {
        Self { high: (number >> u64::BITS) as u64, low: number as u64 }
    }

    pub(crate) fn sequence(self) -> u64 {
        let upper = self.high & ((1 << Self::UPPER_BITS) - 1);
        upper << Self::LOWER_BITS | self.low >> u32::BITS
    }

    #[expect(clippy::cast_possible_truncation, reason = "the slot is the lowest 32 bits")]
    pub(crate) fn slot(self) -> u32 {
        self.low as u32
    }
}

const _: () = assert!(SchedulerId::BITS + TaskId::UPPER_BITS == u64::BITS);

/// So that whatever takes `impl Into<TaskId>` takes one that is borrowed.
impl From<&Self> for TaskId {
    fn from(id: &Self) -> Self {
        *id
    }
}

/// As text, in the same 32 digits as it is displayed.
#[cfg(feature = "serde")]
impl serde::Serialize for TaskId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.high, self.low)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({self})")
    }
}

/// Reads 32 hexadecimal digits of either case; anything else is [`Error::InvalidTaskId`].
impl FromStr for TaskId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // `from_str_radix` alone would also take fewer digits, and a plus sign for one of them.
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::InvalidTaskId(text.to_owned()));
        }
        let half = |digits| u64::from_str_radix(digits, 16);
        match (half(&text[..16]), half(&text[16..])) {
            (Ok(high), Ok(low)) => Ok(Self { high, low }),
            _ => Err(Error::InvalidTaskId(text.to_owned())),
        }
    }
}

/// What tells the tasks of one scheduler from those of every other. Never 0, so that no task has
/// the id [`TaskId::nil`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SchedulerId(u64);

impl SchedulerId {
    const BITS: u32 = 40;

    /// An id that this process has not given out, and most likely no other has.
    ///
    /// Processes count from starting points of their own, drawn at random: among a thousand
    /// processes with a scheduler each, two share an id once in two million.
    pub(crate) fn unique() -> Self {
        // The keys of a `RandomState` come from the operating system's source of randomness, and
        // the hash of nothing depends on them alone. It leaves room to count without wrapping.
        static NEXT: LazyLock<AtomicU64> =
            LazyLock::new(|| AtomicU64::new(RandomState::new().build_hasher().finish() >> 1));
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        // As the remainder takes every value but the last, one more is every value but 0.
        Self(count % ((1 << Self::BITS) - 1) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;
    use std::thread;

    #[test]
    fn schedulers_are_told_apart_across_threads() {
        let ids: HashSet<u64> = (0..4)
            .map(|_| thread::spawn(|| (0..1_000).map(|_| SchedulerId::unique().0)))
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect();
        assert_eq!(ids.len(), 4_000);
        assert!(ids.iter().all(|id| (1..1 << SchedulerId::BITS).contains(id)));
    }

    #[test]
    fn ids_of_one_scheduler_sort_in_the_order_of_adding() {
        let scheduler = SchedulerId::unique();
        let first = TaskId::new(scheduler, 0, u32::MAX);
        let second = TaskId::new(scheduler, 1, 0);
        assert!(TaskId::nil() < first);
        assert!(first < second);
    }

    #[test]
    fn the_debug_form_names_the_type() {
        assert_eq!(
            format!("{:?}", TaskId { high: 0, low: 0xab }),
            format!("TaskId({}ab)", "0".repeat(30))
        );
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        let digits = "0123456789abcdef0123456789abcdef";
        let bad = [
            String::new(),
            digits[1..].to_owned(),
            format!("0{digits}"),
            format!("+{}", &digits[1..]),
            format!("-{}", &digits[1..]),
            format!("{}g", &digits[1..]),
            format!(" {}", &digits[1..]),
            format!("0x{}", &digits[2..]),
            format!("{}\u{e9}", &digits[2..]),
            "\u{e9}".repeat(16),
            "\u{e9}".repeat(32),
            "\u{ff11}".repeat(32),
        ];
        for text in bad {
            match text.parse::<TaskId>() {
                Err(Error::InvalidTaskId(quoted)) => assert_eq!(quoted, text),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn parts_and_text_survive(
            scheduler in 1..1_u64 << SchedulerId::BITS,
            sequence in 0..1_u64 << TaskId::SEQUENCE_BITS,
            slot in any::<u32>(),
        ) {
            let scheduler = SchedulerId(scheduler);
            let id = TaskId::new(scheduler, sequence, slot);
            prop_assert_eq!(id.scheduler(), scheduler);
            prop_assert_eq!((id.sequence(), id.slot()), (sequence, slot));
            let text = id.to_string();
            prop_assert_eq!(text.len(), 32);
            prop_assert_eq!(text.to_uppercase().parse::<TaskId>().unwrap(), id);
            prop_assert_eq!(text.parse::<TaskId>().unwrap(), id);
        }
    }
}
