//! Tasks that follow the wall clock: they run when it says so, whatever happens to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use pysched::{
    Calendar, Error, Execution, Handle, InlineExecutor, ManualClock, Scheduler, Status, Task,
    ThreadPoolExecutor, Trigger,
};
use pysched_tests::{Random, by_hand, ms, occupy, secs};

use Status::{Cancelled, Missed, Skipped, Succeeded};

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
const YEAR: Duration = Duration::from_hours(365 * 24);

/// 2026-11-24, a Tuesday, at midnight UTC.
fn midnight() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_478_400)
}

/// A scheduler whose wall clock shows `time`.
fn at(time: SystemTime) -> (Scheduler, ManualClock) {
    let (sched, clock) = by_hand();
    clock.set_wall(time);
    (sched, clock)
}

fn cron(expression: &str) -> Trigger {
    Trigger::cron(expression).unwrap()
}

/// The fate of each nominal time, as minutes after midnight, in the order of recording.
fn fates(executions: &[Execution]) -> Vec<(u64, Status)> {
    let minutes = |it: &Execution| it.due.duration_since(midnight()).unwrap().as_secs() / 60;
    executions.iter().map(|it| (minutes(it), it.status)).collect()
}

fn fates_of(sched: &Scheduler, handle: &Handle<()>) -> Vec<(u64, Status)> {
    fates(&sched.results(handle))
}

#[test]
fn it_runs_when_the_clock_on_the_wall_says_so() {
    let (sched, clock) = at(midnight() + ms(1));
    let handle = sched.delay(cron("30 1 * * *"), 0, || ()).unwrap();
    assert_eq!(handle.next_run(), Some(midnight() + 90 * MINUTE));
    clock.advance(90 * MINUTE - ms(2));
    assert_eq!(fates_of(&sched, &handle), []);
    clock.advance(ms(1));
    assert_eq!(fates_of(&sched, &handle), [(90, Succeeded)]);
    assert_eq!(handle.next_run(), Some(midnight() + DAY + 90 * MINUTE));
}

#[test]
fn a_run_is_due_after_the_time_of_adding() {
    let (sched, _clock) = at(midnight());
    let handle = sched.delay(cron("0 0 * * *"), 0, || ()).unwrap();
    assert_eq!(handle.next_run(), Some(midnight() + DAY));
    let task = Task::new(|| ()).trigger(cron("0 0 * * *")).starting(midnight());
    assert_eq!(sched.add(task).unwrap().next_run(), Some(midnight() + DAY));
    let task = Task::new(|| ()).trigger(cron("0 0 * * *")).starting(midnight() + DAY + HOUR);
    assert_eq!(sched.add(task).unwrap().next_run(), Some(midnight() + 2 * DAY));
    let at_the_start = cron("0 0 * * *").starting(midnight() + 3 * DAY);
    let handle = sched.delay(at_the_start, 0, || ()).unwrap();
    assert_eq!(handle.next_run(), Some(midnight() + 3 * DAY));
}

#[test]
fn the_newest_missed_run_stands_in_for_the_others() {
    let (sched, clock) = at(midnight());
    let handle = sched.delay(cron("0 * * * *"), 0, || ()).unwrap();
    clock.advance(200 * MINUTE);
    assert_eq!(fates_of(&sched, &handle), [(60, Missed), (120, Missed), (180, Succeeded)]);
    assert_eq!(handle.next_run(), Some(midnight() + 4 * HOUR));
}

