//! The syntax: what means the same, and what is refused with which words.

use super::{Cron, CronError, Fields};

/// Read by the compiler.
static WEEKDAYS: Cron = Cron::literal("0 9 * * MON-FRI");

fn fields(expression: &str) -> Fields {
    Cron::new(expression).unwrap_or_else(|error| panic!("{error}")).fields
}

fn refused(expression: &str) -> CronError {
    match Cron::new(expression) {
        Err(error) => error,
        Ok(cron) => panic!("{cron} was accepted: {cron:?}"),
    }
}

#[test]
fn the_compiler_and_the_program_read_the_same() {
    assert_eq!(WEEKDAYS, Cron::new("0 9 * * MON-FRI").unwrap());
    assert_eq!(WEEKDAYS.to_string(), "0 9 * * MON-FRI");
}

#[test]
fn what_means_the_same() {
    for (one, other) in [
        ("@yearly", "0 0 1 1 *"),
        ("@Annually", "@yearly"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * SUN"),
        ("@daily", "0 0 * * *"),
        ("@MIDNIGHT", "@daily"),
        ("@hourly", "0 * * * *"),
        (" \t0  9 * * * \n", "0 9 * * *"),
        ("0 0 9 * * *", "0 9 * * *"),
        ("0 0 9 * * * *", "0 9 * * *"),
        ("0 0 9 * * * 1970-2199", "0 9 * * *"),
        ("0 9 ? * ?", "0 9 * * *"),
        ("0 9 * * 7", "0 9 * * 0"),
        ("0 9 * jan-MAR mon-Fri", "0 9 * 1-3 1-5"),
        ("0 9 * * 5-7", "0 9 * * FRI,SAT,SUN"),
        ("0 9 * * FRI-MON", "0 9 * * 5,6,0,1"),
        ("0 9 * * SUN-TUE", "0 9 * * 0,1,2"),
        ("0 9 * * 7-2", "0 9 * * 0-2"),
        ("0 9 * * 0-7", "0 9 * * 0-6"),
        ("0 9 * * 7/2", "0 9 * * 0/2"),
        ("0 9 * * SUN/3", "0 9 * * 0,3,6"),
        ("0 9 * * SAT-SUN", "0 9 * * 6,0"),
        ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
        ("0 22-2/2 * * *", "0 22,0,2 * * *"),
        ("55-5/5 4 * * *", "55,0,5 4 * * *"),
        ("0 0 30-2 * *", "0 0 30,31,1,2 * *"),
        ("0 0 1 NOV-FEB *", "0 0 1 11,12,1,2 *"),
        ("10-40/15 4 * * *", "10,25,40 4 * * *"),
        ("*/20 4 * * *", "0/20 4 * * *"),
        ("5/20 4 * * *", "5/20,45 4 * * *"),
        ("0 0 l * *", "0 0 L-0 * *"),
        ("0 0 lw * *", "0 0 LW * *"),
        ("0 0 * * fril", "0 0 * * 5L"),
        ("0 0 * * 7L", "0 0 * * 0L"),
        ("0 0 * * mon#2", "0 0 * * 1#2"),
        ("0 0 * * 7#1", "0 0 * * SUN#1"),
        ("0 0 * * +FRI", "0 0 * * FRI"),
    ] {
        assert_eq!(fields(one), fields(other), "{one} and {other}");
    }
}

#[test]
fn what_means_something_else() {
    for (one, other) in [
        // A star in either field: a day has to match both. None: either.
        ("0 0 13 * FRI", "0 0 13 * +FRI"),
        ("0 0 */2 * FRI", "0 0 1-31/2 * FRI"),
        ("0 0 13 * 0-6", "0 0 13 * *"),
        ("0 0 L * *", "0 0 31 * *"),
        // What repeats is treated otherwise when clocks are changed.
        ("*/30 4 * * *", "0,30 4 * * *"),
    ] {
        assert_ne!(fields(one), fields(other), "{one} and {other}");
    }
    for repeating in ["* * * * *", "0 * * * *", "*/5 4 * * *", "0 1/2 * * *", "0 0-23 * * *"] {
        assert!(fields(repeating).repeats, "{repeating}");
    }
    for fixed in ["0 4 * * *", "0,30 4 * * *", "0 8-18 * * *", "0 8-18/2 */2 * *", "0 0 4 * * *"] {
        assert!(!fields(fixed).repeats, "{fixed}");
    }
}

#[test]
fn what_is_refused() {
    for (expression, reason) in [
        ("", "there is none: expected 5 to 7 fields, as in `0 9 * * MON-FRI`"),
        ("  ", "there is none"),
        ("0 9 * *", "at column 7, found 4 fields: expected 5 (minute, hour"),
        ("0", "at column 1, found 1 field: "),
        ("0 0 9 * * * 2026 x", "at column 18, found 8 fields"),
        ("60 * * * *", "in the minute, at column 1, found `60`: expected 0 to 59"),
        ("0 25 * * *", "in the hour, at column 3, found `25`: expected 0 to 23"),
        ("0 9 0 * *", "in the day of the month, at column 5, found `0`: expected 1 to 31"),
        ("0 9 * 13 *", "in the month, at column 7, found `13`: expected 1 to 12 or JAN to DEC"),
        ("0 9 * * 8", "in the day of the week, at column 9, found `8`: expected 0 to 7"),
        ("0 9 * * MON-FRY", "in the day of the week, at column 9, found `MON-FRY`"),
        ("0 9 * * MONDAY", "in the day of the week, at column 9, found `MONDAY`"),
        ("0 0 0 1 1 * 2200", "in the year, at column 13, found `2200`: expected 1970 to 2199"),
        ("0 0 0 1 1 * 2030-2020", "a range of years begins with the earlier one"),
        ("x * * * *", "in the minute, at column 1, found `x`"),
        ("5.5 * * * *", "in the minute, at column 1, found `5.5`"),
        ("-5 * * * *", "in the minute, at column 1, found `-5`"),
        ("1- * * * *", "in the minute, at column 1, found `1-`"),
        ("1-2-3 * * * *", "in the minute, at column 1, found `1-2-3`"),
        ("1,,2 * * * *", "in the minute, at column 3, a value is missing: expected 0 to 59"),
        ("1, * * * *", "in the minute, at column 3, a value is missing"),
        ("*/0 * * * *", "in the minute, at column 3, found `0`: expected a step from 1 to 59"),
        ("*/90 * * * *", "in the minute, at column 3, found `90`: expected a step from 1 to 59"),
        ("*/ * * * *", "in the minute, at column 1, found `*/`: expected a step"),
        ("*/2/2 * * * *", "in the minute, at column 1, found `*/2/2`: expected a step"),
        ("0 ? * * *", "in the hour, at column 3, found `?`: `?` is for the day"),
        ("0 0 ?,1 * *", "in the day of the month, at column 5, found `?`: `?` stands alone"),
        ("0 0 L-31 * *", "in the day of the month, at column 5, found `L-31`"),
        ("0 0 32W * *", "in the day of the month, at column 5, found `32W`"),
        ("0 0 1-15W * *", "in the day of the month, at column 5, found `1-15W`"),
        ("0 0 * * L", "found `L`: which day this is differs from cron to cron"),
        ("0 0 * * MON#6", "found `MON#6`: expected a number from 1 to 5"),
        ("0 0 * * +", "in the day of the week, at column 10, a value is missing"),
        ("0 0 30 2 *", "in the day of the month, at column 5, found `30 2 *`: no such day"),
        ("0 0 31 4,6,9,11 *", "no such day ever comes"),
        ("0 0 31\n4,6\t*", "found `31 4,6 *`: no such day ever comes"),
        ("0 0 29 2 +MON#1", "no such day ever comes"),
        ("0 0 0 29 2 ? 2023", "no such day ever comes"),
        ("0 0 99999999999999999999 * *", "found `99999999999999999999`"),
        ("@every 5m", "found `@every`: this is no calendar; use Trigger::recur"),
        ("@reboot", "found `@reboot`: this is no calendar"),
        ("@fortnightly", "found `@fortnightly`: expected @yearly"),
        ("@daily x", "found `@daily`: expected @yearly"),
        ("ä * * * *", "in the minute, at column 1, found `ä`"),
        ("* ä * * *", "in the hour, at column 3, found `ä`"),
    ] {
        let message = refused(expression).to_string();
        let sentence = message.lines().next().unwrap_or_default();
        assert!(sentence.contains(reason), "{expression:?}: {sentence}");
    }
}

#[test]
fn carets_are_below_what_is_wrong() {
    let shown = |expression| refused(expression).to_string().split_once('\n').unwrap().1.to_owned();
    assert_eq!(shown("0 9 * * MON-FRY"), "    0 9 * * MON-FRY\n            ^^^^^^^");
    assert_eq!(shown("ää ö * * *\n"), "    ää ö * * * \n    ^^");
    assert_eq!(shown("1, * * * *"), "    1, * * * *\n      ^");
    assert_eq!(shown(""), "    \n    ^");
}

#[test]
fn what_is_long_is_cut_off_between_characters() {
    let long = format!("{} * * * *", "ä".repeat(500));
    let message = refused(&long).to_string();
    assert!(message.starts_with("invalid cron expression: in the minute, at column 1, found `ää"));
    assert!(message.contains("ä…`: expected 0 to 59"));
}
