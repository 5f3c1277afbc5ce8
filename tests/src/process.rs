//! What a process has, as Linux tells it: threads, descriptors and children.

use std::fs;

/// The names of the threads of this process, in order.
///
/// # Panics
///
/// If the operating system does not answer.
#[must_use]
pub fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    // A thread may end between the two looks.
    let names = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let mut names: Vec<_> = names.map(|name| name.trim().to_owned()).collect();
    names.sort();
    names
}

/// How many descriptors are open.
///
/// # Panics
///
/// If the operating system does not answer.
#[must_use]
pub fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The process numbers of the children of this process, also of dead ones that nobody has reaped.
///
/// # Panics
///
/// If the operating system does not answer.
#[must_use]
pub fn children() -> Vec<i32> {
    let own = std::process::id().to_string();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name in brackets may hold anything.
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        if rest.split(' ').nth(1) == Some(&own) {
            found.push(entry.file_name().to_str().unwrap().parse().unwrap());
        }
    }
    found
}
