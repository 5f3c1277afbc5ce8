//! Traces: files by which tasks tell this process what they do, wherever they run.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Instant;

use crate::{PATIENCE, ms};

/// A folder for the traces of one test, removed with them.
#[derive(Debug)]
pub struct Traces(PathBuf);

impl Default for Traces {
    fn default() -> Self {
        Self::new()
    }
}

impl Traces {
    /// Makes an empty folder.
    ///
    /// # Panics
    ///
    /// If that is not possible.
    #[must_use]
    pub fn new() -> Self {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = format!("pysched-traces-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// The name of a trace, to give to tasks.
    ///
    /// # Panics
    ///
    /// If the folder for temporary files has a name that is no text.
    #[must_use]
    pub fn name(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// Leaves a trace.
    pub fn leave(&self, name: &str) {
        leave(&self.name(name), "");
    }

    /// Waits until a trace is there.
    ///
    /// # Panics
    ///
    /// If it is not left in time.
    #[track_caller]
    pub fn wait(&self, name: &str) {
        wait(&self.name(name));
    }

    /// What was written, or nothing.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.name(name)).unwrap_or_default()
    }

    /// Whether it was left.
    #[must_use]
    pub fn exists(&self, name: &str) -> bool {
        Path::new(&self.name(name)).exists()
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Adds to a trace.
///
/// # Panics
///
/// If it cannot be written.
pub fn leave(name: &str, text: &str) {
    let mut file = OpenOptions::new().create(true).append(true).open(name).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Waits until a trace is there. Between processes there is nothing to wait on, so it looks again and
/// again.
///
/// # Panics
///
/// If it is not left in time.
#[track_caller]
pub fn wait(name: &str) {
    let until = Instant::now() + PATIENCE;
    while !Path::new(name).exists() {
        assert!(Instant::now() < until, "{name} should have been left");
        thread::sleep(ms(1));
    }
}
