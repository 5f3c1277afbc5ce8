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
//! that was set before the watch began is found there, and one that is set afterwards wakes the heart.

use std::time::Duration;

use super::engine::Engine;
use super::shard::Shard;
use crate::time::Moment;

/// How long the heart sleeps at most while tasks wait for a wall clock that does not tell when it is
/// set.
const RECHECK: Duration = Duration::from_secs(10);

/// Whether the heart notices that the wall clock is set. It ends with this.
pub(super) struct Watch<'a> {
    engine: &'a Engine,
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

impl<'a> Watch<'a> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Self { engine, state: State::Off, wanted: false }
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
        let Engine { clock, parker, .. } = self.engine;
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

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.wanted = false;
        self.adjust();
    }
}

#[cfg(all(test, loom))]
mod models {
    use crate::scheduler::alarm::{Alarm, Head};
    use crate::sync::Mutex;
    use crate::time::{Moment, Parker};
    use loom::sync::Arc;
    use loom::thread;

    struct Shared {
        alarm: Alarm,
        parker: Parker,
        shards: Vec<(Head, Mutex<Marked>)>,
    }

    #[derive(Default)]
    struct Marked {
        on_wall: usize,
        watched: bool,
    }

    /// A heart that would sleep for ever, and that has watched already if `begun`, for a task that is
    /// gone; and tasks that wait for the wall clock for ever, armed meanwhile. Loom reports a
    /// deadlock if the heart sleeps without watching for all of them.
    fn model(adders: usize, shards: usize, begun: bool, switches: usize) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(switches);
        builder.check(move || {
            let marked = || Mutex::new(Marked { on_wall: 0, watched: begun });
            let shared = Arc::new(Shared {
                alarm: Alarm::awake(),
                parker: Parker::new(),
                shards: (0..shards).map(|_| (Head::none(), marked())).collect(),
            });
            let threads: Vec<_> = (0..adders)
                .map(|number| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || {
                        let (head, marked) = &shared.shards[number % shards];
                        let ring = {
                            let mut marked = marked.lock();
                            marked.on_wall += 1;
                            !marked.watched
                                && head.advance(Moment::default(), &shared.alarm)
                                && shared.parker.leave_token()
                        };
                        if ring {
                            shared.parker.wake();
                        }
                    })
                })
                .collect();
            let mut watches = begun;
            loop {
                shared.alarm.clear();
                let mut found = 0;
                for (head, marked) in &shared.shards {
                    let mut marked = marked.lock();
                    marked.watched = watches;
                    found += marked.on_wall;
                    head.put_back(Moment::NEVER);
                }
                if (found > 0) != watches {
                    watches = found > 0;
                    continue;
                }
                if watches {
                    // It is told from here on, whatever is armed besides.
                    break;
                }
                let heads = shared.shards.iter().map(|(head, _)| head);
                if shared.alarm.set(heads) == Some(Moment::NEVER) {
                    shared.parker.park();
                }
            }
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }

    #[test]
    fn loom_no_sleep_without_a_watch() {
        for begun in [false, true] {
            model(1, 1, begun, 3);
            model(2, 2, begun, 1);
        }
    }
}
