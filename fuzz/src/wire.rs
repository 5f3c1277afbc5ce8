//! What worker processes and their parents read from each other: [`frames`], [`request`], [`orders`] and
//! [`outcome`].

use pysched::task;
use pysched_core::__private::{Registration, fuzzing};

/// The longest payload that is taken; what is longer is refused as soon as its header has come.
const LIMIT: u32 = 1 << 20;

/// At least so much is read at a time.
const ROOM: usize = 8 << 10;

/// Reads any bytes as frames, at once and cut in pieces as the first bytes say: the frames are the same,
/// and are written as they were read; and no claim of a length takes memory for bytes that have not come.
/// Says whether there was one.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn frames(input: &[u8]) -> bool {
    let Some((cuts, bytes)) = input.split_first_chunk::<4>() else { return false };
    let whole = fuzzing::assemble([bytes], u32::MAX);
    let written = whole.frames.concat();
    assert!(bytes.starts_with(&written), "frames are written otherwise than they were read");

    let sizes = cuts.iter().cycle().map(|size| usize::from(*size) + 1);
    let (mut rest, mut pieces) = (bytes, Vec::new());
    for size in sizes {
        if rest.is_empty() {
            break;
        }
        let (piece, later) = rest.split_at(size.min(rest.len()));
        pieces.push(piece);
        rest = later;
    }
    for limit in [u32::MAX, LIMIT] {
        let cut = fuzzing::assemble(pieces.iter().copied(), limit);
        assert!(whole.frames.starts_with(&cut.frames), "other frames when they are cut");
        let is_whole = limit == u32::MAX || cut.garbage.is_none();
        assert!(!is_whole || cut.frames == whole.frames, "fewer frames when they are cut");
        assert!(cut.most <= ROOM + 2 * bytes.len(), "{} bytes for {}", cut.most, bytes.len());
    }
    !whole.frames.is_empty()
}

/// Reads any bytes as the request of a task: what is one is read again as it is written. Says whether it is one.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn request(input: &[u8]) -> bool {
    let Some(written) = fuzzing::rewritten(input) else { return false };
    let again = fuzzing::rewritten(&written);
    assert_eq!(again.as_ref(), Some(&written), "it is not read as it was written");
    true
}

/// Reads any text as the orders that a worker begins with. Says whether it is that.
///
/// # Panics
///
/// If it is not read as it is written.
#[must_use]
pub fn orders(input: &[u8]) -> bool {
    match fuzzing::orders(input) {
        Ok(written) => {
            assert_eq!(fuzzing::orders(written.as_bytes()).as_ref(), Ok(&written));
            true
        }
        Err(why) => {
            assert!(!why.is_empty());
            false
        }
    }
}

type Pair = Option<(u8, char)>;

/// A task with arguments and a result of all kinds.
#[task(once, 0, name = "fuzzed")]
fn fuzzed(
    number: i64,
    texts: Vec<String>,
    pair: Pair,
    share: f64,
) -> Result<(i64, Vec<String>, Pair), String> {
    if share > 1.0 { Err(texts.concat()) } else { Ok((number, texts, pair)) }
}

/// Reads any text as the arguments of a task, and as its outcome: what are arguments have an outcome that
/// can be read. Says whether it is either.
///
/// # Panics
///
/// If that is not so.
#[must_use]
pub fn outcome(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let task = Registration::find("fuzzed").expect("it is registered");
    if let Ok(outcome) = task.run(text) {
        let _ = task.decode_outcome(&outcome).unwrap_or_else(|error| panic!("{outcome}: {error}"));
        return true;
    }
    match task.decode_outcome(text) {
        Ok(_) => true,
        Err(error) => {
            assert!(error.to_string().contains("fuzzed"), "{error}");
            false
        }
    }
}
