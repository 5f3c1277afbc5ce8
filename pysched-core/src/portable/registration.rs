//! [`Registration`]: what `#[task]` records of a function, and the register of all of them.
//!
//! The attribute leaves one static per function in a section that the linker collects, so the
//! register is complete before `main` and costs nothing until it is first read.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::codec::{NotPortable, Outcome, Portable};
use crate::error::Error;

/// One `#[task]` function, as its expansion describes it.
#[derive(Clone, Copy)]
pub struct Registration {
    /// Gives the stable name: the function's path, or what `name = ".."` says. A function,
    /// because the name of a type cannot be had in a constant.
    pub name: fn() -> &'static str,

    /// The file that the attribute stands in.
    pub file: &'static str,

    /// Its line in that file.
    pub line: u32,

    /// The function's parameters, in order.
    pub arguments: &'static [Argument],

    /// What the function returns.
    pub output: Output,

    /// The function itself, behind what a worker process needs of it. `None` when the return type
    /// has no name to decode a result with.
    pub function: Option<&'static dyn Portable>,
}

/// One parameter of a registered function.
#[derive(Debug, Clone, Copy)]
pub struct Argument {
    /// The parameter's name, or its pattern.
    pub name: &'static str,

    /// Its type, as it is written.
    pub ty: &'static str,

    /// Why a value of it cannot leave the process; `None` when it can.
    pub obstacle: Option<&'static str>,
}

/// What a registered function returns: the `Ok` type where it returns a `Result`.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// The return type, as it is written.
    pub ty: &'static str,

    /// Why a value of it cannot leave the process; `None` when it can.
    pub obstacle: Option<&'static str>,
}

inventory::collect!(&'static Registration);

impl Registration {
    /// The task's stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        (self.name)()
    }

    /// The task of this name, if exactly one has it.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        match REGISTER.get(name)? {
            Entry::Unique(registration) => Some(registration),
            Entry::Duplicate(_) => None,
        }
    }

    /// Makes sure that no other task has this one's name.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateTask`] names the task, every place where it stands, and the remedy.
    pub fn check(&self) -> Result<(), Error> {
        match REGISTER.get(self.name()) {
            Some(Entry::Duplicate(what)) => Err(Error::DuplicateTask(what.clone())),
            Some(Entry::Unique(_)) | None => Ok(()),
        }
    }

    /// Turns the arguments of one task into text: a JSON array, one element per parameter.
    ///
    /// They are read back once, so that what could not be decoded is refused here, where it is
    /// handed over, and not in the process that was to run it.
    ///
    /// # Errors
    ///
    /// [`NotPortable`] says which argument cannot leave the process, and why.
    pub fn encode_arguments(&self, arguments: &dyn Any) -> Result<String, NotPortable> {
        self.function()?
            .encode_arguments(arguments)
            .map_err(|reason| self.refuse(format_args!("its arguments cannot travel: {reason}")))
    }

    /// Calls the function with arguments from [`encode_arguments`](Self::encode_arguments) and
    /// turns what became of it into text. Panics are caught and are part of the outcome.
    ///
    /// # Errors
    ///
    /// [`NotPortable`] when the arguments cannot be read, or the result cannot be written.
    pub fn run(&self, arguments: &str) -> Result<String, NotPortable> {
        self.function()?.run(arguments).map_err(|reason| self.refuse(reason))
    }

    /// Reads an outcome back that [`run`](Self::run) has written.
    ///
    /// # Errors
    ///
    /// [`NotPortable`] when the text is not an outcome of this task.
    pub fn decode_outcome(&self, outcome: &str) -> Result<Outcome, NotPortable> {
        self.function()?
            .decode_outcome(outcome)
            .map_err(|reason| self.refuse(format_args!("its result cannot be read: {reason}")))
    }

    /// The function, unless the types of its signature keep it in this process.
    fn function(&self) -> Result<&'static dyn Portable, NotPortable> {
        if cfg!(not(feature = "serde")) {
            return Err(self.refuse("pysched was built without its feature `serde`"));
        }
        for Argument { name, ty, obstacle } in self.arguments {
            if let Some(obstacle) = obstacle {
                return Err(self.refuse(format_args!("argument `{name}: {ty}` {obstacle}")));
            }
        }
        let Output { ty, obstacle } = self.output;
        if let Some(obstacle) = obstacle {
            return Err(self.refuse(format_args!("its result, `{ty}`, {obstacle}")));
        }
        self.function.ok_or_else(|| self.refuse("its result has no named type"))
    }

    fn refuse(&self, reason: impl fmt::Display) -> NotPortable {
        NotPortable(format!("the task `{}` cannot leave this process: {reason}", self.name()))
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("name", &self.name())
            .field("file", &self.file)
            .field("line", &self.line)
            .field("arguments", &self.arguments)
            .field("output", &self.output)
            .finish_non_exhaustive()
    }
}

