//! The crate `cronexpr`. It has no field for seconds, and takes the zone as one.

use cronexpr::{Crontab, MakeTimestamp};
use jiff::{Timestamp, Zoned};

use super::{Finder, Reader, Refusal, Zone, without_seconds};

pub(crate) struct Cronexpr {
    crontab: Crontab,
}

impl Reader for Cronexpr {
    const NAME: &'static str = "cronexpr";

    fn text(expression: &str, zone: &str) -> String {
        format!("{} {zone}", without_seconds(expression))
    }

    fn read(text: &str, _: &'static str) -> Result<Self, Refusal> {
        Ok(Self { crontab: cronexpr::parse_crontab(text)? })
    }
}

impl<Z: Zone> Finder<Z> for Cronexpr {
    type Time = Timestamp;

    fn next(&self, after: &Timestamp) -> Option<Timestamp> {
        self.crontab.find_next(MakeTimestamp(*after)).ok().as_ref().map(Zoned::timestamp)
    }
}
