//! The stable names of `#[task]` functions: their paths, unless they are told another, and never
//! two alike.

use once_cell::sync::Lazy;
use pysched::{Error, Scheduler, Task, task};

static SCHED: Lazy<Scheduler> = Lazy::new(Scheduler::new);

fn name<T: Send + Sync + 'static>(task: Task<T>) -> String {
    let sched = Scheduler::new();
    let handle = sched.add(task).unwrap();
    sched.task(&handle).unwrap().name.unwrap()
}

#[task(SCHED, recur, 3)]
fn now() {}

#[task(SCHED, recur, 3)]
fn r#type() {}

mod inner {
    use super::*;

    pub(crate) const PATH: &str = module_path!();

    #[task(SCHED, recur, 3)]
    pub(crate) fn now() {}
}

#[test]
fn a_task_is_named_by_its_path() {
    assert_eq!(name(now::task()), concat!(module_path!(), "::now"));
    assert_eq!(name(inner::now::task()), format!("{}::now", inner::PATH));
    assert_eq!(name(r#type::task()), concat!(module_path!(), "::type"));
}

#[test]
fn a_local_task_is_named_by_the_functions_around_it() {
    #[task(SCHED, recur, 3)]
    fn now() {}

    let this = "a_local_task_is_named_by_the_functions_around_it";
    assert_eq!(name(now::task()), format!("{}::{this}::now", module_path!()));

    let closed = || {
        #[task(SCHED, recur, 3)]
        fn now() {}
        now::task()
    };
    assert_eq!(name(closed()), format!("{}::{this}::{{{{closure}}}}::now", module_path!()));
    assert!(now::delay().is_ok(), "four tasks are called `now`, of four names");
}

#[test]
fn a_name_can_be_given() {
    #[task(SCHED, recur, 3, name = "nightly")]
    fn now() {}

    assert_eq!(name(now::task()), "nightly");
    assert_eq!(name(now::task().name("for a while")), "for a while");
}

#[test]
fn two_tasks_of_one_name_are_refused_with_both_places() {
    #[task(SCHED, recur, 3, name = "twin")]
    fn first() {}
    let first_line = line!() - 2;
    #[task(SCHED, recur, 3, name = "twin")]
    fn second() {}
    let second_line = line!() - 2;

    for error in [first::delay().unwrap_err(), second::delay().unwrap_err()] {
        assert!(matches!(error, Error::DuplicateTask(_)), "{error:?}");
        let text = error.to_string();
        for part in [
            "`twin`",
            &format!("{}:{first_line} ", file!()),
            &format!("{}:{second_line};", file!()),
            "name = \"..\"",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
    }
    assert!(now::delay().is_ok(), "the others are not concerned");
}
