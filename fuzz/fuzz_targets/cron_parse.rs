//! `cargo +nightly fuzz run --features libfuzzer cron_parse`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _ = pysched_fuzz::cron_parse(input));
