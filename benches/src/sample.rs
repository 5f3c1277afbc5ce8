//! [`Sample`]: what one child process has measured, as one line of JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Figures by the keys of the work's metrics.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sample {
    values: BTreeMap<String, f64>,
}

impl Sample {
    pub(crate) fn new<const N: usize>(values: [(&str, f64); N]) -> Self {
        Self { values: values.map(|(key, value)| (key.to_owned(), value)).into() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        self.values.get(key).copied()
    }
}
