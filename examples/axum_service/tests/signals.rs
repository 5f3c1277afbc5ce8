//! The service as a process of its own, which is sent the signals of Ctrl-C and of `kill`.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::super::run;
use super::{LONG, request};

/// Names the address at which a process serves that is a service of its own.
const ADDRESS: &str = "PYSCHED_TEST_ADDRESS";

/// Not a test, but the program that the tests below stop.
#[test]
fn service() {
    let Ok(address) = std::env::var(ADDRESS) else { return };
    block_on(run(Some(address))).unwrap();
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(future)
}

/// A process that does not outlive its test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What follows `words` in the next line that has them.
fn line_with(lines: &Receiver<String>, words: &str) -> String {
    loop {
        let line = lines.recv_timeout(LONG).unwrap();
        if let Some((_, rest)) = line.split_once(words) {
            return rest.to_owned();
        }
    }
}

/// Has a service end by a signal while a task is running.
fn ends_by(signal: Signal) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::signals::service", "--nocapture"])
        .env(ADDRESS, "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut process = Process(child);
    let output = BufReader::new(process.0.stdout.take().unwrap());
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|it| sender.send(it)));
    let address: SocketAddr = line_with(&lines, "listening on ").parse().unwrap();

    let slow = json!({ "name": "slow", "after": 0, "do": { "wait": 0.5 } });
    let (status, added) = block_on(request(address, "POST", "/tasks", &slow)).unwrap();
    assert_eq!(status, 201, "{added}");
    kill_process(Pid::from_child(&process.0), signal).unwrap();

    line_with(&lines, "stopping");
    line_with(&lines, "0.5 seconds have passed");
    line_with(&lines, "ended");
    assert!(process.0.wait().unwrap().success());
}

#[test]
fn ctrl_c_ends_it_when_its_tasks_have_finished() {
    ends_by(Signal::INT);
}

#[test]
fn so_does_being_told_to_terminate() {
    ends_by(Signal::TERM);
}
