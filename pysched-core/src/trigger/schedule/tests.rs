//! A schedule by itself: which run comes first, which next, and which were missed.

use super::*;
use proptest::prelude::*;

/// Where the tests begin: well away from the clock's origin and from the epoch.
const START: Duration = Duration::from_secs(1_000);

fn wall(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(millis)
}

fn moment(millis: u64) -> Moment {
    Moment::from_origin(START + Duration::from_millis(millis))
}

fn timeline() -> Timeline {
    Timeline::through(moment(0), wall(0))
}

fn plan(trigger: Trigger, bounds: Bounds) -> Result<(Schedule, Due), Error> {
    Schedule::plan(trigger, bounds, moment(0), wall(0), timeline())
}

fn fire(schedule: &mut Schedule, due: Due, now: Moment) -> Firing {
    schedule.fire(due, now, timeline().wall_at(now), timeline())
}

/// How many runs were missed, one interval apart.
fn missed(firing: &Firing) -> u64 {
    match firing.missed {
        Missed::None => 0,
        Missed::Intervals { count, .. } => count,
        Missed::Calendar { .. } => panic!("{firing:?}"),
    }
}

fn starting(millis: u64) -> Bounds {
    Bounds { starting: Some(wall(millis)), ..Bounds::default() }
}

fn until(millis: u64) -> Bounds {
    Bounds { until: Some(wall(millis)), ..Bounds::default() }
}

#[test]
fn once_counts_from_now_or_from_its_start() {
    let (_, first) = plan(Trigger::once(5), Bounds::default()).unwrap();
    assert_eq!(first, Due::interval(moment(5_000)));
    let (mut schedule, first) = plan(Trigger::once(5), starting(2_000)).unwrap();
    assert_eq!(first, Due { moment: moment(7_000), wall: Some(wall(7_000)) });
    assert_eq!(fire(&mut schedule, first, moment(7_000)).next, None);
}

#[test]
fn a_time_that_is_past_is_due_now_and_keeps_its_name() {
    let past = wall(0) - Duration::from_secs(3);
    let (_, first) = plan(Trigger::at(past), Bounds::default()).unwrap();
    assert_eq!(first, Due { moment: moment(0), wall: Some(past) });
}

#[test]
fn a_series_begins_at_its_start_and_joins_in_if_that_is_past() {
    let (_, first) = plan(Trigger::recur(10), starting(4_000)).unwrap();
    assert_eq!(first.moment, moment(4_000));
    let past = Bounds { starting: Some(wall(0) - Duration::from_secs(4)), ..Bounds::default() };
    let (_, first) = plan(Trigger::recur(10), past).unwrap();
    assert_eq!(first.moment, moment(6_000));
    let on_the_grid =
        Bounds { starting: Some(wall(0) - Duration::from_secs(20)), ..Bounds::default() };
    let (_, first) = plan(Trigger::recur(10), on_the_grid).unwrap();
    assert_eq!(first.moment, moment(0));
}

#[test]
fn the_end_belongs_to_the_series() {
    let (mut schedule, first) = plan(Trigger::recur(1), until(2_000)).unwrap();
    let second = fire(&mut schedule, first, first.moment).next.unwrap();
    assert_eq!(second.moment, moment(2_000));
    assert_eq!(fire(&mut schedule, second, second.moment).next, None);
    assert!(matches!(plan(Trigger::recur(1), until(999)), Err(Error::NeverRuns(_))));
    assert!(plan(Trigger::recur(1), until(1_000)).is_ok());
}

#[test]
fn a_fixed_delay_counts_from_the_end_of_the_run() {
    let (mut schedule, first) = plan(Trigger::recur_after(1), until(5_000)).unwrap();
    assert_eq!(fire(&mut schedule, first, moment(1_500)).next, None);
    let next = schedule.after_end(moment(3_250), timeline());
    assert_eq!(next, Some(Due::interval(moment(4_250))));
    assert_eq!(schedule.after_end(moment(4_001), timeline()), None);
}

#[test]
fn only_so_many_launches_are_allowed() {
    let bounds = Bounds { times: Some(2), ..Bounds::default() };
    let (mut schedule, _) = plan(Trigger::recur_after(1), bounds).unwrap();
    assert!(schedule.count_launch());
    assert!(schedule.after_end(moment(0), timeline()).is_some());
    assert!(!schedule.count_launch());
    assert_eq!(schedule.after_end(moment(0), timeline()), None);
    let none = Bounds { times: Some(0), ..Bounds::default() };
    assert!(matches!(plan(Trigger::once(0), none), Err(Error::NeverRuns(_))));
}

#[test]
fn ten_lost_years_are_one_step() {
    let (mut schedule, first) = plan(Trigger::recur(0.001), Bounds::default()).unwrap();
    let late = Duration::from_hours(10 * 365 * 24);
    let now = first.moment.saturating_add(late + Duration::from_micros(700));
    let firing = fire(&mut schedule, first, now);
    assert_eq!(u128::from(missed(&firing)), late.as_millis());
    assert_eq!(firing.run.unwrap().moment, first.moment.saturating_add(late));
    let next = firing.run.unwrap().moment.saturating_add(Duration::from_millis(1));
    assert_eq!(firing.next, Some(Due::interval(next)));
}

