//! The crate `cron`. It wants a field for seconds.

use std::str::FromStr;

use chrono::DateTime;
use cron::Schedule;

use super::{Finder, Reader, Refusal, Zone, with_seconds};

pub(crate) struct CronCrate {
    schedule: Schedule,
}

impl Reader for CronCrate {
    const NAME: &'static str = "cron";

    fn text(expression: &str, _: &str) -> String {
        with_seconds(expression)
    }

    fn read(text: &str, _: &'static str) -> Result<Self, Refusal> {
        Ok(Self { schedule: Schedule::from_str(text)? })
    }
}

impl<Z: Zone> Finder<Z> for CronCrate {
    type Time = DateTime<Z::Chrono>;

    fn next(&self, after: &Self::Time) -> Option<Self::Time> {
        self.schedule.after(after).next()
    }

    fn upcoming(&self, after: Self::Time) -> impl Iterator<Item = Self::Time> {
        self.schedule.after_owned(after)
    }
}
