//! A worker process and its parent, without a pool between them.

mod tasks;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionread, read, write};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::call::Call;
use super::ending::{in_words, possible_reason};
use super::frame::{Assembler, Kind};
use super::hello::MARKER;
use super::start::{Settings, Worker, kill, launch, start};
use crate::TaskId;
use crate::execution::{About, Progress};

crate::worker_test!();

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until a descriptor can be read; says whether it can be.
fn readable(descriptor: &OwnedFd) -> bool {
    let limit = Timespec::try_from(PATIENCE).unwrap();
    poll(&mut [PollFd::new(descriptor, PollFlags::IN)], Some(&limit)) == Ok(1)
}

/// How a worker has ended, in words.
fn told(status: ExitStatus, settings: &Settings) -> String {
    format!("{}{}", in_words(status), possible_reason(status, settings))
}

fn pid(text: &str) -> Pid {
    Pid::from_raw(text.parse().unwrap()).unwrap()
}

/// The request to run a function, as the third attempt of some task.
fn request(number: u32, function: &str, arguments: &str) -> Vec<u8> {
    let due = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
    let about = About { task: TaskId::from_number(42), attempt: 3, due };
    let call = Call { about, name: Some("name"), function, arguments };
    call.frame(number, u32::MAX).unwrap()
}

/// A worker in a test; reaped when that ends, however it does.
struct Running {
    worker: Worker,
    responses: Assembler,
    settings: Settings,

    /// That of the last request.
    number: u32,

    /// How far tasks have come, as they said.
    progress: Vec<Progress>,
}

/// What came back: the text of a reply, or how the worker has ended.
type Reply = Result<(Kind, String), String>;

impl Running {
    fn start(settings: Settings) -> Self {
        let worker = start(&settings).unwrap();
        let responses = Assembler::new(settings.frame_limit);
        Self { worker, responses, settings, number: 0, progress: Vec::new() }
    }

    fn request(&mut self, task: &str, argument: &str) {
        let arguments = serde_json::to_string(&(argument,)).unwrap();
        self.number += 1;
        let request = request(self.number, task, &arguments);
        assert_eq!(write(self.worker.requests.as_deref().unwrap(), &request), Ok(request.len()));
    }

    fn call(&mut self, task: &str, argument: &str) -> Reply {
        self.request(task, argument);
        loop {
            if let Some(frame) = self.responses.next_frame().map_err(|it| it.to_string())? {
                assert_eq!(frame.number, self.number);
                if frame.kind == Kind::Progress {
                    self.progress.push(frame.progress().unwrap());
                    continue;
                }
                return Ok((frame.kind, frame.text().unwrap().to_owned()));
            }
            let mut fds = vec![PollFd::new(&self.worker.responses, PollFlags::IN)];
            fds.extend(self.worker.exit.as_ref().map(|exit| PollFd::new(exit, PollFlags::IN)));
            let limit = Timespec::try_from(PATIENCE).unwrap();
            assert_ne!(poll(&mut fds, Some(&limit)), Ok(0), "neither a response nor an end");
            let room = self.responses.room();
            let response = !fds[0].revents().is_empty();
            if !response || read(&self.worker.responses, spare_capacity(room)) == Ok(0) {
                let status = self.worker.end(PATIENCE).unwrap();
                return Err(told(status, &self.settings));
            }
        }
    }

    /// Calls a task that must succeed.
    fn value(&mut self, task: &str, argument: &str) -> String {
        let (kind, text) = self.call(task, argument).unwrap();
        assert_eq!(kind, Kind::Outcome, "{text}");
        let outcome: Result<Result<String, String>, String> = serde_json::from_str(&text).unwrap();
        outcome.unwrap().unwrap()
    }

    /// Closes the requests, upon which the worker ends by itself.
    fn finish(mut self) -> String {
        drop(self.worker.requests.take());
        told(self.worker.end(PATIENCE).unwrap(), &self.settings)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.worker.child.try_wait() {
            kill(&mut self.worker.child).unwrap();
        }
    }
}

fn running() -> Running {
    Running::start(Settings::default())
}

/// What a worker is that runs this in a shell instead.
fn start_shell(script: &str, start_timeout: Duration) -> Result<Worker, String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]);
    launch(shell, &Settings { start_timeout, ..Settings::default() }).map_err(|error| error.why)
}

#[test]
fn a_task_runs_elsewhere_and_the_worker_ends_in_good_order() {
    let mut worker = running();
    assert_eq!(worker.value("echo", "é \n\0"), "é \n\0");
    let large = "x".repeat(40_000);
    assert_eq!(worker.value("echo", &large), large);
    assert_eq!(worker.value("read_input", ""), "", "there is no input");
    assert_eq!(ioctl_fionread(&worker.worker.unread), Ok(0));
    assert_eq!(worker.finish(), "exited with code 0");
}

