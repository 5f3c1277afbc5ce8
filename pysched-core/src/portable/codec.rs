//! Portable tasks: arguments and results that can leave the process as JSON.
//!
//! Whether a type can is found out where the attribute expands and every type is concrete:
//! [`Probe::CODEC`] is an inherent constant where the types are serialisable, and a constant of
//! the trait [`Unportable`] for all types. Rust prefers the inherent one, so the same tokens give
//! `Some` or `None` without any attribute on the function.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use crate::error::TaskError;
use crate::unwind;

/// How the function of a task fails, whatever its own error type is.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Why a task, or one execution of it, cannot leave the process: a sentence that names the task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPortable(pub(super) String);

impl fmt::Display for NotPortable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotPortable {}

/// What became of an execution elsewhere: the value, still without its type, or how it failed.
pub type Outcome = Result<Box<dyn Any + Send + Sync>, TaskError>;

/// The outcome with the type of its task's results.
///
/// # Errors
///
/// That of the execution, or, if the value is of another type, one that says so.
pub(crate) fn typed<T: 'static>(outcome: Outcome) -> Result<T, TaskError> {
    outcome?.downcast().map(|value| *value).map_err(|_| {
        let expected = std::any::type_name::<T>();
        TaskError::WorkerDied(format!("what it gave back is not the task's result, a `{expected}`"))
    })
}

/// A registered function without its types.
pub trait Portable: Sync {
    /// Turns the tuple of arguments into a JSON array.
    ///
    /// # Errors
    ///
    /// The reason, to follow the name of the task; the same below.
    fn encode_arguments(&self, arguments: &dyn Any) -> Result<String, String>;

    /// Calls the function with decoded arguments and encodes what became of it.
    ///
    /// # Errors
    ///
    /// When the arguments cannot be read, or the result cannot be written.
    fn run(&self, arguments: &str) -> Result<String, String>;

    /// Reads back what [`run`](Self::run) has written.
    ///
    /// # Errors
    ///
    /// When it is not an outcome of this function.
    fn decode_outcome(&self, outcome: &str) -> Result<Outcome, String>;
}

/// A registered function from a tuple of arguments `A` to a result `T`.
#[derive(Debug)]
pub struct Function<A, T> {
    /// The function, its arguments as one tuple, its failure as one type.
    pub call: fn(&A) -> Result<T, Failure>,

    /// How its values become text: [`Probe::CODEC`].
    pub codec: Option<Codec<A, T>>,
}

impl<A, T> Function<A, T> {
    /// The codec. A task whose every type is serialisable lacks one only when the tuple is not.
    fn codec(&self) -> Result<&Codec<A, T>, String> {
        self.codec.as_ref().ok_or_else(|| "more than 16 arguments cannot travel".to_owned())
    }
}

impl<A: 'static, T> Portable for Function<A, T> {
    fn encode_arguments(&self, arguments: &dyn Any) -> Result<String, String> {
        let codec = self.codec()?;
        let arguments = arguments
            .downcast_ref::<A>()
            .ok_or_else(|| "they are not those of its parameters".to_owned())?;
        let text = (codec.encode_arguments)(arguments)?;
        (codec.decode_arguments)(&text)
            .map_err(|reason| format!("they do not survive encoding as {text}: {reason}"))?;
        Ok(text)
    }

    fn run(&self, arguments: &str) -> Result<String, String> {
        let codec = self.codec()?;
        let arguments = (codec.decode_arguments)(arguments)
            .map_err(|reason| format!("its arguments cannot be read from {arguments}: {reason}"))?;
        let outcome = unwind::catch(|| (self.call)(&arguments))
            .map(|returned| returned.map_err(|failure| failure.to_string()));
        (codec.encode_outcome)(&outcome)
            .map_err(|reason| format!("its result cannot travel: {reason}"))
    }

    fn decode_outcome(&self, outcome: &str) -> Result<Outcome, String> {
        (self.codec()?.decode_outcome)(outcome)
    }
}

