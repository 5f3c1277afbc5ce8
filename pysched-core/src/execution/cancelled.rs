//! [`Cancelled`]: the future of being told to end.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::awaited::Awaited;
use super::completion::Completion;

/// Ready when a function is to end, as [`Token::cancelled`](crate::Token::cancelled) gives it.
///
/// It borrows nothing, so it can be moved to where it is awaited. If the function is never told to end,
/// it is never ready; so it is one of two things that are waited for at once.
///
/// ```
/// use std::future::Future;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
///
/// let cancelled = pin!(pysched::current().token().cancelled());
/// let polled = cancelled.poll(&mut Context::from_waker(Waker::noop()));
/// assert!(polled.is_pending(), "nobody can cancel what is no execution");
/// ```
#[must_use = "futures do nothing unless they are awaited"]
pub struct Cancelled {
    told: Awaited,
}

impl Cancelled {
    pub(super) fn new(told: &Arc<Completion<()>>) -> Self {
        Self { told: Awaited::new(told) }
    }
}

impl Future for Cancelled {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.told.poll(context)
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled").field("is_ready", &self.told.is_done()).finish()
    }
}
