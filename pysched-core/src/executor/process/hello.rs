//! How a worker process and its parent meet: the orders, and the descriptors that come with them.
//!
//! A worker begins with one end of a socket as its standard input. The first and only message in it
//! is the orders: a line of JSON, and with it the ends of the pipes. The worker answers with a hello
//! frame. The socket stays open as the worker's *lifeline*: when the other end is closed, the parent
//! is gone, however it went.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, FdFlags, fcntl_setfd, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// The argument by which a process knows that it is a worker. An environment variable would also
/// tell it to the processes that a task starts.
pub(super) const MARKER: &str = "pysched-worker-process";

/// Changes with the orders, the frames, or the order in which they are sent. The two programs are
/// one, unless its file was replaced while the parent ran on a system that starts it by its path.
pub(super) const VERSION: u32 = 2;

/// The most descriptors that come with the orders.
const DESCRIPTORS: usize = 3;

/// How long the name and the arguments of the task may be that is run first. The orders are written
/// before anybody reads them, and have to fit into the buffer of a socket, whatever the system.
pub(super) const LONGEST_HOOK: usize = 2048;

/// More bytes than any orders have: in JSON, the hook may take twice its length.
const LONGEST: usize = 2 * LONGEST_HOOK + 1024;

/// What a worker is told before its first task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orders {
    /// In bytes.
    pub(super) memory_limit: Option<u64>,

    /// Of each task, in seconds of processor time.
    pub(super) cpu_limit: Option<u64>,

    /// What is added to the niceness that it has from its parent.
    pub(super) nice: Option<i32>,

    /// The longest payload of a frame, in either direction.
    pub(super) frame_limit: u32,

    /// The name and the arguments of a task that is run before the worker is ready.
    pub(super) on_start: Option<(String, String)>,
}

/// The orders as JSON: the version first, which is all that two versions have in common.
type Written = (u32, Option<u64>, Option<u64>, Option<i32>, u32, Option<(String, String)>);

impl Orders {
    pub(super) fn encode(&self) -> Result<String, String> {
        let Self { memory_limit, cpu_limit, nice, frame_limit, ref on_start } = *self;
        let written = (VERSION, memory_limit, cpu_limit, nice, frame_limit, on_start);
        let mut text = serde_json::to_string(&written).map_err(|error| error.to_string())?;
        text.push('\n');
        Ok(text)
    }

    pub(super) fn decode(text: &[u8]) -> Result<Self, Unread> {
        let read = |error: serde_json::Error| Unread::Invalid(error.to_string());
        let parts: Vec<serde_json::Value> = serde_json::from_slice(text).map_err(read)?;
        let version = parts.first().and_then(serde_json::Value::as_u64);
        match version {
            None => return Err(Unread::Invalid("it has no version".to_owned())),
            Some(version) if version != u64::from(VERSION) => {
                return Err(Unread::Version(version));
            }
            Some(_) => {}
        }
        let (_, memory_limit, cpu_limit, nice, frame_limit, on_start): Written =
            serde_json::from_value(parts.into()).map_err(read)?;
        Ok(Self { memory_limit, cpu_limit, nice, frame_limit, on_start })
    }

    /// Puts the orders into the socket, and the descriptors with them: the read end of the requests,
    /// the write end of the responses, and what is to be standard output, if that is to change.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub(super) fn send(
        &self,
        socket: impl AsFd,
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<(), String> {
        let text = self.encode()?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(descriptors));
        let text = [IoSlice::new(text.as_bytes())];
        // It fits into the socket's buffer, which is empty, so it is sent at once and as a whole.
        retry_on_intr(|| sendmsg(&socket, &text, &mut control, SendFlags::empty()))
            .map_err(|errno| errno.to_string())?;
        Ok(())
    }
}

/// What a worker finds in its standard input.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) orders: Result<Orders, Unread>,
    pub(super) requests: OwnedFd,
    pub(super) responses: OwnedFd,

    /// What is to be standard output, if that is to change.
    pub(super) stdout: Option<OwnedFd>,
}

/// Why there are no orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// The parent went before it sent them.
    Gone,

    /// The parent is of this version.
    Version(u64),

    /// They are no orders; the text says why.
    Invalid(String),
}

