//! [`worker_test!`](crate::worker_test): worker processes in tests, whose `main` is not the user's.
//!
//! A test binary is started again with the name of one test, and that test is the worker. What the
//! test harness prints before goes to the null device.

use super::hello::MARKER;

/// The test that is the worker, by the path of its function. The macro leaves it behind.
#[derive(Debug)]
pub struct WorkerTest(pub &'static str);

inventory::collect!(WorkerTest);

/// The arguments that make a program a worker: those of a test binary where it is one.
pub(super) fn arguments() -> Vec<&'static str> {
    match path() {
        Some(path) => {
            vec![path, MARKER, "--exact", "--nocapture", "--quiet", "--test-threads=1"]
        }
        None => vec![MARKER],
    }
}

/// The name of the test, if this is a test binary that has one. Of several, any will do.
pub(super) fn path() -> Option<&'static str> {
    let WorkerTest(path) = inventory::iter::<WorkerTest>.into_iter().next()?;
    // The harness leaves out the name of the crate.
    path.split_once("::").map(|(_, path)| path)
}

/// Lets the tests of a binary use a `ProcessPoolExecutor`.
///
/// Worker processes are this program, started again, and [`init`](crate::init) makes them workers. In
/// a test binary `main` belongs to the test harness, so this adds a test that does it: one line, best
/// at the top of each file in `tests/`, and once in the unit tests of a crate. In an ordinary run of
/// the tests, that test does nothing.
///
/// ```
/// # use pysched_core as pysched;
/// pysched::worker_test!();
/// ```
#[macro_export]
macro_rules! worker_test {
    () => {
        #[cfg(test)]
        #[test]
        fn pysched_worker_process() {
            $crate::__private::init();
        }

        #[cfg(test)]
        $crate::__private::inventory::submit! {
            $crate::__private::WorkerTest(::core::concat!(
                ::core::module_path!(),
                "::pysched_worker_process",
            ))
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_that_of_the_harness() {
        assert!(path().unwrap().ends_with("::pysched_worker_process"));
        assert!(path().unwrap().starts_with("executor::process::"));
    }
}