#[test]
fn a_run_that_is_due_while_the_one_before_is_running_is_skipped() {
    let clock = ManualClock::new();
    clock.set_wall(midnight());
    let pool = ThreadPoolExecutor::new(2);
    let sched = Scheduler::builder().clock(clock.clone()).executor(pool).build();
    sched.start().unwrap();
    let (entered, until_entered) = std::sync::mpsc::channel();
    let (leave, until_left) = crossbeam::channel::bounded::<()>(0);
    let handle = sched
        .delay(cron("* * * * *"), 0, move || {
            entered.send(()).unwrap();
            until_left.recv().unwrap();
        })
        .unwrap();
    clock.advance(MINUTE);
    until_entered.recv().unwrap();
    clock.advance(MINUTE);
    assert_eq!(fates_of(&sched, &handle), [(2, Skipped)]);
    leave.send(()).unwrap();
    handle.wait().wait().unwrap();
    handle.cancel().unwrap();
    assert_eq!(fates_of(&sched, &handle)[..2], [(2, Skipped), (1, Succeeded)]);
}

#[test]
fn a_run_that_waits_for_a_worker_gives_way_to_a_newer_one() {
    let clock = ManualClock::new();
    clock.set_wall(midnight());
    let pool = ThreadPoolExecutor::new(1);
    let sched = Scheduler::builder().clock(clock.clone()).executor(pool).build();
    sched.start().unwrap();
    let worker = occupy(&sched, 1);
    let handle = sched.delay(cron("* * * * *"), 0, || ()).unwrap();
    clock.advance(MINUTE);
    clock.advance(MINUTE);
    worker.open();
    handle.wait().wait().unwrap();
    assert_eq!(fates_of(&sched, &handle), [(1, Missed), (2, Succeeded)]);
}

#[test]
fn a_schedule_that_has_no_further_run_ends() {
    let (sched, clock) = at(midnight());
    let this_year = sched.delay(cron("0 0 12 24 11 ? 2026"), 0, || ()).unwrap();
    let three_times = Task::new(|| ()).trigger(cron("0 * * * *")).times(3);
    let three_times = sched.add(three_times).unwrap();
    let until_two = sched.delay(cron("0 * * * *").until(midnight() + 2 * HOUR), 0, || ()).unwrap();
    for _ in 0..24 {
        clock.advance(HOUR);
    }
    assert_eq!(sched.tasks(), []);
    assert_eq!(fates_of(&sched, &this_year), [(720, Succeeded)]);
    assert_eq!(fates_of(&sched, &three_times).len(), 3);
    assert_eq!(fates_of(&sched, &until_two), [(60, Succeeded), (120, Succeeded)]);
}

#[test]
fn missed_runs_after_the_end_are_none() {
    let (sched, clock) = at(midnight());
    let trigger = cron("0 * * * *").until(midnight() + 2 * HOUR);
    let handle = sched.delay(trigger, 0, || ()).unwrap();
    clock.advance(DAY);
    assert_eq!(fates_of(&sched, &handle), [(60, Missed), (120, Succeeded)]);
    assert_eq!(sched.tasks(), []);
}

#[test]
fn a_cancelled_run_counts_and_the_next_one_comes() {
    let (sched, clock) = at(midnight());
    let handle = sched.delay(cron("0 * * * *"), 0, || ()).unwrap();
    assert!(handle.future().cancel());
    assert_eq!(handle.next_run(), Some(midnight() + 2 * HOUR));
    clock.advance(2 * HOUR);
    assert_eq!(fates_of(&sched, &handle), [(60, Cancelled), (120, Succeeded)]);
}

mod a_clock_that_is_set {
    use super::*;

    #[test]
    fn forward_lets_what_it_has_passed_be_missed() {
        let (sched, clock) = at(midnight());
        let hourly = sched.delay(cron("0 * * * *"), 0, || ()).unwrap();
        let interval = sched.delay(Trigger::recur(HOUR), 0, || ()).unwrap();
        clock.set_wall(midnight() + 150 * MINUTE);
        assert_eq!(fates_of(&sched, &hourly), [(60, Missed), (120, Succeeded)]);
        assert_eq!(hourly.next_run(), Some(midnight() + 3 * HOUR));
        assert!(sched.results(&interval).is_empty(), "intervals do not notice");
        clock.advance(30 * MINUTE);
        assert_eq!(fates_of(&sched, &hourly).last(), Some(&(180, Succeeded)));
    }

