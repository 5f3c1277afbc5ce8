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

/// How many values in a row are told as a range.
#[cfg(feature = "cron")]
const RANGE: usize = 3;

/// Ascending values as a list, in which three or more in a row are "a through c".
///
/// `cycle`: the least and the greatest value there can be, if a range may go on from there to here.
#[cfg(feature = "cron")]
pub(super) fn ranges(
    values: &[u32],
    cycle: Option<(u32, u32)>,
    name: impl Fn(u32) -> String,
) -> Vec<String> {
    let follows = |one: u32, next: u32| one + 1 == next || cycle == Some((next, one));
    let mut rows: Vec<Vec<u32>> = Vec::new();
    for value in values {
        match rows.last_mut() {
            Some(row) if row.last().is_some_and(|last| follows(*last, *value)) => row.push(*value),
            _ => rows.push(vec![*value]),
        }
    }
    // The first goes on where the last one ends, unless they are so short that it is no range.
    if let [first, .., last] = &rows[..]
        && first.len() + last.len() >= RANGE
        && let ([begin, ..], [.., end]) = (&first[..], &last[..])
        && follows(*end, *begin)
    {
        let first = rows.remove(0);
        rows.last_mut().into_iter().for_each(|last| last.extend(&first));
    }
    rows.into_iter()
        .flat_map(|row| match row[..] {
            [first, .., last] if row.len() >= RANGE => {
                vec![format!("{} through {}", name(first), name(last))]
            }
            _ => row.into_iter().map(&name).collect(),
        })
        .collect()
}

/// The constant distance of ascending values, if they are enough to see one.
#[cfg(feature = "cron")]
pub(super) fn step(values: &[u32]) -> Option<u32> {
    let [first, second, _, _, ..] = values else { return None };
    let step = second - first;
    values.windows(2).all(|pair| pair[1] - pair[0] == step).then_some(step)
}

/// "first", and from 11 on "11th".
#[cfg(feature = "cron")]
pub(super) fn ordinal(number: u32) -> String {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    if let Some(word) = index.and_then(|index| WORDS.get(index)) {
        return (*word).to_owned();
    }
    let ending = match (number % 10, number / 10 % 10) {
        (1, tens) if tens != 1 => "st",
        (2, tens) if tens != 1 => "nd",
        (3, tens) if tens != 1 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// "every hour", "every 2 hours".
#[cfg(feature = "cron")]
pub(super) fn every(count: u32, unit: &str) -> String {
    if count == 1 { format!("every {unit}") } else { format!("every {count} {unit}s") }
}

#[cfg(feature = "cron")]
#[cfg(test)]
mod tests {
    use super::*;

    fn hours(values: &[u32]) -> String {
        listed(&ranges(values, Some((0, 23)), |hour| hour.to_string()), "and")
    }

    #[test]
    fn three_in_a_row_are_a_range() {
        assert_eq!(hours(&[9]), "9");
        assert_eq!(hours(&[9, 10]), "9 and 10");
        assert_eq!(hours(&[9, 10, 11]), "9 through 11");
        assert_eq!(hours(&[1, 2, 5, 9, 10, 11, 12]), "1, 2, 5 and 9 through 12");
    }

    #[test]
    fn ranges_go_on_at_the_beginning() {
        assert_eq!(hours(&[0, 1, 2, 22, 23]), "22 through 2");
        assert_eq!(hours(&[0, 5, 22, 23]), "5 and 22 through 0");
        assert_eq!(hours(&[0, 5, 23]), "0, 5 and 23");
        assert_eq!(hours(&(0..24).collect::<Vec<_>>()), "0 through 23");
        assert_eq!(ranges(&[0, 1, 22, 23], None, |hour| hour.to_string()), ["0", "1", "22", "23"]);
    }

    #[test]
    fn numbers_have_their_endings() {
        let ordinals = [1, 10, 11, 12, 13, 21, 22, 23, 24].map(ordinal);
        let words = ["first", "tenth", "11th", "12th", "13th", "21st", "22nd", "23rd", "24th"];
        assert_eq!(ordinals, words);
    }

    #[test]
    fn a_step_takes_four() {
        assert_eq!(step(&[0, 5, 10]), None);
        assert_eq!(step(&[0, 5, 10, 15]), Some(5));
        assert_eq!(step(&[0, 5, 10, 16]), None);
    }
}
