//! A worker process and its parent, without a pool between them.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionread, read, write};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::ending::in_words;
use super::frame::{self, Assembler, Kind};
use super::start::{Settings, Worker, kill, launch, start, this_program};
use crate::portable::{
    Argument, Failure, Function, Output, Probe, Registration, Unportable as _,
};

crate::worker_test!();

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Registers `fn(&(String,)) -> Result<String, Failure>` under its own name.
macro_rules! tasks {
    ($($task:ident)*) => {$(
        inventory::submit!(&const {
            static FUNCTION: Function<(String,), String> =
                Function { call: $task, codec: Probe::<(String,), String>::CODEC };
            static TASK: Registration = Registration {
                name: || concat!("tests::", stringify!($task)),
                file: file!(),
                line: line!(),
                arguments: &[Argument { name: "text", ty: "String", obstacle: None }],
                output: Output { ty: "String", obstacle: None },
                function: Some(&FUNCTION),
            };
            TASK
        });
    )*};
}