/// What became of a call, as it is written: the value, or its failure's text, or a panic's.
type Written<T> = Result<Result<T, String>, String>;

/// How a function's values become JSON and back.
#[derive(Debug)]
pub struct Codec<A, T> {
    encode_arguments: fn(&A) -> Result<String, String>,
    decode_arguments: fn(&str) -> Result<A, String>,
    encode_outcome: fn(&Written<T>) -> Result<String, String>,
    decode_outcome: fn(&str) -> Result<Outcome, String>,
}

/// Asks whether arguments `A` and a result `T` are serialisable; see the top of this file.
#[derive(Debug)]
pub struct Probe<A, T>(PhantomData<fn(A) -> T>);

/// The answer of [`Probe`] for types that are not serialisable.
pub trait Unportable<A, T> {
    /// No codec.
    const CODEC: Option<Codec<A, T>> = None;

    /// Why there is none, to follow the name of a value.
    const OBSTACLE: Option<&'static str> =
        Some("is not `serde::Serialize` and `serde::de::DeserializeOwned`");
}

impl<A, T> Unportable<A, T> for Probe<A, T> {}

/// Why a type that contains a reference, which [`Probe`] cannot tell, stays.
pub const BORROWED: Option<&'static str> =
    Some("borrows its data, and another process has nothing to borrow it from");

/// Why a return type that is only `impl Trait` stays.
pub const UNNAMED: Option<&'static str> = Some("has no name to decode it with");

#[cfg(feature = "serde")]
mod json {
    //! The codec of serialisable types.

    use std::any::TypeId;
    use std::sync::Arc;

    use serde::{Deserialize, Serialize};

    use super::{Codec, Failure, Outcome, Probe, Written};
    use crate::error::TaskError;

    // `Deserialize<'static>` and not `DeserializeOwned`: the compiler chooses between this constant
    // and the trait's without regard to lifetimes, and would then refuse `&'static str` as "not
    // general enough" in the middle of a user's function.
    impl<A, T> Probe<A, T>
    where
        A: Serialize + Deserialize<'static> + 'static,
        T: Serialize + Deserialize<'static> + Send + Sync + 'static,
    {
        /// The codec.
        pub const CODEC: Option<Codec<A, T>> = Some(Codec {
            encode_arguments,
            decode_arguments,
            encode_outcome: encode,
            decode_outcome: decode_outcome::<T>,
        });

        /// None: the types are serialisable.
        pub const OBSTACLE: Option<&'static str> = None;
    }

    /// No arguments are `()`, which serde writes as `null`; they travel as `[]`, like all others.
    fn are_none<A: 'static>() -> bool {
        TypeId::of::<A>() == TypeId::of::<()>()
    }

    fn encode_arguments<A: Serialize + 'static>(arguments: &A) -> Result<String, String> {
        if are_none::<A>() { Ok("[]".to_owned()) } else { encode(arguments) }
    }

    fn decode_arguments<A: Deserialize<'static> + 'static>(text: &str) -> Result<A, String> {
        decode(if are_none::<A>() && text == "[]" { "null" } else { text })
    }

    fn decode_outcome<T>(text: &str) -> Result<Outcome, String>
    where
        T: Deserialize<'static> + Send + Sync + 'static,
    {
        Ok(match decode::<Written<T>>(text)? {
            Ok(Ok(value)) => Ok(Box::new(value)),
            Ok(Err(text)) => Err(TaskError::Failed(Arc::from(Failure::from(text)))),
            Err(message) => Err(TaskError::Panicked(message)),
        })
    }

    fn encode<V: Serialize>(value: &V) -> Result<String, String> {
        serde_json::to_string(value).map_err(|error| error.to_string())
    }

    /// Reads through `io::Read`, which lends nothing of the text to the value.
    fn decode<V: Deserialize<'static>>(text: &str) -> Result<V, String> {
        let mut decoder = serde_json::Deserializer::from_reader(text.as_bytes());
        V::deserialize(&mut decoder)
            .and_then(|value| decoder.end().map(|()| value))
            .map_err(|error| error.to_string())
    }
}