/// Waits for the orders.
///
/// # Errors
///
/// When they cannot even be answered. Orders of another version can, and are not an error.
pub(super) fn receive(socket: impl AsFd) -> Result<Received, Unread> {
    let mut text = Vec::new();
    let mut descriptors = Vec::new();
    while text.last() != Some(&b'\n') {
        let mut bytes = [0; 512];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = retry_on_intr(|| {
            let mut bytes = [IoSliceMut::new(&mut bytes)];
            recvmsg(&socket, &mut bytes, &mut control, RecvFlags::empty())
        })
        .map_err(|errno| Unread::Invalid(errno.to_string()))?;
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = message {
                descriptors.extend(received);
            }
        }
        if received.bytes == 0 {
            return Err(Unread::Gone);
        }
        text.extend_from_slice(&bytes[..received.bytes]);
        if text.len() > LONGEST {
            return Err(Unread::Invalid("it is too long".to_owned()));
        }
    }
    let orders = Orders::decode(&text);
    if let Err(Unread::Invalid(reason)) = orders {
        return Err(Unread::Invalid(reason));
    }
    let mut descriptors = descriptors.into_iter();
    let mut next = || -> Result<Option<OwnedFd>, Errno> {
        let descriptor = descriptors.next();
        if let Some(descriptor) = &descriptor {
            // Not with the message, which only some systems can do: no other thread starts a process
            // this early.
            fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
        }
        Ok(descriptor)
    };
    match (next(), next(), next()) {
        (Ok(Some(requests)), Ok(Some(responses)), Ok(stdout)) => {
            Ok(Received { orders, requests, responses, stdout })
        }
        _ => Err(Unread::Invalid("no pipes came with it".to_owned())),
    }
}

/// A pipe that no process inherits that is started meanwhile: the end to read and the end to write.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
}

/// A pipe that no process inherits, unless another thread starts it at this very moment; a worker
/// closes what it has inherited so.
#[cfg(target_vendor = "apple")]
pub(super) fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (read, write) = rustix::pipe::pipe()?;
    fcntl_setfd(&read, FdFlags::CLOEXEC)?;
    fcntl_setfd(&write, FdFlags::CLOEXEC)?;
    Ok((read, write))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::fcntl_getfd;
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    fn orders() -> Orders {
        Orders {
            memory_limit: Some(u64::MAX),
            cpu_limit: None,
            nice: Some(-3),
            frame_limit: 9,
            on_start: Some(("app::load".into(), "[\"\\n\"]".into())),
        }
    }

    #[test]
    fn orders_arrive_with_their_descriptors() {
        let (parent, worker) = UnixStream::pair().unwrap();
        let (read, write) = pipe().unwrap();
        orders().send(&parent, &[read.as_fd(), write.as_fd()]).unwrap();
        drop((read, write));
        let received = receive(&worker).unwrap();
        assert_eq!(received.orders, Ok(orders()));
        assert!(received.stdout.is_none());
        assert!(fcntl_getfd(&received.requests).unwrap().contains(FdFlags::CLOEXEC));
        File::from(received.responses).write_all(b"x").unwrap();
        let mut text = String::new();
        File::from(received.requests).read_to_string(&mut text).unwrap();
        assert_eq!(text, "x", "they are the ends of one pipe");
    }

    #[test]
    fn orders_of_another_version_can_be_answered() {
        let (mut parent, worker) = UnixStream::pair().unwrap();
        let null = File::open("/dev/null").unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        let descriptors = [null.as_fd(), null.as_fd()];
        assert!(control.push(SendAncillaryMessage::ScmRights(&descriptors)));
        sendmsg(&parent, &[IoSlice::new(b"[7,")], &mut control, SendFlags::empty()).unwrap();
        parent.write_all(b"\"of the future\"]\n").unwrap();
        assert_eq!(receive(&worker).unwrap().orders, Err(Unread::Version(7)));
    }

    #[test]
    fn other_input_is_no_orders() {
        let unread = |text: &[u8]| {
            let (mut parent, worker) = UnixStream::pair().unwrap();
            parent.write_all(text).unwrap();
            drop(parent);
            receive(&worker).unwrap_err()
        };
        assert_eq!(unread(b""), Unread::Gone);
        assert_eq!(unread(b"[2,null"), Unread::Gone);
        assert!(matches!(unread(b"hello\n"), Unread::Invalid(_)));
        assert!(matches!(unread(b"[2,3]\n"), Unread::Invalid(_)));
        assert!(matches!(unread(&[b' '; LONGEST + 1]), Unread::Invalid(_)));
        let valid = orders().encode().unwrap();
        let reason = "no pipes came with it".to_owned();
        assert_eq!(unread(valid.as_bytes()), Unread::Invalid(reason));
        assert!(matches!(receive(File::open("/dev/null").unwrap()), Err(Unread::Invalid(_))));
    }
}
