//! [`Parcel`]: what an executor may know of a task before it takes it, and what travels if it runs
//! it elsewhere.

use std::fmt;
#[cfg(all(feature = "process", unix))]
use std::sync::{Arc, OnceLock};
use std::time::Duration;

#[cfg(all(feature = "process", unix))]
use super::codec::NotPortable;
use super::registration::Registered;
use crate::error::Error;
use crate::unwind::drop_quietly;

/// Up to this many bytes, encoded arguments are kept for the next run. More are encoded anew each
/// time: a task that waits for a year should not hold its arguments twice.
#[cfg(all(feature = "process", unix))]
const KEPT: usize = 4096;

/// The part of a task that does not depend on the scheduler: the function, if it is a registered one,
/// its arguments, and how long a run may take.
#[derive(Default)]
pub struct Parcel {
    /// The annotated function and its arguments; `None` for a closure.
    registered: Option<Registered>,

    /// What the task is called.
    name: Option<String>,

    /// How long a run may take.
    timeout: Option<Duration>,

    /// The arguments as text, once they have been asked for, if that is short.
    #[cfg(all(feature = "process", unix))]
    encoded: OnceLock<Arc<str>>,
}

impl Parcel {
    /// # Errors
    ///
    /// If another function has the same name, or the timeout is 0.
    pub(crate) fn new(
        registered: Option<Registered>,
        name: Option<String>,
        timeout: Option<Duration>,
    ) -> Result<Self, Error> {
        if let Some(registered) = &registered {
            registered.registration.check()?;
        }
        if timeout.is_some_and(|limit| limit.is_zero()) {
            let what = "a timeout of 0s would end every run before it begins: give a longer one";
            return Err(Error::InvalidInterval(what.to_owned()));
        }
        Ok(Self {
            registered,
            name,
            timeout,
            #[cfg(all(feature = "process", unix))]
            encoded: OnceLock::new(),
        })
    }
}

#[cfg(all(feature = "process", unix))]
impl Parcel {
    /// The annotated function and its arguments.
    ///
    /// # Errors
    ///
    /// [`NotPortable`] if the task is a closure.
    pub(crate) fn registered(&self) -> Result<&Registered, NotPortable> {
        self.registered.as_ref().ok_or_else(|| {
            NotPortable(format!(
                "{} cannot leave this process, as it is a closure: annotate a function with \
                 `#[task]` and add what its `task(..)` gives, or give the task an executor of \
                 threads",
                self.title()
            ))
        })
    }

    /// The task, as a subject of a sentence.
    fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("the task `{name}`"),
            None => "the task".to_owned(),
        }
    }

    /// Whether there is nothing in it that a run would need.
    pub(crate) fn is_empty(&self) -> bool {
        self.registered.is_none() && self.timeout.is_none()
    }

    /// What the task is called.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The arguments as text. Runs code of users, unless they are [kept](Self::kept).
    ///
    /// # Errors
    ///
    /// [`NotPortable`] says what cannot leave this process.
    pub(crate) fn arguments(&self) -> Result<Arc<str>, NotPortable> {
        if let Some(kept) = self.kept() {
            return Ok(kept);
        }
        let registered = self.registered()?;
        let text = crate::unwind::catch(|| registered.encode()).unwrap_or_else(|panic| {
            let name = registered.registration.name();
            Err(NotPortable(format!(
                "the task `{name}` cannot leave this process: encoding its arguments panicked: \
                 {panic}"
            )))
        })?;
        let text = Arc::<str>::from(text);
        if text.len() <= KEPT {
            let _ = self.encoded.set(Arc::clone(&text));
        }
        Ok(text)
    }

    /// The arguments as text, if they are short and have been asked for before.
    pub(crate) fn kept(&self) -> Option<Arc<str>> {
        self.encoded.get().map(Arc::clone)
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        // The last reference to the arguments may go here, on a thread that has to go on.
        if let Some(registered) = self.registered.take() {
            let _ = drop_quietly(registered);
        }
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("name", &self.name)
            .field("registered", &self.registered)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
