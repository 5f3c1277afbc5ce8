//! The README shows what `cargo run --example quickstart` runs.

const README: &str = include_str!("../../README.md");
const QUICKSTART: &str = include_str!("../../examples/quickstart.rs");

#[test]
fn the_quickstart_is_the_example() {
    let is_documentation = |line: &&str| line.starts_with("//!");
    let code: Vec<&str> = QUICKSTART.lines().skip_while(is_documentation).collect();
    let code = code.join("\n");
    assert!(README.contains(code.trim()), "README.md and examples/quickstart.rs differ");
}
