//! [`Call`]: what a worker process is asked for, the payload of a `Run` frame.
//!
//! All numbers are little endian. The time is in nanoseconds since 1970, or before:
//!
//! ```text
//! task  due  attempt  length  length    name    function  arguments
//!  16   16      4       4        2     length    length    the rest
//! ```
//!
//! Two lengths of a name are none: they stand for a task without a name, and for one that is called as
//! its function is.

use std::time::{Duration, SystemTime};

use super::frame::{self, Frame, Kind, TooLong};
use crate::TaskId;
use crate::execution::About;

/// The bytes before the name.
const FIXED: usize = 42;

/// The length of a name that there is not.
const NO_NAME: u32 = u32::MAX;

/// The length of a name that is that of the function, as it is unless the task was given another.
const SAME_NAME: u32 = u32::MAX - 1;

/// What to run, and what it is told about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) about: About,

    /// What the task is called.
    pub(super) name: Option<&'a str>,

    /// The registered function.
    pub(super) function: &'a str,

    /// Its arguments, encoded.
    pub(super) arguments: &'a str,
}

impl<'a> Call<'a> {
    /// How many bytes the frame has.
    pub(super) fn length(&self) -> usize {
        let name = self.name_of_its_own().map_or(0, str::len);
        frame::HEADER + FIXED + name + self.function.len() + self.arguments.len()
    }

    /// The name, unless it is that of the function.
    fn name_of_its_own(&self) -> Option<&'a str> {
        self.name.filter(|name| *name != self.function)
    }

    /// The frame, as the request of this number.
    ///
    /// # Errors
    ///
    /// If it does not fit into one with so long a payload.
    pub(super) fn frame(&self, number: u32, limit: u32) -> Result<Vec<u8>, TooLong> {
        let Self { about: About { task, attempt, due }, function, arguments, .. } = *self;
        let name = self.name_of_its_own();
        let too_long = |length, limit| TooLong { length, limit };
        let function_length = u16::try_from(function.len())
            .map_err(|_| too_long(function.len(), u16::MAX.into()))?
            .to_le_bytes();
        let name_length = match name {
            None if self.name.is_some() => SAME_NAME,
            None => NO_NAME,
            Some(name) => u32::try_from(name.len())
                .ok()
                .filter(|length| *length < SAME_NAME)
                .ok_or_else(|| too_long(name.len(), SAME_NAME as usize - 1))?,
        };
        let parts: [&[u8]; 8] = [
            &task.to_number().to_le_bytes(),
            &nanoseconds(due).to_le_bytes(),
            &attempt.to_le_bytes(),
            &name_length.to_le_bytes(),
            &function_length,
            name.unwrap_or_default().as_bytes(),
            function.as_bytes(),
            arguments.as_bytes(),
        ];
        frame::encode_within(Kind::Run, number, &parts, limit)
    }

    /// Reads a frame; `None` when it is something else.
    pub(super) fn read(frame: &Frame<'a>) -> Option<Self> {
        if frame.kind != Kind::Run {
            return None;
        }
        let (task, rest) = frame.payload.split_first_chunk()?;
        let (due, rest) = rest.split_first_chunk()?;
        let (attempt, rest) = rest.split_first_chunk()?;
        let (name_length, rest) = rest.split_first_chunk()?;
        let (function_length, rest) = rest.split_first_chunk()?;
        let name_length = u32::from_le_bytes(*name_length);
        let (name, rest) = match name_length {
            NO_NAME | SAME_NAME => (&[][..], rest),
            length => rest.split_at_checked(length as usize)?,
        };
        let (function, arguments) =
            rest.split_at_checked(u16::from_le_bytes(*function_length).into())?;
        let function = std::str::from_utf8(function).ok()?;
        let name = match name_length {
            NO_NAME => None,
            SAME_NAME => Some(function),
            _ => Some(std::str::from_utf8(name).ok()?),
        };
        let about = About {
            task: TaskId::from_number(u128::from_le_bytes(*task)),
            attempt: u32::from_le_bytes(*attempt),
            due: time(i128::from_le_bytes(*due))?,
        };
        Some(Self { about, name, function, arguments: std::str::from_utf8(arguments).ok()? })
    }
}

