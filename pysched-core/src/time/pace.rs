//! [`Pace`]: how a wait is made of sleeping and spinning. Pure arithmetic that never reads a clock.
//!
//! * The *lead*: a sleep ends that much before its deadline, and the rest is spun away. It follows
//!   a high quantile of how late the last sleeps ended, by a small step up whenever one was later
//!   and a smaller one down otherwise. What no lead could make up for does not count. This is
//!   stochastic approximation of a quantile as in L. Tierney, "A Space-Efficient Recursive Procedure
//!   for Estimating a Quantile of an Unknown Distribution" (1983), with the constant step of Q. Ma,
//!   S. Muthukrishnan and M. Sandler, "Frugal Streaming for Estimating Quantiles" (2013), so that it
//!   never stops to adapt.
//! * The [`Budget`] of spinning: the lead is never longer than what it affords. When it is used up,
//!   a wait is a plain sleep.
//! * The [`Budget`] of timed wake-ups: when it is used up, the next one comes as soon as it affords
//!   one, however many deadlines that serves. When it is nearly used up, nothing is spun: where most
//!   deadlines have to wait, it is not worth while to be punctual for a few.

use std::time::Duration;

/// What the lead is before anything has been measured.
const FIRST_LEAD: Duration = Duration::from_micros(50);

/// There is no spinning while fewer timed wake-ups than this are left.
const RESERVE: u32 = 16;

/// What waiting may cost; all that sets one precision apart from another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    /// The lead is never longer than this.
    pub(super) longest_lead: Duration,

    /// What the lead grows by after a sleep that was late by more than it.
    pub(super) lead_up: Duration,

    /// What it shrinks by after any other. Up and down are as the quantile is to the rest: 23 to 2
    /// for 92 out of 100.
    pub(super) lead_down: Duration,

    /// How much time has to pass for each unit of time that is spun away.
    pub(super) spin_price: u32,

    /// The time that is saved up for spinning, at most.
    pub(super) spin_credit: Duration,

    /// How much time has to pass for each timed wake-up.
    pub(super) wake_price: Duration,

    /// How much has to pass for one that is put off, and how far it is put off at most. More than
    /// for any other, so that under a load that is far too dense there are still fewer of them.
    pub(super) late_price: Duration,

    /// The time that is saved up for wake-ups, at most. No less than one of them takes.
    pub(super) wake_credit: Duration,
}

/// A budget in units of the time that passes, which is what it is filled up with.
///
/// A token bucket in the form of the *generic cell rate algorithm* (ITU-T I.371): the moment at which
/// it would be full says everything, and nothing has to be done while time passes.
#[derive(Debug)]
struct Budget {
    capacity: Duration,

    /// Since when, or from when on, it is full. Further ahead than the capacity, it is overdrawn.
    full_at: Duration,
}

impl Budget {
    fn full(capacity: Duration) -> Self {
        Self { capacity, full_at: Duration::ZERO }
    }

    fn left(&self, now: Duration) -> Duration {
        self.capacity.saturating_sub(self.full_at.saturating_sub(now))
    }

    /// From when on it has `cost` left.
    fn affords_at(&self, cost: Duration) -> Duration {
        self.full_at.saturating_add(cost).saturating_sub(self.capacity)
    }

    fn spend(&mut self, now: Duration, cost: Duration) {
        self.full_at = self.full_at.max(now).saturating_add(cost);
    }
}

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    /// Until when to sleep.
    pub(super) wake: Duration,

    /// Until when to spin after that.
    pub(super) end: Duration,

    /// What the sleep costs if nobody ends it before.
    price: Duration,
}

/// What the waits on one clock have cost, and how late they were. Moments are since its origin.
#[derive(Debug)]
pub(super) struct Pace {
    terms: Terms,

    /// How much before its deadline a sleep is to end.
    lead: Duration,

    /// What is left for spinning, in time that passes: `spin_price` times what may be spun.
    spins: Budget,

    /// What is left for timed wake-ups.
    wakes: Budget,
}

