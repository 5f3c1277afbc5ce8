//! Control: tasks are run now, rescheduled and cancelled, by id, by handle, by name and by tag.

use std::num::NonZeroUsize;

use Status::{Missed, Succeeded};
use pysched::{
    Error, Handle, Misfire, Overlap, Reason, Scheduler, Selection, Status, Task, TaskId, Trigger,
};
use pysched_tests::{by_hand, outcome, secs};

use crate::guided::{End, Guided};

/// What can be asked of a task.
type Order = fn(&Scheduler, TaskId) -> Result<(), Error>;

const ORDERS: [Order; 5] = [
    |sched, id| sched.pause(id),
    |sched, id| sched.resume(id),
    |sched, id| sched.run_now(id),
    |sched, id| sched.reschedule(id, Trigger::recur(1)),
    |sched, id| sched.cancel(id),
];

fn in_a_minute() -> Trigger {
    Trigger::recur(60)
}

#[test]
fn a_task_that_is_not_there_is_unknown() {
    let (sched, clock) = by_hand();
    let handle = sched.add(Task::new(|| ())).unwrap();
    clock.advance(secs(0));
    outcome(&handle.future()).unwrap();
    for id in [TaskId::nil(), handle.id()] {
        for order in ORDERS {
            assert!(matches!(order(&sched, id), Err(Error::UnknownTask(unknown)) if unknown == id));
        }
    }
    assert!(matches!(handle.pause(), Err(Error::UnknownTask(_))));
    assert!(matches!(handle.run_now(), Err(Error::UnknownTask(_))));
}

mod running_now {
    use super::*;

    #[test]
    fn the_series_is_not_disturbed() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").trigger(in_a_minute())).unwrap();
        it.pass(secs(30));
        handle.run_now().unwrap();
        let begun = it.begins("a");
        assert_eq!(begun.due, it.start + secs(30));
        assert_eq!(handle.next_run(), Some(it.start + secs(60)));
        it.ends(begun, End::Return);
        it.pass(secs(30));
        it.ends(it.begins("a"), End::Return);
        assert_eq!(it.fates(&handle), [(30, Succeeded, None), (60, Succeeded, None)]);
    }

    #[test]
    fn also_a_paused_task_is_run() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").trigger(in_a_minute())).unwrap();
        handle.pause().unwrap();
        it.sched.run_now(&handle).unwrap();
        it.ends(it.begins("a"), End::Return);
        assert!(it.sched.task(&handle).unwrap().paused);
        assert_eq!(it.fates(&handle), [(0, Succeeded, None)]);
    }

    #[test]
    fn what_would_be_skipped_is_an_error_and_recorded_nowhere() {
        let two = NonZeroUsize::new(2).unwrap();
        for (overlap, runs) in [(Overlap::Skip, 1), (Overlap::Allow(two), 2)] {
            let it = Guided::new(3);
            let task = it.task("a").trigger(in_a_minute()).overlap(overlap);
            let handle = it.sched.add(task).unwrap();
            let mut running = Vec::new();
            for _ in 0..runs {
                handle.run_now().unwrap();
                running.push(it.begins("a"));
            }
            let error = handle.run_now().unwrap_err();
            assert!(matches!(error, Error::Overlap(id) if id == handle.id()), "{error}");
            it.nothing_begins();
            assert!(it.fates(&handle).is_empty());
            running.into_iter().for_each(|begun| begun.end(End::Return));
        }
    }

    #[test]
    fn what_may_wait_waits() {
        let it = Guided::new(2);
        let task = it.task("a").trigger(in_a_minute()).overlap(Overlap::BufferOne);
        let handle = it.sched.add(task).unwrap();
        handle.run_now().unwrap();
        let first = it.begins("a");
        it.pass(secs(1));
        handle.run_now().unwrap();
        assert!(matches!(handle.run_now(), Err(Error::Overlap(_))), "one waits already");
        it.nothing_begins();
        it.ends(first, End::Return);
        it.ends(it.begins("a"), End::Return);
        assert_eq!(it.fates(&handle), [(0, Succeeded, None), (1, Succeeded, None)]);
    }

    #[test]
    fn a_single_run_is_run_now_instead_of_later() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").trigger(Trigger::once(60))).unwrap();
        let future = handle.future();
        it.pass(secs(5));
        handle.run_now().unwrap();
        let begun = it.begins("a");
        assert_eq!(begun.due, it.start + secs(5));
        let error = handle.run_now().unwrap_err();
        assert!(matches!(error, Error::LastRun(id) if id == handle.id()), "{error}");
        it.ends(begun, End::Return);
        assert!(outcome(&future).is_ok(), "who waits for it, waits for this one");
        it.pass(secs(100));
        it.nothing_begins();
        assert_eq!(it.fates(&handle), [(5, Succeeded, None)]);
        assert!(it.sched.task(&handle).is_none());
    }
}

mod rescheduling {
    use super::*;

