//! [`StandIn`]: keeps paused time, which a runtime moves by itself, from passing over a scheduler.
//!
//! A runtime whose time is paused moves it to its next timer as soon as it has nothing else to do. The
//! heart, a scheduler's thread, is none of the runtime's: the runtime knows neither whether it is at
//! work nor until when it sleeps. A *stand-in*, a task of the runtime, tells it:
//!
//! * While the heart is **awake**, there is a *hold*, a blocking task of the runtime, during which the
//!   time is not moved.
//! * While the heart is **asleep**, the stand-in has a timer for the heart's deadline.
//!
//! The invariant: when the runtime looks whether it may move the time, the heart is asleep and the
//! stand-in has the timer, or there is a hold, or the stand-in has been woken, which is something else
//! to do. So the time comes to the deadline or to an earlier timer, and never goes past it. This is
//! kept up when
//!
//! * *the heart falls asleep.* If nobody has left it a token, it writes down its deadline, and the hold
//!   sees that it is over. It wakes the stand-in first and ends afterwards; once the time may be moved,
//!   the stand-in has been woken.
//! * *the heart is called.* Whoever leaves it a token marks it awake and wakes the stand-in, all under
//!   the lock of the parker, and so before going on. The stand-in begins a hold unless there still is
//!   one. If it was a task of the runtime that left the token, the runtime cannot have moved the time
//!   in between: it runs one task at a time, and comes to the stand-in before it has nothing to do.
//! * *its time has come.* The stand-in leaves a token as others do.
//! * *it wakes without a token.* It marks itself awake, as if somebody had called.
//!
//! Tokens are left under the lock of a shard, so nothing may happen there but the waking: a hold is
//! begun by the stand-in itself, without a lock, as it may take a new thread, for which runtimes call
//! what users gave them.
//!
//! A runtime that shuts down drops the stand-in, which then has *left*: the heart gets a last token,
//! and sleeps alone from then on. The hold ends as well, so no runtime waits for a scheduler when it is
//! dropped.
//!
//! The lock here is taken under that of the parker, never the other way round: the heart looks for its
//! token without it. The loom model is at the end.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use crate::sync::{Condvar, Mutex};

/// What the heart and its stand-in know of each other.
#[derive(Debug)]
pub(super) struct StandIn {
    state: Mutex<State>,

    /// Notified when a hold has to look whether it is over.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    heart: Heart,

    /// Whether there is a hold that lasts for as long as the heart is awake.
    held: bool,

    /// Has the stand-in look at its duty; none before it has looked for the first time.
    waker: Option<Waker>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heart {
    Awake,

    /// Until then since the origin of the clock; for ever if there is no time.
    Asleep(Option<Duration>),

    /// The stand-in has left.
    Alone,

    /// It needs no stand-in any more.
    Ended,
}

/// How the heart may sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// On its parker, until it is called.
    Asleep,

    /// Not at all: there is a token.
    Called,

    /// As it can do by itself.
    Alone,
}

/// What the stand-in has to do.
#[derive(Debug)]
pub(super) enum Duty {
    /// To begin this hold.
    Hold(Hold),

    /// Nothing: there is a hold.
    Held,

    /// To call the heart at that time, if there is one.
    Call(Option<Duration>),

    /// To end.
    End,
}

impl StandIn {
    /// That of a heart that is awake. The stand-in has to look at its duty as soon as it can.
    pub(super) fn new() -> Self {
        let state = State { heart: Heart::Awake, held: false, waker: None };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// For the heart: it falls asleep, unless `has_token` says that it has been called.
    pub(super) fn fall_asleep(
        &self,
        has_token: impl FnOnce() -> bool,
        until: Option<Duration>,
    ) -> Rest {
        let mut state = self.state.lock();
        if matches!(state.heart, Heart::Alone | Heart::Ended) {
            return Rest::Alone;
        }
        // A token that comes after this look finds the heart asleep.
        if has_token() {
            return Rest::Called;
        }
        state.heart = Heart::Asleep(until);
        self.changed.notify_all();
        Rest::Asleep
    }

    /// For whoever has left the heart a token, before the lock of its parker is released, and for the
    /// heart when it is awake without one.
    pub(super) fn called(&self) {
        let mut state = self.state.lock();
        if let Heart::Asleep(_) = state.heart {
            state.heart = Heart::Awake;
            state.wake();
        }
    }

    /// For the stand-in: what it has to do until it is woken again.
    pub(super) fn duty(self: &Arc<Self>, waker: &Waker) -> Duty {
        let mut state = self.state.lock();
        if !state.waker.as_ref().is_some_and(|it| it.will_wake(waker)) {
            state.waker = Some(waker.clone());
        }
        match state.heart {
            Heart::Awake if state.held => Duty::Held,
            Heart::Awake => {
                state.held = true;
                Duty::Hold(Hold { stand_in: Arc::clone(self), over: false })
            }
            Heart::Asleep(until) => Duty::Call(until),
            Heart::Alone | Heart::Ended => Duty::End,
        }
    }

    /// The heart needs no stand-in any more.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.heart = Heart::Ended;
        state.wake();
        self.changed.notify_all();
    }

