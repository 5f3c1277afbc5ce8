//! What tasks may do with streams, threads and children without disturbing what is said over the pipes.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};

use pysched::task;
use pysched_tests::outcome;

use super::{double, pool, process};

#[task(once, 0)]
fn read_input() -> usize {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap()
}

#[task(once, 0)]
fn print(text: String) -> usize {
    print!("{text}");
    eprint!("{text}");
    std::io::stdout().write_all(text.as_bytes()).unwrap();
    text.len()
}

#[task(once, 0)]
fn with_threads_and_children() -> String {
    let thread = std::thread::spawn(|| {
        let child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        child.stdin.take().unwrap().write_all(b"through a child").unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    });
    thread.join().unwrap()
}

/// Leaves a child behind that would keep every inherited descriptor open.
#[task(once, 0)]
fn leave_a_child() -> u32 {
    Command::new("sleep").arg("3600").spawn().unwrap().id()
}

#[task(once, 0)]
fn die_beside_a_child() {
    Command::new("sleep").arg("3600").spawn().unwrap();
    std::process::abort();
}

/// The descriptors that are open here, and what they are.
#[task(once, 0)]
fn descriptors() -> Vec<(i32, String)> {
    let folder = std::fs::read_dir("/proc/self/fd").unwrap();
    let entries = folder.map(|entry| {
        let entry = entry.unwrap();
        let target = std::fs::read_link(entry.path()).unwrap_or_default();
        let number = entry.file_name().to_str().unwrap().parse().unwrap();
        (number, target.to_string_lossy().into_owned())
    });
    entries.collect()
}

#[task(once, 0)]
fn echo(text: String) -> String {
    text
}

#[task(once, 0)]
fn length(text: String) -> usize {
    text.len()
}

#[test]
fn a_task_that_reads_its_input_gets_to_the_end_at_once() {
    let pool = pool(1);
    assert_eq!(outcome(&pool.run(read_input::task()).unwrap()).unwrap(), &0);
    pool.shutdown(true);
}

#[test]
fn what_a_task_prints_is_not_taken_for_a_reply() {
    let pool = pool(1);
    for text in ["a line\n", "no line", ""] {
        assert_eq!(outcome(&pool.run(print::task(text.into())).unwrap()).unwrap(), &text.len());
        assert_eq!(outcome(&pool.run(double::task(2)).unwrap()).unwrap(), &4);
    }
    pool.shutdown(true);
}

#[test]
fn a_task_may_have_threads_and_children() {
    let pool = pool(1);
    let future = pool.run(with_threads_and_children::task()).unwrap();
    assert_eq!(outcome(&future).unwrap(), "through a child");
    pool.shutdown(true);
}

#[test]
fn a_child_that_is_left_behind_does_not_keep_the_worker_alive() {
    let pool = pool(1);
    let child = *outcome(&pool.run(leave_a_child::task()).unwrap()).unwrap();
    assert!(outcome(&pool.run(die_beside_a_child::task()).unwrap()).is_err());
    assert_eq!(outcome(&pool.run(double::task(2)).unwrap()).unwrap(), &4);
    // With the worker that died, its whole group was ended.
    super::await_end(rustix::process::Pid::from_raw(child.cast_signed()).unwrap());
    pool.shutdown(true);
}

#[test]
fn no_descriptor_of_this_process_is_inherited() {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    // One that would be inherited by any other child.
    let leaky = std::fs::File::open("/dev/zero").unwrap();
    let none = rustix::io::FdFlags::empty();
    rustix::io::fcntl_setfd(leaky.as_fd(), none).unwrap();
    let pool = pool(1);
    let future = pool.run(descriptors::task()).unwrap();
    let open = outcome(&future).unwrap();
    assert!(open.contains(&(0, "/dev/null".to_owned())), "{open:?}");
    assert!(!open.iter().any(|(_, target)| target == "/dev/zero"), "{open:?}");
    let others: Vec<_> = open.iter().filter(|(number, _)| *number > 2).collect();
    // Two pipes, the line to the parent, and the folder itself.
    assert!(others.len() <= 4, "{others:?}");
    pool.shutdown(true);
}

#[test]
fn a_hundred_megabytes_pass_in_both_directions() {
    let pool = pool(1);
    let size = if cfg!(debug_assertions) { 10 << 20 } else { 100 << 20 };
    let text = "x".repeat(size);
    let before = *outcome(&pool.run(process::task()).unwrap()).unwrap();
    assert_eq!(outcome(&pool.run(length::task(text.clone())).unwrap()).unwrap(), &size);
    assert_eq!(outcome(&pool.run(echo::task(text.clone())).unwrap()).unwrap(), &text);
    assert_eq!(*outcome(&pool.run(process::task()).unwrap()).unwrap(), before);
    pool.shutdown(true);
}
