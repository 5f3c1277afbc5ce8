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
