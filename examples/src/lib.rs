//! The examples live beside this crate's manifest, one file each.
