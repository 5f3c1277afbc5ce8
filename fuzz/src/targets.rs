//! The targets, with what their inputs are made of.

use pysched_fuzz::{
    HEADER, attribute, cron_parse, cron_step, frames, identifier, interval, orders, outcome,
    request, trigger,
};

/// A target of the driver.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,

    /// Takes an input, and says whether it was accepted.
    pub(crate) run: fn(&[u8]) -> bool,

    /// So many bytes stand before the text, and are drawn anew each time.
    pub(crate) header: usize,

    /// What mutation begins with.
    pub(crate) seeds: &'static [&'static [u8]],

    /// What it puts in.
    pub(crate) pieces: &'static [&'static str],

    /// Whether inputs are bytes, and not text.
    pub(crate) is_binary: bool,
}

const CRON: &[&[u8]] = &[
    b"0 9 * * MON-FRI",
    b"*/15 0-4 * * *",
    b"30 2 * * SUN",
    b"0 0 13 * +FRI",
    b"0 0 L,L-3,LW * ?",
    b"15 1,2 1W,15W * *",
    b"0 0 ? * 5L,MON#2",
    b"5/20 22-2 28-3 NOV-FEB FRI-MON",
    b"0 0 */2 * 1-5/2",
    b"30 59 23 31 12 * 1999-2100/4",
    b"* * * 29 2 7 *",
    b"0 0 29 FEB MON#5",
    b"@daily",
    b"@Yearly",
    b"@every 5m",
    "0 25 * * * ☃".as_bytes(),
];

/// What expressions are made of.
const CRON_PIECES: &[&str] = &[
    "*",
    "?",
    "/",
    "-",
    ",",
    "#",
    "+",
    "L",
    "W",
    "LW",
    "l",
    "0",
    "1",
    "2",
    "3",
    "5",
    "7",
    "23",
    "24",
    "29",
    "31",
    "59",
    "60",
    "99999999999",
    "1970",
    "2199",
    "2200",
    "@",
    "MON",
    "sun",
    "FEB",
    "dec",
    " ",
    "  ",
    "\t",
    "\n",
    "*/",
    "é",
    "\u{85}",
    "\u{2003}",
];

const TRIGGERS: &[&[u8]] = &[
    br#"once("5s")"#,
    br#"recur("1h 30m").until("2030-01-01T00:00:00Z")"#,
    br#"recur_after("250ms").jitter("30s")"#,
    br#"at("2026-03-29T01:30:00Z")"#,
    br#"at_each("2026-03-29T01:30:00Z", "@1800000000.5")"#,
    br#"cron("0 9 * * *", tz = "Europe/Rome", dst = shift)"#,
    br#"calendar("2026-01-05", every = "2 weeks", at = "09:30:00", month_end = skip)"#,
    br#"calendar("2024-02-29", every = "1 year", tz = "Asia/Tokyo", dst = literal)"#,
    br#"any(cron("0 9 * * MON-FRI"), recur("1h").starting("2026-01-01T00:00:00+01:00"))"#,
    br#"all(cron("0 0 * * *"), cron("0 0 1 * *")).except(cron("* * * 12 *"))"#,
    br#"recur("\"\\")"#,
];

const TRIGGER_PIECES: &[&str] = &[
    "(",
    ")",
    ",",
    ".",
    "\"",
    "\\",
    "=",
    " ",
    "once",
    "recur",
    "any(",
    "all(",
    ".except(",
    ".until(",
    ".starting(",
    ".jitter(",
    "tz = ",
    "dst = ",
    "\"UTC\"",
    "\"../../etc/passwd\"",
    "every = ",
    "days",
    "months",
    "at = ",
    "\"24:00:00\"",
    "@",
    "-",
    "9999-12-31T23:59:59Z",
    "1970-01-01",
    "-001-02-30",
    "99999999999999999999",
    "1ns",
    "106751d",
    "é",
    "\u{0}",
    "cron(\"* * * * *\")",
];

const INTERVAL_PIECES: &[&str] = &[
    "h",
    "m",
    "s",
    "ms",
    "us",
    "µs",
    "μs",
    "ns",
    "d",
    "w",
    "weeks",
    "hrs",
    " ",
    ".",
    "-",
    "+",
    "e",
    "0",
    "1",
    "9",
    "00000000000000000000001",
    "9223372036854775807",
    "18446744073709551616",
    ".5",
    ".000000000000000000000000001",
    "é",
    "\u{0}",
    "_",
    "\u{2003}",
];