#[test]
fn what_cannot_be_run_is_refused_and_the_worker_goes_on() {
    let mut worker = Running::start(Settings { frame_limit: 100, ..Settings::default() });
    let (kind, reason) = worker.call("unheard_of", "").unwrap();
    assert_eq!(kind, Kind::Refused);
    assert_eq!(reason, "the worker process has no task `unheard_of`");

    let (kind, reason) = worker.call("variable", "PATH_THAT_IS_NOT_SET").unwrap();
    assert_eq!(kind, Kind::Outcome, "{reason}");
    let (kind, reason) = worker.call("repeat", "100").unwrap();
    assert_eq!(kind, Kind::Refused);
    assert!(reason.ends_with("too long: it has 116 bytes, and the limit is 100"), "{reason}");

    let request = request(worker.number + 1, "echo", "[1]");
    write(worker.worker.requests.as_deref().unwrap(), &request).unwrap();
    let (kind, reason) = worker.call("unheard_of", "").unwrap();
    assert_eq!(kind, Kind::Refused);
    assert!(reason.contains("its arguments cannot be read from [1]"), "{reason}");
}

#[test]
fn a_task_knows_what_it_is() {
    let mut worker = running();
    let task = "0000000000000000000000000000002a";
    let told = format!("true {task} Some(\"name\") 3 Some(1ns) false");
    assert_eq!(worker.value("introduce", ""), told);
    assert_eq!(worker.value("introduce", ""), told, "the one before is over");
}

#[test]
fn progress_comes_from_every_thread_and_never_late() {
    let mut worker = running();
    for _ in 0..3 {
        worker.value("advance", "1000");
        let newest = worker.progress.last().copied();
        assert_eq!(newest, Some(Progress { done: 1000, total: 1000 }));
        assert!(worker.progress.is_sorted_by_key(|it| it.done), "{:?}", worker.progress);
        worker.progress.clear();
        // Their threads go on telling.
        assert_eq!(worker.value("echo", "a"), "a");
        assert_eq!(worker.progress, []);
    }
    assert_eq!(worker.finish(), "exited with code 0");
}

#[test]
fn a_copy_of_the_worker_tells_no_progress() {
    let mut worker = running();
    worker.value("fork_and_advance", "");
    assert_eq!(worker.progress, [Progress { done: 1, total: 2 }]);
    assert_eq!(worker.finish(), "exited with code 0");
}

#[test]
fn a_panic_is_an_outcome() {
    let mut worker = running();
    let (kind, text) = worker.call("panic_aloud", "out of paper").unwrap();
    assert_eq!((kind, text.as_str()), (Kind::Outcome, "{\"Err\":\"out of paper\"}"));
    assert_eq!(worker.value("echo", "a"), "a");
}

#[test]
fn however_a_worker_ends_is_seen() {
    let end = |task, argument| running().call(task, argument).unwrap_err();
    assert_eq!(end("leave", "3"), "exited with code 3");
    assert_eq!(end("break_off", ""), "was killed by signal 6 (SIGABRT)");
    assert_eq!(end("be_killed", ""), "was killed by signal 15 (SIGTERM)");
    // Its two threads find out that nothing can be read any more, and either may be the first.
    let ending = end("close_all", "");
    assert!(
        ["exited with code 1", "was killed by signal 9 (SIGKILL)"].contains(&&*ending),
        "{ending}"
    );
}

#[test]
fn garbage_among_the_responses_is_told() {
    let garbage = running().call("scribble", "debug: 1").unwrap_err();
    assert_eq!(garbage, "not a message of pysched: begins with \"debu\"");
}

#[test]
fn garbage_among_the_requests_ends_the_worker() {
    let mut worker = running();
    write(worker.worker.requests.as_deref().unwrap(), b"hello").unwrap();
    assert_eq!(worker.call("echo", ""), Err("exited with code 1".to_owned()));

    let worker = running();
    write(worker.worker.requests.as_deref().unwrap(), b"py").unwrap();
    assert_eq!(worker.finish(), "exited with code 1", "a part of a request");
}

#[test]
fn a_copy_of_the_worker_does_not_answer() {
    let mut worker = running();
    for text in ["a", "b"] {
        assert_eq!(worker.value("fork_and_return", ""), "");
        assert_eq!(worker.value("echo", text), text);
    }
    assert_eq!(worker.finish(), "exited with code 0");
}

#[test]
#[cfg(target_os = "linux")]
fn an_end_is_seen_although_another_process_has_the_pipes() {
    let mut worker = running();
    let sleeper = worker.value("leave_behind", "");
    let sleeper = pidfd_open(pid(&sleeper), PidfdFlags::empty()).unwrap();
    assert_eq!(worker.call("leave", "0"), Err("exited with code 0".to_owned()));
    assert!(readable(&sleeper), "it was killed with its group");
}

#[test]
fn what_is_printed_appears_before_the_task_has_ended() {
    let child = helper("prints");
    let output = child.wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("half a line, and the other half\n"), "{output}");
}

#[test]
fn the_environment_is_what_the_settings_say() {
    let directory = fs::canonicalize(env::temp_dir()).unwrap();
    let mut worker = Running::start(Settings {
        environment: vec![
            ("KEPT".into(), Some("1".into())),
            ("GONE".into(), Some("2".into())),
            ("GONE".into(), None),
        ],
        clear_environment: true,
        current_dir: Some(directory.clone()),
        ..Settings::default()
    });
    let directory = directory.display();
    assert_eq!(worker.value("variable", "KEPT"), format!("Some(\"1\") in {directory}"));
    for name in ["GONE", "PATH"] {
        assert_eq!(worker.value("variable", name), format!("None in {directory}"));
    }
}

