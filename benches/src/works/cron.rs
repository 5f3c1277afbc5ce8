//! What the works of cron expressions share: the expressions, and the times after which the next is
//! looked for.

use super::{Case, Entrant, Load};
use crate::contenders::{Finder, Reader, Time, Zone};
use crate::measure::Random;

/// The beginning of 2020, and the seconds of fifteen years from there on.
const FROM: i64 = 1_577_836_800;
const SPAN: u64 = 15 * 365 * 24 * 60 * 60;

/// How many times there are. They fit in the cache, as what a scheduler steps from does.
const TIMES: usize = 4096;

/// One that is due often, one that is due on most days, and one for which years have to be passed.
pub(super) const fn cases(tasks: usize) -> [Case; 3] {
    [
        Case { name: "*/5 * * * *", tasks, threads: 1 },
        Case { name: "0 30 9 * * MON-FRI", tasks, threads: 1 },
        Case { name: "0 0 29 2 *", tasks, threads: 1 },
    ]
}

/// A reader in a work.
pub(super) const fn reader<R: Reader>(sample: fn(&Load) -> super::Outcome) -> Entrant {
    Entrant::running(R::NAME, sample)
}

/// The seconds after which the next time is looked for.
pub(super) fn seconds() -> impl Iterator<Item = i64> {
    let mut random = Random::new(1);
    (0..TIMES).map(move |_| FROM + random.below(SPAN).cast_signed())
}

/// How many of two lists of times are not the same in both.
pub(super) fn different<Z: Zone, A: Finder<Z>, B: Finder<Z>>(one: &A, other: &B) -> usize {
    let next = |second: &i64| {
        let one = one.next(&A::Time::from_second(*second)).map(|time| time.second());
        (one, other.next(&B::Time::from_second(*second)).map(|time| time.second()))
    };
    seconds().filter(|second| matches!(next(second), (one, other) if one != other)).count()
}
