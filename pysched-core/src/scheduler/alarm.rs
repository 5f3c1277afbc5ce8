//! [`Alarm`] and [`Head`]: when the heart has to be woken.
//!
//! The heart, the scheduler's one thread, sleeps until the earliest task is due. Tasks are spread
//! over shards, each with a lock of its own, so there is no lock under which the heart could look at
//! all of them. Each shard has a *head* instead, a moment before which none of its tasks is due, and
//! the scheduler has one *alarm*, the moment until which the heart sleeps. The protocol that keeps
//! the heart from sleeping through a task that is added meanwhile:
//!
//! * Whoever makes something due, under the lock of its shard: if that is earlier than the head,
//!   writes the head, then reads the alarm. If the heart would come too late, leaves it a token, and
//!   wakes it after releasing the lock.
//! * The heart, without a lock: reads all heads, writes the earliest into the alarm, then reads all
//!   heads again. If one is earlier now, it does not sleep.
//!
//! Each writes its own word before it reads the other's, with a sequentially consistent fence in
//! between. One of the two fences comes first, and what was written before it is read after the
//! other. So either the adder reads that the heart sleeps too long, or the heart reads the
//! adder's head. The token may come before the heart parks, which then returns at once. It is left
//! before the lock is released: whoever has added a task and then asks whether the heart sleeps, as
//! a manual clock does, is told that it has been called.
//!
//! A clock may let the heart sleep a little beyond the alarm, to take together what comes densely. So
//! whoever adds something that is due already always leaves a token.
//!
//! Only the heart moves a head to a later moment, under the lock of the shard. The loom model is at
//! the end.

use crate::sync::atomic::{AtomicU64, Ordering, fence};
use crate::time::Moment;

/// Until when the heart sleeps.
#[derive(Debug)]
pub(super) struct Alarm(AtomicU64);

/// A moment before which no task of a shard is due. Written under the lock of the shard.
#[derive(Debug)]
pub(super) struct Head(AtomicU64);

impl Alarm {
    pub(super) fn awake() -> Self {
        Self(AtomicU64::new(Moment::default().nanos()))
    }

    /// Says that the heart is about to sleep until the earliest of `heads`, and gives that; `None` if
    /// it must not sleep, as something earlier has come.
    pub(super) fn set<'a>(&self, heads: impl Iterator<Item = &'a Head> + Clone) -> Option<Moment> {
        let earliest = earliest(heads.clone());
        self.0.store(earliest.nanos(), Ordering::Release);
        fence(Ordering::SeqCst);
        (self::earliest(heads) >= earliest).then_some(earliest)
    }

    /// Says that the heart is awake, and looks at all heads anyway before it sleeps.
    pub(super) fn clear(&self) {
        self.0.store(Moment::default().nanos(), Ordering::Release);
    }

    /// Whether the heart sleeps beyond `now`: it has handed over all that was due before it slept.
    pub(super) fn is_set_beyond(&self, now: Moment) -> bool {
        self.0.load(Ordering::Acquire) > now.nanos()
    }
}

impl Head {
    pub(super) fn none() -> Self {
        Self(AtomicU64::new(Moment::NEVER.nanos()))
    }

    pub(super) fn get(&self) -> Moment {
        Moment::from_nanos(self.0.load(Ordering::Acquire))
    }

    /// Whether something that is due at `due` is to be [told](Self::advance). For whoever holds the lock
    /// of the shard: nobody else writes.
    #[inline]
    pub(super) fn is_beyond(&self, due: Moment) -> bool {
        self.0.load(Ordering::Relaxed) > due.nanos()
    }

    /// Says that something is due at `due`; whether the heart has to be called for it. If so, the
    /// caller leaves it a token before the lock of the shard is released, and wakes it afterwards.
    #[must_use]
    pub(super) fn advance(&self, due: Moment, alarm: &Alarm) -> bool {
        if !self.is_beyond(due) {
            return false;
        }
        self.0.store(due.nanos(), Ordering::Release);
        fence(Ordering::SeqCst);
        due.nanos() < alarm.0.load(Ordering::Acquire)
    }

    /// Says when the next task is due. For the heart, under the lock of the shard.
    pub(super) fn put_back(&self, due: Moment) {
        self.0.store(due.nanos(), Ordering::Release);
    }
}

fn earliest<'a>(heads: impl Iterator<Item = &'a Head>) -> Moment {
    heads.map(Head::get).min().unwrap_or(Moment::NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn rings_only_for_what_is_earlier() {
        let at = |seconds| Moment::from_origin(Duration::from_secs(seconds));
        let (alarm, heads) = (Alarm::awake(), [Head::none(), Head::none()]);
        assert!(!heads[0].advance(at(5), &alarm), "the heart is awake");
        assert_eq!(alarm.set(heads.iter()), Some(at(5)));
        assert!(alarm.is_set_beyond(at(4)) && !alarm.is_set_beyond(at(5)));
        assert!(!heads[1].advance(at(5), &alarm));
        assert!(heads[1].advance(at(4), &alarm));
        assert!(!heads[1].advance(at(4), &alarm), "it has been called for this");
        alarm.clear();
        assert!(!heads[0].advance(at(3), &alarm));
    }
}

#[cfg(all(test, loom))]
mod models {
    use super::*;
    use crate::sync::Mutex;
    use crate::sync::models::check;
    use crate::time::Parker;
    use loom::sync::Arc;
    use loom::thread;
    use std::time::Duration;

    struct Shared {
        alarm: Alarm,
        parker: Parker,
        shards: Vec<(Head, Mutex<usize>)>,
    }

    /// A heart that would sleep for ever, and adders of tasks that are due now, each to a shard of its
    /// own or all to the same. Loom reports a deadlock if a wake-up is lost in any order of events.
    fn model(adders: usize, shards: usize) {
        check(3, move || {
            let shared = Arc::new(Shared {
                alarm: Alarm::awake(),
                parker: Parker::new(),
                shards: (0..shards).map(|_| (Head::none(), Mutex::new(0))).collect(),
            });
            let threads: Vec<_> = (0..adders)
                .map(|number| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || {
                        let due = Moment::from_origin(Duration::from_secs(1));
                        let (head, tasks) = &shared.shards[number % shards];
                        let ring = {
                            let mut tasks = tasks.lock();
                            *tasks += 1;
                            head.advance(due, &shared.alarm) && shared.parker.leave_token()
                        };
                        if ring {
                            shared.parker.wake();
                        }
                    })
                })
                .collect();
            let mut fired = 0;
            while fired < adders {
                shared.alarm.clear();
                for (head, tasks) in &shared.shards {
                    if head.get() < Moment::NEVER {
                        let mut tasks = tasks.lock();
                        fired += std::mem::take(&mut *tasks);
                        head.put_back(Moment::NEVER);
                    }
                }
                let heads = shared.shards.iter().map(|(head, _)| head);
                // A head that is set already has come: the heart would not sleep for it.
                if fired < adders && shared.alarm.set(heads) == Some(Moment::NEVER) {
                    shared.parker.park();
                }
            }
            for thread in threads {
                thread.join().unwrap();
            }
        });
    }

    #[test]
    fn loom_no_wake_up_is_lost() {
        model(1, 1);
        model(2, 1);
        model(2, 2);
    }
}
