//! [`Origin`]: a point in real time, and how long ago that was, in nanoseconds.
//!
//! The clock is read at each addition and twice for each run. What [`Instant`](std::time::Instant)
//! does beside that, with seconds and nanoseconds apart, was a tenth of a worker's instructions for a
//! task (`docs/performance.md`); so on Linux the numbers are taken from the system, and subtracted as
//! what they are.

#[cfg(target_os = "linux")]
pub(super) use linux::Origin;
#[cfg(not(target_os = "linux"))]
pub(super) use others::Origin;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::time::{ClockId, clock_gettime};

    /// Nanoseconds on the clock that `Instant` reads too; its numbers begin with the last boot.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Origin(u64);

    impl Origin {
        // Of 32 or 64 bits, as the platform has it.
        #[expect(clippy::cast_sign_loss, reason = "there are none before the boot")]
        pub(crate) fn now() -> Self {
            let time = clock_gettime(ClockId::Monotonic);
            Self(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
        }

        /// The nanoseconds since.
        pub(crate) fn elapsed(self) -> u64 {
            Self::now().0.saturating_sub(self.0)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod others {
    use std::time::Instant;

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Origin(Instant);

    impl Origin {
        pub(crate) fn now() -> Self {
            Self(Instant::now())
        }

        /// The nanoseconds since, which reach 584 years.
        pub(crate) fn elapsed(self) -> u64 {
            u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn runs_as_fast_as_an_instant() {
        let before = Instant::now();
        let origin = Origin::now();
        let after = Instant::now();
        thread::sleep(Duration::from_millis(5));
        let least = after.elapsed();
        let elapsed = Duration::from_nanos(origin.elapsed());
        assert!(least <= elapsed && elapsed <= before.elapsed(), "{least:?} {elapsed:?}");
    }
}
