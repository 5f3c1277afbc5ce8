//! What can leave the process: annotated functions by their names, arguments and results as text.

mod codec;
mod parcel;
mod registration;

pub(crate) use codec::typed;
pub use codec::{
    BORROWED, Codec, Failure, Function, NotPortable, Outcome, Portable, Probe, UNNAMED, Unportable,
};
pub use parcel::Parcel;
pub use registration::{Argument, Output, Registered, Registration};
