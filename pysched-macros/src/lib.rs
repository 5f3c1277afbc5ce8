//! The `#[task]` attribute of the `pysched` crate.
