//! `cargo +nightly fuzz run --features libfuzzer cron_step`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _ = pysched_fuzz::cron_step(input));