    #[test]
    fn forward_a_little_times_the_next_run_anew() {
        let (sched, clock) = at(midnight());
        let hourly = sched.delay(cron("0 * * * *"), 0, || ()).unwrap();
        clock.set_wall(midnight() + 10 * MINUTE);
        clock.advance(50 * MINUTE);
        assert_eq!(fates_of(&sched, &hourly), [(60, Succeeded)]);
    }

    #[test]
    fn back_by_an_hour_repeats_no_run_of_a_fixed_time() {
        let (sched, clock) = at(midnight());
        let fixed = sched.delay(cron("30 1,3 * * *"), 0, || ()).unwrap();
        clock.advance(2 * HOUR);
        clock.set_wall(midnight() + HOUR);
        assert_eq!(fixed.next_run(), Some(midnight() + 210 * MINUTE));
        clock.advance(150 * MINUTE);
        assert_eq!(fates_of(&sched, &fixed), [(90, Succeeded), (210, Succeeded)]);
    }

    #[test]
    fn back_by_an_hour_lets_intervals_of_the_calendar_go_on() {
        let (sched, clock) = at(midnight());
        let quarters = sched.delay(cron("*/15 * * * *"), 0, || ()).unwrap();
        clock.advance(15 * MINUTE);
        clock.advance(15 * MINUTE);
        clock.set_wall(midnight() - 30 * MINUTE);
        assert_eq!(quarters.next_run(), Some(midnight() - 15 * MINUTE));
        clock.advance(15 * MINUTE);
        assert_eq!(quarters.next_run(), Some(midnight()));
    }

    #[test]
    fn back_by_more_than_three_hours_is_a_correction() {
        let (sched, clock) = at(midnight());
        let daily = sched.delay(cron("30 1 * * *"), 0, || ()).unwrap();
        clock.advance(5 * HOUR);
        clock.set_wall(midnight());
        assert_eq!(daily.next_run(), Some(midnight() + 90 * MINUTE));
        clock.advance(90 * MINUTE);
        assert_eq!(fates_of(&sched, &daily), [(90, Succeeded), (90, Succeeded)]);
    }

    #[test]
    fn by_ten_years_forward_and_back_floods_nobody() {
        let (sched, clock) = at(midnight());
        let runs = Arc::new(AtomicUsize::new(0));
        let count = {
            let runs = Arc::clone(&runs);
            move || {
                runs.fetch_add(1, Ordering::SeqCst);
            }
        };
        let every_second = sched.delay(cron("* * * * * *"), 0, count).unwrap();
        clock.set_wall(midnight() + 10 * YEAR);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(every_second.next_run(), Some(midnight() + 10 * YEAR + secs(1)));
        clock.set_wall(midnight() - 10 * YEAR);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(every_second.next_run(), Some(midnight() - 10 * YEAR + secs(1)));
        clock.advance(secs(1));
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        clock.set_wall(SystemTime::UNIX_EPOCH);
        assert_eq!(every_second.next_run(), Some(SystemTime::UNIX_EPOCH + secs(1)));
    }

    #[test]
    fn while_the_machine_was_asleep() {
        // The monotonic clock stands still meanwhile, the one on the wall does not.
        let (sched, clock) = at(midnight());
        let nightly = sched.delay(cron("0 2 * * *"), 0, || ()).unwrap();
        let interval = sched.delay(Trigger::recur(HOUR), 0, || ()).unwrap();
        clock.advance(30 * MINUTE);
        clock.set_wall(midnight() + 8 * HOUR);
        assert_eq!(fates_of(&sched, &nightly), [(120, Succeeded)]);
        assert!(sched.results(&interval).is_empty());
    }

    #[test]
    fn by_less_than_a_step_lets_nothing_run_early() {
        let (sched, clock) = at(midnight());
        let hourly = sched.delay(cron("0 * * * *"), 0, || ()).unwrap();
        clock.set_wall(midnight() - ms(50));
        clock.advance(HOUR);
        assert_eq!(fates_of(&sched, &hourly), []);
        clock.advance(ms(50));
        assert_eq!(fates_of(&sched, &hourly), [(60, Succeeded)]);
    }

