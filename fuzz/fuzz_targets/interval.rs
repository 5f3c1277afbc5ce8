//! `cargo +nightly fuzz run --features libfuzzer interval`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _ = pysched_fuzz::interval(input));
