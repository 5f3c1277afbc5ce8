//! What a worker process and its parent read from each other, as functions of bytes, for the fuzz targets.

use super::call::Call;
use super::frame::{Assembler, encode_within};
use super::hello::Orders;

/// What came of bytes that were read as frames.
#[derive(Debug, PartialEq, Eq)]
pub struct Assembled {
    /// The frames that came in full, each as it is written again.
    pub frames: Vec<Vec<u8>>,

    /// Why the rest is none, if it is none.
    pub garbage: Option<String>,

    /// The largest buffer that there was for it.
    pub most: usize,
}

/// Reads bytes that come in pieces as frames with payloads of at most `limit`.
#[must_use]
pub fn assemble<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: u32) -> Assembled {
    let mut assembler = Assembler::new(limit);
    let mut come = Assembled { frames: Vec::new(), garbage: None, most: 0 };
    for piece in pieces {
        let room = assembler.room();
        room.extend_from_slice(piece);
        come.most = come.most.max(room.capacity());
        loop {
            match assembler.next_frame() {
                Ok(Some(frame)) => {
                    // Neither of these may panic, whatever the payload is.
                    let _ = (frame.text(), frame.progress(), Call::read(&frame));
                    let (kind, number) = (frame.kind, frame.number);
                    let written = encode_within(kind, number, &[frame.payload], u32::MAX);
                    come.frames.extend(written);
                }
                Ok(None) => break,
                Err(garbage) => {
                    come.garbage = Some(garbage.to_string());
                    return come;
                }
            }
        }
        come.most = come.most.max(assembler.room().capacity());
    }
    come
}

/// Reads a frame as a request, and writes it again; `None` if it is none.
///
/// # Panics
///
/// If the length is not what it was said to be.
#[must_use]
pub fn rewritten(frame: &[u8]) -> Option<Vec<u8>> {
    let mut assembler = Assembler::new(u32::MAX);
    assembler.room().extend_from_slice(frame);
    let frame = assembler.next_frame().ok()??;
    let call = Call::read(&frame)?;
    assert_eq!(call.frame(frame.number, u32::MAX).map(|it| it.len()), Ok(call.length()));
    call.frame(frame.number, u32::MAX).ok()
}

/// Reads the orders that a worker begins with, and writes them again.
///
/// # Errors
///
/// Why they are none.
pub fn orders(text: &[u8]) -> Result<String, String> {
    Orders::decode(text).map_err(|unread| format!("{unread:?}"))?.encode()
}
