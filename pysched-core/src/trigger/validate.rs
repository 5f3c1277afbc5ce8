//! What of a trigger has to be right before it is put to work.

#[cfg(feature = "cron")]
use super::zoned::Zoned;
use super::{Kind, Trigger};
use crate::error::Error;

/// How many triggers may be one within the other: so many that no search through them runs out of stack.
pub(super) const DEEPEST: usize = 128;

/// What is wrong with more.
pub(super) fn too_deep() -> String {
    format!(
        "combinations are nested more than {DEEPEST} deep: expected fewer; put what is excluded into \
         one `any`"
    )
}

impl Trigger {
    /// Looks up its time zones, and says what of it there is not. Reads files, so not for under a lock.
    pub(crate) fn validated(mut self) -> Result<Self, Error> {
        // Intervals are looked at when they are put to work.
        if !self.is_interval() {
            self.validate(0)?;
        }
        Ok(self)
    }

    /// `depth`: how many combinations it is within.
    fn validate(&mut self, depth: usize) -> Result<(), Error> {
        if depth == DEEPEST {
            return Err(Error::InvalidTrigger(too_deep()));
        }
        match &mut self.kind {
            Kind::Once(delay) => {
                delay.duration()?;
            }
            Kind::RecurAfter(_) if depth > 0 => {
                return Err(Error::InvalidTrigger(format!(
                    "`{self}` cannot be part of a combination, as each of its runs depends on the \
                     end of the one before; use recur, or a task of its own"
                )));
            }
            Kind::Recur(interval) | Kind::RecurAfter(interval) => {
                interval.positive()?;
            }
            Kind::At(_) => {}
            Kind::AtEach(times) => {
                if times.is_empty() {
                    return Err(Error::InvalidTrigger(
                        "at_each was given no time; give at least one".to_owned(),
                    ));
                }
            }
            #[cfg(feature = "cron")]
            Kind::Zoned(zoned) => zoned.validate()?,
            Kind::Any(parts) | Kind::All(parts) => {
                if parts.is_empty() {
                    return Err(Error::InvalidTrigger(format!(
                        "`{self}` was given no trigger; give at least one"
                    )));
                }
                let mut validated = parts.to_vec();
                validated.iter_mut().try_for_each(|part| part.validate(depth + 1))?;
                *parts = validated.into();
                #[cfg(feature = "cron")]
                if matches!(self.kind, Kind::All(_)) {
                    self.refuse_apart()?;
                }
            }
            Kind::Except(parts) => {
                let [of, excluded] = &**parts;
                let mut validated = [of.clone(), excluded.clone()];
                validated.iter_mut().try_for_each(|part| part.validate(depth + 1))?;
                *parts = validated.into();
            }
        }
        Ok(())
    }

    /// Whether it says how often rather than when: then it keeps to real time when clocks are changed.
    pub(super) fn repeats(&self) -> bool {
        match &self.kind {
            Kind::Once(_) | Kind::At(_) | Kind::AtEach(_) => false,
            Kind::Recur(_) | Kind::RecurAfter(_) => true,
            #[cfg(feature = "cron")]
            Kind::Zoned(zoned) => zoned.repeats(),
            Kind::Any(parts) => parts.iter().any(Self::repeats),
            Kind::All(parts) => parts.iter().all(Self::repeats),
            Kind::Except(parts) => parts[0].repeats(),
        }
    }
}

#[cfg(feature = "cron")]
impl Trigger {
    /// Refuses `all` of cron expressions of which a field has nothing in common.
    fn refuse_apart(&self) -> Result<(), Error> {
        let Kind::All(parts) = &self.kind else { return Ok(()) };
        let zoned: Vec<_> = parts.iter().filter_map(Self::zoned).collect();
        let pairs = zoned
            .iter()
            .enumerate()
            .flat_map(|(index, one)| zoned[index + 1..].iter().map(move |other| (*one, *other)));
        for (one, other) in pairs {
            if let Some(what) = one.apart(other) {
                return Err(Error::NeverRuns(format!(
                    "`{self}` asks for times that do not exist: its expressions have no {what} in \
                     common"
                )));
            }
        }
        Ok(())
    }

    fn zoned(&self) -> Option<&Zoned> {
        if let Kind::Zoned(zoned) = &self.kind { Some(zoned) } else { None }
    }
}
