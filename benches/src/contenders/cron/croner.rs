//! The crate `croner`, with chrono.

use std::str::FromStr;

use chrono::DateTime;
use croner::Cron;

use super::{Finder, Reader, Refusal, Zone};

pub(crate) struct Croner {
    cron: Cron,
}

impl Reader for Croner {
    const NAME: &'static str = "croner";

    fn read(text: &str, _: &'static str) -> Result<Self, Refusal> {
        Ok(Self { cron: Cron::from_str(text)? })
    }
}

impl<Z: Zone> Finder<Z> for Croner {
    type Time = DateTime<Z::Chrono>;

    fn next(&self, after: &Self::Time) -> Option<Self::Time> {
        self.cron.find_next_occurrence(after, false).ok()
    }

    fn upcoming(&self, after: Self::Time) -> impl Iterator<Item = Self::Time> {
        self.cron.iter_after(after)
    }
}
