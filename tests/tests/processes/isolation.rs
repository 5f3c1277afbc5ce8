//! Tasks that end their process end nothing but their own execution.

use std::io::Write as _;
use std::os::fd::FromRawFd as _;

use pysched::{ProcessPoolExecutor, TaskError, task};
use pysched_tests::outcome;

use super::{double, pool, process};

#[task(once, 0)]
fn exit(code: i32) {
    std::process::exit(code);
}

#[task(once, 0)]
fn abort() {
    std::process::abort();
}

#[task(once, 0)]
#[allow(unsafe_code, reason = "the crash is what the test is about")]
fn segfault() {
    // SAFETY: there is none: the process is meant to end here.
    unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };
}

#[task(once, 0)]
fn signal(number: i32) {
    let signal = rustix::process::Signal::from_named_raw(number).unwrap();
    rustix::process::kill_process(rustix::process::getpid(), signal).unwrap();
    loop {
        std::thread::park();
    }
}

#[task(once, 0)]
fn overflow(depth: u64) -> u64 {
    let here = [depth; 512];
    std::hint::black_box(&here);
    if depth == 0 { 0 } else { overflow(depth - 1) + here[7] }
}

/// Writes into every pipe that the process has.
#[task(once, 0)]
#[allow(unsafe_code, reason = "a task that writes where it should not is what the test is about")]
fn scribble(text: String) {
    for number in 3..64 {
        // SAFETY: it is not closed, and nobody else could be surprised but this very process.
        let file = unsafe { std::fs::File::from_raw_fd(number) };
        let mut file = std::mem::ManuallyDrop::new(file);
        let _ = file.write_all(text.as_bytes());
    }
}

/// Closes every pipe that the process has, and goes on for ever.
#[task(once, 0)]
#[allow(unsafe_code, reason = "a task that closes what it should not is what the test is about")]
fn close_all() {
    for number in 3..64 {
        // SAFETY: there is none: descriptors of others are closed under their hands.
        unsafe { rustix::io::close(number) };
    }
    loop {
        std::thread::park();
    }
}

fn death<T>(future: &pysched::TaskFuture<T>) -> String {
    match outcome(future) {
        Err(TaskError::WorkerDied(text)) => text.clone(),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("a value"),
    }
}

fn goes_on(pool: &ProcessPoolExecutor) {
    assert_eq!(outcome(&pool.run(double::task(4)).unwrap()).unwrap(), &8);
}

#[test]
fn how_a_worker_ended_is_told_with_the_name_of_the_task() {
    let pool = pool(1);
    let text = death(&pool.run(exit::task(3)).unwrap());
    assert!(text.contains("exited with code 3") && text.contains("isolation::exit`"), "{text}");
    let text = death(&pool.run(exit::task(0)).unwrap());
    assert!(text.contains("exited with code 0"), "{text}");
    let text = death(&pool.run(abort::task()).unwrap());
    assert!(text.contains("signal 6 (SIGABRT)") && text.contains("isolation::abort`"), "{text}");
    let text = death(&pool.run(segfault::task()).unwrap());
    assert!(text.contains("(SIGSEGV)"), "{text}");
    let text = death(&pool.run(signal::task(9)).unwrap());
    assert!(text.contains("signal 9 (SIGKILL)"), "{text}");
    let text = death(&pool.run(overflow::task(1 << 40)).unwrap());
    assert!(text.contains("signal 6 (SIGABRT)"), "{text}");
    goes_on(&pool);
    pool.shutdown(true);
}

#[test]
fn a_queue_goes_on_whatever_becomes_of_one_task() {
    let pool = pool(2);
    let futures: Vec<_> = (0..60)
        .map(|number| {
            let dies = number % 3 == 0;
            let task = if dies { None } else { Some(pool.run(double::task(number)).unwrap()) };
            (number, task, dies.then(|| pool.run(abort::task()).unwrap()))
        })
        .collect();
    for (number, lives, dies) in &futures {
        if let Some(future) = lives {
            assert_eq!(outcome(future).unwrap(), &(2 * number));
        }
        if let Some(future) = dies {
            death(future);
        }
    }
    pool.shutdown(true);
}

#[test]
fn a_worker_that_scribbles_into_the_pipes_is_killed_and_replaced() {
    let pool = pool(1);
    for text in ["what is this", "", "\u{0}", &"x".repeat(60_000)] {
        let before = *outcome(&pool.run(process::task()).unwrap()).unwrap();
        let future = pool.run(scribble::task(text.into())).unwrap();
        match outcome(&future) {
            // Nothing was written, or what was is only the beginning of a frame: then the reply that
            // follows shows it.
            Ok(()) => assert!(text.is_empty()),
            Err(TaskError::WorkerDied(what)) => assert!(what.contains("sent something"), "{what}"),
            Err(error) => panic!("{error:?}"),
        }
        let after = *outcome(&pool.run(process::task()).unwrap()).unwrap();
        assert_eq!(before == after, text.is_empty());
    }
    pool.shutdown(true);
}

#[test]
fn a_worker_that_tells_progress_which_is_none_is_killed_and_replaced() {
    let pool = pool(1);
    // Of a request that it was not sent, and of two numbers that are none.
    let header = |number: u8, length: u8| {
        let bytes = [5, 0, 0, 0, number, 0, 0, 0, length, 0, 0, 0];
        format!("pysF{}", std::str::from_utf8(&bytes).unwrap())
    };
    let unasked = header(99, 16) + &"\0".repeat(16);
    let text = death(&pool.run(scribble::task(unasked)).unwrap());
    assert!(text.contains("sent the progress of nothing that it was asked for"), "{text}");
    goes_on(&pool);
    let short = header(1, 15) + &"\0".repeat(15);
    let text = death(&pool.run(scribble::task(short)).unwrap());
    assert!(text.contains("sent progress that is no two numbers"), "{text}");
    goes_on(&pool);
    pool.shutdown(true);
}

#[test]
fn a_worker_that_closes_the_pipes_is_killed_and_replaced() {
    let pool = pool(1);
    death(&pool.run(close_all::task()).unwrap());
    goes_on(&pool);
    pool.shutdown(true);
}
