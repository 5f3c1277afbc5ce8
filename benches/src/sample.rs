//! [`Sample`]: what one child process has measured, as one line of JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Figures by the keys of the work's metrics.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sample {
    values: BTreeMap<String, f64>,
}

impl Sample {
    /// The same with another figure.
    pub(crate) fn with(mut self, key: &str, value: f64) -> Self {
        self.values.insert(key.to_owned(), value);
        self
    }

    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        self.values.get(key).copied()
    }
}
