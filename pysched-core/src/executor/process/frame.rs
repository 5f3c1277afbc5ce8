//! Frames: what a worker process and its parent send each other over the pipes.
//!
//! A frame is a header of 16 bytes and a payload. All numbers are little endian:
//!
//! ```text
//! "pysF"  kind  0 0 0  number  length  payload
//!   4       1     3      4       4     length
//! ```
//!
//! Whoever reads them cannot trust them. A task may write into a descriptor that is not its own, and
//! a worker may die in the middle of a frame. So a header is checked as far as it has come, and its
//! length never makes the reader allocate for bytes that have not come.

use std::fmt;

use crate::execution::Progress;

/// What every frame begins with. A text that strays into the pipe does not begin like this.
const MAGIC: [u8; 4] = *b"pysF";

/// The bytes before the payload.
pub(super) const HEADER: usize = 16;

/// At least so much is read at a time, if it is there.
const ROOM: usize = 8 << 10;

/// So much memory an empty assembler keeps for the next frame.
const KEPT: usize = 64 << 10;

/// So long a text for people may be; what is longer is cut. An assembler takes it whatever its limit.
const LONGEST_TEXT: usize = 4 << 10;

/// What a frame is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// From a worker, its first: it is ready, or the payload says why not.
    Hello = 1,

    /// From the parent: run a task, as a [`Call`](super::call::Call) says.
    Run = 2,

    /// From a worker: the outcome of the task, as `Registration::run` has written it.
    Outcome = 3,

    /// From a worker: a text that says why the task could not be run, or its result not be sent.
    Refused = 4,

    /// From a worker, before its reply: how far the task has come. Read with [`Frame::progress`].
    Progress = 5,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::Hello, Self::Run, Self::Outcome, Self::Refused, Self::Progress]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// One frame that has come in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,

    /// The number of the request, which its reply repeats; 0 in a hello.
    pub(super) number: u32,

    pub(super) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The payload of a kind that is a text; `None` when it is not UTF-8.
    pub(super) fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.payload).ok()
    }

    /// How far the task has come, in a `Progress`; `None` when it is something else.
    pub(super) fn progress(&self) -> Option<Progress> {
        let payload: &[u8; 16] = self.payload.try_into().ok()?;
        let (done, total) = (payload.first_chunk()?, payload.last_chunk()?);
        let (done, total) = (u64::from_le_bytes(*done), u64::from_le_bytes(*total));
        (self.kind == Kind::Progress).then_some(Progress { done, total })
    }
}

/// Something does not fit into a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong {
    /// How many bytes it has.
    pub(super) length: usize,

    /// How many it may have.
    pub(super) limit: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it has {} bytes, and the limit is {}", self.length, self.limit)
    }
}

/// A hello: `complaint` is empty, or says why the worker cannot work.
pub(super) fn hello(complaint: &str) -> Vec<u8> {
    encode(Kind::Hello, 0, &[cut(complaint).as_bytes()])
}

/// The reply with an outcome that is encoded already.
pub(super) fn outcome(number: u32, outcome: &str, limit: u32) -> Result<Vec<u8>, TooLong> {
    encode_within(Kind::Outcome, number, &[outcome.as_bytes()], limit)
}

/// The reply that says why there is no outcome.
pub(super) fn refused(number: u32, reason: &str) -> Vec<u8> {
    encode(Kind::Refused, number, &[cut(reason).as_bytes()])
}

/// What is told before the reply.
pub(super) fn progress(number: u32, Progress { done, total }: Progress) -> Vec<u8> {
    encode(Kind::Progress, number, &[&done.to_le_bytes(), &total.to_le_bytes()])
}

/// Writes a frame, unless its payload is longer than the limit.
pub(super) fn encode_within(
    kind: Kind,
    number: u32,
    payload: &[&[u8]],
    limit: u32,
) -> Result<Vec<u8>, TooLong> {
    let length = payload.iter().map(|part| part.len()).sum();
    let limit = limit as usize;
    if length > limit { Err(TooLong { length, limit }) } else { Ok(encode(kind, number, payload)) }
}

/// Writes a frame whose payload is known not to be too long.
#[expect(clippy::cast_possible_truncation, reason = "the caller compares it with a `u32`")]
fn encode(kind: Kind, number: u32, payload: &[&[u8]]) -> Vec<u8> {
    let length: usize = payload.iter().map(|part| part.len()).sum();
    let mut frame = Vec::with_capacity(HEADER + length);
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&[kind as u8, 0, 0, 0]);
    frame.extend_from_slice(&number.to_le_bytes());
    frame.extend_from_slice(&(length as u32).to_le_bytes());
    for part in payload {
        frame.extend_from_slice(part);
    }
    frame
}

