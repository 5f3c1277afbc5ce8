//! The crate `saffron`. It has no field for seconds, and knows no zones.

use chrono::DateTime;
use saffron::Cron;

use super::{Finder, Reader, Refusal, Utc, without_seconds};

pub(crate) struct Saffron {
    cron: Cron,
}

impl Reader for Saffron {
    const NAME: &'static str = "saffron";

    fn text(expression: &str, _: &str) -> String {
        without_seconds(expression).to_owned()
    }

    fn read(text: &str, _: &'static str) -> Result<Self, Refusal> {
        let cron = text.parse().map_err(|_| format!("{text:?} is no expression"))?;
        Ok(Self { cron })
    }
}

impl Finder<Utc> for Saffron {
    type Time = DateTime<chrono::Utc>;

    fn next(&self, after: &Self::Time) -> Option<Self::Time> {
        self.cron.next_after(*after)
    }
}
