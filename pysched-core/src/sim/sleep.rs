//! [`Sleep`]: virtual time that a future lets pass while it waits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::agenda::Item;
use super::world::World;
use crate::sync::Mutex;
use crate::time::Moment;

/// What [`Simulation::sleep`](super::Simulation::sleep) gives: ready when that much virtual time has passed.
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep {
    world: Arc<World>,
    until: Moment,

    /// How long it is to last from the end of the work that has been said before it, in the same call: what
    /// that takes, nobody knows before.
    after_work: Option<Duration>,

    /// Who is to be woken then, once it has been polled.
    waker: Option<Arc<Alarm>>,
}

/// Who is to be woken when time has come.
#[derive(Debug)]
pub(super) struct Alarm(Mutex<Option<Waker>>);

impl Alarm {
    pub(super) fn ring(&self) {
        let waker = self.0.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Sleep {
    pub(super) fn new(world: Arc<World>, duration: Duration) -> Self {
        let until = world.present().saturating_add(duration);
        let after_work = Some(duration).filter(|_| world.clock.has_taken());
        Self { world, until, after_work, waker: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Some(duration) = self.after_work {
            // It is called again when the work is done.
            context.waker().wake_by_ref();
            if self.world.clock.has_taken() {
                return Poll::Pending;
            }
            self.after_work = None;
            self.until = self.world.present().saturating_add(duration);
        }
        if self.world.present() >= self.until {
            return Poll::Ready(());
        }
        if let Some(alarm) = &self.waker {
            let before = alarm.0.lock().replace(context.waker().clone());
            drop(before);
        } else {
            let alarm = Arc::new(Alarm(Mutex::new(Some(context.waker().clone()))));
            self.world.agenda.lock().add(self.until, Item::Ring(Arc::downgrade(&alarm)));
            self.waker = Some(alarm);
        }
        Poll::Pending
    }
}

impl fmt::Debug for Sleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("until", &self.until).finish_non_exhaustive()
    }
}