    #[test]
    fn it_is_as_if_added_now() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").trigger(in_a_minute())).unwrap();
        it.pass(secs(50));
        handle.reschedule(Trigger::recur(20)).unwrap();
        assert_eq!(handle.next_run(), Some(it.start + secs(70)));
        assert_eq!(it.sched.task(&handle).unwrap().trigger, Trigger::recur(20));
        it.pass(secs(20));
        it.ends(it.begins("a"), End::Return);
        it.sched.reschedule(&handle, Trigger::once(5)).unwrap();
        it.pass(secs(5));
        it.ends(it.begins("a"), End::Return);
        assert_eq!(it.fates(&handle), [(70, Succeeded, None), (75, Succeeded, None)]);
        assert!(it.sched.task(&handle).is_none(), "that was its last");
    }

    #[test]
    fn its_executions_stay() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").overlap(Overlap::BufferOne)).unwrap();
        it.pass(secs(1));
        let first = it.begins("a");
        it.pass(secs(1));
        handle.reschedule(in_a_minute()).unwrap();
        it.ends(first, End::Return);
        it.ends(it.begins("a"), End::Return);
        assert_eq!(it.fates(&handle), [(1, Succeeded, None), (2, Succeeded, None)]);
    }

    #[test]
    fn what_had_come_in_a_pause_is_missed() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a")).unwrap();
        handle.pause().unwrap();
        it.seconds(2);
        handle.reschedule(in_a_minute()).unwrap();
        let missed = [1, 2].map(|second| (second, Missed, Some(Reason::Rescheduled)));
        assert_eq!(it.fates(&handle), missed);
        assert!(it.sched.task(&handle).unwrap().paused);
        handle.resume().unwrap();
        it.nothing_begins();
        assert_eq!(handle.next_run(), Some(it.start + secs(62)));
    }

    #[test]
    fn what_was_not_caught_up_with_is_missed() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").misfire(Misfire::RunAll)).unwrap();
        it.pass(secs(3));
        let begun = it.begins("a");
        handle.reschedule(in_a_minute()).unwrap();
        it.ends(begun, End::Return);
        it.nothing_begins();
        let missed = [2, 3].map(|second| (second, Missed, Some(Reason::Rescheduled)));
        assert_eq!(it.fates(&handle), [&[(1, Succeeded, None)], &missed[..]].concat());
    }

    #[test]
    fn what_cannot_be_leaves_it_as_it_was() {
        let it = Guided::new(2);
        let handle = it.sched.add(it.task("a").trigger(in_a_minute())).unwrap();
        let never = Trigger::recur(60).until(it.start);
        assert!(matches!(handle.reschedule(never), Err(Error::NeverRuns(_))));
        assert!(matches!(handle.reschedule(Trigger::recur(-1)), Err(Error::InvalidInterval(_))));
        assert!(matches!(handle.reschedule(Trigger::any([])), Err(Error::InvalidTrigger(_))));
        assert_eq!(it.sched.task(&handle).unwrap().trigger, in_a_minute());
        assert_eq!(handle.next_run(), Some(it.start + secs(60)));
    }
}

mod selections {
    use super::*;

    fn three(sched: &Scheduler) -> [Handle<()>; 3] {
        let task = |name: &str| Task::new(|| ()).name(name).trigger(in_a_minute());
        [task("a").tag("db").tag("slow"), task("b").tag("db"), task("c")]
            .map(|task| sched.add(task).unwrap())
    }

    fn ids(of: &Selection) -> Vec<TaskId> {
        let mut ids = of.ids();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn tasks_are_chosen_by_name_or_by_tag() {
        let (sched, _clock) = by_hand();
        let [a, b, c] = three(&sched);
        let mut both = vec![a.id(), b.id()];
        both.sort_unstable();
        assert_eq!(ids(&sched.tagged("db")), both);
        assert_eq!(ids(&sched.tagged("slow")), [a.id()]);
        assert_eq!(ids(&sched.named("c")), [c.id()]);
        for none in [sched.named("d"), sched.tagged("c"), sched.named("db")] {
            assert!(none.ids().is_empty());
            assert_eq!((none.pause(), none.run_now(), none.cancel()), (0, 0, 0));
        }
    }

    #[test]
    fn all_of_them_do_as_told() {
        let (sched, clock) = by_hand();
        let [a, b, c] = three(&sched);
        let databases = || sched.tagged("db");
        assert_eq!(databases().pause(), 2);
        assert!(sched.task(&a).unwrap().paused && !sched.task(&c).unwrap().paused);
        assert_eq!(databases().resume(), 2);
        assert_eq!(databases().run_now(), 2);
        clock.advance(secs(0));
        assert_eq!([&a, &b, &c].map(|it| sched.results(it).len()), [1, 1, 0]);
        assert_eq!(databases().reschedule(&Trigger::recur(5)).unwrap(), 2);
        assert_eq!(a.next_run(), Some(clock.wall() + secs(5)));
        assert!(databases().reschedule(&Trigger::recur(-5)).is_err());
        assert_eq!(a.next_run(), Some(clock.wall() + secs(5)));
        assert_eq!(databases().cancel(), 2);
        assert!(databases().ids().is_empty() && sched.task(&c).is_some());
    }
}
