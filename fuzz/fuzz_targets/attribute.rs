//! `cargo +nightly fuzz run --features libfuzzer attribute`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _ = pysched_fuzz::attribute(input));
