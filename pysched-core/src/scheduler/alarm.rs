//! [`Alarm`]: when the heart has to be woken.
//!
//! The heart, the scheduler's one thread, sleeps until the earliest task is due. The protocol that
//! keeps it from sleeping through an earlier one that is added meanwhile:
//!
//! * The heart, under the scheduler's lock: takes what is due; finds out when the next is due; sets
//!   the alarm to that. Then it releases the lock and parks until that moment.
//! * Whoever makes something due, under the same lock: puts it into the queue and asks the alarm
//!   whether the heart would come too late for it. If so it leaves the heart a token, and wakes it
//!   after releasing the lock.
//!
//! Either the adder has the lock first, and the heart finds the new task in the queue; or the heart
//! has it first, and the adder finds the alarm set too late. The token may come before the park,
//! which then returns at once. The alarm is set to awake as soon as one adder has left the token,
//! so that a thousand adders wake the heart once. The others can rely on it, as the token is there
//! before the lock is released: whoever has added a task and then asks whether the heart sleeps, as
//! a manual clock does, is told that it has been called. The loom model is at the end.

use crate::time::Moment;

/// Until when the heart sleeps. Guarded by the scheduler's lock.
#[derive(Debug)]
pub(super) struct Alarm {
    /// Everything that is due before this moment needs a call; the origin while the heart is awake
    /// and looks at the queue anyway before it sleeps.
    set_to: Moment,
}

impl Alarm {
    pub(super) fn awake() -> Self {
        Self { set_to: Moment::default() }
    }

    /// Says that the heart is about to sleep until `deadline`.
    pub(super) fn set(&mut self, deadline: Moment) {
        self.set_to = deadline;
    }

    /// Says that the heart is awake.
    pub(super) fn clear(&mut self) {
        self.set_to = Moment::default();
    }

    /// Whether the heart must be called for something that is due at `due`. If so, the caller has
    /// to leave it a token before the lock is released, and to wake it afterwards.
    #[must_use]
    pub(super) fn must_ring(&mut self, due: Moment) -> bool {
        let must = due < self.set_to;
        if must {
            self.clear();
        }
        must
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn rings_once_and_only_for_what_is_earlier() {
        let at = |seconds| Moment::from_origin(Duration::from_secs(seconds));
        let mut alarm = Alarm::awake();
        assert!(!alarm.must_ring(at(0)));
        alarm.set(at(5));
        assert!(!alarm.must_ring(at(5)));
        assert!(alarm.must_ring(at(4)));
        assert!(!alarm.must_ring(at(3)), "the heart is on its way");
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::Mutex;
    use crate::time::Parker;
    use loom::sync::Arc;
    use loom::thread;
    use std::time::Duration;

    /// A heart that would sleep for ever, and adders of tasks that are due now. Loom reports a
    /// deadlock if a wake-up is lost in any order of events.
    fn model(adders: usize) {
        loom::model(move || {
            let state = Arc::new(Mutex::new((Vec::new(), Alarm::awake())));
            let parker = Parker::new();
            let threads: Vec<_> = (0..adders)
                .map(|number| {
                    let (state, parker) = (Arc::clone(&state), parker.clone());
                    thread::spawn(move || {
                        let due = Moment::from_origin(Duration::from_secs(1));
                        let ring = {
                            let mut state = state.lock();
                            state.0.push(number);
                            state.1.must_ring(due) && parker.leave_token()
                        };
                        if ring {
                            parker.wake();
                        }
                    })
                })
                .collect();
            let mut fired = 0;
            while fired < adders {
                let idle = {
                    let mut state = state.lock();
                    state.1.clear();
                    let due = state.0.len();
                    state.0.clear();
                    fired += due;
                    if due == 0 {
                        state.1.set(Moment::NEVER);
                    }
                    due == 0
                };
                if idle && fired < adders {
                    parker.park();
                }
            }
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }

    #[test]
    fn loom_no_wake_up_is_lost() {
        model(1);
        model(2);
    }
}