#[test]
fn nothing_else_that_is_open_is_inherited() {
    let path = env::temp_dir().join(format!("pysched-stray-{}", std::process::id()));
    let file = File::create(&path).unwrap();
    fcntl_setfd(&file, FdFlags::empty()).unwrap();
    let path = fs::canonicalize(path).unwrap();
    assert_eq!(running().value("is_open", path.to_str().unwrap()), "false");
    fs::remove_file(path).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn the_memory_is_limited() {
    let settings = Settings { memory_limit: Some(512 << 20), ..Settings::default() };
    let mut worker = Running::start(settings);
    assert_eq!(worker.value("allocate", "1000000"), "1000000");
    let ending = worker.call("allocate", &(1_u64 << 30).to_string()).unwrap_err();
    assert_eq!(ending, "was killed by signal 6 (SIGABRT); its memory limit is 512 MiB");
}

#[test]
fn the_processor_time_of_each_task_is_limited() {
    let limit = Some(Duration::from_secs(1));
    let mut worker = Running::start(Settings { cpu_limit: limit, ..Settings::default() });
    // More than the limit in all.
    for _ in 0..3 {
        worker.value("burn", "500");
    }
    let ending = worker.call("burn", "for ever").unwrap_err();
    assert!(ending.ends_with("(SIGXCPU); its limit of processor time is 1 s"), "{ending}");
}

#[test]
fn the_niceness_is_added() {
    let before: i32 = running().value("niceness", "").parse().unwrap();
    let mut worker = Running::start(Settings { nice: Some(1), ..Settings::default() });
    let after: i32 = worker.value("niceness", "").parse().unwrap();
    assert_eq!(after, (before + 1).min(19));
}

#[test]
fn what_cannot_be_set_up_is_said() {
    let settings = Settings { memory_limit: Some(1), ..Settings::default() };
    // With so little memory not even the complaint can be sent, on some systems.
    let complaint = start(&settings).map(|mut worker| kill(&mut worker.child));
    assert!(complaint.is_err() || complaint.is_ok_and(|ending| ending.is_ok()));

    let current_dir = Some("/does/not/exist".into());
    let error = start(&Settings { current_dir, ..Settings::default() }).unwrap_err();
    assert!(error.why.contains("has no working directory: "), "{}", error.why);
}

#[test]
fn a_process_that_is_no_worker_is_found_out() {
    let error = start_shell("exit 3", PATIENCE).unwrap_err();
    assert!(error.starts_with("the worker process exited with code 3 before it was"), "{error}");
    assert!(error.contains("`pysched::init()` must be the first line of `main`"), "{error}");

    let error = start_shell("kill -SEGV $$", PATIENCE).unwrap_err();
    assert!(error.contains("was killed by signal 11 (SIGSEGV) before"), "{error}");

    // One that hides that it cannot answer any more.
    let error = start_shell("exec 0</dev/null; sleep 1000", Duration::from_millis(50)).unwrap_err();
    assert!(error.starts_with("the worker process was not ready within 50ms"), "{error}");

    let error = launch(Command::new("/does/not/exist"), &Settings::default()).unwrap_err();
    assert!(
        error.why.starts_with("the worker process could not be started: No such file"),
        "{}",
        error.why
    );
}

#[test]
fn somebody_else_who_starts_a_worker_is_told() {
    let mut command = Command::new(env::current_exe().unwrap());
    let name = super::worker_test::path().unwrap();
    let arguments = [name, MARKER, "--exact", "--nocapture"];
    let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("only such an executor can start it"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_dies_with_its_parent() {
    let mut parent = helper("waits");
    let mut lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let worker = lines.find_map(|line| line.unwrap().strip_prefix("worker ").map(pid)).unwrap();
    let worker = pidfd_open(worker, PidfdFlags::empty()).unwrap();
    kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
    parent.wait().unwrap();
    assert!(readable(&worker), "it is in the middle of a task that has no end");
}

/// The variable that tells this program to be a parent, and which one.
const ROLE: &str = "PYSCHED_TEST_PARENT";

/// Starts this program as the parent of a worker.
fn helper(role: &str) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["executor::process::tests::parent", "--exact", "--nocapture"]);
    command.env(ROLE, role).stdout(Stdio::piped()).spawn().unwrap()
}

/// The parent in other tests, and nothing otherwise.
#[test]
fn parent() {
    match env::var(ROLE).as_deref() {
        Ok("prints") => {
            let mut worker = running();
            worker.value("say", "half a line,");
            worker.value("say", " and the other half\n");
        }
        Ok("waits") => {
            let mut worker = running();
            worker.request("burn", "for ever");
            // The harness has begun a line.
            println!("\nworker {}", worker.worker.child.id());
            let _ = worker.worker.child.wait();
        }
        _ => {}
    }
}
