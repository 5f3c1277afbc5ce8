//! [`Sharp`]: for a moment, the kernel does not put off the timers of a thread.

/// While it lives, timers of the calling thread fire when they are due. Otherwise Linux may put them
/// off by the thread's *timer slack*, 50 µs by default, so that one interrupt serves several.
///
/// For one sleep and no longer: a thread inherits the slack of the one that starts it, so that the
/// workers which a scheduler's thread hires would have it, and all the threads that tasks start.
#[derive(Debug)]
pub(super) struct Sharp {
    /// The slack to go back to, in nanoseconds.
    #[cfg(target_os = "linux")]
    before: Option<std::num::NonZeroU64>,
}

#[cfg(target_os = "linux")]
impl Sharp {
    pub(super) fn new() -> Self {
        use rustix::thread::{current_timer_slack, set_current_timer_slack};

        // Where it cannot be read or set, it stays as it is.
        let before = current_timer_slack().ok().and_then(std::num::NonZeroU64::new);
        let sharp = |_: &_| set_current_timer_slack(Some(std::num::NonZeroU64::MIN)).is_ok();
        Self { before: before.filter(sharp) }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Sharp {
    fn drop(&mut self) {
        if self.before.is_some() {
            let _ = rustix::thread::set_current_timer_slack(self.before);
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Sharp {
    pub(super) fn new() -> Self {
        Self {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::thread::current_timer_slack;

    #[test]
    fn a_thread_gets_its_slack_back() {
        let before = current_timer_slack().unwrap();
        let sharp = Sharp::new();
        assert_eq!(current_timer_slack().unwrap(), 1);
        drop(sharp);
        assert_eq!(current_timer_slack().unwrap(), before);
    }
}
