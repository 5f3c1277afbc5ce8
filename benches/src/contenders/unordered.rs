//! [`Unordered`]: a contender without priorities where there are some to give.

use std::time::Duration;

use super::{Body, Contender, Once, Prioritise};

/// Takes tasks of any priority, and runs them as if they had none.
pub(crate) struct Unordered<C>(C);

impl<C: Contender> Contender for Unordered<C> {
    const NAME: &'static str = C::NAME;

    const SERIAL: bool = C::SERIAL;

    fn start(workers: usize) -> Self {
        Self(C::start(workers))
    }

    fn context(&self) -> impl Sized {
        self.0.context()
    }
}

impl<C: Once> Prioritise for Unordered<C> {
    const BY_PRIORITY: bool = false;

    fn submit(&self, _priority: i32, body: impl Body) {
        self.0.add(Duration::ZERO, body);
    }
}