impl Pace {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            lead: FIRST_LEAD.min(terms.longest_lead),
            spins: Budget::full(terms.spin_credit),
            wakes: Budget::full(terms.wake_credit),
        }
    }

    /// How to wait, from `now` on, for `until`, which lies ahead.
    pub(super) fn plan(&self, now: Duration, until: Duration) -> Plan {
        let Terms { wake_price, late_price, spin_price, .. } = self.terms;
        if self.wakes.affords_at(wake_price) > until {
            // Late in any case: no reason to spin.
            let latest = until.saturating_add(late_price);
            let wake = self.wakes.affords_at(late_price).min(latest);
            return Plan { wake, end: wake, price: late_price };
        }
        let may_spin = self.wakes.affords_at(wake_price * RESERVE) <= until;
        let spin = if may_spin { self.spins.left(now) / spin_price } else { Duration::ZERO };
        let wake = until.saturating_sub(self.lead.min(spin));
        Plan { wake, end: until, price: wake_price }
    }

    /// Takes note of a sleep that was not ended by an unpark, but at `woken`.
    pub(super) fn woke(&mut self, plan: Plan, woken: Duration) {
        self.wakes.spend(woken, plan.price);
        let latency = woken.saturating_sub(plan.wake);
        self.lead = if latency > self.terms.longest_lead {
            // The thread had to wait for a processor. No lead would have made up for it.
            self.lead
        } else if latency > self.lead {
            (self.lead + self.terms.lead_up).min(self.terms.longest_lead)
        } else {
            self.lead.saturating_sub(self.terms.lead_down)
        };
    }

    /// Takes note of having spun.
    pub(super) fn spun(&mut self, from: Duration, to: Duration) {
        self.spins.spend(to, to.saturating_sub(from) * self.terms.spin_price);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use proptest::prelude::*;

    const fn us(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    impl Plan {
        /// For those who test how plans are carried out.
        pub(in super::super) fn spin_until(end: Duration) -> Self {
            Self { wake: Duration::ZERO, end, price: Duration::ZERO }
        }
    }

    /// A waiter that is woken as late as it is told, and never early.
    struct Waiter {
        terms: Terms,
        pace: Pace,
        now: Duration,
        wakes: u32,
        spun: Duration,
    }

    impl Waiter {
        fn new(precision: Precision) -> Self {
            let terms = precision.terms();
            let (now, spun) = (Duration::ZERO, Duration::ZERO);
            Self { terms, pace: Pace::new(terms), now, wakes: 0, spun }
        }

        /// Waits for `until` if that lies ahead, until it is unparked; says how late it was.
        fn wait(&mut self, until: Duration, latency: Duration, unpark: Duration) -> Duration {
            if self.now < until {
                let plan = self.pace.plan(self.now, until);
                assert!(plan.wake <= plan.end && until <= plan.end, "early: {plan:?}");
                assert!(plan.end <= until + self.terms.late_price, "too late: {plan:?}");
                assert!(plan.wake + self.terms.longest_lead >= plan.end, "a long spin: {plan:?}");
                if self.now < plan.wake {
                    if unpark < plan.wake {
                        self.now = self.now.max(unpark);
                        return Duration::ZERO;
                    }
                    self.now = plan.wake + latency;
                    self.pace.woke(plan, self.now);
                    self.wakes += 1;
                }
                if self.now < plan.end {
                    let end = plan.end.min(unpark.max(self.now));
                    self.pace.spun(self.now, end);
                    self.spun += end.saturating_sub(self.now);
                    self.now = end;
                }
            }
            self.now.saturating_sub(until)
        }

        /// Waits for deadlines of equal distance for a second; returns the greatest lateness and
        /// the number of wake-ups.
        fn wait_evenly(&mut self, distance: Duration, latency: Duration) -> (Duration, u32) {
            let (begun, wakes) = (self.now, self.wakes);
            let mut latest = Duration::ZERO;
            let mut until = begun;
            while until < begun + Duration::from_secs(1) {
                latest = latest.max(self.wait(until, latency, Duration::MAX));
                // What has become due is served together.
                while until <= self.now {
                    until += distance;
                }
            }
            (latest, self.wakes - wakes)
        }
    }

    fn precisions() -> impl Strategy<Value = Precision> {
        prop_oneof![
            Just(Precision::Precise),
            Just(Precision::Balanced),
            Just(Precision::Economical)
        ]
    }

    proptest! {
        #[test]
        fn the_limits_hold_over_any_sequence(
            precision in precisions(),
            waits in prop::collection::vec((0..800u64, 0..300u64, 0..2000u64, 0..20u8), 1..2000),
        ) {
            let mut waiter = Waiter::new(precision);
            for (gap, latency, unpark, kind) in waits {
                // Now and then a long pause, or a wake-up that comes much too late.
                let gap = if kind == 0 { gap * 1000 } else { gap };
                let latency = if kind == 1 { latency * 100 } else { latency };
                let unpark = if kind < 5 { waiter.now + us(unpark) } else { Duration::MAX };
                waiter.wait(waiter.now + us(gap), us(latency), unpark);
                let Terms { longest_lead, spin_price, spin_credit, wake_price, wake_credit, .. } =
                    waiter.terms;
                prop_assert!(waiter.pace.lead <= longest_lead);
                prop_assert!(waiter.spun * spin_price <= spin_credit + waiter.now);
                prop_assert!(wake_price * waiter.wakes <= wake_credit + waiter.now);
            }
        }
    }

    #[test]
    fn the_lead_is_what_most_sleeps_are_late_by() {
        let mut pace = Pace::new(Precision::Balanced.terms());
        let sleep = |pace: &mut Pace, latency| {
            let plan = Plan { wake: Duration::ZERO, end: us(1000), price: Duration::ZERO };
            pace.woke(plan, latency);
        };
        // In no order, each of 0 to 99 µs as often as any other.
        for n in 0..10_000 {
            sleep(&mut pace, us(n * 37 % 100));
        }
        assert!((us(90)..us(94)).contains(&pace.lead), "{:?}", pace.lead);

        let before = pace.lead;
        sleep(&mut pace, us(140));
        assert!(pace.lead <= before + us(2), "no sleep counts for more than another");
        let before = pace.lead;
        (0..100).for_each(|_| sleep(&mut pace, Duration::from_millis(3)));
        assert_eq!(pace.lead, before, "what cannot be made up for");

        for _ in 0..10_000 {
            sleep(&mut pace, us(5));
        }
        assert!(pace.lead < us(8), "it never stops to adapt: {:?}", pace.lead);
    }

    #[test]
    fn a_thousand_a_second_are_served_one_by_one() {
        let mut waiter = Waiter::new(Precision::Balanced);
        for _ in 0..10 {
            let (latest, _) = waiter.wait_evenly(us(1000), us(50));
            assert!(latest < us(1), "{latest:?}");
        }
    }

    #[test]
    fn a_hundred_thousand_a_second_share_wake_ups() {
        let mut waiter = Waiter::new(Precision::Balanced);
        waiter.wait_evenly(us(10), us(50));
        let (latest, wakes) = waiter.wait_evenly(us(10), us(50));
        assert!(latest <= us(800), "{latest:?}");
        assert!(wakes < 1400, "{wakes}");
        // After a pause it is punctual again.
        let until = waiter.now + Duration::from_millis(20);
        assert_eq!(waiter.wait(until, us(30), Duration::MAX), Duration::ZERO);
    }

    #[test]
    fn a_deadline_far_away_takes_one_sleep() {
        for precision in [Precision::Precise, Precision::Balanced, Precision::Economical] {
            let mut waiter = Waiter::new(precision);
            let until = Duration::from_hours(24);
            assert_eq!(waiter.wait(until, Duration::ZERO, Duration::MAX), Duration::ZERO);
            assert_eq!(waiter.wakes, 1);
        }
    }

    #[test]
    fn the_economical_never_spins() {
        let mut waiter = Waiter::new(Precision::Economical);
        waiter.wait_evenly(us(1000), us(50));
        assert_eq!(waiter.spun, Duration::ZERO);
    }

    #[test]
    fn what_an_unpark_ends_costs_no_wake_up() {
        let mut waiter = Waiter::new(Precision::Balanced);
        for n in 1..10_000 {
            waiter.wait(us(n + 1000), us(50), us(n));
        }
        assert_eq!(waiter.pace.wakes.left(waiter.now), waiter.terms.wake_credit);
    }
}
