//! Tasks in every scope that a function can stand in, with every visibility.

#![deny(warnings)]

use once_cell::sync::Lazy;
use pysched::{Error, Scheduler, task};

pub static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

mod jobs {
    use super::{SCHED, task};

    #[task(SCHED, recur, 3)]
    pub fn public() {}

    #[task(SCHED, recur, 3)]
    pub(crate) fn of_the_crate() {}

    #[task(SCHED, recur, 3)]
    pub(super) fn of_the_parent() {}

    #[task(SCHED, recur, 3)]
    pub(in crate::jobs) fn of_this_path() {}

    #[task(SCHED, recur, 3)]
    fn private() {}

    #[task(SCHED, recur, 3)]
    pub async fn asynchronous() {}

    #[task(SCHED, recur, 3)]
    pub(in crate::jobs) async fn asynchronous_of_this_path() {}

    pub mod within {
        pub fn all() -> Result<(), pysched::Error> {
            super::of_this_path::delay()?;
            super::private::delay()?;
            super::asynchronous_of_this_path::delay()?;
            Ok(())
        }
    }
}

mod imported {
    // One `use` brings both the function and what is generated.
    use super::jobs::public;

    pub fn both() -> Result<(), pysched::Error> {
        public();
        public::delay()?;
        Ok(())
    }
}

struct Clock;

impl Clock {
    fn tick(&self) -> Result<(), Error> {
        #[derive(Clone)]
        struct Local(u8);

        #[task(SCHED, recur, 3)]
        fn tick(local: Local) -> u8 {
            local.0
        }

        #[task(SCHED, recur, 3)]
        async fn tick_later(local: Local) -> Local {
            local
        }

        tick::delay(Local(1))?;
        tick_later::delay(Local(1))?;
        Ok(())
    }
}

const _: () = {
    #[task(SCHED, recur, 3)]
    fn unused_in_a_constant() {}
};

fn main() -> Result<(), Error> {
    let block = {
        #[task(SCHED, recur, 3)]
        fn in_a_block() {}
        in_a_block::task()
    };
    SCHED.add(block)?;
    (|| {
        #[task(SCHED, recur, 3)]
        fn in_a_closure() {}
        in_a_closure::delay()
    })()?;
    jobs::asynchronous::delay()?;
    jobs::of_the_crate::delay()?;
    jobs::of_the_parent::delay()?;
    jobs::within::all()?;
    imported::both()?;
    Clock.tick()
}