    #[test]
    fn does_not_repeat_a_single_time() {
        let (sched, clock) = at(midnight());
        let once = sched.delay(Trigger::at(midnight() + HOUR), 0, || ()).unwrap();
        clock.set_wall(midnight() - 10 * DAY);
        assert_eq!(once.next_run(), Some(midnight() + HOUR));
        clock.set_wall(midnight() + 2 * HOUR);
        assert_eq!(fates_of(&sched, &once), [(60, Succeeded)]);
    }
}

mod jitter {
    use super::*;

    #[test]
    fn delays_each_run_up_to_its_limit_and_no_other() {
        let (sched, clock) = at(midnight());
        for trigger in [cron("0 * * * *"), Trigger::recur(HOUR)] {
            let handle = sched.delay(trigger.jitter(10 * MINUTE), 0, || ()).unwrap();
            let mut delays = Vec::new();
            let begun = clock.wall();
            for hour in 1..=30 {
                let due = handle.next_run().unwrap();
                let nominal = begun + hour * HOUR;
                let delay = due.duration_since(nominal).unwrap();
                assert!(delay <= 10 * MINUTE, "{delay:?}");
                delays.push(delay);
                clock.advance(nominal.duration_since(clock.wall()).unwrap());
                clock.advance(10 * MINUTE);
            }
            delays.sort();
            delays.dedup();
            assert!(delays.len() > 25, "they differ");
            assert!(sched.results(&handle).iter().all(|it| it.status == Succeeded));
            handle.cancel().unwrap();
            clock.set_wall(begun + 31 * HOUR);
        }
    }

    #[test]
    fn never_reaches_the_next_run() {
        let (sched, clock) = at(midnight());
        for trigger in [cron("* * * * *"), Trigger::recur(MINUTE)] {
            let handle = sched.delay(trigger.jitter(100 * DAY), 0, || ()).unwrap();
            let mut nominal = clock.wall();
            for _ in 0..100 {
                let due = handle.next_run().unwrap();
                assert!((nominal + MINUTE..nominal + 2 * MINUTE).contains(&due));
                clock.advance(due.duration_since(clock.wall()).unwrap());
                nominal += MINUTE;
            }
            handle.cancel().unwrap();
            clock.set_wall(midnight());
        }
    }

    #[test]
    fn loses_no_run_to_a_stall() {
        let (sched, clock) = at(midnight());
        for trigger in [cron("* * * * *"), Trigger::recur(MINUTE)] {
            let begun = clock.wall();
            let handle = sched.delay(trigger.jitter(MINUTE), 0, || ()).unwrap();
            for minutes in [7, 1, 13, 2, 1, 3] {
                clock.advance(minutes * MINUTE);
            }
            // All up to the latest minute whose delay is over, and the next one armed.
            let fates = sched.results(&handle);
            let next = handle.next_run().unwrap();
            assert!(next > clock.wall());
            assert!((26..=27).contains(&fates.len()), "{}", fates.len());
            let minutes = |time: SystemTime| time.duration_since(begun).unwrap().as_secs() / 60;
            let nominal: Vec<_> = fates.iter().map(|it| minutes(it.due)).collect();
            assert_eq!(nominal, (1..=fates.len() as u64).collect::<Vec<_>>());
            assert_eq!(minutes(next), fates.len() as u64 + 1);
            handle.cancel().unwrap();
            clock.set_wall(midnight());
        }
    }

    #[test]
    fn of_a_single_run() {
        let (sched, clock) = at(midnight());
        let once = sched.delay(Trigger::once(60).jitter(MINUTE), 0, || ()).unwrap();
        clock.advance(2 * MINUTE);
        assert!(once.future().done());
    }
}

mod combinations {
    use super::*;

