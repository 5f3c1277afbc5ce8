//! [`cron_step`]: the next run and the one before.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use pysched::{Dst, Trigger};

const ZONES: [&str; 16] = [
    "UTC",
    "Europe/Rome",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
    "Antarctica/Troll",
    "Europe/Dublin",
    "Africa/Casablanca",
    "America/Nuuk",
    "Antarctica/Casey",
    "Asia/Pyongyang",
    "Africa/Monrovia",
    "Pacific/Kwajalein",
];

const POLICIES: [Dst; 4] = [Dst::Vixie, Dst::Skip, Dst::Literal, Dst::Shift];

/// The changes of the clock in each zone, from 1970 to 2100, in seconds since the epoch.
static CHANGES: LazyLock<Vec<Vec<u64>>> = LazyLock::new(|| {
    let changes = |name: &&str| {
        let zone = TimeZone::get(name).expect("the zone is known");
        let seconds = zone.following(Timestamp::UNIX_EPOCH).map(|it| it.timestamp().as_second());
        seconds.map_while(|at| u64::try_from(at).ok().filter(|at| *at < 130 * 31_557_600)).collect()
    };
    ZONES.iter().map(changes).collect()
});

/// The bytes before the expression: a zone, a policy, a fraction of a second, and four of seconds.
pub const HEADER: usize = 8;

/// What no search should come near.
const LONG: Duration = Duration::from_secs(2);

const TICK: Duration = Duration::from_nanos(1);
const HOUR: Duration = Duration::from_hours(1);

/// Searches runs of any expression, in any zone, from any time: a search one way comes back the other.
/// Says whether it is an expression.
///
/// # Panics
///
/// If it does not, or takes long.
#[must_use]
pub fn cron_step(input: &[u8]) -> bool {
    let Some((header, expression)) = input.split_first_chunk::<HEADER>() else { return false };
    let Ok(expression) = std::str::from_utf8(expression) else { return false };
    let [zone, policy, fraction, shift, seconds @ ..] = *header;
    let (index, zone) = (usize::from(zone) % ZONES.len(), ZONES[usize::from(zone) % ZONES.len()]);
    let policy = POLICIES[usize::from(policy) % POLICIES.len()];
    let Ok(trigger) = Trigger::cron_in(expression, zone) else { return false };
    let trigger = trigger.dst(policy);

    let at = time(&CHANGES[index], shift, seconds) + TICK * u32::from(fraction % 3);

    let began = Instant::now();
    let case = || format!("`{expression}` in {zone}, {policy:?}, at {at:?}");
    if let Some(next) = trigger.upcoming(at).next() {
        assert!(next > at, "{}: {next:?} is not after it", case());
        let previous = trigger.previous(next);
        assert!(previous.is_none_or(|run| run <= at), "{}: {previous:?} was left out", case());
        assert_eq!(trigger.previous(next + TICK), Some(next), "{}, backwards", case());
    }
    if let Some(previous) = trigger.previous(at) {
        assert!(previous < at, "{}: {previous:?} is not before it", case());
        let next = trigger.upcoming(previous).next();
        assert!(next.is_none_or(|run| run >= at), "{}: {next:?} was left out", case());
        let again = trigger.upcoming(previous - TICK).next();
        assert_eq!(again, Some(previous), "{}, forwards", case());
    }
    let took = began.elapsed();
    assert!(took < LONG, "{} took {took:?}", case());
    true
}

/// Some time: within hours of a change of the clock, in this century, or in other millennia.
fn time(changes: &[u64], shift: u8, seconds: [u8; 4]) -> SystemTime {
    let number = u32::from_le_bytes(seconds);
    if shift >= 64 && !changes.is_empty() {
        let [low, high, which @ ..] = seconds;
        let change = changes[usize::from(u16::from_le_bytes(which)) % changes.len()];
        let away = Duration::from_secs(u16::from_le_bytes([low, high]).into()) / 4;
        return SystemTime::UNIX_EPOCH + Duration::from_secs(change) + away - 2 * HOUR;
    }
    let start = SystemTime::UNIX_EPOCH - Duration::from_secs(u64::from(shift >= 32) << 35);
    start + Duration::from_secs(u64::from(number) << (shift % 40).saturating_sub(34))
}
