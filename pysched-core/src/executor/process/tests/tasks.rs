//! Tasks that do to their process what tasks can do.

#![expect(clippy::unnecessary_wraps, reason = "a registered function returns a `Result`")]

use std::env;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use rustix::io::{FdFlags, close, fcntl_setfd};
use rustix::process::{
    Pid, Signal, WaitOptions, getpid, getpriority_process, kill_process, waitpid,
};

use crate::portable::{Argument, Failure, Function, Output, Probe, Registration};

/// Registers functions of a text, and lets each be found by its own name.
macro_rules! tasks {
    ($($task:ident)*) => {$(
        const _: () = {
            static FUNCTION: Function<(String,), String> =
                Function { call: $task, codec: Probe::<(String,), String>::CODEC };
            static TASK: Registration = Registration {
                name: || stringify!($task),
                file: file!(),
                line: line!(),
                arguments: &[Argument { name: "text", ty: "String", obstacle: None }],
                output: Output { ty: "String", obstacle: None },
                function: Some(&FUNCTION),
            };
            inventory::submit!(&TASK);
        };
    )*};
}

tasks! {
    echo say leave break_off be_killed panic_aloud scribble read_input variable is_open
    allocate burn close_all fork_and_return fork_and_advance leave_behind
    niceness repeat introduce advance
}

type Returned = Result<String, Failure>;

fn echo((text,): &(String,)) -> Returned {
    Ok(text.clone())
}

/// Prints without an end of the line.
fn say((text,): &(String,)) -> Returned {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(String::new())
}

fn leave((code,): &(String,)) -> Returned {
    std::process::exit(code.parse()?)
}

fn break_off(_: &(String,)) -> Returned {
    std::process::abort()
}

fn be_killed(_: &(String,)) -> Returned {
    kill_process(getpid(), Signal::TERM)?;
    loop {
        std::thread::park();
    }
}

fn panic_aloud((text,): &(String,)) -> Returned {
    panic!("{text}")
}

/// Writes into every pipe that it finds.
fn scribble((text,): &(String,)) -> Returned {
    for entry in fs::read_dir("/dev/fd")? {
        let path = entry?.path();
        let is_pipe = fs::read_link(&path)?.to_string_lossy().starts_with("pipe:");
        let number: i32 = path.file_name().and_then(|name| name.to_str()).unwrap().parse()?;
        if is_pipe
            && number > 2
            && let Ok(mut pipe) = File::options().write(true).open(&path)
        {
            pipe.write_all(text.as_bytes())?;
        }
    }
    Ok(String::new())
}

fn read_input(_: &(String,)) -> Returned {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

fn variable((name,): &(String,)) -> Returned {
    let directory = env::current_dir()?;
    Ok(format!("{:?} in {}", env::var(name).ok(), directory.display()))
}

fn is_open((link,): &(String,)) -> Returned {
    let links = fs::read_dir("/dev/fd")?.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    let links: Vec<PathBuf> = links.collect();
    Ok(links.contains(&PathBuf::from(link)).to_string())
}

fn allocate((bytes,): &(String,)) -> Returned {
    let length: usize = bytes.parse()?;
    let memory = vec![1_u8; length];
    Ok(std::hint::black_box(memory).len().to_string())
}

/// Uses processor time for ever, or for so many milliseconds.
fn burn((milliseconds,): &(String,)) -> Returned {
    let limit = milliseconds.parse().ok().map(Duration::from_millis);
    let begun = Instant::now();
    while limit.is_none_or(|limit| begun.elapsed() < limit) {
        std::hint::spin_loop();
    }
    Ok(String::new())
}

#[expect(unsafe_code)]
fn close_all(_: &(String,)) -> Returned {
    for descriptor in 3..100 {
        // SAFETY: it is not; the worker has to bear it.
        unsafe { close(descriptor) };
    }
    Ok(String::new())
}

#[expect(unsafe_code)]
fn fork_and_return(_: &(String,)) -> Returned {
    unsafe extern "C" {
        safe fn fork() -> i32;
    }
    fork();
    Ok(String::new())
}

/// Leaves the progress to the original; its copy tells some, too, and ends before that.
#[expect(unsafe_code)]
fn fork_and_advance(_: &(String,)) -> Returned {
    unsafe extern "C" {
        safe fn fork() -> i32;
        safe fn _exit(code: i32) -> !;
    }
    let child = fork();
    let current = crate::current();
    if child == 0 {
        current.set_progress(7, 7);
        _exit(0);
    }
    waitpid(Pid::from_raw(child), WaitOptions::empty())?;
    current.set_progress(1, 2);
    Ok(String::new())
}

/// Starts a process that has all that the worker has open, and outlives it.
#[expect(unsafe_code)]
fn leave_behind(_: &(String,)) -> Returned {
    for number in 3..100 {
        // SAFETY: it is borrowed for one question, whether it is open or not.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let _ = fcntl_setfd(descriptor, FdFlags::empty());
    }
    Ok(Command::new("sleep").arg("1000").spawn()?.id().to_string())
}

fn niceness(_: &(String,)) -> Returned {
    Ok(getpriority_process(None)?.to_string())
}

fn repeat((times,): &(String,)) -> Returned {
    Ok("x".repeat(times.parse()?))
}

fn introduce(_: &(String,)) -> Returned {
    let current = crate::current();
    let before = SystemTime::UNIX_EPOCH.duration_since(current.due()).ok();
    Ok(format!(
        "{} {} {:?} {} {before:?} {}",
        current.is_execution(),
        current.task(),
        current.name(),
        current.attempt(),
        current.token().is_cancelled(),
    ))
}

/// Tells so many steps, and leaves a thread behind that goes on telling.
fn advance((steps,): &(String,)) -> Returned {
    let steps: u64 = steps.parse()?;
    let current = crate::current();
    for done in 1..=steps {
        current.set_progress(done, steps);
    }
    let (sender, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        loop {
            current.set_progress(steps, steps);
            let _ = sender.send(());
            std::thread::yield_now();
        }
    });
    told.recv()?;
    assert!(crate::current().is_execution(), "the thread has taken a clone of what it was told");
    Ok(String::new())
}