    #[test]
    fn run_at_all_of_their_times() {
        let (sched, clock) = at(midnight());
        let trigger = Trigger::any([cron("0 1 * * *"), cron("0 1,2 * * *"), Trigger::recur(5400)]);
        let handle = sched.delay(trigger, 0, || ()).unwrap();
        for _ in 0..3 * 60 {
            clock.advance(MINUTE);
        }
        let expected = [60, 90, 120, 180].map(|minute| (minute, Succeeded));
        assert_eq!(fates_of(&sched, &handle), expected);
    }

    #[test]
    fn leave_out_what_is_excepted() {
        let (sched, clock) = at(midnight());
        let handle = sched.delay(cron("0 * * * *").except(cron("0 2-4 * * *")), 0, || ()).unwrap();
        clock.advance(5 * HOUR);
        assert_eq!(fates_of(&sched, &handle), [(60, Missed), (300, Succeeded)]);
    }

    #[test]
    fn that_never_run_are_refused() {
        let (sched, _clock) = at(midnight());
        let never = |trigger: Trigger| match sched.delay(trigger, 0, || ()) {
            Err(Error::NeverRuns(why)) => why,
            other => panic!("{other:?}"),
        };
        let apart = Trigger::all([cron("*/2 * * * *"), cron("1-59/2 * * * *")]);
        assert!(never(apart).contains("no minute in common"));
        let days_apart = Trigger::all([cron("0 0 1-15 * *"), cron("0 0 16-31 * *")]);
        assert!(never(days_apart).contains("no day of the month in common"));
        let weekdays_apart = Trigger::all([cron("0 0 * * MON"), cron("0 0 * * TUE,WED")]);
        assert!(never(weekdays_apart).contains("no day of the week in common"));
        let years_apart = Trigger::all([cron("0 0 0 * * ? 2030"), cron("0 0 0 * * ? 2031-2040")]);
        assert!(never(years_apart).contains("no year in common"));
        let never_a_30th = Trigger::all([cron("0 0 30 * *"), cron("0 0 L 2 *")]);
        assert!(never(never_a_30th).contains("no run after"));
        let none_left = || cron("0 9 * * *").except(cron("* 9 * * *"));
        assert!(never(none_left()).contains("a million times"));
        assert!(never(Trigger::any([cron("0 8 * * *"), none_left()])).contains("a million times"));
        assert!(never(cron("0 0 0 1 1 ? 2026")).contains("no run after"));
        assert!(never(Trigger::at_each([midnight()])).contains("no run after"));
        assert!(never(cron("0 9 * * *").until(midnight() + HOUR)).contains("no run after"));
    }

    /// A search for the run after it would take longer than others should wait.
    #[test]
    fn go_on_after_a_long_gap() {
        let (sched, clock) = at(midnight());
        let second = |number| midnight() + secs(number);
        let gap = cron("* * * * * *").starting(second(2)).until(second(100_000));
        let trigger = cron("* * * * * *").except(gap).until(second(100_001));
        let handle = sched.delay(trigger, 0, || ()).unwrap();
        let future = handle.future();
        clock.advance(secs(1));
        assert!(future.done());
        let mut looks = 0;
        while let Some(next) = handle.next_run() {
            assert!(sched.results(&handle).len() < 2);
            clock.set_wall(next);
            looks += 1;
        }
        let runs: Vec<_> = sched.results(&handle).iter().map(|it| it.due).collect();
        assert_eq!(runs, [second(1), second(100_001)]);
        assert!(looks > 2, "{looks}");
    }

