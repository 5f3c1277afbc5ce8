//! Triggers serialised as [text](super::text), with the feature `serde`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Trigger;

/// Serialises the trigger as a string, its [text](Trigger#impl-Display-for-Trigger).
///
/// ```
/// use pysched_core::Trigger;
///
/// let json = serde_json::to_string(&Trigger::recur(5400))?;
/// assert_eq!(json, r#""recur(\"1h 30m\")""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads the trigger from a string, as [`FromStr`](Trigger#impl-FromStr-for-Trigger) does, with its
/// errors.
///
/// ```
/// use pysched_core::Trigger;
///
/// let trigger: Trigger = serde_json::from_str(r#""recur(\"90m\")""#)?;
/// assert_eq!(trigger, Trigger::recur(5400));
///
/// let error = serde_json::from_str::<Trigger>(r#""recur(90)""#).unwrap_err().to_string();
/// assert!(error.contains("at column 7, found `90`: expected an interval"), "{error}");
/// # Ok::<(), serde_json::Error>(())
/// ```
impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Trigger;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a trigger, such as `recur(\"1h 30m\")`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Trigger, E> {
        text.parse().map_err(E::custom)
    }
}
