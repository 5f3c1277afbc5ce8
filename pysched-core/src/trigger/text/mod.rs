//! Triggers written as text, and read again: `recur("1h 30m").until("2030-01-01T00:00:00Z")`.
//!
//! ```text
//! trigger  = kind { suffix }
//! kind     = "once(" interval ")" | "recur(" interval ")" | "recur_after(" interval ")"
//!          | "at(" time ")" | "at_each(" time { "," time } ")"
//!          | "cron(" string { "," zoned } ")"
//!          | "calendar(" date { "," ( "every" "=" count | "at" "=" clock
//!                                   | "month_end" "=" ( "clamp" | "skip" ) | zoned ) } ")"
//!          | ( "any(" | "all(" ) trigger { "," trigger } ")"
//! zoned    = "tz" "=" string | "dst" "=" ( "vixie" | "skip" | "literal" | "shift" )
//! suffix   = ".except(" trigger ")"
//!          | ".starting(" time ")" | ".until(" time ")" | ".jitter(" interval ")"
//! ```
//!
//! Everything that is not a word of the grammar is a string in quotes, in which `\"` and `\\` stand for
//! `"` and `\`. White space is free, and a comma may precede any `)`.

mod read;
mod stamp;
mod write;
#[cfg(feature = "cron")]
mod zoned;

pub(crate) use self::stamp::Stamp;

#[cfg(test)]
mod tests;
