//! Triggers in plain English.

use super::Trigger;

impl Trigger {
    /// What it means, in plain English.
    #[must_use]
    pub fn describe(&self) -> String {
        self.to_string()
    }
}
