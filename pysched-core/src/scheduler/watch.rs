//! [`Watch`]: how the heart notices, while it sleeps, that the wall clock has been set.
//!
//! What waits for a time on the wall is timed anew whenever the heart has looked at both clocks. As
//! long as there are such tasks, the heart asks its clock to wake it when the wall clock is set, and
//! if the clock cannot do that, sleeps for ten seconds at most. A task that makes this necessary
//! is added, and the last one ends, at any time and on any thread. So that none is overlooked:
//!
//! * Each shard counts its armed tasks that wait for the wall clock, and has a mark that says whether
//!   the heart watches, both under its lock. Whoever arms such a task without the mark puts the head
//!   of the shard back to the origin of time, which calls the heart as any head does that is earlier
//!   than its alarm (`alarm.rs`).
//! * The heart, in each beat, gives all shards the mark as it stands and takes their counts. If those
//!   say otherwise, it begins or ends to watch, and makes another beat before it sleeps.
//!
//! In that other beat, whoever armed a task before the heart had the lock of its shard has been
//! counted, and whoever does later finds the new mark. The same beat reads both clocks: a wall clock
//! that was set before the watch began is found there, and one that is set afterwards wakes the heart. The
//! loom model, of a whole scheduler, is at the end.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::shard::Shard;
use crate::time::Moment;

/// How long the heart sleeps at most while tasks wait for a wall clock that does not tell when it is
/// set.
const RECHECK: Duration = Duration::from_secs(10);

/// Whether the heart notices that the wall clock is set. It ends with this.
pub(super) struct Watch {
    engine: Arc<Engine>,
    state: State,

    /// Whether a task waits for the wall clock, as far as this beat has looked.
    wanted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Off,

    /// The clock wakes the heart.
    Told,

    /// The heart looks by itself.
    Looking,
}

impl Watch {
    pub(super) fn new(engine: &Arc<Engine>) -> Self {
        Self { engine: Arc::clone(engine), state: State::Off, wanted: false }
    }

    fn is_on(&self) -> bool {
        self.state != State::Off
    }

    /// Begins a beat, in which nothing has been seen yet.
    pub(super) fn begin(&mut self) {
        self.wanted = false;
    }

    /// Looks at a shard, after its tasks have been fired.
    pub(super) fn look_at(&mut self, shard: &mut Shard) {
        shard.watched = self.is_on();
        self.wanted |= shard.on_wall > 0;
    }

    /// Begins to watch if there is something to watch for, or ends it if there is nothing; says
    /// whether it was otherwise before, and so another beat has to come before the heart sleeps.
    pub(super) fn adjust(&mut self) -> bool {
        if self.wanted == self.is_on() {
            return false;
        }
        let Engine { clock, parker, .. } = &*self.engine;
        self.state = if !self.wanted {
            clock.unwatch_wall(parker);
            State::Off
        } else if clock.watch_wall(parker) {
            State::Told
        } else {
            State::Looking
        };
        true
    }

    /// Until when the heart may sleep at `now`, if nothing is due before `deadline`.
    pub(super) fn limit(&self, deadline: Moment, now: Moment) -> Moment {
        match self.state {
            State::Looking => deadline.min(now.saturating_add(RECHECK)),
            State::Off | State::Told => deadline,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.wanted = false;
        self.adjust();
    }
}

#[cfg(all(test, loom))]
mod models {
    use crate::sync::Mutex;
    use crate::sync::models::check;
    use crate::{Clock, InlineExecutor, Parker, Scheduler, Trigger};
    use loom::sync::Arc;
    use std::time::{Duration, SystemTime};

    const MINUTE: Duration = Duration::from_secs(60);

    /// A clock that stands still, but for its wall clock, which is set once.
    #[derive(Clone, Default)]
    struct Wall {
        state: Arc<Mutex<State>>,
    }

    #[derive(Default)]
    struct State {
        is_set: bool,

        /// Who asked to be woken then.
        watcher: Option<Parker>,
    }

    impl Wall {
        fn set(&self) {
            let watcher = {
                let mut state = self.state.lock();
                state.is_set = true;
                state.watcher.clone()
            };
            if let Some(parker) = watcher {
                parker.unpark();
            }
        }
    }

    impl Clock for Wall {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn wall(&self) -> SystemTime {
            let is_set = self.state.lock().is_set;
            if is_set { SystemTime::UNIX_EPOCH + MINUTE } else { SystemTime::UNIX_EPOCH }
        }

        fn wait(&self, parker: &Parker, until: Option<Duration>) {
            if until != Some(Duration::ZERO) {
                parker.park();
            }
        }

        fn watch_wall(&self, parker: &Parker) -> bool {
            self.state.lock().watcher = Some(parker.clone());
            true
        }

        fn unwatch_wall(&self, _: &Parker) {
            self.state.lock().watcher = None;
        }
    }

    /// A task for a time on the wall is added while the heart falls asleep, `again` after another one whose
    /// end has it watch no longer; then the clock is set to that time. Loom reports a deadlock if the
    /// heart sleeps through it.
    fn model(again: bool) {
        check(3, move || {
            let clock = Wall::default();
            let sched = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor).build();
            let at = || Trigger::at(SystemTime::UNIX_EPOCH + MINUTE);
            sched.start().unwrap();
            if again {
                sched.delay(at(), 0, || ()).unwrap().cancel().unwrap();
            }
            let future = sched.delay(at(), 0, || 7).unwrap().future();
            clock.set();
            assert_eq!(future.wait().unwrap(), &7);
            sched.shutdown(true);
        });
    }

    #[test]
    fn loom_no_sleep_without_a_watch() {
        model(false);
        model(true);
    }
}