    #[test]
    fn are_finished_when_a_search_finds_none() {
        let (sched, clock) = at(midnight());
        let second = |number| midnight() + secs(number);
        let every_second = || cron("* * * * * *").until(second(50_000));
        let trigger = every_second().except(every_second().starting(second(2)));
        let own = Arc::new(());
        let held = Arc::clone(&own);
        let handle = sched.delay(trigger, 0, move || drop(Arc::clone(&held))).unwrap();
        clock.advance(secs(1));
        assert_eq!(Arc::strong_count(&own), 2);
        while let Some(next) = handle.next_run() {
            clock.set_wall(next);
        }
        assert_eq!(sched.results(&handle).len(), 1);
        assert!(sched.tasks().is_empty());
        assert_eq!(Arc::strong_count(&own), 1);
    }

    #[test]
    fn that_make_no_sense_are_refused() {
        let (sched, _clock) = at(midnight());
        let invalid = |trigger: Trigger| match sched.delay(trigger, 0, || ()) {
            Err(Error::InvalidTrigger(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(invalid(Trigger::any([])).contains("at least one"));
        assert!(invalid(Trigger::at_each([])).contains("at least one"));
        let delay = Trigger::any([cron("0 9 * * *"), Trigger::recur_after(1)]);
        assert!(invalid(delay).contains("cannot be part"));
        let date = Trigger::calendar(Calendar::since(2026, 2, 30));
        assert!(invalid(date).contains("2026-02-30"));
        let negative = sched.delay(Trigger::any([Trigger::recur(-1)]), 0, || ());
        assert!(matches!(negative, Err(Error::InvalidInterval(_))));
        let zone = Trigger::calendar(Calendar::since(2026, 2, 3).time_zone("Europe/Roma"));
        let zone = sched.delay(zone, 0, || ()).unwrap_err();
        assert!(matches!(&zone, Error::UnknownTimeZone(why) if why.contains("`Europe/Rome`")));
    }
}

#[test]
fn many_tasks_of_one_minute_all_run() {
    let (sched, clock) = at(midnight());
    let runs = Arc::new(AtomicUsize::new(0));
    let tasks = 10_000;
    for _ in 0..tasks {
        let runs = Arc::clone(&runs);
        sched.delay(cron("* * * * *"), 0, move || runs.fetch_add(1, Ordering::SeqCst)).unwrap();
    }
    clock.advance(MINUTE);
    clock.set_wall(midnight() + 2 * MINUTE);
    assert_eq!(runs.load(Ordering::SeqCst), 2 * tasks);
}

/// Whatever the clocks do: as long as no time comes twice, each run has one fate, and none is early.
#[test]
fn each_time_that_a_clock_passes_has_one_fate() {
    for seed in 0..200 {
        let mut random = Random::seeded(seed);
        let clock = ManualClock::new();
        clock.set_wall(midnight());
        let builder = Scheduler::builder().clock(clock.clone()).executor(InlineExecutor);
        let sched = builder.history(100_000).build();
        sched.start().unwrap();
        let jitter = secs(random.below(600));
        let trigger = Trigger::any([cron("*/7 * * * *"), cron("30 1-59/9 3-5 * * *")]);
        let trigger = if jitter.is_zero() { trigger } else { trigger.jitter(jitter) };
        let handle = sched.delay(trigger.clone(), 0, || ()).unwrap();
        for _ in 0..20 {
            let step = secs(random.below(3_000));
            match random.below(3) {
                0 => clock.set_wall(clock.wall() + step),
                _ => clock.advance(step),
            }
        }
        let results = sched.results(&handle);
        let next = handle.next_run().unwrap();
        assert!(next > clock.wall(), "seed {seed}: {next:?}");
        let nominal = |time: SystemTime| trigger.previous(time + Duration::from_nanos(1)).unwrap();
        let fates: Vec<_> = results.iter().map(|it| nominal(it.due)).collect();
        let mut expected: Vec<_> =
            trigger.clone().until(clock.wall()).upcoming(midnight()).collect();
        // The delay of the newest may not be over.
        if expected.last() == Some(&nominal(next)) {
            expected.pop();
        }
        assert_eq!(fates, expected, "seed {seed}");
        for run in results.iter().filter(|it| it.status == Succeeded) {
            assert!(run.started.unwrap() >= run.due);
        }
    }
}