/// A time as nanoseconds since 1970.
fn nanoseconds(time: SystemTime) -> i128 {
    // The seconds that a time can have fit into 64 bits.
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_nanos().cast_signed(),
        Err(before) => -before.duration().as_nanos().cast_signed(),
    }
}

/// The time of so many nanoseconds since 1970, if there is one.
fn time(nanoseconds: i128) -> Option<SystemTime> {
    const SECOND: u128 = 1_000_000_000;
    let distance = nanoseconds.unsigned_abs();
    let seconds = u64::try_from(distance / SECOND).ok()?;
    let distance = Duration::new(seconds, u32::try_from(distance % SECOND).ok()?);
    if nanoseconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Assembler;
    use super::*;
    use proptest::prelude::*;

    const LIMIT: u32 = 1 << 20;

    fn call<'a>(name: Option<&'a str>, function: &'a str, arguments: &'a str) -> Call<'a> {
        let about = About { task: TaskId::nil(), attempt: 1, due: SystemTime::UNIX_EPOCH };
        Call { about, name, function, arguments }
    }

    fn run(payload: &[u8]) -> Frame<'_> {
        Frame { kind: Kind::Run, number: 1, payload }
    }

    proptest! {
        #[test]
        fn a_call_arrives_as_it_was(
            task in any::<u128>(),
            attempt in any::<u32>(),
            due in any::<i64>(),
            name in prop::option::of("[ab]?"),
            function in "[ab]?.{0,9}",
            arguments in ".{0,9}",
        ) {
            let due = time(due.into()).unwrap();
            let about = About { task: TaskId::from_number(task), attempt, due };
            let (name, arguments) = (name.as_deref(), arguments.as_str());
            let call = Call { about, name, function: &function, arguments };
            let bytes = call.frame(3, LIMIT).unwrap();
            prop_assert_eq!(bytes.len(), call.length());
            let mut assembler = Assembler::new(LIMIT);
            assembler.room().extend(bytes);
            let frame = assembler.next_frame().unwrap().unwrap();
            prop_assert_eq!((frame.number, Call::read(&frame)), (3, Some(call)));
        }

        #[test]
        fn no_bytes_make_it_panic(
            begin in prop::collection::vec(any::<u8>(), 32),
            rest in prop::collection::vec(prop_oneof![Just(0), any::<u8>()], 0..30),
        ) {
            let _ = Call::read(&run(&[begin, rest].concat()));
        }
    }

    #[test]
    fn times_long_ago_and_far_ahead_survive() {
        let epoch = SystemTime::UNIX_EPOCH;
        let far = Duration::new(u64::MAX >> 2, 999_999_999);
        for due in [epoch, epoch - Duration::from_nanos(1), epoch - far, epoch + far] {
            assert_eq!(time(nanoseconds(due)), Some(due));
        }
        assert_eq!(nanoseconds(epoch - Duration::from_nanos(1)), -1);
        assert_eq!([i128::MIN, i128::MAX].map(time), [None, None]);
    }

    #[test]
    fn what_is_cut_off_is_no_call() {
        let whole = call(Some("name"), "f", "[1]");
        let bytes = whole.frame(1, LIMIT).unwrap();
        let payload = &bytes[frame::HEADER..];
        assert_eq!(Call::read(&run(payload)), Some(whole));
        let shortest = FIXED + "name".len() + "f".len();
        assert!((0..shortest).all(|length| Call::read(&run(&payload[..length])).is_none()));
        assert_eq!(Call::read(&Frame { kind: Kind::Hello, ..run(payload) }), None);
    }

    #[test]
    fn what_is_too_long_is_not_encoded() {
        let limit = u32::try_from(FIXED).unwrap() + 6;
        assert!(call(None, "a", "[1,2]").frame(1, limit).is_ok());
        let refused = call(None, "a", "[1,2]").frame(1, limit - 1).unwrap_err();
        assert_eq!(refused, TooLong { length: FIXED + 6, limit: FIXED + 5 });
        assert!(call(Some("a"), "a", "[1,2]").frame(1, limit).is_ok());
        assert!(call(Some("n"), "a", "[1,2]").frame(1, limit).is_err());
        let long = "a".repeat(65_536);
        assert_eq!(call(None, &long, "[]").frame(1, LIMIT).unwrap_err().limit, 65_535);
    }
}
