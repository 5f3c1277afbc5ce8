//! A clock whose time is real and whose faults are ours: its wall clock is set, and its thread oversleeps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, SystemTime};

use pysched::{Clock, Parker, SystemClock};

/// The clock of one scheduler. Clones are the same clock.
#[derive(Clone)]
pub(crate) struct Unsteady(Arc<Shared>);

struct Shared {
    clock: SystemClock,

    /// What the wall clock showed at the origin of `clock`.
    started: SystemTime,

    /// Whether it says when its wall clock is set; else the scheduler has to find out by itself.
    tells: bool,

    /// How long the next wait is to last too long, in nanoseconds.
    oversleep: AtomicU64,

    state: Mutex<State>,
}

struct State {
    /// How far ahead the wall clock is.
    ahead: Shift,

    was_set_back: bool,

    /// When it was set, and what it showed just before.
    settings: Vec<(Duration, SystemTime)>,

    /// Who is to be told when it is set.
    watchers: Vec<Parker>,
}

/// By how much a wall clock is set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shift {
    Forward(Duration),
    Back(Duration),
}

impl Shift {
    fn applied(self, time: SystemTime) -> SystemTime {
        match self {
            Self::Forward(by) => time + by,
            Self::Back(by) => time - by,
        }
    }

    fn and(self, other: Self) -> Self {
        let time = other.applied(self.applied(SystemTime::UNIX_EPOCH));
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(by) => Self::Forward(by),
            Err(error) => Self::Back(error.duration()),
        }
    }
}

impl Unsteady {
    pub(crate) fn new(tells: bool) -> Self {
        let state = State {
            ahead: Shift::Forward(Duration::ZERO),
            was_set_back: false,
            settings: Vec::new(),
            watchers: Vec::new(),
        };
        Self(Arc::new(Shared {
            clock: SystemClock::new(),
            started: SystemTime::now(),
            tells,
            oversleep: AtomicU64::new(0),
            state: Mutex::new(state),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    fn wall_in(&self, state: &State) -> SystemTime {
        state.ahead.applied(self.0.started + self.0.clock.now())
    }

    /// Sets the wall clock.
    pub(crate) fn set(&self, shift: Shift) {
        let mut state = self.state();
        let shown = self.wall_in(&state);
        // Read after what is shown, so that nobody asks for the time in between.
        let at = self.0.clock.now();
        state.settings.push((at, shown));
        state.ahead = state.ahead.and(shift);
        state.was_set_back |= matches!(shift, Shift::Back(_));
        if self.0.tells {
            state.watchers.iter().for_each(Parker::unpark);
        }
    }

    /// Whether the wall clock was ever set back.
    pub(crate) fn was_set_back(&self) -> bool {
        self.state().was_set_back
    }

    /// Has the next wait last so much too long.
    pub(crate) fn oversleep(&self, by: Duration) {
        self.0.oversleep.store(u64::try_from(by.as_nanos()).unwrap(), Ordering::Relaxed);
    }

    /// The latest time that the wall clock has shown since a moment of this clock.
    pub(crate) fn latest_since(&self, moment: Duration) -> SystemTime {
        let state = self.state();
        let before = state.settings.iter().filter(|(at, _)| *at >= moment).map(|(_, shown)| *shown);
        before.fold(self.wall_in(&state), SystemTime::max)
    }
}

impl Clock for Unsteady {
    fn now(&self) -> Duration {
        self.0.clock.now()
    }

    fn wall(&self) -> SystemTime {
        self.wall_in(&self.state())
    }

    fn wait(&self, parker: &Parker, until: Option<Duration>) {
        self.0.clock.wait(parker, until);
        let by = self.0.oversleep.swap(0, Ordering::Relaxed);
        if by > 0 {
            thread::sleep(Duration::from_nanos(by));
        }
    }

    fn watch_wall(&self, parker: &Parker) -> bool {
        if self.0.tells {
            self.state().watchers.push(parker.clone());
        }
        self.0.tells
    }

    fn unwatch_wall(&self, _: &Parker) {
        // It has one scheduler, which waits on one parker.
        self.state().watchers.clear();
    }
}
