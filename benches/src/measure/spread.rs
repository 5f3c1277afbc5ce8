//! [`Spread`]: how a set of measured values is spread out.

/// Measured values, from the smallest to the largest.
#[derive(Debug)]
pub(crate) struct Spread {
    sorted: Vec<f64>,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    /// The smallest value that is not below `percent` of all; not a number if there are none.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.sorted.len() * percent).div_ceil(100);
        self.sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// The middle value, or the mean of the two in the middle.
    pub(crate) fn median(&self) -> f64 {
        let (count, values) = (self.sorted.len(), &self.sorted);
        match count {
            0 => f64::NAN,
            _ if count.is_multiple_of(2) => f64::midpoint(values[count / 2 - 1], values[count / 2]),
            _ => values[count / 2],
        }
    }

    pub(crate) fn min(&self) -> f64 {
        self.sorted.first().copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn max(&self) -> f64 {
        self.sorted.last().copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    fn assert_is(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value}, and not {expected}");
    }

    #[test]
    fn of_a_hundred_values() {
        let spread = Spread::of((1..=100).rev().map(f64::from));
        assert_is(spread.percentile(50), 50.0);
        assert_is(spread.percentile(99), 99.0);
        assert_is(spread.median(), 50.5);
        assert_is(spread.min(), 1.0);
        assert_is(spread.max(), 100.0);
    }

    #[test]
    fn of_one_value() {
        let spread = Spread::of([7.0]);
        assert_is(spread.percentile(1), 7.0);
        assert_is(spread.percentile(99), 7.0);
        assert_is(spread.median(), 7.0);
    }

    #[test]
    fn of_none() {
        assert!(Spread::of([]).median().is_nan());
        assert!(Spread::of([]).percentile(50).is_nan());
    }
}
