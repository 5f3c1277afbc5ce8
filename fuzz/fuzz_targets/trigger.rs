//! `cargo +nightly fuzz run --features libfuzzer trigger`.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| _ = pysched_fuzz::trigger(input));
