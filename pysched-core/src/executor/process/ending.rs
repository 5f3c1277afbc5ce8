//! How a process has ended, in words.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::Signal;

use super::start::Settings;

/// The signals that a process can end by, with their names.
const NAMES: [(Signal, &str); 24] = [
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::ILL, "SIGILL"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::ABORT, "SIGABRT"),
    (Signal::BUS, "SIGBUS"),
    (Signal::FPE, "SIGFPE"),
    (Signal::KILL, "SIGKILL"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::TERM, "SIGTERM"),
    (Signal::STOP, "SIGSTOP"),
    (Signal::TTIN, "SIGTTIN"),
    (Signal::TTOU, "SIGTTOU"),
    (Signal::XCPU, "SIGXCPU"),
    (Signal::XFSZ, "SIGXFSZ"),
    (Signal::VTALARM, "SIGVTALRM"),
    (Signal::PROF, "SIGPROF"),
    (Signal::IO, "SIGIO"),
    (Signal::SYS, "SIGSYS"),
];

/// The signals that a process may end by when it gets no more memory.
const OUT_OF_MEMORY: [Signal; 4] = [Signal::ABORT, Signal::BUS, Signal::KILL, Signal::SEGV];

/// How a process has ended: the predicate of a sentence.
pub(super) fn in_words(status: ExitStatus) -> String {
    let Some(number) = status.signal() else {
        return match status.code() {
            Some(code) => format!("exited with code {code}"),
            None => format!("ended with {status}"),
        };
    };
    match NAMES.iter().find(|(signal, _)| signal.as_raw() == number) {
        Some((_, name)) => format!("was killed by signal {number} ({name})"),
        None => format!("was killed by signal {number}"),
    }
}

/// The limit that may be why a worker process with these settings has ended so, to follow a sentence;
/// empty if none may.
pub(super) fn possible_reason(status: ExitStatus, settings: &Settings) -> String {
    let killed_by = |signal: &Signal| status.signal() == Some(signal.as_raw());
    match (settings.cpu_limit, settings.memory_limit) {
        (Some(limit), _) if killed_by(&Signal::XCPU) => {
            format!("; its limit of processor time is {} s", whole_seconds(limit))
        }
        (_, Some(limit)) if OUT_OF_MEMORY.iter().any(killed_by) => {
            format!("; its memory limit is {}", size(limit))
        }
        _ => String::new(),
    }
}

/// A limit of processor time as the system takes it: in whole seconds, at least one.
pub(super) fn whole_seconds(limit: Duration) -> u64 {
    let rest = u64::from(limit.subsec_nanos() > 0);
    limit.as_secs().saturating_add(rest).max(1)
}

/// A number of bytes in the largest unit that divides it.
fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system gives for a process that ended by itself.
    fn exit(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    fn killed(signal: Signal) -> ExitStatus {
        ExitStatus::from_raw(signal.as_raw())
    }

    #[test]
    fn an_ending_is_named() {
        assert_eq!(in_words(exit(3)), "exited with code 3");
        assert_eq!(in_words(killed(Signal::SEGV)), "was killed by signal 11 (SIGSEGV)");
        let dumped = ExitStatus::from_raw(Signal::ABORT.as_raw() | 0x80);
        assert_eq!(in_words(dumped), "was killed by signal 6 (SIGABRT)");
        assert_eq!(in_words(ExitStatus::from_raw(60)), "was killed by signal 60");
    }

    #[test]
    fn a_limit_that_may_be_the_reason_is_named() {
        let settings = Settings {
            memory_limit: Some(256 << 20),
            cpu_limit: Some(Duration::from_millis(1500)),
            ..Settings::default()
        };
        let reason = |status| possible_reason(status, &settings);
        assert_eq!(reason(killed(Signal::XCPU)), "; its limit of processor time is 2 s");
        assert_eq!(reason(killed(Signal::ABORT)), "; its memory limit is 256 MiB");
        assert_eq!([exit(1), killed(Signal::TERM)].map(reason), ["", ""]);
        assert_eq!(possible_reason(killed(Signal::ABORT), &Settings::default()), "");
    }

    #[test]
    fn sizes_and_times_are_readable() {
        let sizes = [3 << 30, 1536 << 20, 1025, 0].map(size);
        assert_eq!(sizes, ["3 GiB", "1536 MiB", "1025 bytes", "0 bytes"]);
        let limits = [0, 1, 1000, 1001].map(|ms| whole_seconds(Duration::from_millis(ms)));
        assert_eq!(limits, [1, 1, 1, 2]);
    }
}
