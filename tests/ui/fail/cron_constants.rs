//! `cron!` takes a text and a time zone.

use pysched::{Trigger, cron};

const WEEKDAYS: &str = "0 9 * * MON-FRI";

const EMPTY: Trigger = cron!();
const NOT_A_TEXT: Trigger = cron!(WEEKDAYS);
const NUMBER: Trigger = cron!(5);
const NO_KEY: Trigger = cron!("@daily", "Europe/Rome");
const UNKNOWN: Trigger = cron!("@daily", dst = skip);
const REPEATED: Trigger = cron!("@daily", tz = "Europe/Rome", tz = "Europe/Paris");
const MANY: Trigger = cron!(WEEKDAYS, tz = "", dst = skip);

fn main() {
    let _: Trigger = cron!("0 9 * * *" tz = "Europe/Rome");
}