/// One task of a registered function: the function, and the arguments to call it with.
#[derive(Clone)]
pub struct Registered {
    /// The function.
    pub registration: &'static Registration,

    /// The tuple of its arguments.
    pub arguments: Arc<dyn Any + Send + Sync>,
}

impl Registered {
    /// The arguments as text, for [`Registration::run`].
    ///
    /// # Errors
    ///
    /// As [`Registration::encode_arguments`].
    pub fn encode(&self) -> Result<String, NotPortable> {
        self.registration.encode_arguments(&*self.arguments)
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("registration", &self.registration)
            .finish_non_exhaustive()
    }
}

/// What the register holds under one name.
enum Entry {
    Unique(&'static Registration),

    /// Several tasks have the name: the text of [`Error::DuplicateTask`].
    Duplicate(String),
}

/// Every task by its name, read once from what the linker has collected.
static REGISTER: LazyLock<HashMap<&'static str, Entry>> =
    LazyLock::new(|| register(inventory::iter::<&'static Registration>.into_iter().copied()));

/// Sorts registrations by name and writes the complaint about each name that several have.
fn register(
    registrations: impl Iterator<Item = &'static Registration>,
) -> HashMap<&'static str, Entry> {
    let mut by_name = HashMap::<_, Vec<&'static Registration>>::new();
    for registration in registrations {
        by_name.entry(registration.name()).or_default().push(registration);
    }
    by_name
        .into_iter()
        .map(|(name, same)| match same[..] {
            [only] => (name, Entry::Unique(only)),
            _ => (name, Entry::Duplicate(complaint(name, &same))),
        })
        .collect()
}

/// Names the task and all its places, in the order of the source, and says what to do.
fn complaint(name: &str, same: &[&'static Registration]) -> String {
    let mut places: Vec<_> = same.iter().map(|task| (task.file, task.line)).collect();
    places.sort_unstable();
    let places: Vec<_> = places.iter().map(|(file, line)| format!("{file}:{line}")).collect();
    format!(
        "`{name}` stands at {}; give all but one another name, as in `#[task(.., name = \"..\")]`",
        places.join(" and at ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(file: &'static str, line: u32, name: fn() -> &'static str) -> Registration {
        let output = Output { ty: "()", obstacle: None };
        Registration { name, file, line, arguments: &[], output, function: None }
    }

    static FIRST: Registration = at("src/a.rs", 30, || "app::now");
    static SECOND: Registration = at("src/a.rs", 4, || "app::now");
    static THIRD: Registration = at("src/b.rs", 1, || "app::now");
    static OTHER: Registration = at("src/b.rs", 9, || "app::utcnow");

    inventory::submit!(&FIRST);
    inventory::submit!(&SECOND);
    inventory::submit!(&THIRD);
    inventory::submit!(&OTHER);

    #[test]
    fn tasks_of_one_name_are_refused_with_every_place() {
        for registration in [&FIRST, &SECOND, &THIRD] {
            let Err(Error::DuplicateTask(what)) = registration.check() else {
                panic!("{registration:?} was accepted");
            };
            assert_eq!(
                what,
                "`app::now` stands at src/a.rs:4 and at src/a.rs:30 and at src/b.rs:1; \
                 give all but one another name, as in `#[task(.., name = \"..\")]`"
            );
        }
    }

    #[test]
    fn a_name_of_its_own_is_accepted_beside_duplicates_of_others() {
        assert!(OTHER.check().is_ok());
        assert!(std::ptr::eq(Registration::find("app::utcnow").unwrap(), &raw const OTHER));
        assert!(Registration::find("app::now").is_none(), "two have it: neither is the one");
        assert!(Registration::find("app::unknown").is_none());
    }

    #[test]
    fn a_registration_without_a_function_says_why_it_stays() {
        let reason = OTHER.encode_arguments(&()).unwrap_err().to_string();
        let expected = if cfg!(feature = "serde") { "no named type" } else { "feature `serde`" };
        assert!(reason.contains(expected), "{reason}");
        assert!(reason.contains("`app::utcnow`"), "{reason}");
    }
}