/// Every even second but for a span of `seconds` that begins after the first run.
fn with_a_gap(seconds: u64) -> Trigger {
    let every_other = Trigger::recur(2).starting(wall(2_000));
    let gap = Trigger::recur(2).starting(wall(4_000)).until(wall(1_000 * seconds));
    every_other.except(gap)
}

#[test]
fn a_long_search_is_put_off_and_goes_on() {
    let (mut schedule, mut due) = plan(with_a_gap(100_000), Bounds::default()).unwrap();
    assert_eq!(due.wall, Some(wall(2_000)));
    let mut looks = 0;
    loop {
        let firing = fire(&mut schedule, due, due.moment);
        assert_eq!((firing.run.is_some(), firing.missed), (looks == 0, Missed::None));
        due = firing.next.unwrap();
        if due.wall == Some(wall(100_002_000)) {
            break;
        }
        looks += 1;
        assert!(due.wall < Some(wall(100_000_000)));
    }
    assert!((2..20).contains(&looks), "{looks}");
    assert_eq!(fire(&mut schedule, due, due.moment).run, Some(due));
}

#[test]
fn a_run_that_is_not_known_yet_can_be_skipped() {
    let (mut schedule, first) = plan(with_a_gap(100_000), Bounds::default()).unwrap();
    let look = fire(&mut schedule, first, first.moment).next.unwrap();
    let next = schedule.skip(look, timeline()).unwrap();
    assert_eq!(next.wall, Some(wall(100_004_000)));
    assert_eq!(fire(&mut schedule, next, next.moment).run, Some(next));
}

#[test]
fn a_search_that_was_put_off_ends_with_the_series() {
    let bounds = until(90_000_000);
    let (mut schedule, mut due) = plan(with_a_gap(100_000), bounds).unwrap();
    let mut looks = 0;
    while let Some(next) = fire(&mut schedule, due, due.moment).next {
        due = next;
        looks += 1;
    }
    assert!((2..20).contains(&looks), "{looks}");
}

#[test]
fn what_lies_beyond_the_clock_never_runs() {
    let far = Bounds {
        starting: SystemTime::UNIX_EPOCH.checked_add(Duration::from_hours(1_000 * 365 * 24)),
        ..Bounds::default()
    };
    assert!(matches!(plan(Trigger::recur(1), far), Err(Error::NeverRuns(_))));
    assert!(matches!(plan(Trigger::once(0), far), Err(Error::NeverRuns(_))));
}

/// Numbers of every magnitude, as far as an interval reaches.
fn nanos() -> impl Strategy<Value = u64> {
    (any::<u64>(), 1..u64::BITS).prop_map(|(nanos, shift)| nanos >> shift)
}

proptest! {
    /// The model counts in 128 bits, where nothing can overflow.
    #[test]
    fn no_distance_is_too_far(interval in nanos(), due in nanos(), late in nanos()) {
        let interval = interval.max(1);
        let trigger = Trigger::recur(Duration::from_nanos(interval));
        let (mut schedule, _) = plan(trigger, Bounds::default()).unwrap();
        let (due, now) = (Moment::from_nanos(due), Moment::from_nanos(due + late));
        let firing = fire(&mut schedule, Due::interval(due), now);

        let missed = u128::from(late) / u128::from(interval);
        let run = u128::from(due.nanos()) + missed * u128::from(interval);
        prop_assert_eq!(u128::from(self::missed(&firing)), missed);
        prop_assert_eq!(u128::from(firing.run.unwrap().moment.nanos()), run);
        let next = u64::try_from(run + u128::from(interval)).ok();
        let next = next.filter(|next| *next < Moment::NEVER.nanos());
        prop_assert_eq!(firing.next.map(|next| next.moment.nanos()), next);
    }

    /// The model walks the nominal times one by one; `fire` has to jump to the same place.
    #[test]
    fn a_series_is_walked_as_by_hand(
        interval in 1..50_u64,
        end in prop::option::of(50..2_000_u64),
        pauses in prop::collection::vec(0..200_u64, 1..40),
    ) {
        let bounds = end.map_or(Bounds::default(), until);
        let trigger = Trigger::recur(Duration::from_millis(interval));
        let (mut schedule, first) = plan(trigger, bounds).unwrap();
        let mut due = Some(first);
        let mut nominal = (1..).map(|k| k * interval)
            .take_while(|time| end.is_none_or(|end| *time <= end)).peekable();
        let mut now = 0;
        for pause in pauses {
            let Some(armed) = due else { break };
            prop_assert_eq!(armed.moment, moment(*nominal.peek().unwrap()));
            now += pause;
            let mut by_now = Vec::new();
            while let Some(time) = nominal.next_if(|time| *time <= now) {
                by_now.push(time);
            }
            let Some(newest) = by_now.pop() else { continue };
            let firing = fire(&mut schedule, armed, moment(now));
            prop_assert_eq!(firing.run, Some(Due::interval(moment(newest))));
            prop_assert_eq!(missed(&firing), by_now.len() as u64);
            let next = nominal.peek().map(|time| Due::interval(moment(*time)));
            prop_assert_eq!(firing.next, next);
            due = firing.next;
        }
    }
}