    /// The stand-in is no more; says whether the heart has to be called, as it counts on it.
    pub(super) fn leave(&self) -> bool {
        let mut state = self.state.lock();
        let was_needed = state.heart != Heart::Ended;
        if was_needed {
            state.heart = Heart::Alone;
        }
        let waker = state.waker.take();
        self.changed.notify_all();
        drop(state);
        drop(waker);
        was_needed
    }
}

impl State {
    /// Has the stand-in look at its duty, if it has before; otherwise it will do so anyway.
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }
}

/// What the runtime takes for work, so that it does not move the time.
#[derive(Debug)]
pub(super) struct Hold {
    stand_in: Arc<StandIn>,

    /// Whether it no longer counts as the hold that there is.
    over: bool,
}

impl Hold {
    /// Blocks for as long as the heart is awake.
    pub(super) fn keep(mut self) {
        let mut state = self.stand_in.state.lock();
        while state.heart == Heart::Awake {
            state = self.stand_in.changed.wait(state);
        }
        // In one step: whoever finds the heart awake again begins a new one.
        state.held = false;
        state.wake();
        self.over = true;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Only if the runtime is being shut down, and has not begun with it.
        if !self.over {
            self.stand_in.state.lock().held = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stand-in that was at work once, and whose hold has ended.
    fn stand_in() -> Arc<StandIn> {
        let stand_in = Arc::new(StandIn::new());
        let Duty::Hold(hold) = stand_in.duty(Waker::noop()) else { panic!("it should hold") };
        assert_eq!(stand_in.fall_asleep(|| false, None), Rest::Asleep);
        hold.keep();
        stand_in
    }

    #[test]
    fn a_sleep_is_passed_on() {
        let stand_in = stand_in();
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::Call(None)));
        stand_in.called();
        let until = Some(Duration::from_secs(1));
        assert_eq!(stand_in.fall_asleep(|| false, until), Rest::Asleep);
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::Call(it) if it == until));
    }

    #[test]
    fn a_token_keeps_the_heart_awake() {
        let stand_in = stand_in();
        stand_in.called();
        assert_eq!(stand_in.fall_asleep(|| true, None), Rest::Called);
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::Hold(_)));
    }

    #[test]
    fn there_is_one_hold_at_a_time() {
        let stand_in = stand_in();
        stand_in.called();
        let Duty::Hold(hold) = stand_in.duty(Waker::noop()) else { panic!("it should hold") };
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::Held));
        // One that has not begun when the heart sleeps, nor when it is awake again, is still there.
        stand_in.fall_asleep(|| false, None);
        stand_in.called();
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::Held));
        // One that never begins does not count.
        drop(hold);
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::Hold(_)));
    }

    #[test]
    fn a_heart_that_was_left_is_called_once_and_sleeps_alone() {
        let stand_in = stand_in();
        assert!(stand_in.leave());
        stand_in.called();
        assert_eq!(stand_in.fall_asleep(|| false, None), Rest::Alone);
        stand_in.end();
        assert!(!stand_in.leave(), "it has ended");
    }

    #[test]
    fn nothing_is_left_to_do_after_the_end() {
        let stand_in = stand_in();
        stand_in.end();
        stand_in.called();
        assert!(matches!(stand_in.duty(Waker::noop()), Duty::End));
        assert!(!stand_in.leave());
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::models::check;
    use crate::time::Parker;
    use loom::thread;
    use std::task::Wake;

    const SECOND: Duration = Duration::from_secs(1);

    /// What a runtime knows of its work.
    #[derive(Debug, Default)]
    struct Work {
        /// Whether the stand-in has been woken.
        woken: bool,

        /// Holds that have yet to begin.
        queue: Vec<Hold>,

        /// How many holds have not ended.
        holds: usize,

        closed: bool,
    }

    /// A runtime with one task, the stand-in, beside that which drives it.
    #[derive(Default)]
    struct Runtime {
        work: Mutex<Work>,
        changed: Condvar,
    }

    impl Runtime {
        fn change(&self, change: impl FnOnce(&mut Work)) {
            change(&mut self.work.lock());
            self.changed.notify_all();
        }

        /// The thread for blocking tasks.
        fn block(&self) {
            loop {
                let hold = {
                    let mut work = self.work.lock();
                    loop {
                        match work.queue.pop() {
                            Some(hold) => break hold,
                            None if work.closed => return,
                            None => work = self.changed.wait(work),
                        }
                    }
                };
                hold.keep();
                self.change(|work| work.holds -= 1);
            }
        }
    }

    impl Wake for Runtime {
        fn wake(self: Arc<Self>) {
            self.change(|work| work.woken = true);
        }
    }

    /// What the heart has to do.
    #[derive(Debug, Default)]
    struct Tasks {
        now: Duration,
        due: Vec<Duration>,
        closed: bool,
    }

    /// Sleeps until the earliest task is due, and takes out what is due exactly now.
    fn beat(stand_in: &StandIn, parker: &Parker, tasks: &Mutex<Tasks>) {
        loop {
            let until = {
                let mut tasks = tasks.lock();
                let now = tasks.now;
                tasks.due.retain(|&due| due != now);
                if tasks.closed {
                    return;
                }
                tasks.due.iter().min().copied()
            };
            match stand_in.fall_asleep(|| parker.has_token(), until) {
                Rest::Asleep => {
                    parker.park();
                    stand_in.called();
                }
                Rest::Called => {
                    let _ = parker.take_token();
                }
                Rest::Alone => unreachable!("the runtime lives"),
            }
        }
    }

    /// A test on a runtime adds tasks, letting others run in between, and then sleeps for longer than
    /// they do. Time that passes over one makes this fail, time that stands still is a deadlock.
    fn model(added: &'static [u32], switches: usize) {
        check(switches, move || {
            let (stand_in, parker) = (Arc::new(StandIn::new()), Parker::new());
            let (runtime, tasks) = (Arc::new(Runtime::default()), Arc::new(Mutex::default()));
            parker.set_stand_in(Some(&stand_in));
            runtime.work.lock().woken = true;
            let heart = thread::spawn({
                let (stand_in, parker) = (Arc::clone(&stand_in), parker.clone());
                let tasks = Arc::clone(&tasks);
                move || beat(&stand_in, &parker, &tasks)
            });
            let blocking = thread::spawn({
                let runtime = Arc::clone(&runtime);
                move || runtime.block()
            });
            let waker = Waker::from(Arc::clone(&runtime));
            let mut added = added.iter();
            let end = SECOND * 10;
            let mut timer = None;
            loop {
                if let Some(&seconds) = added.next() {
                    tasks.lock().due.push(SECOND * seconds);
                    parker.unpark();
                }
                let is_busy = added.len() > 0;
                let woken = {
                    let mut work = runtime.work.lock();
                    while !is_busy && !work.woken && work.holds > 0 {
                        work = runtime.changed.wait(work);
                    }
                    std::mem::take(&mut work.woken)
                };
                let mut tasks = tasks.lock();
                let now = tasks.now;
                if woken {
                    drop(tasks);
                    match stand_in.duty(&waker) {
                        Duty::Hold(hold) => runtime.change(|work| {
                            work.holds += 1;
                            work.queue.push(hold);
                        }),
                        Duty::Held => {}
                        Duty::Call(Some(time)) if time <= now => parker.unpark(),
                        Duty::Call(time) => timer = time,
                        Duty::End => unreachable!("the heart lives"),
                    }
                } else if !is_busy {
                    // Nothing to do, and nothing holds the time.
                    assert!(tasks.due.iter().all(|&due| due > now), "not when it was due");
                    let next = timer.take().unwrap_or(end);
                    assert!(tasks.due.iter().all(|&due| due >= next), "passed over");
                    if next == end {
                        tasks.closed = true;
                        break;
                    }
                    tasks.now = next;
                    runtime.work.lock().woken = true;
                }
            }
            parker.unpark();
            stand_in.end();
            heart.join().unwrap();
            runtime.change(|work| work.closed = true);
            blocking.join().unwrap();
        });
    }

    #[test]
    fn loom_no_time_passes_over_a_task() {
        model(&[1], 3);
        model(&[2, 1], 2);
    }
}
