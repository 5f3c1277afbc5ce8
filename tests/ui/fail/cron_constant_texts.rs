//! What `cron!` is given is read while the program is compiled, wherever it stands.

use pysched::{Trigger, cron};

const NO_SUCH_MINUTE: Trigger = cron!("60 9 * * *");
static TOO_MANY_FIELDS: Trigger = cron!("0 0 9 * * MON 2030 2031", tz = "Europe/Rome");

fn never_called() -> Trigger {
    cron!("0 9 * * MON-FRY")
}

fn main() {}
