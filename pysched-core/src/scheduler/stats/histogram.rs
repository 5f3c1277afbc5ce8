//! [`Histogram`]: how long many things took, in little memory and to within a sixteenth.
//!
//! Log-linear, as Gil Tene's `HdrHistogram` <https://hdrhistogram.github.io/HdrHistogram/>: each power of
//! two is divided into eight buckets of one width, and what has fallen into a bucket is told as its
//! middle. A bucket is at most an eighth as wide as what it begins with, so its middle is at most a
//! sixteenth of that away. Below 16 ns each number has a bucket of its own.
//!
//! All numbers of 64 bits make 496 buckets, 4 KB. There are as many as it takes for the greatest number
//! that has come: none at first, and half of them for a second.

/// Into how many buckets a power of two is divided.
const PARTS: u64 = 8;

/// How many numbers, from 0 on, have a bucket of their own.
const EXACT: usize = 16;

/// How often which numbers of nanoseconds have come.
#[derive(Debug, Clone, Default)]
pub(super) struct Histogram {
    /// How many numbers have fallen into each bucket, up to the highest that any has.
    buckets: Vec<u64>,

    /// Beyond 64 bits: a million tasks that are an hour late come near them.
    sum: u128,

    /// The greatest number, exactly.
    max: u64,
}

/// Which bucket a number falls into.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "there are fewer than 500")]
fn index(nanos: u64) -> usize {
    let shift = (nanos | PARTS).ilog2() - PARTS.ilog2();
    // From `PARTS` up to twice that, but for the first buckets, which count from 0.
    let part = nanos >> shift;
    (u64::from(shift) * PARTS + part) as usize
}

/// The number that stands for all in a bucket.
fn middle(index: usize) -> u64 {
    let index_64 = index as u64;
    if index < EXACT {
        return index_64;
    }
    let (shift, part) = (index_64 / PARTS - 1, index_64 % PARTS + PARTS);
    (part << shift) + (1 << (shift - 1))
}

impl Histogram {
    /// Takes note of a number.
    #[inline]
    pub(super) fn record(&mut self, nanos: u64) {
        let index = index(nanos);
        match self.buckets.get_mut(index) {
            Some(count) => *count += 1,
            None => self.grow(index),
        }
        self.sum += u128::from(nanos);
        if nanos > self.max {
            self.max = nanos;
        }
    }

    /// Takes note of the first number that falls into a bucket beyond those that there are.
    #[cold]
    fn grow(&mut self, index: usize) {
        self.buckets.resize(index + 1, 0);
        self.buckets[index] = 1;
    }

    /// Takes note of all that another one has.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (mine, others) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += others;
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// How many numbers have come.
    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// All of them together, exactly.
    pub(super) fn sum(&self) -> u128 {
        self.sum
    }

    /// The greatest, exactly; 0 if there is none.
    pub(super) fn max(&self) -> u64 {
        self.max
    }

    /// The number that `percent` in a hundred do not exceed: the least of those that came for which
    /// this is true, to within a sixteenth. 0 if none came.
    pub(super) fn percentile(&self, percent: u32) -> u64 {
        let rank = (u128::from(self.count()) * u128::from(percent)).div_ceil(100).max(1);
        let mut up_to_here = 0;
        let reached = self.buckets.iter().position(|&count| {
            up_to_here += u128::from(count);
            up_to_here >= rank
        });
        // The middle of the last bucket may be beyond all that is in it.
        reached.map_or(self.max, middle).min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Numbers of all magnitudes.
    fn nanos() -> impl Strategy<Value = u64> {
        (any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift)
    }

    fn of(numbers: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for &number in numbers {
            histogram.record(number);
        }
        histogram
    }

    /// Whether one number is within a sixteenth of another.
    fn is_near(told: u64, exact: u64) -> bool {
        told.abs_diff(exact) <= exact / 16
    }

    #[test]
    fn buckets_follow_one_another_without_a_gap() {
        let borders = (0..64).flat_map(|shift| [1 << shift, (1 << shift) + (1_u64 << shift) / 2]);
        for border in borders.filter(|&border| border > 1) {
            assert!([0, 1].contains(&(index(border) - index(border - 1))), "at {border}");
        }
        assert_eq!(index(u64::MAX), 495);
        for bucket in 0..=495 {
            assert_eq!(index(middle(bucket)), bucket);
        }
    }

    #[test]
    fn without_numbers_it_has_no_memory_and_tells_zero() {
        let none = Histogram::default();
        assert_eq!(none.buckets.capacity(), 0);
        assert_eq!((none.count(), none.sum(), none.max()), (0, 0, 0));
        assert_eq!((none.percentile(50), none.percentile(100)), (0, 0));
    }

    #[test]
    fn its_memory_is_bounded() {
        let mut histogram = of(&[u64::MAX]);
        (0..1_000_000).for_each(|number| histogram.record(number * 7919));
        assert_eq!((histogram.buckets.len(), histogram.buckets.capacity()), (496, 496));
        assert_eq!(histogram.count(), 1_000_001);
    }

    #[test]
    fn the_sum_goes_beyond_64_bits() {
        assert_eq!(of(&[u64::MAX; 3]).sum(), 3 * u128::from(u64::MAX));
    }

    #[test]
    fn few_numbers_are_told_by_rank() {
        let histogram = of(&[1, 2, 3, 4]);
        let told: Vec<_> = [0, 25, 26, 50, 75, 76, 100].map(|it| histogram.percentile(it)).into();
        assert_eq!(told, [1, 1, 2, 2, 3, 4, 4]);
    }

    proptest! {
        #[test]
        fn a_percentile_is_near_the_one_of_the_sorted_numbers(
            mut numbers in vec(nanos(), 1..200),
            percent in 1..=100_u32,
        ) {
            let histogram = of(&numbers);
            numbers.sort_unstable();
            let rank = (numbers.len() * percent as usize).div_ceil(100);
            let (told, exact) = (histogram.percentile(percent), numbers[rank - 1]);
            prop_assert!(is_near(told, exact), "{told} for {exact}");
            prop_assert!(told <= histogram.max());
            prop_assert_eq!(histogram.max(), *numbers.last().unwrap());
            prop_assert_eq!(histogram.count(), numbers.len() as u64);
            prop_assert_eq!(histogram.sum(), numbers.iter().map(|&it| u128::from(it)).sum());
        }

        #[test]
        fn to_merge_is_to_record_both(
            one in vec(nanos(), 0..50),
            other in vec(nanos(), 0..50),
        ) {
            let mut merged = of(&one);
            merged.merge(&of(&other));
            let both = of(&[one, other].concat());
            prop_assert_eq!(merged.buckets, both.buckets);
            prop_assert_eq!((merged.sum, merged.max), (both.sum, both.max));
        }

        #[test]
        fn any_number_is_near_the_middle_of_its_bucket(number in nanos()) {
            prop_assert!(is_near(middle(index(number)), number));
        }
    }
}
