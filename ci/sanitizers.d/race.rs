//! Counts from two threads without a lock: the thread sanitizer has to say so.

static mut COUNT: u64 = 0;

fn count() {
    for _ in 0..1000 {
        // SAFETY: none, on purpose.
        unsafe { COUNT += 1 };
    }
}

fn main() {
    let other = std::thread::spawn(count);
    count();
    other.join().unwrap();
}
