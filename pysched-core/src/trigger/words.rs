//! Lists, ranges and numbers as a person would say them.

/// "a, b and c", where `last` is "and".
pub(super) fn listed(items: &[impl AsRef<str>], last: &str) -> String {
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 && index + 1 == items.len() {
            text.push(' ');
            text.push_str(last);
            text.push(' ');
        } else if index > 0 {
            text.push_str(", ");
        }
        text.push_str(item.as_ref());
    }
    text
}
