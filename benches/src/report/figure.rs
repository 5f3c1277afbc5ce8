//! How a figure is written.

/// With as many digits as say something: four at most, and no exponent.
pub(super) fn figure(value: f64) -> String {
    let decimals = match value.abs() {
        it if it >= 99.5 || it == 0.0 => 0,
        it if it >= 9.95 => 1,
        it if it >= 0.995 => 2,
        _ => 3,
    };
    let digits = format!("{value:.decimals$}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", &*digits), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", thousands(whole))
}

/// `1234567` as `1,234,567`.
fn thousands(digits: &str) -> String {
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups = groups.map(|group| group.iter().copied().map(char::from).collect::<String>());
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn as_many_digits_as_say_something() {
        let pairs = [
            (0.0, "0"),
            (0.0123, "0.012"),
            (0.9996, "1.00"),
            (9.99, "10.0"),
            (99.9, "100"),
            (1234.5, "1,234"),
            (-571_766.0, "-571,766"),
        ];
        for (value, text) in pairs {
            assert_eq!(figure(value), text);
        }
    }
}
