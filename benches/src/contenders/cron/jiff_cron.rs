//! The crate `jiff-cron`. It wants a field for seconds.

use std::str::FromStr;

use jiff::Zoned;
use jiff_cron::Schedule;

use super::{Finder, Reader, Refusal, Zone, with_seconds};

pub(crate) struct JiffCron {
    schedule: Schedule,
}

impl Reader for JiffCron {
    const NAME: &'static str = "jiff-cron";

    fn text(expression: &str, _: &str) -> String {
        with_seconds(expression)
    }

    fn read(text: &str, _: &'static str) -> Result<Self, Refusal> {
        Ok(Self { schedule: Schedule::from_str(text)? })
    }
}

impl<Z: Zone> Finder<Z> for JiffCron {
    type Time = Zoned;

    fn next(&self, after: &Zoned) -> Option<Zoned> {
        self.schedule.after(after.clone()).next()
    }

    fn upcoming(&self, after: Zoned) -> impl Iterator<Item = Zoned> {
        self.schedule.after(after)
    }
}
