//! pysched itself: its triggers, without a scheduler.

use std::time::SystemTime;

use pysched::Trigger;

use super::{Finder, Reader, Refusal, Zone};
use crate::contenders::{Contender, Pysched};

pub(crate) struct PyschedCron {
    trigger: Trigger,
}

impl Reader for PyschedCron {
    const NAME: &'static str = Pysched::NAME;

    fn read(text: &str, zone: &'static str) -> Result<Self, Refusal> {
        Ok(Self { trigger: Trigger::cron_in(text, zone)? })
    }
}

impl<Z: Zone> Finder<Z> for PyschedCron {
    type Time = SystemTime;

    fn next(&self, after: &SystemTime) -> Option<SystemTime> {
        self.trigger.upcoming(*after).next()
    }

    fn upcoming(&self, after: SystemTime) -> impl Iterator<Item = SystemTime> {
        self.trigger.upcoming(after)
    }
}
