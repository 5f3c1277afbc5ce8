//! What is said of some expressions, and that it is not said of others.

use std::collections::HashMap;

use insta::assert_snapshot;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::{Cron, Fields};

/// Each expression and its description, a line each.
fn described(expressions: &[&str]) -> String {
    let line = |text: &&str| format!("{text:<28} {}", Cron::new(text).unwrap().describe());
    expressions.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn times_of_the_day() {
    assert_snapshot!(described(&[
        "* * * * *", "* * * * * *", "*/5 * * * *", "*/15 * * * * *", "@hourly", "@daily",
        "0 9 * * *", "0 9,17 * * *", "30 9,17 * * *", "0,30 9,17 * * *", "0 0 9 * * *",
        "30 0 9 * * *", "0 9-17 * * *", "0 8-18/2 * * *", "0 */2 * * *", "0 1/2 * * *",
        "0 */5 * * *", "0 */12 * * *", "5 * * * *", "30 * * * * *", "30 5 * * * *",
        "*/10 9-17 * * *", "* 9 * * *", "* 22-2 * * *", "* * 9-17 * * *", "5/15 * * * *",
        "*/7 * * * *", "0,20,40 9,12,17 * * *", "0-10 9-17 * * *", "*/10 9,17 * * *",
        "*/15 9-17/2 * * *", "5 9-12,14-18 * * *", "0,1,2,3,8 * * * *", "5,50 */5 3 * * *",
        "*/10 0 9,12,13,18 * * *", "0,30 * 9-17 * * *",
    ]), @r"
    * * * * *                    every minute
    * * * * * *                  every second
    */5 * * * *                  every 5 minutes
    */15 * * * * *               every 15 seconds
    @hourly                      every hour
    @daily                       every day at 00:00
    0 9 * * *                    every day at 09:00
    0 9,17 * * *                 every day at 09:00 and 17:00
    30 9,17 * * *                every day at 09:30 and 17:30
    0,30 9,17 * * *              every day at 09:00, 09:30, 17:00 and 17:30
    0 0 9 * * *                  every day at 09:00
    30 0 9 * * *                 every day at 09:00:30
    0 9-17 * * *                 every hour from 09:00 through 17:00
    0 8-18/2 * * *               every 2 hours from 08:00 through 18:00
    0 */2 * * *                  every 2 hours
    0 1/2 * * *                  every 2 hours from 01:00 through 23:00
    0 */5 * * *                  every 5 hours from 00:00 through 20:00
    0 */12 * * *                 every day at 00:00 and 12:00
    5 * * * *                    at minute 5 of every hour
    30 * * * * *                 at second 30 of every minute
    30 5 * * * *                 at second 30 of minute 5 of every hour
    */10 9-17 * * *              every 10 minutes from 09:00 through 17:50
    * 9 * * *                    every minute from 09:00 through 09:59
    * 22-2 * * *                 every minute from 22:00 through 02:59
    * * 9-17 * * *               every second from 09:00:00 through 17:59:59
    5/15 * * * *                 every 15 minutes from minute 5 through 50 of every hour
    */7 * * * *                  every 7 minutes from minute 0 through 56 of every hour
    0,20,40 9,12,17 * * *        at minutes 0, 20 and 40 of hours 9, 12 and 17
    0-10 9-17 * * *              at minutes 0 through 10 of hours 9 through 17
    */10 9,17 * * *              every 10 minutes of hours 9 and 17
    */15 9-17/2 * * *            every 15 minutes of every second hour from 9 through 17
    5 9-12,14-18 * * *           at minute 5 of hours 9 through 12 and 14 through 18
    0,1,2,3,8 * * * *            at minutes 0 through 3 and 8 of every hour
    5,50 */5 3 * * *             at seconds 5 and 50 of every fifth minute from 0 through 55 of hour 3
    */10 0 9,12,13,18 * * *      every 10 seconds of minute 0 of hours 9, 12, 13 and 18
    0,30 * 9-17 * * *            every 30 seconds from 09:00:00 through 17:59:30
    ");
}

#[test]
fn days_months_and_years() {
    assert_snapshot!(described(&[
        "0 9 * * MON-FRI", "0 9 * * FRI", "0 9 * * SAT,SUN", "0 9 * * FRI-MON", "0 9 * * 1,3,5",
        "0 9 * * SUN-THU", "* 22-2 * * FRI", "0 0 1,15 * *", "@monthly", "@yearly", "0 0 L * *",
        "0 0 L-1 * *", "0 0 L-3 * *", "0 0 15W * *", "0 0 1W,15W * *", "0 0 LW * *",
        "0 0 1-7 * *", "0 0 */2 * *", "0 0 1,10W,L-3,L,LW * *", "0 0 * * MON#2", "0 0 * * FRIL",
        "0 0 * * MON#1,MON#3", "0 0 * * WED,FRI#2", "0 0 13 * FRI", "0 0 13 * +FRI",
        "0 0 1-7 * +MON-FRI", "0 0 */2 * MON", "0 0 L * FRIL", "0 0 1-31 * FRI",
        "0 9 * JAN-MAR *", "0 9 * 12-2 *", "*/5 * * */3 *", "0 0 9 1 1 * 2027",
        "0 0 9 * DEC-FEB * 2027-2029", "0 0 9 * * * */4", "0 0 9 29 2 * 2028,2032",
    ]), @r"
    0 9 * * MON-FRI              at 09:00, Monday through Friday
    0 9 * * FRI                  at 09:00, on Friday
    0 9 * * SAT,SUN              at 09:00, on Saturday and Sunday
    0 9 * * FRI-MON              at 09:00, Friday through Monday
    0 9 * * 1,3,5                at 09:00, on Monday, Wednesday and Friday
    0 9 * * SUN-THU              at 09:00, Sunday through Thursday
    * 22-2 * * FRI               every minute of hours 0 through 2, 22 and 23, on Friday
    0 0 1,15 * *                 at 00:00, on days 1 and 15 of the month
    @monthly                     at 00:00, on day 1 of the month
    @yearly                      at 00:00, on day 1 of the month, in January
    0 0 L * *                    at 00:00, on the last day of the month
    0 0 L-1 * *                  at 00:00, on the day before the last day of the month
    0 0 L-3 * *                  at 00:00, on the third day before the last day of the month
    0 0 15W * *                  at 00:00, on the weekday nearest day 15 of the month
    0 0 1W,15W * *               at 00:00, on the weekday nearest day 1 or 15 of the month
    0 0 LW * *                   at 00:00, on the last weekday of the month
    0 0 1-7 * *                  at 00:00, on days 1 through 7 of the month
    0 0 */2 * *                  at 00:00, on every second day from 1 through 31 of the month
    0 0 1,10W,L-3,L,LW * *       at 00:00, on day 1, the weekday nearest day 10, the third day before the last day, the last day and the last weekday of the month
    0 0 * * MON#2                at 00:00, on the second Monday of the month
    0 0 * * FRIL                 at 00:00, on the last Friday of the month
    0 0 * * MON#1,MON#3          at 00:00, on the first Monday and the third Monday of the month
    0 0 * * WED,FRI#2            at 00:00, on Wednesday and the second Friday of the month
    0 0 13 * FRI                 at 00:00, on day 13 of the month or on Friday
    0 0 13 * +FRI                at 00:00, on day 13 of the month if that is Friday
    0 0 1-7 * +MON-FRI           at 00:00, on days 1 through 7 of the month if that is Monday through Friday
    0 0 */2 * MON                at 00:00, on every second day from 1 through 31 of the month if that is Monday
    0 0 L * FRIL                 at 00:00, on the last day of the month or on the last Friday of the month
    0 0 1-31 * FRI               every day at 00:00
    0 9 * JAN-MAR *              every day at 09:00, in January through March
    0 9 * 12-2 *                 every day at 09:00, in December through February
    */5 * * */3 *                every 5 minutes, in January, April, July and October
    0 0 9 1 1 * 2027             at 09:00, on day 1 of the month, in January, in 2027
    0 0 9 * DEC-FEB * 2027-2029  every day at 09:00, in January, February and December, in 2027 through 2029
    0 0 9 * * * */4              every day at 09:00, in every fourth year from 1970 through 2198
    0 0 9 29 2 * 2028,2032       at 09:00, on day 29 of the month, in February, in 2028 and 2032
    ");
}

/// One of the pieces that a field may be made of.
fn field(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(select(pieces), 1..4).prop_map(|mut pieces| {
        // Unrestricted fields are the most common, and would be the least here.
        pieces.truncate(if pieces[0].starts_with('*') { 1 } else { pieces.len() });
        pieces.join(",")
    })
}

/// Expressions that are like each other: their fields are made of few pieces.
fn expression() -> impl Strategy<Value = String> {
    let sixty = &["*", "0", "0-58/2", "1-59/2", "*/15", "5/15", "*/7", "30", "0-29", "58-2", "59"];
    let hours = &["*", "9", "9-17", "22-2", "*/3", "1/2", "0", "23", "0-22", "*/12"];
    let days = &["*", "1", "13", "*/2", "L", "L-1", "L-3", "15W", "LW", "1-7", "1-31", "31", "2W"];
    let months = &["*", "1", "DEC-FEB", "*/3", "2-12", "JUL", "*/2"];
    let weeks = &["*", "MON-FRI", "FRI", "SUN", "FRI-MON", "MON#2", "FRIL", "0-6", "MON#5", "5#2"];
    let years = &["*", "2026-2028", "2027", "*/4", "2000-2199", "1970-2198"];
    let both = select(&["", "+"]);
    (
        field(sixty),
        field(sixty),
        field(hours),
        field(days),
        field(months),
        both,
        field(weeks),
        field(years),
    )
        .prop_map(|(second, minute, hour, day, month, both, week, year)| {
            format!("{second} {minute} {hour} {day} {month} {both}{week} {year}")
        })
}

/// Whether two expressions have the same runs, in a zone whose clocks are never changed.
fn same_runs(one: &Fields, other: &Fields) -> bool {
    // Every kind of year, leap or not and from each day of the week.
    let same_days = (2001..=2028).all(|year| {
        (1..=12).all(|month| one.days.in_month(year, month) == other.days.in_month(year, month))
    });
    let fields = |it: &Fields| (it.seconds, it.minutes, it.hours, it.months, it.years);
    same_days && fields(one) == fields(other)
}

proptest! {
    // Each case compares hundreds.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_has_other_runs_is_described_otherwise(expressions in vec(expression(), 300)) {
        let mut seen: HashMap<String, (String, Fields)> = HashMap::new();
        for text in expressions {
            // Some are of no day at all.
            let Ok(cron) = Cron::new(&text) else { continue };
            let described = cron.describe();
            if let Some((other, fields)) = seen.get(&described) {
                prop_assert!(same_runs(&cron.fields, fields), "{text}\n{other}\n{described}");
            } else {
                seen.insert(described, (text, cron.fields));
            }
        }
    }
}
