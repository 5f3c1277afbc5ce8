//! [`Awaited`]: one await of what many may wait for.

use std::sync::Arc;
use std::task::{Context, Poll};

use super::completion::Completion;

/// One await of a completion that many share. Dropping it takes its waker back, and changes nothing else.
pub(crate) struct Awaited {
    completion: Arc<Completion<()>>,

    /// The name under which it has left its waker.
    waker_key: Option<u64>,
}

impl Awaited {
    pub(crate) fn new(completion: &Arc<Completion<()>>) -> Self {
        Self { completion: Arc::clone(completion), waker_key: None }
    }

    pub(crate) fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        self.completion.poll(&mut self.waker_key, context).map(|()| ())
    }

    /// Whether it has come.
    pub(crate) fn is_done(&self) -> bool {
        self.completion.get().is_some()
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(key) = self.waker_key {
            self.completion.forget(key);
        }
    }
}
