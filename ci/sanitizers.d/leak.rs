//! Loses what it has allocated: the leak sanitizer has to say so.

fn main() {
    lose();
    overwrite();
}

#[inline(never)]
fn lose() {
    std::hint::black_box(Box::leak(Box::new([7_u8; 100])));
}

/// Leaves no trace of the address on the stack.
#[inline(never)]
fn overwrite() {
    std::hint::black_box([0_u8; 4096]);
}
