//! What must not compile, what it says, and the page that explains it.
//!
//! The messages are the compiler's, and change with it: `TRYBUILD=overwrite cargo test --all-features --test it -- ui::`
//! writes them anew, to be read before they are committed.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The release of Rust whose messages are written down. Others say some of it in other words, and are not asked.
const RELEASE: &str = "1.95.";

#[test]
fn compile_errors() {
    if !is_release() {
        return;
    }
    let tests = trybuild::TestCases::new();
    tests.compile_fail("tests/ui/*.rs");
}

/// Whether the compiler is of that release; said, if it is not.
fn is_release() -> bool {
    let compiler = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let version = String::from_utf8(Command::new(compiler).arg("--version").output().unwrap().stdout).unwrap();
    let is = version.split(' ').nth(1).is_some_and(|version| version.starts_with(RELEASE));
    if !is {
        println!("not compared: the messages are those of Rust {RELEASE}x, and this is {version}");
    }
    is
}

/// What the compiler says to a file of `tests/ui/features`, in a package without io-shim's features.
fn said_without_features(file: &str, dependencies: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let package = tempfile::tempdir().unwrap();
    let manifest = format!(
        "[package]\nname = \"without-features\"\nedition = \"2024\"\n[workspace]\n\
         [[bin]]\nname = \"without-features\"\npath = {:?}\n\
         [dependencies]\n{dependencies}\nio-shim.path = {root:?}\nio-shim.default-features = false\n",
        root.join("tests/ui/features").join(file),
    );
    fs::write(package.path().join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), package.path().join("Cargo.lock")).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--color=never"])
        .current_dir(package.path())
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-features"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    said
}

fn first_error(said: &str) -> &str {
    said.lines().find(|line| line.starts_with("error")).unwrap_or_else(|| panic!("no error in {said}"))
}

#[test]
fn missing_features_are_named() {
    if !is_release() {
        return;
    }
    let said = said_without_features("missing_feature.rs", "io-shim.features = [\"std\"]");
    let first = first_error(&said);
    assert_eq!(first, "error[E0432]: unresolved import `io_shim::Hyper`", "{said}");
    let gate = "the item is gated behind the `hyper` feature";
    let second = "error[E0277]: `Shim::from_hyper` needs io-shim's feature `hyper`";
    for line in [first, gate, second] {
        assert!(said.contains(line), "{said}");
        assert!(page().contains(line), "{line}");
    }
    assert!(said.contains("enable it where Cargo.toml depends on io-shim: `features = [\"hyper\"]`"), "{said}");
}

#[test]
fn page_has_what_is_said_where_hyper_gets_a_shim_without_the_feature() {
    if !is_release() {
        return;
    }
    let dependencies =
        "io-shim.features = [\"tokio\"]\nhyper = \"1\"\ntokio = { version = \"1\", features = [\"io-util\"] }";
    let said = said_without_features("missing_feature_for_hyper.rs", dependencies);
    assert!(page().contains(&format!("* It says: `` {} ``\n", first_error(&said))), "{said}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/features/missing_feature_for_hyper.rs");
    assert!(page().contains(&format!("* {}\n", advice(&file))), "{}", advice(&file));
}

/// For each mistake the page has what the compiler says first, and the advice that the file begins with, after the file's name.
#[test]
fn page_explains_every_mistake() {
    let page = page();
    let sections: Vec<_> = page.split("\n## ").skip(1).collect();
    let mut mistakes = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        mistakes += 1;
        let name = path.file_stem().unwrap().to_str().unwrap();
        let said = fs::read_to_string(path.with_extension("stderr")).unwrap();
        let [section] = *sections.iter().filter(|section| section.lines().next() == Some(name)).collect::<Vec<_>>()
        else {
            panic!("docs/MISTAKES.md has no section, or several, of {name}");
        };
        assert!(section.contains(&format!("* It says: `` {} ``\n", said.lines().next().unwrap())), "{name}: {said}");
        assert!(section.contains(&format!("* {}\n", advice(&path))), "{name}: {}", advice(&path));
        assert!(section.contains("* Written: `"), "{name}");
    }
    assert_eq!(mistakes + 2, sections.len(), "one section for each file, and two for the feature that is missing");
}

/// What a file of a mistake begins with: what to do instead.
fn advice(path: &Path) -> String {
    let source = fs::read_to_string(path).unwrap();
    let lines: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//! ")).collect();
    assert!(lines[0].starts_with("Instead: "), "{path:?} does not begin with advice");
    lines.join(" ")
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/MISTAKES.md")).unwrap()
}
