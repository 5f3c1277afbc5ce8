//! [`Wakers`]: the futures that wait for one thing, each under a key of its own.

use std::task::Waker;

use crate::unwind::drop_each;

/// The wakers of futures that wait, and what each waits for. A plain data structure; whoever has it
/// guards it.
///
/// A waker is a user's: it is cloned, woken and dropped without any lock. To compare two runs no code of
/// users.
#[derive(Debug)]
pub(crate) struct Wakers<M = ()> {
    /// Most have none, and a look at that is all that it costs them.
    entries: Vec<Entry<M>>,
    next_key: u64,
}

#[derive(Debug)]
struct Entry<M> {
    key: u64,
    mark: M,
    waker: Waker,
}

impl<M> Default for Wakers<M> {
    fn default() -> Self {
        Self { entries: Vec::new(), next_key: 0 }
    }
}

impl<M> Wakers<M> {
    /// Takes note of what a future waits for now; `false` if it is not known, or with another waker.
    /// `key` names the future: `None` at its first poll.
    pub(crate) fn renew(&mut self, key: Option<u64>, mark: M, waker: &Waker) -> bool {
        let Some(known) = key.and_then(|key| self.find(key)) else { return false };
        known.mark = mark;
        known.waker.will_wake(waker)
    }

    /// Puts in the waker of a future, and gives the one that it had before.
    pub(crate) fn put(&mut self, key: &mut Option<u64>, mark: M, waker: Waker) -> Option<Waker> {
        if let Some(known) = key.and_then(|key| self.find(key)) {
            known.mark = mark;
            return Some(std::mem::replace(&mut known.waker, waker));
        }
        let new = self.next_key;
        self.next_key += 1;
        self.entries.push(Entry { key: new, mark, waker });
        *key = Some(new);
        None
    }

    fn find(&mut self, key: u64) -> Option<&mut Entry<M>> {
        self.entries.iter_mut().find(|entry| entry.key == key)
    }

    /// Takes out the waker of a future that is gone.
    pub(crate) fn forget(&mut self, key: u64) -> Option<Waker> {
        let found = self.entries.iter().position(|entry| entry.key == key);
        found.map(|index| self.entries.swap_remove(index).waker)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether there is one that waits for this.
    pub(crate) fn any(&self, is: impl Fn(&M) -> bool) -> bool {
        self.entries.iter().any(|entry| is(&entry.mark))
    }

    /// Takes out those that wait for this, the first to come first.
    pub(crate) fn take(&mut self, is: impl Fn(&M) -> bool) -> Vec<Waker> {
        let taken = self.entries.extract_if(.., |entry| is(&entry.mark));
        let taken = taken.map(|entry| entry.waker).collect();
        if self.entries.is_empty() {
            // Often nobody comes again, and this is kept for as long as a result is.
            self.entries = Vec::new();
        }
        taken
    }
}

/// Wakers that are never woken go one by one, as each may panic when it is dropped.
impl<M> Drop for Wakers<M> {
    fn drop(&mut self) {
        drop_each(self.entries.drain(..));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::task::Wake;

    struct Nobody;

    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn each_future_has_one_waker() {
        let [first, second] = [(); 2].map(|()| Waker::from(Arc::new(Nobody)));
        let mut wakers = Wakers::default();
        let (mut one, mut other) = (None, None);
        assert!(!wakers.renew(one, 1, &first), "it is not known yet");
        assert!(wakers.put(&mut one, 1, first.clone()).is_none());
        assert!(wakers.put(&mut other, 2, first.clone()).is_none());
        assert_ne!(one, other);

        assert!(wakers.renew(one, 3, &first));
        assert!(!wakers.renew(one, 3, &second), "it would wake somebody else");
        assert!(wakers.put(&mut one, 4, second.clone()).unwrap().will_wake(&first));
        assert!(wakers.any(|mark| *mark == 4) && !wakers.any(|mark| *mark == 3));

        let taken = wakers.take(|mark| *mark == 2);
        assert!(taken.len() == 1 && taken[0].will_wake(&first));
        assert!(wakers.forget(other.unwrap()).is_none(), "it has been taken");
        assert!(wakers.forget(one.unwrap()).unwrap().will_wake(&second));
        assert!(wakers.is_empty());
    }

    #[test]
    fn a_future_that_was_woken_waits_under_a_new_key() {
        let waker = Waker::from(Arc::new(Nobody));
        let mut wakers = Wakers::default();
        let mut key = None;
        wakers.put(&mut key, (), waker.clone());
        let before = key;
        assert_eq!(wakers.take(|()| true).len(), 1);
        assert!(!wakers.renew(key, (), &waker));
        wakers.put(&mut key, (), waker.clone());
        assert_ne!(key, before);
    }
}
