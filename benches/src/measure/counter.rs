//! [`Counter`]: counts what several threads do, without becoming what they wait for.

use std::sync::atomic::{AtomicUsize, Ordering};

/// More than any contender has threads that run tasks. Threads beyond that share a shard, which
/// costs time and loses nothing.
const SHARDS: usize = 64;

/// A counter of which each thread has a part of its own.
#[derive(Debug)]
pub(crate) struct Counter {
    shards: [Shard; SHARDS],
}

/// Two cache lines, since processors fetch the neighbour of a line along with it.
#[derive(Debug)]
#[repr(align(128))]
struct Shard(AtomicUsize);

/// Which shard the next new thread gets.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SHARD: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
}

impl Counter {
    pub(crate) const fn new() -> Self {
        Self { shards: [const { Shard(AtomicUsize::new(0)) }; SHARDS] }
    }

    pub(crate) fn count(&self) {
        SHARD.with(|shard| self.shards[*shard].0.fetch_add(1, Ordering::Release));
    }

    pub(crate) fn total(&self) -> usize {
        self.shards.iter().map(|shard| shard.0.load(Ordering::Acquire)).sum()
    }
}
