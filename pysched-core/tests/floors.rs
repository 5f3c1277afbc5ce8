//! The house has floors: each file of `src` uses only its own and those below.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// From the top floor down; what shares a floor may use one another.
const FLOORS: [&[&str]; 11] = [
    &["sim"],
    &["scheduler"],
    &["executor"],
    &["task"],
    &["execution"],
    &["portable"],
    &["trigger"],
    &["queue"],
    &["time"],
    &["error", "id"],
    &["prefetch", "sync", "unwind"],
];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            // Tests may look at everything.
        } else if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// The code of a file, without comments and without the tests at its end.
fn code(path: &Path) -> io::Result<String> {
    let text = fs::read_to_string(path)?;
    let is_tests = |line: &&str| line.starts_with("#[cfg(") && line.contains("test");
    let lines = text.lines().take_while(|line| !is_tests(line));
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    // What a macro names is used where it expands.
    Ok(lines.collect::<Vec<_>>().join("\n").replace("$crate::", ""))
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(text)
}

/// The names that follow a path: one, or those between its braces.
fn names(after_path: &str) -> Vec<&str> {
    match after_path.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
        Some((group, _)) => group.split(',').map(first_word).filter(|it| !it.is_empty()).collect(),
        None => vec![first_word(after_path)],
    }
}

#[test]
fn no_file_uses_a_floor_above_its_own() -> io::Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // What the crate re-exports may be named without its module.
    let root = code(&source.join("lib.rs"))?;
    let exports = root.split(';').filter_map(|it| Some(it.split_once("pub use ")?.1));
    let exports: HashMap<&str, &str> = exports
        .filter_map(|export| export.split_once("::"))
        .flat_map(|(module, rest)| names(rest).into_iter().map(move |name| (name, module)))
        .collect();

    let mut looked_at = 0;
    for file in files(&source)? {
        let module = file.strip_prefix(&source).unwrap().iter().next().unwrap().to_str().unwrap();
        let Some(own) = floor(module.trim_end_matches(".rs")) else {
            assert!(["lib.rs", "private.rs"].contains(&module), "which floor is {module} on?");
            continue;
        };
        for used in code(&file)?.split("crate::").skip(1).flat_map(names) {
            let module = exports.get(used).copied().unwrap_or(used);
            let used_floor = floor(module).unwrap_or_else(|| panic!("what is crate::{used}?"));
            assert!(used_floor >= own, "{} uses crate::{used}, which is above it", file.display());
            looked_at += 1;
        }
    }
    assert!(looked_at > 50, "only {looked_at} uses were found: does this test still read them?");
    Ok(())
}