/// The beginning of a text for people.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

/// Why bytes are not a frame: a sentence of which they are the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Garbage {
    /// They begin like this.
    Magic(Vec<u8>),

    /// The kind is none that there is.
    Kind(u8),

    /// The bytes after the kind are not zero.
    Padding,

    /// The payload is longer than what is taken.
    TooLong(TooLong),
}

impl fmt::Display for Garbage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a message of pysched: ")?;
        match self {
            Self::Magic(found) => write!(f, "begins with \"{}\"", found.escape_ascii()),
            Self::Kind(found) => write!(f, "is of the unknown kind {found}"),
            Self::Padding => f.write_str("has no zeros where they belong"),
            Self::TooLong(TooLong { length, limit }) => {
                write!(f, "claims to have {length} bytes, and the limit is {limit}")
            }
        }
    }
}

/// Puts frames together from bytes, however those are cut.
#[derive(Debug)]
pub(super) struct Assembler {
    bytes: Vec<u8>,

    /// Where in `bytes` the first frame begins that has not been taken.
    start: usize,

    /// The longest payload that is taken.
    limit: usize,
}

impl Assembler {
    pub(super) fn new(limit: u32) -> Self {
        Self { bytes: Vec::new(), start: 0, limit: LONGEST_TEXT.max(limit as usize) }
    }

    /// The buffer to append to, with room for something.
    ///
    /// The room grows with what has come, by doubling, up to the end of the frame: the word of a
    /// header alone gets no memory.
    pub(super) fn room(&mut self) -> &mut Vec<u8> {
        self.bytes.drain(..self.start);
        self.start = 0;
        if self.bytes.is_empty() {
            self.bytes.shrink_to(KEPT);
        }
        let missing = match self.header() {
            Ok(Some((_, _, length))) => (HEADER + length).saturating_sub(self.bytes.len()),
            Ok(None) | Err(_) => 0,
        };
        self.bytes.reserve_exact(missing.min(self.bytes.len()).max(ROOM));
        &mut self.bytes
    }

