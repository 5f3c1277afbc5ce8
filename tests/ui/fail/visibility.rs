//! `task` and `delay` are as visible as the function.

mod tasks {
    use once_cell::sync::Lazy;
    use pysched::{Scheduler, task};

    static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

    #[task(SCHED, recur, 3, 2)]
    fn private() {}

    pub mod inner {
        use super::{SCHED, task};

        #[task(SCHED, recur, 3, 2)]
        pub(super) fn restricted() {}
    }

    pub fn allowed() {
        let _ = private::delay();
        let _ = inner::restricted::delay();
    }
}

fn main() {
    tasks::allowed();
    let _ = tasks::private::delay();
    let _ = tasks::inner::restricted::delay();
}
