//! Reads what it has freed: the address sanitizer has to say so.

fn main() {
    let kept = Box::new(7_u8);
    let at: *const u8 = &raw const *kept;
    drop(kept);
    // SAFETY: none, on purpose.
    std::hint::black_box(unsafe { at.read_volatile() });
}