    /// Takes the next frame if all of it has come.
    ///
    /// # Errors
    ///
    /// When what has come is not the beginning of a frame, and then for ever.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Garbage> {
        let Some((kind, number, length)) = self.header()? else { return Ok(None) };
        let payload = self.start + HEADER;
        let end = payload + length;
        if self.bytes.len() < end {
            return Ok(None);
        }
        self.start = end;
        Ok(Some(Frame { kind, number, payload: &self.bytes[payload..end] }))
    }

    /// Whether no bytes are left over from the frames that were taken.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// The kind, the number and the length of the next frame, if they have come.
    fn header(&self) -> Result<Option<(Kind, u32, usize)>, Garbage> {
        let waiting = &self.bytes[self.start..];
        let begin = &waiting[..waiting.len().min(MAGIC.len())];
        if !MAGIC.starts_with(begin) {
            return Err(Garbage::Magic(begin.to_vec()));
        }
        let Some(header) = waiting.first_chunk::<HEADER>() else { return Ok(None) };
        let [_, _, _, _, kind, padding @ .., n0, n1, n2, n3, l0, l1, l2, l3] = *header;
        let kind = Kind::of(kind).ok_or(Garbage::Kind(kind))?;
        if padding != [0; 3] {
            return Err(Garbage::Padding);
        }
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > self.limit {
            return Err(Garbage::TooLong(TooLong { length, limit: self.limit }));
        }
        Ok(Some((kind, u32::from_le_bytes([n0, n1, n2, n3]), length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const LIMIT: u32 = 1 << 20;

    /// What is in a frame, as a property makes it up.
    type Content = (Kind, u32, Vec<u8>);

    fn content() -> impl Strategy<Value = Content> {
        let kind = prop_oneof![Just(Kind::Hello), Just(Kind::Outcome), Just(Kind::Refused)];
        let length = prop_oneof![9 => 0..20_usize, 1 => ROOM - 20..2 * ROOM];
        (kind, any::<u32>(), length.prop_flat_map(|length| vec(any::<u8>(), length)))
    }

    /// Feeds bytes in pieces and collects the frames.
    fn assemble(assembler: &mut Assembler, pieces: &[&[u8]]) -> Result<Vec<Content>, Garbage> {
        let mut frames = Vec::new();
        for piece in pieces {
            assembler.room().extend_from_slice(piece);
            while let Some(Frame { kind, number, payload }) = assembler.next_frame()? {
                frames.push((kind, number, payload.to_vec()));
            }
        }
        Ok(frames)
    }

    proptest! {
        #[test]
        fn frames_survive_any_cuts(
            contents in vec(content(), 0..6),
            cuts in vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let bytes: Vec<u8> = contents
                .iter()
                .flat_map(|(kind, number, payload)| encode(*kind, *number, &[payload]))
                .collect();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let mut assembler = Assembler::new(LIMIT);
            prop_assert_eq!(assemble(&mut assembler, &pieces), Ok(contents));
            prop_assert!(assembler.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic_or_allocate_ahead(
            begin in prop_oneof![Just(Vec::new()), Just(MAGIC.to_vec()), Just(encode(Kind::Run, 1, &[]))],
            pieces in vec(vec(prop_oneof![Just(0), any::<u8>()], 0..50), 0..20),
            length in any::<u32>(),
        ) {
            let mut assembler = Assembler::new(u32::MAX);
            let mut claim = begin;
            if claim.len() == HEADER {
                claim[12..].copy_from_slice(&length.to_le_bytes());
            }
            let mut fed = 0;
            for piece in std::iter::once(&claim).chain(&pieces) {
                fed += piece.len();
                let _ = assemble(&mut assembler, &[piece]);
                prop_assert!(assembler.room().capacity() <= ROOM + 2 * fed);
            }
        }
    }

    #[test]
    fn a_large_frame_grows_the_buffer_with_what_has_come() {
        let payload = vec![7; 900_000];
        let frame = encode(Kind::Outcome, 1, &[&payload]);
        let mut assembler = Assembler::new(LIMIT);
        let mut fed = 0;
        while fed < frame.len() {
            let room = assembler.room();
            let free = (room.capacity() - room.len()).min(frame.len() - fed);
            room.extend_from_slice(&frame[fed..fed + free]);
            fed += free;
            assert!(room.capacity() <= ROOM + 2 * fed);
        }
        assert_eq!(assembler.next_frame().unwrap().unwrap().payload, payload);
        assert!(assembler.room().capacity() <= KEPT + ROOM, "the memory is given back");
    }

    #[test]
    fn progress_is_two_numbers() {
        let mut assembler = Assembler::new(0);
        let told = Progress { done: 1, total: u64::MAX };
        assembler.room().extend(progress(3, told));
        let frame = assembler.next_frame().unwrap().unwrap();
        assert_eq!((frame.number, frame.progress()), (3, Some(told)));
        assert_eq!(Frame { payload: &[0; 15], ..frame }.progress(), None);
        assert_eq!(Frame { payload: &[0; 17], ..frame }.progress(), None);
        assert_eq!(Frame { kind: Kind::Outcome, ..frame }.progress(), None);
    }

    #[test]
    fn what_is_too_long_is_not_encoded() {
        let refused = outcome(1, "12", 1).unwrap_err();
        assert_eq!(refused, TooLong { length: 2, limit: 1 });
        assert_eq!(refused.to_string(), "it has 2 bytes, and the limit is 1");
        assert!(outcome(1, "12", 2).is_ok());
    }

    #[test]
    fn a_text_is_cut_and_fits_every_assembler() {
        let mut assembler = Assembler::new(0);
        assembler.room().extend(refused(1, &"é".repeat(5_000)));
        let text = assembler.next_frame().unwrap().unwrap().text().map(str::len);
        assert_eq!(text, Some(LONGEST_TEXT));
    }

    #[test]
    fn garbage_is_told_apart() {
        let broken = |at: usize, byte: u8| {
            let mut frame = hello("");
            frame[at] = byte;
            let garbage = assemble(&mut Assembler::new(LIMIT), &[&frame]).unwrap_err();
            garbage.to_string()
        };
        assert_eq!(broken(0, b'\n'), "not a message of pysched: begins with \"\\nysF\"");
        assert_eq!(broken(4, 9), "not a message of pysched: is of the unknown kind 9");
        assert_eq!(broken(7, 1), "not a message of pysched: has no zeros where they belong");
        assert!(broken(15, 1).contains("claims to have 16777216 bytes"));
        // As soon as it can be told.
        let mut assembler = Assembler::new(LIMIT);
        assert_eq!(assemble(&mut assembler, &[b"h"]), Err(Garbage::Magic(b"h".to_vec())));
    }

    #[test]
    fn an_unfinished_frame_shows() {
        let mut assembler = Assembler::new(LIMIT);
        assert_eq!(assemble(&mut assembler, &[&hello("")[..15]]), Ok(vec![]));
        assert!(!assembler.is_empty());
    }
}
