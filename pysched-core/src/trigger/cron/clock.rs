//! [`Times`]: the times of the day of a cron expression, in plain English.
//!
//! All of them are laid out and looked at: where one follows the other at a constant distance, that
//! is what is said. So it does not matter which field the regularity comes from, and none is told
//! that the fields seem to have and the times do not, as with `*/7` at the end of an hour.

use super::describe::{progression, values};
use crate::trigger::words::{every, listed, ranges, step};

/// One bit for each value.
pub(super) struct Times {
    pub(super) seconds: u64,
    pub(super) minutes: u64,
    pub(super) hours: u32,
}

/// How many times are always told one by one, and how many if nothing shorter can be said.
const FEW: usize = 3;
const MANY: usize = 6;

/// Seconds of a day.
const DAY: u32 = 86_400;

const ALL_OF_SIXTY: u64 = (1 << 60) - 1;
const ALL_HOURS: u32 = (1 << 24) - 1;

impl Times {
    /// `goes_on`: whether what is told may go on beyond midnight. `is_every_day`: whether nothing but
    /// this says on which days.
    pub(super) fn describe(&self, goes_on: bool, is_every_day: bool) -> String {
        let mut times = self.of_day();
        if times.len() <= FEW {
            return self.one_by_one(&times, is_every_day);
        }
        if goes_on && constant_distance(&times).is_none() {
            rotate(&mut times);
        }
        if let Some(distance) = constant_distance(&times)
            && let (Some(first), Some(last)) = (times.first(), times.last())
        {
            let is_whole = times.len() * distance as usize == DAY as usize;
            if is_whole && *first == 0 {
                return every_seconds(distance);
            }
            // At a constant minute of every hour, and the like.
            if self.hours != ALL_HOURS {
                let (first, last) = (self.shown(*first), self.shown(*last));
                return format!("{} from {first} through {last}", every_seconds(distance));
            }
        }
        if times.len() <= MANY {
            return self.one_by_one(&times, is_every_day);
        }
        self.field_by_field(goes_on)
    }

    /// Each time, in seconds from midnight.
    fn of_day(&self) -> Vec<u32> {
        let (minutes, seconds) = (&values(self.minutes), &values(self.seconds));
        let hours = values(self.hours.into()).into_iter();
        let minutes = hours.flat_map(|hour| minutes.iter().map(move |minute| hour * 60 + minute));
        minutes.flat_map(|minute| seconds.iter().map(move |second| minute * 60 + second)).collect()
    }

    fn one_by_one(&self, times: &[u32], is_every_day: bool) -> String {
        let mut times = times.to_vec();
        times.sort_unstable();
        let times: Vec<_> = times.into_iter().map(|time| self.shown(time)).collect();
        let day = if is_every_day { "every day at" } else { "at" };
        format!("{day} {}", listed(&times, "and"))
    }

    /// A time as clocks show it, with seconds if any time has them.
    fn shown(&self, time: u32) -> String {
        if self.seconds == 1 {
            format!("{:02}:{:02}", time / 3600, time / 60 % 60)
        } else {
            format!("{:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60)
        }
    }

    fn field_by_field(&self, goes_on: bool) -> String {
        let all_minutes = self.minutes == ALL_OF_SIXTY;
        let mut text = if self.seconds == 1 {
            head(self.minutes, "minute")
        } else {
            let mut text = head(self.seconds, "second");
            // "every 15 seconds" are those of every minute.
            if !(all_minutes && evenly(self.seconds)) {
                text.push_str(&tail(&values(self.minutes), None, all_minutes, "minute"));
            }
            text
        };
        if !(all_minutes && self.hours == ALL_HOURS) {
            let cycle = goes_on.then_some((0, 23));
            let all_hours = self.hours == ALL_HOURS;
            text.push_str(&tail(&values(self.hours.into()), cycle, all_hours, "hour"));
        }
        text
    }
}

/// Lets the times begin after the longest time without any.
fn rotate(times: &mut [u32]) {
    let Some(first) = times.first() else { return };
    let next = times[1..].iter().copied().chain([first + DAY]);
    let gaps = times.iter().zip(next).map(|(time, next)| next - time);
    // Of several that are the longest, the last, which is the one at midnight if that is one of them.
    let longest = gaps.enumerate().max_by_key(|(_, gap)| *gap);
    if let Some((index, _)) = longest {
        times.rotate_left((index + 1) % times.len());
    }
}

/// The distance from each time to the next, if it is always the same.
fn constant_distance(times: &[u32]) -> Option<u32> {
    let distance = |one: u32, next: u32| (next + DAY - one) % DAY;
    let [first, second, ..] = *times else { return None };
    let constant = distance(first, second);
    times.windows(2).all(|pair| distance(pair[0], pair[1]) == constant).then_some(constant)
}

fn every_seconds(seconds: u32) -> String {
    if seconds.is_multiple_of(3600) {
        every(seconds / 3600, "hour")
    } else if seconds.is_multiple_of(60) {
        every(seconds / 60, "minute")
    } else {
        every(seconds, "second")
    }
}

/// Whether values from 0 to 59 go on at the same distance after the last.
fn evenly(set: u64) -> bool {
    let values = values(set);
    values.first() == Some(&0) && step(&values).is_some_and(|step| is_all(&values, step))
}

fn is_all(values: &[u32], step: u32) -> bool {
    values.last().is_some_and(|last| last + step == 60)
}

/// What is at these seconds or minutes.
fn head(set: u64, unit: &str) -> String {
    let values = values(set);
    if let (Some(step), Some(first), Some(last)) = (step(&values), values.first(), values.last()) {
        if evenly(set) {
            return every(step, unit);
        }
        if step > 1 {
            return format!("{} from {unit} {first} through {last}", every(step, unit));
        }
    }
    if let [value] = values[..] {
        return format!("at {unit} {value}");
    }
    let values = ranges(&values, None, |value| value.to_string());
    format!("at {unit}s {}", listed(&values, "and"))
}

/// Of which minutes or hours.
fn tail(values: &[u32], cycle: Option<(u32, u32)>, is_every: bool, unit: &str) -> String {
    if is_every {
        return format!(" of every {unit}");
    }
    if let Some(progression) = progression(values, unit) {
        return format!(" of {progression}");
    }
    if let [value] = values {
        return format!(" of {unit} {value}");
    }
    let values = ranges(values, cycle, |value| value.to_string());
    format!(" of {unit}s {}", listed(&values, "and"))
}