const JSON_PIECES: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "\\",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "1e-400",
    "18446744073709551615",
    "18446744073709551616",
    "\\ud800",
    "\\u0000",
    "\"Ok\"",
    "\"Err\"",
    "é",
    " ",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "\n",
];

const TOKENS: &[&str] = &[
    "SCHED",
    "recur",
    "once",
    "cron",
    "recur_after",
    ",",
    "=",
    "(",
    ")",
    "3",
    "-2147483649",
    "1.5",
    "\"1h 30m\"",
    "\"0 9 * * *\"",
    "overlap",
    "allow(2)",
    "buffer_one",
    "misfire",
    "run_all",
    "retry",
    "backoff",
    "retry_if",
    "|e| true",
    "timeout",
    "times",
    "tag",
    "tags",
    "[\"a\", \"b\"]",
    "name",
    "conflict",
    "keep",
    "crate",
    "::a::b",
    "r#type",
    "tz",
    "'a'",
    "'a",
    "b\"x\"",
    "..",
    "=>",
    "{",
    "}",
    "!",
    "#",
    "/* */",
    "é",
    "0x_",
    "1_000u128",
    "340282366920938463463374607431768211456",
];

macro_rules! target {
    ($run:ident, $header:expr, $seeds:expr, $pieces:expr, $is_binary:expr) => {
        Target {
            name: stringify!($run),
            run: $run,
            header: $header,
            seeds: $seeds,
            pieces: $pieces,
            is_binary: $is_binary,
        }
    };
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    target!(cron_parse, 0, CRON, CRON_PIECES, false),
    target!(cron_step, HEADER, CRON, CRON_PIECES, false),
    target!(trigger, 0, TRIGGERS, TRIGGER_PIECES, false),
    target!(interval, 0, &[b"1h30m", b"250 ms", b"1.5h", b"1w 2d 3us"], INTERVAL_PIECES, false),
    target!(identifier, 0, &[b"00c0ffee42000000000000010000002a"], &["0", "f", "G", "+", "é"], false),
    target!(
        attribute,
        0,
        &[
            b"SCHED, recur, 3, 2",
            b"cron, \"0 9 * * *\", tz = \"Europe/Rome\"",
            b"recur, \"1h\", overlap = allow(2), misfire = run_all, grace = 5, times = 3",
            b"once, 0, retry = 3, backoff = exponential(1, 60), retry_if = |e| true",
            b"\"0 9 * * MON-FRI\", tz = \"UTC\"",
            b"crate = a::b, recur_after, 1.5, tags = [\"a\"], name = \"n\", conflict = keep",
        ],
        TOKENS,
        false
    ),
    target!(
        frames,
        4,
        &[
            b"pysF\x01\0\0\0\0\0\0\0\0\0\0\0",
            b"pysF\x05\0\0\0\x03\0\0\0\x10\0\0\0\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
            b"pysF\x03\0\0\0\x01\0\0\0\xff\xff\xff\xffabc",
            b"pysF\x04\0\0\0\x01\0\0\0\x02\0\0\0nopysF\x02",
        ],
        &["pysF", "\0\0\0\0", "\x02\0\0\0"],
        true
    ),
    target!(
        request,
        0,
        &[
            b"pysF\x02\0\0\0\x07\0\0\0\x30\0\0\0\
              0123456789abcdef\0\xca\x9a\x3b\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\0\0\0\x03\0nabc[]",
            b"pysF\x02\0\0\0\x07\0\0\0\x2f\0\0\0\
              0123456789abcdef\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
              \x01\0\0\0\xfe\xff\xff\xff\x03\0abc[]",
        ],
        &["\0\0\0\0", "é", "\x01\0\0\0"],
        true
    ),
    target!(
        orders,
        0,
        &[
            b"[2,null,18446744073709551615,-3,9,[\"app::load\",\"[]\"]]\n",
            b"[2,1,2,3,4294967295,null]\n",
            b"[7,\"of the future\"]\n",
        ],
        JSON_PIECES,
        false
    ),
    target!(
        outcome,
        0,
        &[
            br#"[1,["a","b"],[7,"x"],0.5]"#,
            br"[-1,[],null,2]",
            br#"{"Ok":{"Ok":[1,["a"],null]}}"#,
            br#"{"Ok":{"Err":"no"}}"#,
            br#"{"Err":"panicked"}"#,
        ],
        JSON_PIECES,
        false
    ),
];
